"""Which part of which file is YAML, and by which schema; the rest of a model is SQL."""

from __future__ import annotations

import dataclasses
import functools
import re
from pathlib import Path, PurePath

from aggregator.export.json_schema import Schema, json_schema
from aggregator.load.cases import FOLDER
from aggregator.load.tables import CLOSE, OPEN

_ROLLUP = re.compile(r"^rollup:", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Part:
    """The part of a file that an offset is in. ``format`` is empty in SQL; offsets are those of the file."""

    format: str
    start: int
    end: int

    @property
    def schema(self) -> Schema:
        """What the YAML may look like."""
        return schema_of(self.format)


@functools.cache
def schema_of(name: str) -> Schema:
    """A published schema; made once."""
    return json_schema(name)


def part_at(path: Path, text: str, offset: int) -> Part:
    """The part at an offset. Front matter that is not closed yet goes on to the end of the file."""
    if path.name == "aggregator.yml":
        return Part("project", 0, len(text))
    if path.suffix in (".yml", ".yaml") and path.parts[-5:-3] == PurePath(FOLDER).parts:
        return Part("test", 0, len(text))
    if path.suffix in (".yml", ".yaml"):
        return Part("rollup" if _ROLLUP.search(text) else "source", 0, len(text))
    start, end = front_matter(text)
    return Part("model", start, end) if start <= offset <= end else Part("", sql_start(text), len(text))


def front_matter(text: str) -> tuple[int, int]:
    """The offsets of the YAML in a model's file; -1 where there is none."""
    start = len(text) - len(text.lstrip())
    if not text.startswith(OPEN, start):
        return -1, -1
    end = text.find(CLOSE, start)
    return start + len(OPEN), len(text) if end < 0 else end


def sql_start(text: str) -> int:
    """Where the SQL of a file begins."""
    start, end = front_matter(text)
    return 0 if start < 0 else min(end + len(CLOSE), len(text))
