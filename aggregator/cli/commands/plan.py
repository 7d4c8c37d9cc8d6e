"""``aggregator plan``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from aggregator.cli.catalogs import committed_catalog
from aggregator.cli.options import (
    amount_options,
    format_option,
    interval_options,
    project_options,
    select_option,
    wait_option,
)
from aggregator.cli.output import print_json, teller
from aggregator.cli.planning import Wish, planned
from aggregator.cli.plans import plan_json, print_plan
from aggregator.cli.session import open_project
from aggregator.cli.warehouse import at_work


@click.command("plan")
@project_options
@select_option
@interval_options
@amount_options
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
    limit: int | None,
    retry: bool,
    wait: float,
    output: str,
) -> int:
    """Show what would run, why, and what it would read and cost.

    Bytes are those of the tables in catalog.json, or as declared; they are bounds, as what an input comes out as
    may make a step needless.
    """
    wish = Wish(selection, (start, end), full, limit, retry)
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    graph = session.graph
    catalog, _ = committed_catalog(session.root)
    with at_work(graph, session.root, teller(quiet=quiet), wait) as engine:
        found = planned(graph, engine.snapshot(), wish)
    from aggregator.dry_run.estimate import Grounds  # noqa: PLC0415  (not for --help)
    from aggregator.dry_run.plan_cost import plan_cost  # noqa: PLC0415

    cost = plan_cost(found.plan.steps, Grounds(graph, found.plan.at.replace(tzinfo=None), catalog))
    if output == "json":
        print_json(plan_json(found, cost))
    else:
        print_plan(found, cost, graph.project.environment.name)
    return 0
