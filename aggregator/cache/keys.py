"""Identities: of texts, of what was made from them, and of the software that made it."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_LIBRARIES = ("sqlglot", "sqlglotc", "jinja2", "pyyaml")
_OURS = Path(__file__).parent.parent


def key_of(*parts: str) -> str:
    """A key for what is made from these parts and nothing else: 32 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:%b" % (len(content), content))  # the length tells ("ab", "c") from ("a", "bc")
    return digest.hexdigest()[:32]


@functools.cache
def software() -> str:
    """The identity of this version of the framework and of the libraries by which it understands SQL.

    Taken from the size and time of its own files: a version number would stay the same while someone works on it.
    """
    return key_of(sys.version, *sorted({*_versions()}), *sorted(_files(str(_OURS))))


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path)
            elif entry.name.endswith((".py", ".json")):
                status = entry.stat()
                yield f"{entry.path} {status.st_size} {status.st_mtime_ns}"


def _versions() -> Iterator[str]:
    """The folders in which installers note that a library is there: their names end in its version.

    To read what is in them, as ``importlib.metadata`` does, would take longer than all else here.
    """
    for path in sys.path:
        with contextlib.suppress(OSError):
            for name in [each.name for each in os.scandir(path)]:
                library, _, version = name.partition("-")
                if version.endswith((".dist-info", ".egg-info")) and library.casefold() in _LIBRARIES:
                    yield name
