"""Outcomes as findings: one for each test that did not pass, at the row of the test that says it best."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.analyzers.googlesql.tables import Unchecked
from aggregator.core.diagnostics import Diagnostic
from aggregator.unit_tests import codes
from aggregator.unit_tests.bind import Values
from aggregator.unit_tests.compare import Changed, Comparison
from aggregator.unit_tests.run import Outcome, Ran, State
from aggregator.unit_tests.written import written

_MOST = 5
"""Rows of each kind that are shown; the others are counted."""


def findings(outcome: Outcome) -> tuple[Diagnostic, ...]:
    """Why a test did not pass."""
    place, name = outcome.case.place, f"{outcome.case.model} {outcome.case.name}"
    match outcome.state:
        case State.PASSED:
            return ()
        case State.MISFIT:
            return outcome.findings
        case State.NOT_RUN:
            reasons = "; ".join(each.answer.reason for each in outcome.ran if isinstance(each.answer, Unchecked))
            return (Diagnostic(place, codes.NOT_RUN, f"{name} was not run: {reasons or 'no engine is here'}"),)
        case State.DIFFERENT:
            assert outcome.between is not None  # noqa: S101  (that is what differs)
            one, other = outcome.ran[0].engine, outcome.ran[-1].engine
            text = "\n".join(lines(outcome.between, (), f"{other} has", f"{one} has"))
            message = f"{name}: {one} and {other} give different rows\n{text}"
            return (Diagnostic(place, codes.ENGINES_DIFFER, message),)
    return tuple(_failures(outcome, name))


def _failures(outcome: Outcome, name: str) -> Iterator[Diagnostic]:
    """What is wrong on each engine; said once where it is the same on all."""
    key = tuple(map(str, outcome.bound.model.model.key)) if outcome.bound else ()
    said: dict[str, list[Ran]] = {}
    for each in outcome.ran:
        if each.complaint:
            said.setdefault(each.complaint, []).append(each)
        elif each.comparison is not None and not each.comparison.is_equal:
            text = f"{_counts(each.comparison)}\n" + "\n".join(lines(each.comparison, key))
            said.setdefault(text, []).append(each)
    for text, ran in said.items():
        engines = " and ".join(each.engine for each in ran)
        comparison = ran[0].comparison
        rows = (*comparison.missing, *(each.expected for each in comparison.changed)) if comparison else ()
        whole = outcome.case.expect.place if outcome.case.expect and comparison else outcome.case.place
        first = min((row.place for row in rows), default=whole)
        yield Diagnostic(first, codes.WRONG_ROWS, f"{name} on {engines}: {text}")


def _counts(comparison: Comparison) -> str:
    parts = (
        (len(comparison.missing), "missing"),
        (len(comparison.extra), "too many"),
        (len(comparison.changed), "different"),
    )
    listed = [f"{number:,} {'row' if number == 1 else 'rows'} {word}" for number, word in parts if number]
    return ", ".join(listed)


def lines(
    comparison: Comparison, key: tuple[str, ...], expected: str = "expected", actual: str = "got"
) -> Iterator[str]:
    """A comparison as text: a line for each row, and for one that differs a line for each column that does."""
    for row in comparison.missing[:_MOST]:
        yield f"  - missing  {written(row.values)}"
    for extra in comparison.extra[:_MOST]:
        shown = comparison.shown or tuple(extra)
        yield f"  + too many {written({name: extra.get(name) for name in shown})}"
    for changed in comparison.changed[:_MOST]:
        yield f"  ~ {written(_named(changed, key))}"
        width = max(len(name) for name in changed.columns)
        for name in changed.columns:
            wanted, found = changed.expected.values[name], changed.actual.get(name)
            yield f"      {name:<{width}}  {expected} {written(wanted)}, {actual} {written(found)}"
    rest = sum(max(0, len(each) - _MOST) for each in (comparison.missing, comparison.extra, comparison.changed))
    if rest:
        yield f"  … and {rest:,} more"


def _named(changed: Changed, key: tuple[str, ...]) -> Values:
    """What tells a row from the others: its key, or else what is as expected."""
    same = {name: value for name, value in changed.expected.values.items() if name not in changed.columns}
    return {name: same[name] for name in key if name in same} or same
