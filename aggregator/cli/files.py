"""Writing files of a project so that a reader finds the old text or the new one, never half of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

_MARK = b"\xef\xbb\xbf"


def replace_text(path: Path, text: str) -> None:
    """Write a file as a whole, with the permissions of the one that it replaces; links are followed."""
    target = path.resolve()
    _replace(target, text.encode())


def rewrite(path: Path, old: str, new: str) -> bool:
    """Change a file's text, or leave it alone and say no if it is not ``old`` any more.

    Both texts have line feeds; the file keeps the line endings and the byte-order mark that it has. One with endings of
    several kinds is left alone.
    """
    target = path.resolve()
    content = target.read_bytes()
    text = content.removeprefix(_MARK).decode("utf-8", errors="replace")
    ending = "\r\n" if "\r" in text else "\n"
    if text != old.replace("\n", ending):
        return False
    mark = _MARK if content.startswith(_MARK) else b""
    _replace(target, mark + new.replace("\n", ending).encode())
    return True


def _replace(target: Path, content: bytes) -> None:
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, name)
        else:
            Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
