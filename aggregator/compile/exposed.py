"""Pseudo-columns behind partition filters.

A filter is a subquery, which hands on the columns that it names: its star, and those pseudo-columns that the SELECT
mentions. To the SELECT they are ordinary columns then, so that its own stars must leave them out, as they would if the
table stood there itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import OutputColumn
from aggregator.core.pseudo import is_pseudo

if TYPE_CHECKING:
    from aggregator.compile.analysis import Analysis

Exposed = Mapping[int, tuple[str, ...]]
"""The pseudo-columns that a filter hands on, by the offset of the table in the text."""


_ADVICE = "select {name} under another name in WITH, and go on with that"


@dataclasses.dataclass(frozen=True, order=True)
class Edit:
    """Text to be written over ``[start, end)`` of the author's."""

    start: int
    end: int
    text: str


def mentioned(query: Query, columns: Iterable[OutputColumn]) -> tuple[str, ...]:
    """The pseudo-columns among the columns of a table that are named somewhere in a SELECT."""
    names = [each.name for each in columns if is_pseudo(each.name)]
    words = {token.text.casefold() for token in query.tokens} if names else set()
    return tuple(name for name in names if name.casefold() in words)


def hidden_from_stars(query: Query, exposed: Exposed) -> Iterator[Edit | Diagnostic]:
    """How the stars over exposed pseudo-columns leave them out, and where that can't be done."""
    stars: dict[int, tuple[exp.Star, list[str]]] = {}
    for table in query.nodes.of(exp.Table) if exposed else ():
        names = exposed.get(offset_of(table), ())
        select = table.find_ancestor(exp.Select) if names else None
        if select is None:
            continue
        yield from _not_hidden(query, table, select, names[0])
        for star in _stars(select, table.alias_or_name.casefold()):
            _, hidden = stars.setdefault(id(star), (star, []))
            hidden += [name for name in names if name not in hidden]
    for star, hidden in stars.values():
        yield _without(star, hidden)


def rows_as_values(analysis: Analysis, exposed: Exposed) -> Iterator[Diagnostic]:
    """Rows that would hold an exposed pseudo-column, where a FROM item is used as a STRUCT."""
    rows = {node.name.casefold() for node in analysis.nodes.of(exp.TableColumn)} if exposed else set()
    for table in analysis.query.nodes.of(exp.Table) if rows else ():
        names = exposed.get(offset_of(table), ())
        if names and table.alias_or_name.casefold() in rows:
            message = f"a row of {table.alias_or_name} would hold {names[0]}, too"
            advice = _ADVICE.format(name=names[0])
            yield Diagnostic(analysis.query.place_of(table), codes.PSEUDO_COLUMN, message, advice)


def offset_of(table: exp.Table) -> int:
    """Where the name of a table begins in the text."""
    return min((part.meta["start"] for part in table.parts if "start" in part.meta), default=0)


def _not_hidden(query: Query, table: exp.Table, select: exp.Select, name: str) -> Iterator[Diagnostic]:
    """A step of a pipe hands on all columns by a star that nobody wrote."""
    stars = _stars(select, table.alias_or_name.casefold())
    if any(query.text[star.meta.get("start", 0)] != "*" for star in stars):
        message = f"the pipe would hand on {name} as a column"
        yield Diagnostic(query.place_of(table), codes.PSEUDO_COLUMN, message, _ADVICE.format(name=name))


def _stars(select: exp.Select, alias: str) -> Iterator[exp.Star]:
    """The stars in the list of a SELECT that stand for the columns of a FROM item."""
    for item in select.expressions:
        star = item.this if isinstance(item, exp.Column) else item
        if isinstance(star, exp.Star) and (star is item or item.text("table").casefold() == alias):
            yield star


def _without(star: exp.Star, names: list[str]) -> Edit:
    before = star.args.get("except_")
    if before:
        end = max(part.meta["end"] for part in before[-1].find_all(exp.Identifier)) + 1
        return Edit(end, end, "".join(f", {name}" for name in names))
    end = star.meta.get("end", 0) + 1
    return Edit(end, end, f" EXCEPT ({', '.join(names)})")
