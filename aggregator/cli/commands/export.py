"""``aggregator export``."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.exports import export, exporting, print_exports
from aggregator.cli.options import format_option, project_options, select_option, wait_option
from aggregator.cli.output import print_json, print_text, teller
from aggregator.cli.select import select
from aggregator.cli.session import open_project
from aggregator.cli.warehouse import at_work


@click.command("export")
@project_options
@select_option
@wait_option
@format_option("json")
def command(
    folder: Path, environment: str | None, selection: tuple[str, ...], wait: float, quiet: bool, output: str
) -> int:
    """Write published rows to files, where a model says so.

    Only partitions whose files are not there, or are of other rows. `aggregator run` does it, too, after building.
    """
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    names = exporting(session, select(session.graph, selection))
    with at_work(session.graph, session.root, teller(quiet=quiet), wait) as engine:
        exports = export(session, engine, names, quiet=quiet)
    if output == "json":
        print_json({"exported": exports.json()})
        print_text(exports.problems, session.root)
    elif not names:
        click.echo("No model has an `export:`.")
    elif not exports.written and not exports.problems:
        click.echo("All files are those of the published rows.")
    else:
        print_exports(exports, session)
    return 1 if exports.problems else 0
