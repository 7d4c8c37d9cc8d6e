"""The checks of one model as SQL to be judged, and where each part of that SQL is written."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from aggregator.analyzers.protocol import Field, Mistake
from aggregator.core.diagnostics import Place, Word, place_in
from aggregator.core.graph import CompiledModel

if TYPE_CHECKING:
    from aggregator.checks import Promise

_OWN_SQL = "unexpected_rows_query"
_BATCH = "{batch}"
_HEAD = "SELECT "
_BETWEEN = ", "


class Likeness(NamedTuple):
    """All that decides whether a number can be asked of a table: its SQL, and what it may name there."""

    sql: str
    columns: tuple[Field, ...]
    parameter: str
    table: str


@dataclasses.dataclass(frozen=True)
class Question:
    """SQL to be judged, and where each part of it is written: from an offset on, up to the next."""

    sql: str
    parts: tuple[tuple[int, Promise], ...]

    def blamed(self, mistake: Mistake) -> Promise:
        """Whose part a mistake is in."""
        return [promise for start, promise in self.parts if start <= (mistake.start or 0)][-1]


@dataclasses.dataclass(frozen=True)
class Checked:
    """A model whose checks are to be judged, with its columns; what is found is kept under ``key``, if there is one."""

    model: CompiledModel
    columns: tuple[Field, ...]
    promises: Sequence[Promise]
    key: str

    @property
    def counting(self) -> list[Promise]:
        """The checks that numbers are asked for, all in one query."""
        return [each for each in self.promises if not each.query]

    @property
    def querying(self) -> list[Promise]:
        """The checks that are queries of their own."""
        return [each for each in self.promises if each.query]

    @property
    def parameter(self) -> str:
        """The type of ``@start`` and ``@end``; empty where there are none."""
        return str(self.model.calendar.type) if self.model.calendar is not None else ""

    def numbers(self, promises: Sequence[Promise]) -> Question:
        """The query that counts, as an engine is asked it."""
        sql, parts = _HEAD, []
        for promise in promises:
            for expectation in promise.asked:
                parts.append((len(sql), promise))
                sql += f"{expectation.sql}{_BETWEEN}"
        return Question(f"{sql.removesuffix(_BETWEEN)} FROM {self.model.name}", tuple(parts))

    def query(self, promise: Promise) -> str:
        """The query of a check that has one."""
        return str(promise.arguments.get(_OWN_SQL, promise.query)).replace(_BATCH, str(self.model.name))

    def place(self, promise: Promise, offset: int | None) -> Place:
        """Where the author wrote what a mistake at an offset of that query is about."""
        sql = promise.arguments.get(_OWN_SQL, promise.query)
        if not isinstance(sql, Word):
            return promise.place
        written_at = None if offset is None else written(sql, str(self.model.name), offset)
        return place_in(sql, self.model.model.document.lines_of(sql), written_at)

    def likenesses(self, promise: Promise) -> set[Likeness]:
        """What is to be known of each number of a check to say that it is sound."""
        return {self._likeness(each.sql) for each in promise.asked}

    def _likeness(self, sql: str) -> Likeness:
        folded = sql.casefold()
        columns = tuple(field for name, field in self._by_name.items() if name in folded)
        names_table = self.model.name.table.casefold() in folded
        return Likeness(sql, columns, self.parameter, str(self.model.name) if names_table else "")

    @functools.cached_property
    def _by_name(self) -> dict[str, Field]:
        return {each.name.casefold(): each for each in self.columns}


def written(text: str, name: str, offset: int) -> int:
    """Which character of the author's stands for one of the SQL that was judged, in which the table has its name."""
    passed = 0
    for piece in text.split(_BATCH):
        if offset <= len(piece):
            return passed + offset
        offset, passed = offset - len(piece), passed + len(piece)
        if offset < len(name):
            return passed
        offset, passed = offset - len(name), passed + len(_BATCH)
    return passed
