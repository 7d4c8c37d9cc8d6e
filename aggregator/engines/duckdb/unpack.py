"""Packed files of data, unpacked where DuckDB can read them."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


class DamagedError(Exception):
    """An archive is damaged, encrypted or too big to unpack."""


@contextlib.contextmanager
def plain_file(path: Path, suffixes: Collection[str]) -> Iterator[Path]:
    """The file itself, or what is packed in it: in a .zip, the one file with one of the suffixes.

    DuckDB reads .gz, too, but it does not look at its checksum. What is unpacked is gone when the context ends. An
    archive of no such file, or of several, is given as it is. Raises :class:`DamagedError`.
    """
    if path.suffix not in {".gz", ".zip"}:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="aggregator-") as folder:
        try:
            plain = _gunzipped(path, folder) if path.suffix == ".gz" else _unzipped(path, folder, suffixes)
        except _DAMAGES as error:
            raise DamagedError(str(error)) from None
        yield plain or path


def _gunzipped(path: Path, folder: str) -> Path:
    target = Path(folder) / path.stem
    with gzip.open(path) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return target


def _unzipped(path: Path, folder: str, suffixes: Collection[str]) -> Path | None:
    with zipfile.ZipFile(path) as archive:
        members = [each for each in archive.infolist() if Path(each.filename).suffix in suffixes]
        members = [each for each in members if not each.filename.startswith("__MACOSX")]
        if len(members) != 1:
            return None
        members[0].filename = Path(members[0].filename).name
        return Path(archive.extract(members[0], folder))
