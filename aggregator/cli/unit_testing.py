"""Unit tests of models: which are run, on which engines, and what is said of them."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from aggregator.cli.files import replace_text, rewrite
from aggregator.cli.output import count, say, teller
from aggregator.cli.progress import counter
from aggregator.cli.session import Session
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.names import TableName
from aggregator.engines import Engine
from aggregator.engines.protocol import QueryError
from aggregator.export.junit import TestResult
from aggregator.load.cases import Case, load_cases
from aggregator.unit_tests import opened
from aggregator.unit_tests.engines import Computer
from aggregator.unit_tests.report import findings
from aggregator.unit_tests.run import Outcome, State, run_cases
from aggregator.unit_tests.scaffold import draft, target
from aggregator.unit_tests.update import updated
from aggregator.unit_tests.written import written


def cases_of(session: Session, chosen: Sequence[TableName]) -> tuple[list[Case], tuple[Diagnostic, ...]]:
    """The tests of some models, and all that is wrong with files of tests. Those of no model are among them."""
    cases, problems = load_cases(session.root)
    known = session.graph.project.models
    return [each for each in cases if each.model in chosen or each.model not in known], problems


@contextlib.contextmanager
def computers(session: Session, wanted: str | None, *, quiet: bool) -> Iterator[list[Computer]]:
    """The engines that were asked for, open; without a wish, those that are here."""
    from aggregator.analyzers.protocol import NotAvailableError  # noqa: PLC0415  (only where tests are run)

    try:
        with opened.computers(session.graph, wanted, teller(quiet=quiet)) as found:
            yield found
    except NotAvailableError as error:
        raise click.UsageError(f"Google's reference engine: {error}") from None


def run_unit_tests(session: Session, cases: Sequence[Case], engine: str | None, *, quiet: bool) -> list[Outcome]:
    """Run tests, and tell how far it is."""
    if not cases:
        return []
    with computers(session, engine, quiet=quiet) as found:
        return run_cases(cases, session.graph, found, counter("unit tests run", quiet=quiet))


def update(outcomes: Sequence[Outcome], root: Path) -> None:
    """Write what came out into the tests that failed."""
    for each in outcomes:
        text = updated(each)
        if text is not None and rewrite(root / each.case.path, each.case.document.text, text):
            say(f"updated {each.case.path}")
        elif each.state is not State.PASSED:
            say(f"{each.case.path} was left as it is")


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """A line per model, and what could not be run on one of the engines; failures are findings, and printed as such."""
    width = max((len(str(each.case.model)) for each in outcomes), default=0)
    for model in dict.fromkeys(each.case.model for each in outcomes):
        mine = [each for each in outcomes if each.case.model == model]
        passed = sum(each.state is State.PASSED for each in mine)
        failed = [f"{each.case.name} {each.state}" for each in mine if each.state is not State.PASSED]
        text = ", ".join(([f"{passed:,} passed"] if passed else []) + failed)
        click.secho(f"{model!s:<{width}}  {text}", fg="red" if failed else None)
        for engine, reason in dict.fromkeys(_not_told(mine)):
            click.echo(f"  not on {engine}: {reason}")


def _not_told(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, str]]:
    for outcome in outcomes:
        for each in outcome.ran:
            reason = getattr(each.answer, "reason", "")
            if reason and outcome.state is not State.NOT_RUN:
                yield each.engine, reason


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many passed, and where."""
    passed = sum(each.state is State.PASSED for each in outcomes)
    engines = " and ".join(dict.fromkeys(each.engine for outcome in outcomes for each in outcome.ran))
    where = f" on {engines}" if engines else ""
    return f"{passed:,} of {count(len(outcomes), 'unit test')} passed{where}"


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """For machines; values are written as in a test."""
    return {
        "model": str(outcome.case.model),
        "case": outcome.case.name,
        "path": outcome.case.path,
        "state": str(outcome.state),
        "seconds": round(outcome.seconds, 6),
        "engines": [
            {
                "engine": each.engine,
                "message": each.complaint or getattr(each.answer, "reason", "") or None,
                "missing": [_row(row.values) for row in each.comparison.missing] if each.comparison else [],
                "extra": [_row(row) for row in each.comparison.extra] if each.comparison else [],
                "changed": [
                    {"expected": _row(row.expected.values), "actual": _row(row.actual), "columns": row.columns}
                    for row in each.comparison.changed
                ]
                if each.comparison
                else [],
            }
            for each in outcome.ran
        ],
        "findings": [each.message for each in findings(outcome)],
    }


def _row(values: dict[str, Any]) -> dict[str, str]:
    return {name: written(value) for name, value in values.items()}


def results(outcomes: Sequence[Outcome]) -> Iterator[TestResult]:
    """For JUnit."""
    for each in outcomes:
        said = "\n".join(found.message for found in findings(each))
        yield TestResult(str(each.case.model), each.case.name, each.case.path, each.seconds, said)


@dataclasses.dataclass(frozen=True)
class Covered:
    """How many unit tests and promises a model has."""

    model: TableName
    tests: int
    checks: int


def covered(session: Session, chosen: Sequence[TableName]) -> list[Covered]:
    """What is known about models besides their SQL; a key is a promise, too."""
    cases, _ = cases_of(session, chosen)
    tests = Counter(case.model for case in cases)
    models = (session.graph.models[name].model for name in chosen if name in session.graph.models)
    return [Covered(each.name, tests[each.name], len(each.checks) + bool(each.key)) for each in models]


def print_coverage(found: Sequence[Covered]) -> None:
    """A line per model, those without tests first."""
    width = max((len(str(each.model)) for each in found), default=0)
    for each in sorted(found, key=lambda one: (one.tests > 0, one.checks > 0)):
        tests = count(each.tests, "unit test") if each.tests else "no unit test"
        checks = count(each.checks, "check") if each.checks else "no check"
        click.secho(f"{each.model!s:<{width}}  {tests:<13}  {checks}", fg=None if each.tests else "yellow")
    tested = sum(each.tests > 0 for each in found)
    click.echo(f"{tested:,} of {count(len(found), 'model')} have unit tests")


def write_draft(session: Session, engine: Engine, name: TableName) -> Path:
    """A first test of a model, of the newest partition that it has in the warehouse."""
    built = engine.versions().get(name, {})
    model = session.graph.models[name]
    if model.calendar is not None and not built:
        raise click.UsageError(f"--new {name}: it has no rows to begin with; `aggregator run --select +{name}`")
    with computers(session, "duckdb", quiet=True) as (computer,):
        try:
            found = draft(session.graph, engine, computer, name, max(built, default=""))
        except QueryError as error:
            raise click.UsageError(f"--new {name}: {error}") from None
    if isinstance(found, str):
        raise click.UsageError(f"--new {name}: {found}")
    path = target(session.root, found)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, found.text)
    return path
