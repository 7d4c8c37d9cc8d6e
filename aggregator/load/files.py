"""Reading a project's files: as text, inside the project, of a sane size."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from aggregator.core.diagnostics import Diagnostic, Document, Place
from aggregator.load import codes

if TYPE_CHECKING:
    from aggregator.core.project import LocalFile

MAX_BYTES = 1_000_000
"""BigQuery takes queries up to 1 MB; a model beyond that could not run."""

Unsaved = Mapping[Path, str]
"""Texts that someone is still writing, by the absolute paths of their files, which they stand for."""

NOTHING_UNSAVED: Unsaved = MappingProxyType({})


def find_project(start: Path) -> Path | None:
    """The nearest folder with an ``aggregator.yml``, at ``start`` or above it."""
    start = start.absolute()
    return next((folder for folder in (start, *start.parents) if (folder / "aggregator.yml").is_file()), None)


class File(NamedTuple):
    """A file of the project; ``relative`` is its path below the project's root, with forward slashes."""

    path: str
    relative: str
    is_doubtful: bool = False
    """Whether it may be no file of the project: there may be a link on the way to it, or it is a folder."""


def project_files(
    root: Path, folder: str, suffixes: tuple[str, ...], unsaved: Unsaved = NOTHING_UNSAVED
) -> Iterator[File]:
    """The files below a folder of the project that end so, sorted; hidden ones are passed over.

    Folders that are linked or can't be listed are yielded like a file, so that reading them says why.
    """
    top = File(str(root / folder), folder, _has_links(root, root / folder))
    if (root / folder).is_symlink():
        yield top
        return
    there = list(_saved_files(top, suffixes))
    yield from there
    new = {path for path in unsaved if path.is_relative_to(root / folder) and _is_wanted(path.name, suffixes)}
    for path in sorted(new.difference(Path(file.path) for file in there)) if new else ():
        yield File(str(path), path.relative_to(root).as_posix())


def _saved_files(folder: File, suffixes: tuple[str, ...]) -> Iterator[File]:
    """What is in a folder, then what is below it."""
    files, folders = [], []
    entries = _entries(folder.path)
    if entries is None:
        yield folder._replace(is_doubtful=True)
        return
    for entry in entries:
        found = File(entry.path, f"{folder.relative}/{entry.name}", folder.is_doubtful or entry.is_symlink())
        if _is_folder(entry):
            if not entry.name.startswith("."):
                folders.append((found, entry.is_symlink()))
        elif _is_wanted(entry.name, suffixes):
            files.append(found)
    yield from (found for found, is_link in folders if is_link)
    yield from files
    for found, is_link in folders:
        if not is_link:
            yield from _saved_files(found, suffixes)


def _entries(folder: str) -> list[os.DirEntry[str]] | None:
    """What is in a folder, if that can be told."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda each: each.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a circle of links
        return False


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


def local_problem(root: Path, local: LocalFile) -> Diagnostic | None:
    """Why the file of a source may not be read. Whether it is there is asked when it is read: linting needs no data."""
    if local.package and (local.file.startswith("/") or ".." in local.file.split("/")):
        message = f"{local.file} leads out of the package {local.package}"
        return Diagnostic(local.place, codes.OUTSIDE_PROJECT, message, "name a file inside the package")
    if not local.package and leads_out(root, root / local.file):
        message = f"{local.file} leads out of the project"
        return Diagnostic(local.place, codes.OUTSIDE_PROJECT, message, "copy the file into the project")
    return None


def read_document(root: Path, path: Path, unsaved: Unsaved = NOTHING_UNSAVED) -> Document | Diagnostic:
    """The text of a file, or why it can't be had. A byte-order mark goes, and line endings become line feeds."""
    relative = path.relative_to(root).as_posix()
    if path in unsaved:
        return _document(relative, unsaved[path].encode("utf-8", "surrogatepass"))
    if leads_out(root, path):
        message = f"{relative} is a link that leads out of the project"
        return Diagnostic(Place(relative), codes.OUTSIDE_PROJECT, message, "copy what it links to into the project")
    return _read(str(path), relative)


def read_file(root: Path, file: File, unsaved: Unsaved = NOTHING_UNSAVED) -> Document | Diagnostic:
    """The text of a file that :func:`project_files` found, as :func:`read_document` has it."""
    if file.is_doubtful or unsaved:
        return read_document(root, Path(file.path), unsaved)
    return _read(file.path, file.relative)


def _read(path: str, relative: str) -> Document | Diagnostic:
    place = Place(relative)
    try:
        status = os.stat(path)  # noqa: PTH116  (a Path for each of thousands of files costs as much as reading them)
        if not stat.S_ISREG(status.st_mode):
            return Diagnostic(place, codes.BAD_FILE, *_no_file(path, relative))
        if status.st_size > MAX_BYTES:
            message = f"the file has {status.st_size / 1e6:.1f} MB; at most 1 MB is read"
            return Diagnostic(place, codes.BAD_FILE, message, "keep rows in a source or a table, not in a model")
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  (as above)
            content = file.read()
    except OSError as error:
        advice = "remove the link" if Path(path).is_symlink() else ""
        return Diagnostic(place, codes.BAD_FILE, f"the file cannot be read: {error.strerror}", advice)
    return _document(relative, content)


def _no_file(path: str, relative: str) -> tuple[str, str]:
    """What is wrong with what is there instead of a file, and what to do."""
    try:
        os.scandir(path).close()
    except NotADirectoryError:
        pass
    except OSError as error:
        return f"the folder cannot be read: {error.strerror}", "allow it: what is in there would be missed"
    return f"{relative} is not a file", "a linked folder is not followed"


def _document(path: str, content: bytes) -> Document | Diagnostic:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        before = content[content.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8-sig")
        message = f"byte {error.start + 1} is not UTF-8"
        return Diagnostic(Place(path, line, len(before) + 1), codes.BAD_FILE, message, "save the file as UTF-8")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text or text.isspace():
        return Diagnostic(Place(path), codes.BAD_FILE, "the file is empty", "write it, or delete it")
    return Document(path, text)
