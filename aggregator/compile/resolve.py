"""Which tables a SELECT reads, and through which partition maps."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.filters import filter_sql, impossible
from aggregator.core.diagnostics import Code, Diagnostic, Place, Word, did_you_mean
from aggregator.core.graph import Input, Query
from aggregator.core.maps import ALL, PREVIOUS, SAME, PartitionMap, Reach
from aggregator.core.names import TableName

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar
    from aggregator.core.project import Model


@dataclasses.dataclass(frozen=True)
class Reference:
    """One mention of a table in a SELECT: its name, its alias, and the offsets of its name in the text."""

    table: TableName
    alias: str
    start: int
    end: int
    needs_alias: bool


def references(query: Query) -> Iterator[Reference | Diagnostic]:
    """Every table that a SELECT mentions, in order; names of its own WITH are not tables."""
    own = {cte.alias_or_name.casefold() for cte in query.tree.find_all(exp.CTE)}
    for node in sorted(query.tree.find_all(exp.Table), key=_start):
        if not node.name or (not node.db and node.name.casefold() in own):
            continue
        place = query.place(*_span(node))
        if node.catalog:
            message = f"{node.catalog}.{node.db}.{node.name} names a project"
            advice = f"write {node.db}.{node.name}: the environment says where tables live"
            yield Diagnostic(place, codes.UNKNOWN_TABLE, message, advice)
        elif not node.db:
            message = f"{node.name} is neither a table nor a name from WITH"
            yield Diagnostic(place, codes.UNKNOWN_TABLE, message, did_you_mean(node.name, own) or "write dataset.table")
        else:
            bare = not node.alias and not node.args.get("pivots")
            yield Reference(TableName(node.db, node.name), node.alias_or_name, *_span(node), needs_alias=bare)


def _start(node: exp.Table) -> int:
    return _span(node)[0]


def _span(node: exp.Table) -> tuple[int, int]:
    """The offsets of ``dataset.table`` in the text; of the whole when it is in one pair of backticks."""
    parts = [part.meta for part in node.parts if "start" in part.meta]
    return (min(part["start"] for part in parts), max(part["end"] for part in parts) + 1) if parts else (0, 1)


class Resolver:
    """Turns the references of a model into inputs. ``calendars`` has every table that a model may read."""

    def __init__(self, calendars: Mapping[TableName, Calendar | None], broken: Collection[TableName]) -> None:
        self._calendars = calendars
        self._broken = broken
        self._known = [str(name) for name in (*calendars, *broken)]

    def inputs(self, model: Model, mentioned: list[Reference], query: Query) -> Iterator[Input | Diagnostic]:
        """The inputs of a model, one per mention, and what is wrong with them."""
        yield from self._unused_maps(model, mentioned)
        for reference in mentioned:
            place = query.place(reference.start, reference.end)
            if reference.table not in self._calendars:
                if reference.table not in self._broken:
                    yield self._unknown(reference.table, place)
                continue
            declared = _declared(model.inputs, reference)
            map_ = declared or (ALL if self._calendars[reference.table] is None or model.partition is None else SAME)
            problem = self._problem(model, reference.table, map_, is_declared=declared is not None)
            if problem is None:
                yield Input(reference.table, reference.alias, map_, place)
            else:
                code, message, advice = problem
                yield Diagnostic(_map_place(model.inputs, reference) or place, code, message, advice)

    def filtered(self, model: Model, mentioned: list[Reference], inputs: list[Input], text: str) -> str:
        """The author's text with each partitioned input replaced by the partitions that its map allows.

        The text is edited at the tables' own characters; everything else stays as written, line for line.
        """
        calendar = self._calendars[model.name]
        pieces, position = [], 0
        for reference, edge in zip(mentioned, inputs, strict=True):
            source = self._calendars[edge.table]
            pieces.append(text[position : reference.start])
            name = text[reference.start : reference.end]
            if edge.map.reach is not Reach.ALL and calendar is not None and source is not None:
                name = f"(SELECT * FROM {name} WHERE {filter_sql(edge.map, calendar, source)})"
                name += f" AS {reference.alias}" if reference.needs_alias else ""
            pieces.append(name)
            position = reference.end
        return "".join((*pieces, text[position:])).strip()

    def _problem(
        self, model: Model, table: TableName, map_: PartitionMap, *, is_declared: bool
    ) -> tuple[Code, str, str] | None:
        if table == model.name and map_ != PREVIOUS:
            advice = f"say which of its partitions: `inputs: {{{table}: previous}}`"
            return codes.SELF_REFERENCE, f"{table} reads its own table", advice
        if table != model.name and map_ == PREVIOUS:
            advice = "for an earlier partition of another table write `{offset: 1 day}`"
            return codes.BAD_MAP, "previous is for a model's own table", advice
        reason = impossible(map_, self._calendars[model.name], self._calendars[table])
        if not reason:
            return None
        return codes.BAD_MAP, f"{table}: {reason}", "" if is_declared else f"declare `inputs: {{{table}: all}}`"

    def _unknown(self, table: TableName, place: Place) -> Diagnostic:
        advice = did_you_mean(str(table), self._known) or f"declare it in models/{table.dataset}/{table.table}.yml"
        return Diagnostic(place, codes.UNKNOWN_TABLE, f"there is no table {table} in this project", advice)

    def _unused_maps(self, model: Model, mentioned: list[Reference]) -> Iterator[Diagnostic]:
        names = {str(reference.table) for reference in mentioned} | {reference.alias for reference in mentioned}
        for name in model.inputs:
            if name not in names:
                message = f"{model.name} does not read {name}"
                yield Diagnostic(name.place, codes.BAD_MAP, message, did_you_mean(name, names))


def _declared(inputs: Mapping[Word, PartitionMap], reference: Reference) -> PartitionMap | None:
    """The map of an alias goes before that of its table."""
    by_text: Mapping[str, PartitionMap] = dict(inputs.items())
    return by_text.get(reference.alias) or by_text.get(str(reference.table))


def _map_place(inputs: Mapping[Word, PartitionMap], reference: Reference) -> Place | None:
    return next((word.place for word in inputs if word in (reference.alias, str(reference.table))), None)
