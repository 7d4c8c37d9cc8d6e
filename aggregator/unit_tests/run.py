"""Tests to outcomes."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from enum import StrEnum

from aggregator.analyzers.googlesql.tables import Answer, Rows
from aggregator.analyzers.protocol import Mistake
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import Graph
from aggregator.load.cases import Case
from aggregator.load.shapes import Report
from aggregator.unit_tests.bind import Bound, ExpectedRow, bind
from aggregator.unit_tests.compare import Comparison, Rule, compare
from aggregator.unit_tests.engines import Computer, answer, as_values


class State(StrEnum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    DIFFERENT = "engines differ"
    MISFIT = "misfit"
    NOT_RUN = "not run"


@dataclasses.dataclass(frozen=True)
class Ran:
    """What one engine made of a test. ``comparison`` is there if rows came out and rows were expected."""

    engine: str
    answer: Answer
    comparison: Comparison | None = None
    complaint: str = ""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A test, and what became of it. ``between`` compares two engines; ``findings`` say why it could not begin."""

    case: Case
    state: State
    ran: tuple[Ran, ...] = ()
    between: Comparison | None = None
    findings: tuple[Diagnostic, ...] = ()
    bound: Bound | None = None
    seconds: float = 0.0


def run_cases(
    cases: Sequence[Case],
    graph: Graph,
    computers: Sequence[Computer],
    progress: Callable[[int, int], object] = lambda _done, _total: None,
) -> list[Outcome]:
    """Run tests on every engine, in their order."""
    outcomes = []
    for case in cases:
        outcomes.append(_run(case, graph, computers))
        progress(len(outcomes), len(cases))
    return outcomes


def _run(case: Case, graph: Graph, computers: Sequence[Computer]) -> Outcome:
    began = time.monotonic()
    report = Report()
    bound = bind(case, graph, report)
    if bound is None:
        return Outcome(case, State.MISFIT, findings=report.sorted())
    ran = tuple(_ran(bound, computer) for computer in computers)
    outcome = Outcome(case, State.PASSED, ran, _between(bound, ran), bound=bound, seconds=time.monotonic() - began)
    return dataclasses.replace(outcome, state=_state(outcome))


def _state(outcome: Outcome) -> State:
    told = [each for each in outcome.ran if isinstance(each.answer, Rows | Mistake)]
    if not told:
        return State.NOT_RUN
    if any(each.complaint or (each.comparison and not each.comparison.is_equal) for each in told):
        return State.FAILED
    between = outcome.between
    return State.PASSED if between is None or between.is_equal else State.DIFFERENT


def _ran(bound: Bound, computer: Computer) -> Ran:
    found, wanted = answer(computer, bound), bound.case.expect_error
    stray = _stray(bound, found) if isinstance(found, Rows) else ""
    if stray:
        return Ran(computer.name, found, complaint=stray)
    if isinstance(found, Rows) and bound.expected is not None:
        return Ran(computer.name, found, compare(bound.expected, list(as_values(found)), rule(bound)))
    if isinstance(found, Rows):
        return Ran(computer.name, found, complaint=f"no error, but {len(found.values)} rows; expected: {wanted}")
    if not isinstance(found, Mistake):
        return Ran(computer.name, found)
    if wanted is None:
        return Ran(computer.name, found, complaint=found.message)
    is_it = not computer.says_as_bigquery or wanted.casefold() in found.message.casefold()
    return Ran(computer.name, found, complaint="" if is_it else f"another error: {found.message}")


def _stray(bound: Bound, found: Rows) -> str:
    """Why a run would not publish the rows: some belong to none of the partitions that are built."""
    calendar = bound.model.calendar
    if calendar is None:
        return ""
    start, end = (calendar.value(each) for each in (bound.periods[0][0], bound.periods[-1][1]))
    column = calendar.column.casefold()
    values = [next((row[n] for n in row if n.casefold() == column), start) for row in as_values(found)]
    outside = [each for each in values if each is None or not start <= each < end]
    return f"{len(outside)} of its rows lie outside of the interval, by {calendar.column}" if outside else ""


def rule(bound: Bound) -> Rule:
    """How the rows of a test are compared."""
    return Rule(tuple(map(str, bound.model.model.key)), bound.case.tolerance, bound.case.ordered)


def _between(bound: Bound, ran: Sequence[Ran]) -> Comparison | None:
    """What the first engine gives beside what the last one does, in all columns; None unless two gave rows."""
    given = [each.answer for each in ran if isinstance(each.answer, Rows)]
    if len(given) < 2:  # noqa: PLR2004
        return None
    kept = {each.name for each in bound.model.columns if each.state_of}
    rows = [{name: value for name, value in row.items() if name not in kept} for row in as_values(given[-1])]
    standard = [ExpectedRow(row, bound.case.place) for row in rows]
    return compare(standard, list(as_values(given[0])), dataclasses.replace(rule(bound), ordered=False))
