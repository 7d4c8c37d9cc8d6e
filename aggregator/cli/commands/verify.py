"""``aggregator verify``."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.options import format_option, project_options, select_option, wait_option
from aggregator.cli.output import print_findings, print_json, print_text, teller
from aggregator.cli.progress import counter
from aggregator.cli.select import select
from aggregator.cli.session import open_project
from aggregator.cli.unit_testing import computers
from aggregator.cli.verifying import print_verified, summary, verified_json
from aggregator.cli.warehouse import at_work
from aggregator.core.calendar import is_partition
from aggregator.verify.verify import Engines, State, findings, verify


@click.command("verify")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@project_options
@select_option
@wait_option
@click.option("--partition", help="Build this partition and the one before it; without it, the newest with rows.")
@format_option("json", "github")
def command(
    folder: Path,
    environment: str | None,
    quiet: bool,
    models: tuple[str, ...],
    selection: tuple[str, ...],
    wait: float,
    partition: str | None,
    output: str,
) -> int:
    """Compute models on both engines from a sample of rows.

    A few hundred rows of each table that a model reads, chosen so that every branch is taken, go through the embedded
    engine and through Google's reference engine, which computes as BigQuery does. Nothing is written but the sources,
    if their files changed. Models that `aggregator run` refuses can be verified, too.
    """
    if partition is not None and not is_partition(partition):
        raise click.UsageError(f"--partition {partition}: write it as 2013, 2013-02, 2013-02-08 or 2013-02-08T05")
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    graph = session.graph
    chosen = [graph.models[name] for name in select(graph, (*models, *selection))]
    progress = counter("models verified", quiet=quiet)
    found = []
    with (
        computers(session, "both", quiet=quiet) as (embedded, reference),
        at_work(graph, session.root, teller(quiet=quiet), wait) as warehouse,
    ):
        for number, model in enumerate(chosen, start=1):
            found.append(verify(graph, model, Engines(warehouse, embedded, reference), partition))
            progress(number, len(chosen))
    problems = [each for one, model in zip(found, chosen, strict=True) for each in findings(one, model)]
    if output == "json":
        print_json([verified_json(each) for each in found])
    elif output == "github":
        print_findings(problems, session.root, output)
    else:
        print_verified(found, graph)
        print_text(problems, session.root)
        click.secho(summary(found), fg="red" if problems else None)
    return 1 if any(each.state is State.DIFFERENT for each in found) else 0
