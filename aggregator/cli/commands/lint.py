"""``aggregator lint``."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.options import format_option, project_options, select_option
from aggregator.cli.output import count, print_findings
from aggregator.cli.select import path_of, select
from aggregator.cli.session import open_project


@click.command("lint")
@project_options
@select_option
@format_option("json", "github", "sarif")
def command(folder: Path, environment: str | None, selection: tuple[str, ...], output: str) -> int:
    """Find mistakes without running anything."""
    session = open_project(folder, environment, output)
    found = session.findings
    if selection:
        chosen = {path_of(session.graph, name) for name in select(session.graph, selection)}
        found = tuple(each for each in found if each.place.path in chosen)
    print_findings(found, session.root, output)
    if output == "text":
        if found:
            files = count(len({each.place.path for each in found}), "file")
            click.secho(f"{count(len(found), 'finding')} in {files}", fg="red", err=True)
        else:
            click.echo(f"{count(len(session.graph.models), 'model')}: nothing found")
    return 1 if found else 0
