"""A model to what two engines make of the same rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from enum import StrEnum

from aggregator.analyzers.googlesql.tables import Answer, Rows, Unchecked
from aggregator.analyzers.protocol import Mistake
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.warehouse import Versions
from aggregator.engines.protocol import Engine, QueryError
from aggregator.plan.latest import latest_inputs
from aggregator.unit_tests import codes
from aggregator.unit_tests.bind import Computation, ExpectedRow, Period, columns_of
from aggregator.unit_tests.clock import with_clock
from aggregator.unit_tests.compare import Comparison, Rule, compare
from aggregator.unit_tests.engines import Computer, answer, as_values
from aggregator.unit_tests.report import lines
from aggregator.verify.branches import Branches, branches
from aggregator.verify.lacking import without
from aggregator.verify.sample import sampled

_TOLERANCE = 1e-9
"""Of FLOAT64, relative: sums depend on the order of rows."""

_PARTITIONS = 2
"""How many are built together."""

_ATTEMPTS = 3
"""How many samples are tried, each of fewer rows, where the reference engine takes too long."""


class State(StrEnum):
    """What became of a model."""

    SAME = "same"
    DIFFERENT = "different"
    NOT_VERIFIED = "not verified"


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """Columns that were not compared, and why."""

    columns: tuple[str, ...]
    why: str


@dataclasses.dataclass(frozen=True)
class Verified:
    """A model on both engines. ``read`` is how many rows of each table they got, ``rows`` how many came out.

    ``why`` says why it was not verified, or which engine failed, ``is_late`` that an engine did not answer in time;
    ``comparison`` has the rows that differ.
    """

    model: TableName
    state: State
    period: Period | None = None
    read: tuple[tuple[TableName, int], ...] = ()
    rows: int = 0
    columns: int = 0
    left_out: tuple[LeftOut, ...] = ()
    why: str = ""
    comparison: Comparison | None = None
    is_late: bool = False


@dataclasses.dataclass(frozen=True)
class Engines:
    """The warehouse that the rows are from, and the two that compute."""

    warehouse: Engine
    embedded: Computer
    reference: Computer


def verify(graph: Graph, model: CompiledModel, engines: Engines, partition: str | None = None) -> Verified:
    """Build a model, on both engines, from a sample of its own input.

    ``partition`` is the last one that is built; without it, the newest for which there are rows.
    """
    period = _period(graph, model, engines.warehouse.versions(), partition)
    if isinstance(period, str):
        return Verified(model.name, State.NOT_VERIFIED, why=period)
    schemas = {}
    for edge in model.inputs:
        columns, pseudo = columns_of(graph, edge.table, model)
        schemas[edge.table] = (*columns, *pseudo)
    try:
        given = sampled(graph, engines.warehouse, model, period, branches(model, schemas) or Branches())
    except QueryError as error:
        return Verified(model.name, State.NOT_VERIFIED, period, why=f"no sample could be taken: {error}")
    texts = {each.name: str(each.text) for each in graph.project.functions}
    asked = Computation(
        model,
        with_clock(model.sql, engines.warehouse.now()),
        given,
        tuple(_turns(model, period)),
        tuple(texts[name] for name in model.functions),
        latest_inputs(model, graph.calendars),
    )
    asked, found = _in_time(asked, engines)
    read = tuple((each.name, len(each.rows)) for each in asked.given)
    return dataclasses.replace(found, period=period, read=read)


def findings(verified: Verified, model: CompiledModel) -> tuple[Diagnostic, ...]:
    """What is wrong, with the rows that differ."""
    if verified.state is not State.DIFFERENT:
        return ()
    message = f"{model.name}: duckdb and the reference engine give different rows"
    if verified.comparison is not None:
        key = tuple(map(str, model.model.key))
        message = "\n".join((message, *lines(verified.comparison, key, "reference has", "duckdb has")))
    else:
        message = f"{message}: {verified.why}"
    return (Diagnostic(model.place, codes.ENGINES_DIFFER, message),)


def _period(graph: Graph, model: CompiledModel, versions: Versions, partition: str | None) -> Period | str | None:
    """The partitions to build; None of a table without any, and a text where there is nothing to begin with."""
    calendar = model.calendar
    empty = [edge.table for edge in model.inputs if not versions.get(edge.table) and edge.table != model.name]
    if empty:
        return f"there are no rows of {empty[0]} yet; `aggregator run --select +{model.name}`"
    if calendar is None:
        return None
    if partition is not None:
        last = calendar.grain.floor(calendar.parse(partition))
    else:
        newest = []
        for edge in model.inputs:
            source = graph.calendars.get(edge.table)
            if source is None or source.suffix or edge.map.reach is Reach.ALL or edge.table == model.name:
                continue
            moment = source.parse(max(each for each in versions[edge.table] if each[:1].isdigit()))
            newest.append(moment if source.wall == calendar.wall else calendar.local(source.instant(moment)))
        built = [each for each in versions.get(model.name, {}) if each[:1].isdigit()]
        if not newest and not built:
            return "which partition to build can't be told; `--partition` says so"
        last = calendar.grain.floor(min(newest) if newest else calendar.parse(max(built)))
    return calendar.grain.shift(last, 1 - _PARTITIONS), calendar.next(last)


def _turns(model: CompiledModel, period: Period | None) -> Sequence[Period]:
    """What is built by one query each."""
    calendar = model.calendar
    if calendar is None or period is None:
        return ()
    if not model.one_by_one:
        return (period,)
    return [(each, calendar.next(each)) for each in calendar.grain.range(*period)]


def _in_time(asked: Computation, engines: Engines) -> tuple[Computation, Verified]:
    """Of fewer rows, where the reference engine takes too long: each time a quarter, and always the same ones."""
    for _ in range(_ATTEMPTS):
        found = _compared(asked, engines)
        if not found.is_late:
            break
        asked = dataclasses.replace(
            asked, given=tuple(dataclasses.replace(each, rows=each.rows[::4]) for each in asked.given)
        )
    return asked, found


def _compared(asked: Computation, engines: Engines) -> Verified:
    reference, asked, left_out = _reference(asked, engines.reference)
    if isinstance(reference, Unchecked):
        return dataclasses.replace(_not_verified(asked, reference.reason), is_late=reference.is_late)
    ours = answer(engines.embedded, asked)
    if isinstance(ours, Unchecked):
        return _not_verified(asked, ours.reason)
    if isinstance(reference, Mistake) and (isinstance(ours, Mistake) or left_out):
        where = "on both, of these rows" if isinstance(ours, Mistake) else "on the reference engine"
        return _not_verified(asked, f"it fails {where}: {reference.message}")
    if not isinstance(reference, Rows) or not isinstance(ours, Rows):
        failed = f"the reference engine fails: {reference.message}" if isinstance(reference, Mistake) else ""
        why = failed or f"duckdb fails: {getattr(ours, 'message', '')}"
        return Verified(asked.model.name, State.DIFFERENT, left_out=left_out, why=why)
    hidden = {name for each in left_out for name in each.columns}
    comparison = _beside(asked.model, reference, ours, hidden)
    if not comparison.is_equal:
        volatile = _volatile(asked, engines.reference, reference, hidden)
        if volatile is None:
            return _not_verified(asked, "which rows there are depends on the order in which rows are read")
        if volatile:
            left_out = (*left_out, LeftOut(volatile, "it depends on the order in which rows are read"))
            hidden = hidden.union(volatile)
            comparison = _beside(asked.model, reference, ours, hidden)
    state = State.SAME if comparison.is_equal else State.DIFFERENT
    columns = len(reference.columns) - len(hidden)
    found = Verified(asked.model.name, state, rows=len(reference.values), columns=columns, left_out=left_out)
    return found if comparison.is_equal else dataclasses.replace(found, comparison=comparison)


def _not_verified(asked: Computation, why: str) -> Verified:
    return Verified(asked.model.name, State.NOT_VERIFIED, why=why)


def _reference(asked: Computation, computer: Computer) -> tuple[Answer, Computation, tuple[LeftOut, ...]]:
    """What the reference engine gives; columns for which it lacks a function are left out on both."""
    left_out: list[LeftOut] = []
    found = answer(computer, asked)
    while isinstance(found, Unchecked) and found.lacks:
        rest = without(asked.sql, found.lacks)
        if rest is None:
            break
        columns = tuple(each.name for each in asked.model.columns if each.name.casefold() in rest.columns)
        left_out.append(LeftOut(columns, found.reason))
        asked = dataclasses.replace(asked, sql=rest.sql)
        found = answer(computer, asked)
    return found, asked, tuple(left_out)


def _beside(model: CompiledModel, reference: Rows, ours: Rows, hidden: set[str]) -> Comparison:
    shown = ({name: value for name, value in row.items() if name not in hidden} for row in as_values(reference))
    expected = [ExpectedRow(row, model.place) for row in shown]
    return compare(expected, list(as_values(ours)), Rule(tuple(map(str, model.model.key)), _TOLERANCE))


def _volatile(asked: Computation, computer: Computer, first: Rows, hidden: set[str]) -> tuple[str, ...] | None:
    """Columns that come out otherwise if the same rows are read in another order; None if rows do."""
    turned = tuple(dataclasses.replace(each, rows=each.rows[::-1]) for each in asked.given)
    second = answer(computer, dataclasses.replace(asked, given=turned))
    if not isinstance(second, Rows):
        return ()
    comparison = _beside(asked.model, first, second, hidden)
    if comparison.missing or comparison.extra:
        return None
    return tuple(dict.fromkeys(name for each in comparison.changed for name in each.columns))
