"""Identities: of texts, of what was made from them, and of the software that made it."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from pathlib import Path

_LIBRARIES = ("sqlglot", "sqlglotc", "jinja2", "pyyaml")


def key_of(*parts: str) -> str:
    """A key for what is made from these parts and nothing else: 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@functools.cache
def software() -> str:
    """The identity of this version of the framework and of the libraries by which it understands SQL.

    Taken from the size and time of its own files: a version number would stay the same while someone works on it.
    """
    files = (
        f"{path} {status.st_size} {status.st_mtime_ns}"
        for path in sorted(Path(__file__).parent.parent.rglob("*.py"))
        for status in [path.stat()]
    )
    return key_of(sys.version, *map(_version, _LIBRARIES), *files)


def _version(library: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  (slow, and not for who only makes keys)

    try:
        return version(library)
    except PackageNotFoundError:
        return ""
