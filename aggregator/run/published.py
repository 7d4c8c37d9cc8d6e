"""The checks of a model over partitions that are published. Reads, and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aggregator.checks.protocol import of_partition
from aggregator.core.diagnostics import Severity
from aggregator.core.warehouse import NULL_PARTITION, WHOLE
from aggregator.core.writes import Batch
from aggregator.engines.protocol import QueryError
from aggregator.run.checked import Checked, Verdicts, parameters

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar
    from aggregator.core.graph import CompiledModel, Graph
    from aggregator.core.warehouse import LedgerRow
    from aggregator.core.writes import Expectation
    from aggregator.engines import Engine


def check_published(
    model: CompiledModel, graph: Graph, engine: Engine, built: Mapping[str, LedgerRow], partition: str | None = None
) -> dict[str, Verdicts]:
    """The verdicts on each published partition of a model, or on one of them, in order.

    All numbers of all partitions are one query. Raises :class:`aggregator.engines.protocol.QueryError`.
    """
    there = engine.versions().get(model.name, {})
    known = sorted({*there, *built})
    wanted = [each for each in known if each != NULL_PARTITION and partition in (None, each)]
    checked = Checked(model, graph, engine, built)
    if not wanted or not checked.promises or (not there and model.name not in engine.versions()):
        return {}
    batches = _measured(model, engine, checked, partition)
    return checked.judge(wanted, batches, engine.rows)


def _measured(model: CompiledModel, engine: Engine, checked: Checked, partition: str | None) -> dict[str, Batch]:
    """The numbers of all partitions at once; what can't be computed is left out."""
    bounds = parameters(model, partition, partition) if partition else {}
    where = f" WHERE {of_partition(model)}" if partition else ""

    def ask(expectations: list[Expectation]) -> list[tuple[Any, ...]]:
        by = _start(model.calendar) if model.calendar is not None else f"'{WHOLE}'"
        numbers = "".join(f", {each.sql}" for each in expectations)
        group = " GROUP BY 1" if model.calendar is not None else ""
        return engine.rows(f"SELECT {by}, COUNT(*){numbers} FROM {model.name}{where}{group}", bounds)[1]

    try:
        rows = ask(checked.expectations)
    except QueryError:
        for each in checked.expectations:
            _leave_out_if_refused(checked, each, ask)
        rows = ask(checked.expectations)
    return {_id(row[0], model.calendar): Batch(row[1], "", tuple(row[2:])) for row in rows}


def _leave_out_if_refused(checked: Checked, expectation: Expectation, ask: Any) -> None:
    try:
        ask([expectation])
    except QueryError as error:
        checked.leave_out(expectation, str(error), (Severity.WARNING, Severity.ERROR))


def _start(calendar: Calendar) -> str:
    """Where the partition of a row begins."""
    grain = str(calendar.grain).upper()
    return f"{calendar.type}_TRUNC(`{calendar.column}`, {grain})"


def _id(start: Any, calendar: Calendar | None) -> str:
    if calendar is None:
        return WHOLE
    return NULL_PARTITION if start is None else start.isoformat()[: calendar.grain.id_length]
