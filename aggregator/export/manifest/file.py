"""The file: read, looked at, and refused if it is another one. Light, as DAGs are loaded from it again and again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]
VERSION = 2
"""Of the format. It is raised when a reader of the old one would misunderstand; new keys alone do not raise it."""

_REST = b'"sources":'
"""The key with which the large part begins; only there is it a key."""

_CHUNK = 1 << 20


def content_hash(content: Json) -> str:
    """What identifies a manifest: the hash of all that is in it, but for the hash, whatever the layout."""
    rest = {key: value for key, value in content.items() if key != "hash"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class ManifestError(Exception):
    """A file that is no manifest, or not one that this version understands; ``advice`` says what to do."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.advice = advice


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A manifest as it was read. ``content`` is the JSON."""

    path: Path
    content: Json

    @property
    def hash(self) -> str:
        """What identifies its content."""
        return str(self.content["hash"])

    def check(self) -> None:
        """Raise :class:`ManifestError` if the content is not that which was written."""
        if content_hash(self.content) != self.hash:
            raise ManifestError(f"{self.path} was changed by hand, or damaged", "compile the project again")


def _head(path: Path) -> bytes:
    """What stands before the sources, as an object of its own: of a large file, only that much is read."""
    head = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            since = max(len(head) - len(_REST), 0)
            head += chunk
            found = head.find(_REST, since)  # within a string there would be a backslash before the quotes
            if found >= 0:
                return head[:found].rstrip().removesuffix(b",") + b"}"
    return head


def read_manifest(path: Path, *, is_whole: bool = True) -> Manifest:
    """Read a file. Raises :class:`ManifestError`.

    If it need not be whole, what stands before the sources is enough: the DAGs, which are a small part of the file.
    """
    advice = "write it with `aggregator compile --out FILE.json`"
    try:
        content = json.loads(path.read_bytes() if is_whole else _head(path))
    except OSError as error:
        raise ManifestError(f"{path} can't be read: {error.strerror}", advice) from None
    except ValueError:
        raise ManifestError(f"{path} is not JSON, or only a part of it", advice) from None
    version = content.get("version") if isinstance(content, dict) else None
    if version is None or "dags" not in content:
        raise ManifestError(f"{path} is not a manifest of aggregator", advice)
    if version != VERSION:
        message = f"{path} has version {version} of the format, and this aggregator reads version {VERSION}"
        raise ManifestError(message, "compile the project with the aggregator that runs here")
    return Manifest(path, content)
