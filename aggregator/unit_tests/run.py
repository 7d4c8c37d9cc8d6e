"""Tests to outcomes."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Sequence
from concurrent import futures
from enum import StrEnum

from aggregator.analyzers.googlesql.tables import Answer, Rows, Unchecked
from aggregator.analyzers.protocol import Mistake
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import CompiledModel, Graph, OutputColumn
from aggregator.load.cases import Case
from aggregator.load.report import Report
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
    seconds: float = 0.0


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
    """Run tests on every engine; those that can be asked several things at once are."""
    outcomes = []
    most = max((each.parallel for each in computers), default=1)
    pool = futures.ThreadPoolExecutor(most)
    try:
        begun = [(case, *_begun(case, graph, computers, pool)) for case in cases]
        for case, bound, ran, findings in begun:
            outcomes.append(_outcome(case, bound, [each() for each in ran], findings))
            progress(len(outcomes), len(cases))
    finally:
        pool.shutdown(cancel_futures=True)
    return outcomes


def _begun(
    case: Case, graph: Graph, computers: Sequence[Computer], pool: futures.Executor
) -> tuple[Bound | None, list[Callable[[], Ran]], tuple[Diagnostic, ...]]:
    """A test beside its model, what gives the answer of each engine, and why the test makes no sense."""
    report = Report()
    bound = bind(case, graph, report, functools.partial(_queried, computers))
    if bound is None:
        return None, [], report.sorted()
    ran: list[Callable[[], Ran]] = []
    for each in computers:
        ask = functools.partial(_ran, bound, each)
        ran.append(pool.submit(ask).result if each.parallel > 1 else ask)
    return bound, ran, ()


def _queried(computers: Sequence[Computer], model: CompiledModel, sql: str, columns: Sequence[OutputColumn]) -> Answer:
    """The rows of a SELECT in a test: the same for all engines, from the one that is most like BigQuery."""
    found: Answer = Unchecked("no engine is here")
    for each in reversed(computers):
        found = each.query(model, sql, columns)
        if not isinstance(found, Unchecked):
            break
    return found


def _outcome(case: Case, bound: Bound | None, ran: Sequence[Ran], findings: tuple[Diagnostic, ...]) -> Outcome:
    if bound is None:
        return Outcome(case, State.MISFIT, findings=findings)
    seconds = sum(each.seconds for each in ran)
    outcome = Outcome(case, State.PASSED, tuple(ran), _between(bound, ran), bound=bound, seconds=seconds)
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
    began = time.monotonic()
    found = answer(computer, bound)
    comparison, complaint = None, ""
    if isinstance(found, Rows):
        complaint = _stray(bound, found)
        if bound.expected is not None and not complaint:
            comparison = compare(bound.expected, list(as_values(found)), rule(bound))
        elif not complaint:
            complaint = f"no error, but {len(found.values)} rows; expected: {bound.case.expect_error}"
    elif isinstance(found, Mistake):
        complaint = _unexpected(found, bound.case.expect_error, computer)
    return Ran(computer.name, found, comparison, complaint, time.monotonic() - began)


def _unexpected(found: Mistake, wanted: str | None, computer: Computer) -> str:
    """What is wrong with an error; nothing if it is the one that was expected, as far as its words can tell."""
    if wanted is None:
        return found.message
    is_it = not computer.says_as_bigquery or wanted.casefold() in found.message.casefold()
    return "" if is_it else f"another error: {found.message}"


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
