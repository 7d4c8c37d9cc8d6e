"""``aggregator catalog``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from aggregator.cli.files import replace_text
from aggregator.cli.options import project_options
from aggregator.cli.output import count, say
from aggregator.cli.progress import counter
from aggregator.cli.session import Session, open_project
from aggregator.core.catalog import Catalog
from aggregator.core.names import TableName
from aggregator.engines.bigquery.catalog import pull as pull_catalog
from aggregator.export.catalog import catalog_text
from aggregator.load.catalog import CATALOG_FILE, load_catalog


@click.group("catalog")
def command() -> None:
    """Keep the sizes of tables, for checks without credentials."""


@command.command("pull")
@project_options
def pull(folder: Path, environment: str | None, quiet: bool) -> int:
    """Ask BigQuery for columns and sizes of all tables of the project, and write catalog.json.

    Tables that have not changed since the last time are not asked again.
    """
    session = open_project(folder, environment, quiet=quiet)
    path = session.root / CATALOG_FILE
    tell = counter("questions answered", quiet=quiet)
    project = session.graph.project
    names = {*project.sources, *project.models}
    found = pull_catalog(project.environment, project.read_from, names, known=_known(path, quiet=quiet), tell=tell)
    try:
        replace_text(path, catalog_text(found))
    except OSError as error:
        raise click.ClickException(f"{path} can't be written: {error.strerror}") from None
    _tell_of_missing(session, names - found.tables.keys(), quiet=quiet)
    click.echo(f"wrote {path}: {count(len(found.tables), 'table')} of {found.environment}")
    return 0


def _known(path: Path, *, quiet: bool) -> Catalog | None:
    """What was found the last time; a file that can't be understood is no loss here."""
    if not path.exists():
        return None
    known = load_catalog(path)
    if isinstance(known, Catalog):
        return known
    if not quiet:
        say(f"{path.name} can't be understood, so everything is asked anew: {known[0].message}")
    return None


def _tell_of_missing(session: Session, missing: Iterable[TableName], *, quiet: bool) -> None:
    """Sources must be somewhere; what the project builds may be still to come."""
    sources = session.graph.project.sources
    for name in sorted(missing):
        if name in sources:
            click.secho(f"warning: the source {name} is not there", fg="yellow", err=True)
        elif not quiet:
            say(f"{name} is not built yet")
