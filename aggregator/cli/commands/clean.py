"""``aggregator clean``."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.options import project_options
from aggregator.cli.output import count
from aggregator.cli.session import open_project


@click.command("clean")
@project_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(folder: Path, environment: str | None, quiet: bool, yes: bool) -> int:
    """Drop what was built in an environment of your own.

    Only datasets are dropped that aggregator made, in an environment whose `datasets:` have {user} in their names, and
    only your own. What it reads from another environment stays.
    """
    from aggregator.engines.bigquery.cleaning import Cleaning  # noqa: PLC0415  (heavy; only when used)

    session = open_project(folder, environment, quiet=quiet)
    chosen = session.graph.project.environment
    cleaning = Cleaning(chosen)
    try:
        found = cleaning.find()
        if not found:
            click.echo(f"There is nothing of yours in {chosen.name}.")
            return 0
        for each in found:
            click.echo(f"{chosen.project}.{each.dataset}  {count(each.tables, 'table')}")
        if not yes and not click.confirm(f"Drop {count(len(found), 'dataset')} with all that is in them?", err=True):
            return 1
        cleaning.drop(found)
    finally:
        cleaning.close()
    click.echo(f"Dropped {count(len(found), 'dataset')}.")
    return 0
