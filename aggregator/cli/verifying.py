"""Models on two engines: what is said of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from aggregator.cli.output import count
from aggregator.core.graph import Graph
from aggregator.unit_tests.written import written
from aggregator.verify.verify import State, Verified


def print_verified(found: Sequence[Verified], graph: Graph) -> None:
    """A line per model, and what was not compared; rows that differ are findings, and printed as such."""
    width = max((len(str(each.model)) for each in found), default=0)
    for each in found:
        click.secho(f"{each.model!s:<{width}}  {_line(each, graph)}", fg=_COLORS[each.state])
        for left_out in each.left_out:
            click.echo(f"  not compared: {', '.join(left_out.columns)}: {left_out.why}")


_COLORS = {State.SAME: None, State.DIFFERENT: "red", State.NOT_VERIFIED: "yellow"}


def _line(verified: Verified, graph: Graph) -> str:
    if verified.state is State.NOT_VERIFIED:
        return f"not verified: {verified.why}"
    read = " and ".join(f"{rows:,} of {table}" for table, rows in verified.read) or "no table"
    what = f"{count(verified.rows, 'row')} of {count(verified.columns, 'column')}"
    period = _partitions(verified, graph)
    return f"{verified.state}: {what}{f' for {period}' if period else ''}, from {read}"


def _partitions(verified: Verified, graph: Graph) -> str:
    calendar = graph.models[verified.model].calendar
    if calendar is None or verified.period is None:
        return ""
    first, last = verified.period[0], calendar.grain.shift(verified.period[1], -1)
    return calendar.id(first) if first == last else f"{calendar.id(first)} to {calendar.id(last)}"


def summary(found: Sequence[Verified]) -> str:
    """How many agree."""
    number = Counter(each.state for each in found)
    text = f"{number[State.SAME]:,} of {count(len(found), 'model')} give the same rows on both engines"
    rest = ((State.DIFFERENT, "differ" if number[State.DIFFERENT] > 1 else "differs"), (State.NOT_VERIFIED,) * 2)
    return "; ".join((text, *(f"{number[state]:,} {word}" for state, word in rest if number[state])))


def verified_json(verified: Verified) -> dict[str, Any]:
    """For machines; values are written as in a unit test."""
    comparison = verified.comparison
    return {
        "model": str(verified.model),
        "state": str(verified.state),
        "from": verified.period[0].isoformat() if verified.period else None,
        "to": verified.period[1].isoformat() if verified.period else None,
        "read": {str(table): rows for table, rows in verified.read},
        "rows": verified.rows,
        "columns": verified.columns,
        "not_compared": [{"columns": each.columns, "why": each.why} for each in verified.left_out],
        "why": verified.why or None,
        "missing": [_row(each.values) for each in comparison.missing] if comparison else [],
        "extra": [_row(each) for each in comparison.extra] if comparison else [],
        "changed": [
            {"expected": _row(each.expected.values), "actual": _row(each.actual), "columns": each.columns}
            for each in comparison.changed
        ]
        if comparison
        else [],
    }


def _row(values: dict[str, Any]) -> dict[str, str]:
    return {name: written(value) for name, value in values.items()}
