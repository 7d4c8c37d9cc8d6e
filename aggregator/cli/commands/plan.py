"""``aggregator plan``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from aggregator.cli.options import format_option, interval_options, project_options, select_option, wait_option
from aggregator.cli.output import print_json, teller
from aggregator.cli.plans import print_plan, step_json
from aggregator.cli.select import select
from aggregator.cli.session import open_project
from aggregator.cli.warehouse import at_work
from aggregator.plan import make_plan


@click.command("plan")
@project_options
@select_option
@interval_options
@wait_option
@format_option("json")
def command(
    folder: Path,
    environment: str | None,
    quiet: bool,
    selection: tuple[str, ...],
    start: datetime | None,
    end: datetime | None,
    full: bool,
    wait: float,
    output: str,
) -> int:
    """Show what would run, and why."""
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    chosen = select(session.graph, selection)
    with at_work(session.graph, session.root, teller(quiet=quiet), wait) as engine:
        plan = make_plan(session.graph, engine.snapshot(), selected=chosen, interval=(start, end), full=full)
    if output == "json":
        print_json([step_json(step) for step in plan.steps])
    else:
        print_plan(plan, session.graph.project.environment.name)
    return 0
