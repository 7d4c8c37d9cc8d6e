"""``aggregator test``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from aggregator.cli.files import replace_text
from aggregator.cli.options import format_option, project_options, select_option, wait_option
from aggregator.cli.output import count, print_findings, print_json, print_text, say, teller
from aggregator.cli.rollup_tests import Outcome as Compared
from aggregator.cli.rollup_tests import Which, compare_rollups, is_right, print_rollups, rollup_json
from aggregator.cli.select import select
from aggregator.cli.session import Session, open_project
from aggregator.cli.unit_testing import (
    cases_of,
    covered,
    outcome_json,
    print_coverage,
    print_outcomes,
    results,
    run_unit_tests,
    summary,
    update,
    write_draft,
)
from aggregator.cli.warehouse import at_work
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.names import TableName
from aggregator.engines import NotHereError
from aggregator.export.junit import junit
from aggregator.unit_tests.opened import ENGINES
from aggregator.unit_tests.report import findings
from aggregator.unit_tests.run import Outcome

ONLY = ("unit", "rollups")


@click.command("test")
@project_options
@select_option
@click.option("--only", type=click.Choice(ONLY), help="Unit tests of models, or roll-ups; without it, both.")
@click.option("--engine", type=click.Choice(ENGINES), help="Who computes unit tests; without it, all that are here.")
@click.option("--update", "is_updating", is_flag=True, help="Write what came out into the unit tests that failed.")
@click.option("--new", "new", metavar="MODEL", help="Write a first unit test of a model, from rows of the warehouse.")
@click.option("--coverage", is_flag=True, help="List models with their unit tests and checks; nothing is run.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path, dir_okay=False), help="Also write JUnit XML.")
@click.option("--all", "everything", is_flag=True, help="Of roll-ups, look at every partition, not at a sample.")
@click.option("--partition", help="Of roll-ups, look at this partition alone, such as 2013-02.")
@wait_option
@format_option("json", "github")
def command(
    folder: Path,
    environment: str | None,
    quiet: bool,
    selection: tuple[str, ...],
    only: str | None,
    engine: str | None,
    is_updating: bool,
    new: str | None,
    coverage: bool,
    junit_file: Path | None,
    everything: bool,
    partition: str | None,
    wait: float,
    output: str,
) -> int:
    """Run unit tests of models, and compare roll-ups with rows.

    A unit test is a file, tests/models/DATASET/TABLE/CASE.yml: rows in, rows out. It needs no warehouse.
    """
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    if new is not None:
        return _new(session, new, wait, quiet=quiet)
    chosen = select(session.graph, selection)
    if coverage:
        return _coverage(session, chosen, output)
    is_unit = only != "rollups" and partition is None
    cases, problems = cases_of(session, chosen) if is_unit else ([], ())
    outcomes = run_unit_tests(session, cases, engine, quiet=quiet)
    compared = [] if only == "unit" else _compared(session, chosen, Which(partition, everything, quiet), wait)
    if is_updating:
        update(outcomes, session.root)
    found = (*problems, *(finding for each in outcomes for finding in findings(each)))
    if junit_file is not None:
        _write(junit_file, junit(list(results(outcomes))))
    _print(session, output, found, outcomes, compared)
    return 1 if found or not is_right(compared) else 0


def _print(
    session: Session,
    output: str,
    found: Sequence[Diagnostic],
    outcomes: Sequence[Outcome],
    compared: Sequence[Compared],
) -> None:
    if output == "json":
        print_text([each for each in found if each.place.path not in {one.case.path for one in outcomes}], session.root)
        rollups = [line for each in compared for line in rollup_json(each)]
        print_json({"tests": [outcome_json(each) for each in outcomes], "rollups": rollups})
    elif output == "github":
        print_findings(found, session.root, output)
    else:
        print_outcomes(outcomes)
        print_text(found, session.root)
        if outcomes:
            click.secho(summary(outcomes), fg="red" if found else None)
        print_rollups(compared)
        if not outcomes and not compared and not found:
            click.echo("there are no unit tests, and no roll-ups to compare; aggregator test --new MODEL writes a test")


def _compared(session: Session, chosen: Sequence[TableName], which: Which, wait: float) -> list[Compared]:
    """Roll-ups are compared where there is a warehouse to look into."""
    graph = session.graph
    names = [name for name in graph.models if name in chosen and graph.models[name].model.rollup is not None]
    if not names:
        return []
    try:
        with at_work(graph, session.root, teller(quiet=which.quiet), wait) as engine:
            return compare_rollups(graph, engine, names, which)
    except NotHereError as error:
        say(f"{count(len(names), 'roll-up')} not compared: {error}")
        return []


def _coverage(session: Session, chosen: Sequence[TableName], output: str) -> int:
    found = covered(session, chosen)
    if output == "json":
        print_json([{"model": str(each.model), "unit_tests": each.tests, "checks": each.checks} for each in found])
    else:
        print_coverage(found)
    return 0


def _new(session: Session, wanted: str, wait: float, *, quiet: bool) -> int:
    names = select(session.graph, [wanted])
    with at_work(session.graph, session.root, teller(quiet=quiet), wait) as engine:
        for name in names:
            path = write_draft(session, engine, name)
            click.echo(f"wrote {path.relative_to(session.root)}; say in it what it is about, then aggregator test")
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, text)
    except OSError as error:
        raise click.UsageError(f"--junit {path}: {error.strerror}") from None
