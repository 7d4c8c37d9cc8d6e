"""``aggregator status``."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.files import replace_text
from aggregator.cli.options import format_option, project_options, wait_option
from aggregator.cli.output import print_json, say, teller
from aggregator.cli.select import select
from aggregator.cli.session import open_project
from aggregator.cli.statuses import print_model, print_project, status_json
from aggregator.cli.warehouse import at_work
from aggregator.core.status import ProjectStatus
from aggregator.plan import make_plan
from aggregator.plan.status import restricted, status_of


@click.command("status")
@click.argument("model", required=False)
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write it as a page for browsers: one file, which loads nothing else.",
)
@project_options
@wait_option
@format_option("json")
def command(
    folder: Path,
    environment: str | None,
    quiet: bool,
    model: str | None,
    page: Path | None,
    wait: float,
    output: str,
) -> int:
    """Show a calendar of partitions, which are stale, and why.

    Without MODEL: a line per model, a mark per month. With MODEL: a mark per day.
    """
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    chosen = select(session.graph, [model] if model else [])
    with at_work(session.graph, session.root, teller(quiet=quiet), wait) as engine:
        snapshot = engine.snapshot()
        plan = make_plan(session.graph, snapshot, selected=session.graph.models)
    status = restricted(status_of(session.graph, plan, snapshot.ledger), chosen)
    if page is not None:
        _write(page, status)
    if output == "json":
        print_json(status_json(status))
    elif model:
        for each in status.models:
            print_model(each, restricted(status, [each.name]).causes)
    else:
        print_project(status)
    return 0


def _write(page: Path, status: ProjectStatus) -> None:
    from aggregator.export.status_page import status_page  # noqa: PLC0415  (only who wants the page pays for it)

    try:
        replace_text(page, status_page(status))
    except OSError as error:
        raise click.UsageError(f"--html {page}: {error.strerror}") from None
    say(f"wrote {page}")
