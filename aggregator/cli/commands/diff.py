"""``aggregator diff``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import click

from aggregator.cache import FILE, Cache
from aggregator.cli.diffs import diff_json, print_diff
from aggregator.cli.impacts import Sides, impact, judged
from aggregator.cli.judging import Before, reviewed_before
from aggregator.cli.options import format_option, moment_options, project_options, select_option, wait_option
from aggregator.cli.output import print_json, print_text
from aggregator.cli.revisions import base_commit, project_at
from aggregator.cli.select import select
from aggregator.cli.session import Session, open_project
from aggregator.core.calendar import is_partition
from aggregator.core.diagnostics import Diagnostic, Layer, errors
from aggregator.core.names import TableName, is_identifier
from aggregator.diff.affected import How, affected
from aggregator.diff.choose import Wish


@click.command("diff")
@click.argument("revision", metavar="REV")
@project_options
@select_option
@moment_options
@click.option("--partition", default="", help="Compare the rows of this partition alone, such as 2013-02-08.")
@click.option("--all", "everything", is_flag=True, help="Compare the rows of all partitions, not of a sample.")
@click.option("--key", multiple=True, metavar="COLUMN", help="Find rows by this column, also several, not by `key:`.")
@click.option("--no-examples", "is_discreet", is_flag=True, help="Show no values of rows, only how many differ.")
@wait_option
@format_option("json")
def command(
    folder: Path,
    environment: str | None,
    quiet: bool,
    revision: str,
    selection: tuple[str, ...],
    start: datetime | None,
    end: datetime | None,
    partition: str,
    everything: bool,
    key: tuple[str, ...],
    is_discreet: bool,
    wait: float,
    output: str,
) -> int:
    """Show what a change does: columns, partitions, cost and rows.

    Compares with where this branch left a git revision. Models that changed, and all that read them, are computed as
    they were and as they are now, over the same inputs, and compared row by row; nothing is written.
    """
    wish = Wish(_partition(partition), (start, end), everything, _key(key))
    session = open_project(folder, environment, quiet=quiet)
    commit = base_commit(session.root, revision)
    with Cache(session.root / FILE) as cache, project_at(session.root, commit) as root:
        before = reviewed_before(root, environment, cache)
        concerned = affected(before.graph, session.graph)
        chosen = set(select(session.graph, selection))
        models = {name: how for name, how in concerned.items() if name in chosen or how is How.DELETED}
        _print_errors(session, before, models)
        sides = Sides(session, before, concerned, models)
        found = impact(sides, judged(sides, cache, output, quiet=quiet), wish, wait, quiet=quiet)
    found = found.without_examples() if is_discreet else found
    if output == "json":
        print_json(diff_json(found, revision))
    else:
        print_diff(found, revision)
    return 1 if any(how in (How.BROKEN, How.MENDED) for how in models.values()) else 0


def _partition(text: str) -> str:
    if text and not is_partition(text):
        raise click.UsageError(f"--partition {text}: not a partition such as 2013-02-08, 2013-02 or 2013-02-08T05")
    return text


def _key(names: tuple[str, ...]) -> tuple[str, ...]:
    """Columns, one an option or several with commas between them."""
    columns = tuple(each.strip() for name in names for each in name.split(","))
    for each in columns:
        if not is_identifier(each):
            raise click.UsageError(f"--key {each}: not the name of a column")
    return columns


def _print_errors(session: Session, before: Before, models: Mapping[TableName, How]) -> None:
    """What keeps models from being compiled, after the change or before it."""
    hows = set(models.values())
    if How.BROKEN in hows:
        print_text(_of_compiling(session.findings), session.root)
    if How.MENDED in hows:
        for each in _of_compiling(before.findings):
            place = f"{each.place.path}:{each.place.line}"
            click.secho(f"before the change: {place}: {each.code.id} {each.message}", fg="red", err=True)


def _of_compiling(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    return [each for each in errors(found) if each.code.layer in (Layer.LOAD, Layer.COMPILE)]
