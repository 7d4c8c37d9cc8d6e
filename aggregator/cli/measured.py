"""Roll-ups that are refused, with how wrong they would be: on the data that is there, and only if there is some."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from aggregator.aggregates.buckets import Buckets, buckets
from aggregator.aggregates.codes import NOT_ADDITIVE
from aggregator.aggregates.misuse import misuse
from aggregator.aggregates.rollup import said_of
from aggregator.core.graph import Measure, chosen_inputs
from aggregator.core.names import TableName
from aggregator.engines import open_filled_locally
from aggregator.engines.protocol import QueryError, WarehouseError

if TYPE_CHECKING:
    from aggregator.core.aggregate import RollupDeclaration
    from aggregator.core.diagnostics import Diagnostic
    from aggregator.core.graph import CompiledModel, Graph, OutputColumn
    from aggregator.engines import Engine

_NUMBERS = ("INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC")


def measured(found: Sequence[Diagnostic], graph: Graph) -> tuple[Diagnostic, ...]:
    """The findings; those about columns that do not roll up say by how much they would be wrong.

    Nothing is said where the warehouse is elsewhere, empty or busy.
    """
    try:
        engine = open_filled_locally(graph)
    except WarehouseError:
        engine = None
    if engine is None:
        return tuple(found)
    try:
        return tuple(_with_measure(each, graph, engine) for each in found)
    finally:
        engine.close()


def _with_measure(found: Diagnostic, graph: Graph, engine: Engine) -> Diagnostic:
    if found.code.id != NOT_ADDITIVE.id:
        return found
    for declared, table, column in _meant(found, graph):
        said = _said(declared, table, column, engine)
        if said:
            return dataclasses.replace(found, help=f"{found.help}; {said}" if found.help else said)
    return found


def _meant(found: Diagnostic, graph: Graph) -> Iterator[tuple[RollupDeclaration, CompiledModel, OutputColumn]]:
    """The roll-up that a finding is about, the table that it is made from, and the column."""
    for model in graph.project.models.values():
        if model.rollup is None or model.document.path != found.place.path:
            continue
        of = TableName.parse(model.rollup.of)
        table = graph.models.get(of) if of else None
        if table is None or table.aggregate is None:
            continue
        meant = {each.column for each in table.aggregate.refused if said_of(each) == found.message}
        yield from ((model.rollup, table, column) for column in table.columns if column.name in meant)


def _said(declared: RollupDeclaration, table: CompiledModel, column: OutputColumn, engine: Engine) -> str:
    if table.aggregate is None or table.calendar is None or column.type not in _NUMBERS or chosen_inputs(table.inputs):
        return ""
    found = buckets(declared, table.aggregate, table.calendar)
    if not isinstance(found, Buckets) or found.is_rolling:
        return ""
    dimensions = table.aggregate.dimensions if declared.dimensions is None else declared.dimensions
    wrong = "SUM" if column.measure is Measure.DISTINCT else "AVG"
    question = misuse(table.sql, table.aggregate.time, found.sql, tuple(dimensions), column.name, wrong)
    there = sorted(engine.versions().get(table.name, {}))
    if question is None or not there:
        return ""
    start, end = table.calendar.parse(there[0]), table.calendar.next(table.calendar.parse(there[-1]))
    try:
        parameters = {"start": table.calendar.value(start), "end": table.calendar.value(end)}
        answer = engine.ask(question, parameters)
    except QueryError:
        return ""
    return _sentence(column.name, wrong, answer)


def _sentence(column: str, wrong: str, answer: Iterable[object]) -> str:
    groups, bad, taken, truth, largest = (float(str(each)) if each is not None else 0.0 for each in answer)
    if not bad or not groups:
        return ""
    share = f"{bad / groups:.0%} of groups"
    if wrong == "SUM" and truth:
        return f"on your data, adding it up would overstate {column} ×{taken / truth:.1f}"
    return f"on your data, averaging it would be wrong in {share}, by up to {largest:.3g}"
