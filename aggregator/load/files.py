"""Reading a project's files: as text, inside the project, of a sane size."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from aggregator.core.diagnostics import Diagnostic, Document, Place
from aggregator.load import codes

MAX_BYTES = 1_000_000
"""BigQuery takes queries up to 1 MB; a model beyond that could not run."""

Unsaved = Mapping[Path, str]
"""Texts that someone is still writing, by the absolute paths of their files, which they stand for."""

NOTHING_UNSAVED: Unsaved = MappingProxyType({})


def find_project(start: Path) -> Path | None:
    """The nearest folder with an ``aggregator.yml``, at ``start`` or above it."""
    start = start.absolute()
    return next((folder for folder in (start, *start.parents) if (folder / "aggregator.yml").is_file()), None)


def project_files(
    root: Path, folder: str, suffixes: tuple[str, ...], unsaved: Unsaved = NOTHING_UNSAVED
) -> Iterator[Path]:
    """The files below a folder of the project that end so, sorted; hidden ones are passed over.

    Linked folders are not walked into, but yielded like a file, so that reading them says why.
    """
    if (root / folder).is_symlink():
        yield root / folder
        return
    there = list(_saved_files(root, folder, suffixes))
    yield from there
    new = (path for path in unsaved if path.is_relative_to(root / folder) and _is_wanted(path.name, suffixes))
    yield from sorted(set(new).difference(there))


def _saved_files(root: Path, folder: str, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for directory, subfolders, names in os.walk(root / folder):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        yield from (Path(directory) / name for name in subfolders if (Path(directory) / name).is_symlink())
        for name in sorted(names):
            if _is_wanted(name, suffixes):
                yield Path(directory) / name


def _is_wanted(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.endswith(suffixes) and not name.startswith(".")


def leads_out(root: Path, path: Path) -> bool:
    """Whether a path ends outside the project once links are followed; a circle of links ends nowhere."""
    if not _has_links(root, path):
        return False
    try:
        return not path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


def _has_links(root: Path, path: Path) -> bool:
    """Whether there can be a link between the project's root and a path below it.

    To resolve both paths looks at each of their parts, at ten times the cost.
    """
    try:
        parts = path.relative_to(root).parts
    except ValueError:
        return True
    _, *below = itertools.accumulate((str(root), *parts), os.path.join)
    return ".." in parts or any(map(os.path.islink, below))


def read_document(root: Path, path: Path, unsaved: Unsaved = NOTHING_UNSAVED) -> Document | Diagnostic:
    """The text of a file, or why it can't be had. A byte-order mark goes, and line endings become line feeds."""
    relative = path.relative_to(root).as_posix()
    place = Place(relative)
    if path in unsaved:
        return _document(relative, unsaved[path].encode("utf-8", "surrogatepass"))
    if leads_out(root, path):
        message = f"{relative} is a link that leads out of the project"
        return Diagnostic(place, codes.OUTSIDE_PROJECT, message, "copy what it links to into the project")
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return Diagnostic(place, codes.BAD_FILE, f"{relative} is not a file", "a linked folder is not followed")
        if status.st_size > MAX_BYTES:
            message = f"the file has {status.st_size / 1e6:.1f} MB; at most 1 MB is read"
            return Diagnostic(place, codes.BAD_FILE, message, "keep rows in a source or a table, not in a model")
        content = path.read_bytes()
    except OSError as error:
        advice = "remove the link" if path.is_symlink() else ""
        return Diagnostic(place, codes.BAD_FILE, f"the file cannot be read: {error.strerror}", advice)
    return _document(relative, content)


def _document(path: str, content: bytes) -> Document | Diagnostic:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte {error.start + 1} is not UTF-8"
        return Diagnostic(Place(path, line), codes.BAD_FILE, message, "save the file as UTF-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return Diagnostic(Place(path), codes.BAD_FILE, "the file is empty", "write it, or delete it")
    return Document(path, text)
