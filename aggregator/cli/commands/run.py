"""``aggregator run``."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path

import click

from aggregator.cli.exports import Exports, export, exporting, print_exports
from aggregator.cli.freshness import publish_freshness
from aggregator.cli.notices import tell_owners, telling_if_stopped
from aggregator.cli.options import (
    amount_options,
    format_option,
    interval_options,
    jobs_option,
    project_options,
    run_id_option,
    select_option,
    wait_option,
)
from aggregator.cli.output import count, once, print_json, print_text, teller, warn
from aggregator.cli.planning import Planned, Wish, planned
from aggregator.cli.plans import print_left_out, print_nothing, warn_unselected
from aggregator.cli.progress import Bar, Lines, Silent
from aggregator.cli.select import select
from aggregator.cli.session import Session, open_project
from aggregator.cli.warehouse import at_work, new_run_id
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.estimate import price, price_per_tib, size_text
from aggregator.core.graph import CompiledModel
from aggregator.core.report import Report, Status, StepResult
from aggregator.monitoring import metering
from aggregator.run import Hearers, Progress, run_plan


@click.command("run")
@project_options
@select_option
@interval_options
@amount_options
@jobs_option
@run_id_option
@wait_option
@click.option("--allow-inexact", is_flag=True, help="Also build models whose rows may differ from BigQuery's here.")
@format_option("json")
def command(
    folder: Path,
    environment: str | None,
    selection: tuple[str, ...],
    start: datetime | None,
    end: datetime | None,
    full: bool,
    limit: int | None,
    retry: bool,
    jobs: int | None,
    run_id: str | None,
    wait: float,
    allow_inexact: bool,
    quiet: bool,
    output: str,
) -> int:
    """Build what is missing or stale; also the backfill.

    Only what is not fresh is built. A run that was stopped goes on where it was when it is started again.
    """
    wish = Wish(selection, (start, end), full, limit, retry)
    began = time.monotonic()
    session = open_project(folder, environment, quiet=quiet)
    compiled = time.monotonic() - began
    session.stop_on_errors()
    graph, run_id = session.graph, run_id or new_run_id()
    exported = exporting(session, select(graph, selection))
    with (
        telling_if_stopped(graph, run_id),
        metering(graph, warn) as meter,
        at_work(graph, session.root, teller(quiet=quiet), wait, run_id) as engine,
    ):
        meter.compiled(compiled)
        engine.parallel = min(jobs or engine.parallel, engine.parallel)
        snapshot = engine.snapshot()
        found = planned(graph, snapshot, wish)
        with _progress(quiet=quiet) as progress:
            hearers, refuse = Hearers((progress, meter)), _allow if allow_inexact else None
            report = run_plan(
                found.plan, graph, engine, snapshot.ledger, run_id=run_id, progress=hearers, refuse=refuse
            )
        exports = export(session, engine, exported, quiet=quiet)
        meter.run(report)
        publish_freshness(graph, engine, meter, None if report.results else snapshot)
    tell_owners(graph, [*report.results, *exports.results()], run_id, quiet=quiet)
    tell = _tell_json if output == "json" else _tell
    tell(found, report, exports, session)
    return 0 if report.is_clean and not exports.problems else 1


def _allow(_model: CompiledModel) -> None:
    """Nothing is refused."""


@contextlib.contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress]:
    if quiet:
        yield Silent()
    elif sys.stderr.isatty():
        with Bar() as bar:
            yield bar
    else:
        yield Lines()


def _tell_json(found: Planned, report: Report, exports: Exports, session: Session) -> None:
    per_tib = price_per_tib(session.graph.project.environment)
    left_out = sum(len(step.partitions) for step in found.left_out)
    steps = [_json(result, per_tib) for result in report.results]
    print_json({"steps": steps, "left_out": left_out, "exported": exports.json()})
    print_text([*_problems(report), *exports.problems], session.root)


def _tell(found: Planned, report: Report, exports: Exports, session: Session) -> None:
    warn_unselected(found.plan)
    if not found.plan.steps:
        print_nothing(found)
        print_exports(exports, session)
        return
    _print(report, session.root, price_per_tib(session.graph.project.environment))
    print_exports(exports, session)
    print_left_out(found)
    click.echo(f"Next: {_next(report, is_all=not found.left_out)}")


def _json(result: StepResult, per_tib: float | None) -> dict[str, object]:
    return {
        "model": str(result.model),
        "partitions": [result.partitions[0] or None, result.partitions[-1] or None],
        "status": str(result.status),
        "rows": result.rows,
        "seconds": round(result.seconds, 6),
        "bytes": result.bytes,
        "price": price(result.bytes, per_tib),
        "message": result.problem.message if result.problem else None,
        "warnings": [each.message for each in result.warnings],
        "checks": list(result.results),
    }


def _print(report: Report, root: Path, per_tib: float | None) -> None:
    """A line per model, the findings, and the total."""
    lines = [_model_line(list(results)) for _, results in groupby(report.results, lambda result: result.model)]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        click.echo(f"{name:<{width}}  {text}")
    print_text(_problems(report), root)
    click.secho(f"\n{_total(report, per_tib)}", fg=None if report.is_clean else "red")


def _next(report: Report, *, is_all: bool) -> str:
    """What to do now."""
    if report.is_clean:
        return "aggregator status" if is_all else "aggregator run with the same options, which goes on from here"
    return "mend the cause, then aggregator run"


def _total(report: Report, per_tib: float | None) -> str:
    """All partitions, by how they ended, in one sentence."""
    counts = _counts(report.results)
    written = count(counts.pop(Status.BUILT, 0), "partition")
    rows = count(sum(result.rows for result in report.results if result.status is Status.BUILT), "row")
    others = "".join(f", {number:,} {status}" for status, number in counts.items())
    costs = price(report.bytes, per_tib)
    billed = f"; {size_text(report.bytes)} billed" if report.bytes is not None else ""
    paid = f", {costs:,.2f}" if costs is not None else ""
    return f"{written} written with {rows}{others}, in {report.seconds:.1f} s{billed}{paid}."


def _counts(results: Iterable[StepResult]) -> dict[Status, int]:
    counts = dict.fromkeys(Status, 0)
    for result in results:
        counts[result.status] += len(result.partitions)
    return {status: number for status, number in counts.items() if number}


def _model_line(results: list[StepResult]) -> tuple[str, str]:
    """How the partitions of one model ended."""
    parts = ", ".join(f"{number:,} {status}" for status, number in _counts(results).items())
    rows = sum(result.rows for result in results if result.status is Status.BUILT)
    seconds = sum(result.seconds for result in results)
    return str(results[0].model), f"{parts:<28}  {count(rows, 'row') if rows else '':>14}  {seconds:6.2f} s"


def _problems(report: Report) -> list[Diagnostic]:
    """What failed, and what there is to warn of; what was only blocked is not listed."""
    failed = (
        problem
        for result in report.results
        if result.problem is not None and result.status is Status.FAILED
        for problem in [result.problem] * len(result.partitions)
    )
    return once([*failed, *(warning for result in report.results for warning in result.warnings)])
