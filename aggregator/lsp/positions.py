"""Places in text, as the framework and as editors count them.

The framework counts characters; an editor counts lines from 0 and, unless agreed otherwise, columns in units of UTF-16,
in which an emoji is two.
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
from typing import TYPE_CHECKING

from lsprotocol.types import Position, Range

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Place

_WIDTHS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
"""Bytes in a unit of each encoding."""


@dataclasses.dataclass(frozen=True)
class Text:
    """The text of a file, with line feeds only, and the unit in which the editor counts columns."""

    text: str
    encoding: str = "utf-16"

    @classmethod
    def of_editor(cls, source: str, encoding: str = "utf-16") -> Text:
        """Text as an editor sent it; lines may end as on any system."""
        return cls(source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), encoding)

    def offset(self, position: Position) -> int:
        """The offset of a position; one beyond the end of its line is the end of the line."""
        if position.line >= len(self._starts):
            return len(self.text)
        start = self._starts[position.line]
        units = 0
        for index, character in enumerate(self._line(position.line)):
            if units >= position.character:
                return start + index
            units += self._units(character)
        return start + len(self._line(position.line))

    def position(self, offset: int) -> Position:
        """The position of an offset."""
        offset = min(offset, len(self.text))
        line = bisect.bisect_right(self._starts, offset) - 1
        return Position(line, self._units(self.text[self._starts[line] : offset]))

    def range(self, start: int, end: int) -> Range:
        """The range of the characters ``[start, end)``."""
        return Range(self.position(start), self.position(end))

    def range_of(self, place: Place) -> Range:
        """The range of a place; what is beyond the text, which may be newer than the finding, is its end."""
        start, end = (self._at(place.line, place.column), self._at(place.end_line, place.end_column))
        return self.range(start, max(start, end))

    def line(self, number: int) -> str:
        """The line of a number, counted from 1; empty where there is none."""
        return self._line(number - 1) if number <= len(self._starts) else ""

    def _at(self, line: int, column: int) -> int:
        if line > len(self._starts):
            return len(self.text)
        return self._starts[line - 1] + min(column - 1, len(self._line(line - 1)))

    @functools.cached_property
    def _starts(self) -> list[int]:
        return [0, *(index + 1 for index, character in enumerate(self.text) if character == "\n")]

    def _line(self, number: int) -> str:
        end = self._starts[number + 1] - 1 if number + 1 < len(self._starts) else len(self.text)
        return self.text[self._starts[number] : end]

    def _units(self, text: str) -> int:
        if self.encoding == "utf-32" or text.isascii():
            return len(text)
        codec = "utf-8" if self.encoding == "utf-8" else f"{self.encoding}-le"
        return len(text.encode(codec, "surrogatepass")) // _WIDTHS[self.encoding]
