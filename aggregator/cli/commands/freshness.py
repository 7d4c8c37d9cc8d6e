"""``aggregator freshness``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from aggregator.cli.freshness import freshness_json, look_up, print_freshness
from aggregator.cli.options import format_option, project_options, wait_option
from aggregator.cli.output import count, print_json, teller, warn
from aggregator.cli.select import select
from aggregator.cli.session import Session, open_project
from aggregator.cli.warehouse import at_work
from aggregator.core.freshness import Level, TableFreshness
from aggregator.core.names import TableName
from aggregator.freshness import as_of, promising
from aggregator.monitoring import metering


@click.command("freshness")
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option("--all", "everything", is_flag=True, help="Also tables that promise nothing.")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@click.option("--at", "at", metavar="MOMENT", help="As if it were 2013-06-01T08:00, on the project's clock.")
@project_options
@wait_option
@format_option("json")
def command(
    folder: Path,
    environment: str | None,
    quiet: bool,
    tables: tuple[str, ...],
    everything: bool,
    strict: bool,
    at: str | None,
    wait: float,
    output: str,
) -> int:
    """Say which tables are late, by their own promises.

    Only the versions of partitions, the ledger and the clock are looked at. Exit code 1 means that a promise is broken
    beyond a warning.
    """
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    graph = session.graph
    chosen = _chosen(session, tables) if tables or everything else promising(graph)
    moment = _moment(at, graph.project.zone)
    with metering(graph, warn) as meter, at_work(graph, session.root, teller(quiet=quiet), wait) as engine:
        snapshot = engine.snapshot()
        seen = snapshot if moment is None else as_of(graph, snapshot, moment)
        found = look_up(graph, engine, chosen, seen).tables
        if moment is None:
            meter.freshness(found)
            meter.failures(graph.models, snapshot.ledger)
    if output == "json":
        print_json(freshness_json(found))
    else:
        print_freshness(found, graph)
        click.echo(_summary(found))
    bad = (Level.ERROR, Level.WARN) if strict else (Level.ERROR,)
    return 1 if any(each.level in bad for each in found) else 0


def _chosen(session: Session, wanted: tuple[str, ...]) -> list[TableName]:
    """The tables that were named: sources, or models as in ``--select``; all without a name."""
    graph = session.graph
    sources = [name for name in graph.sources if str(name) in wanted or not wanted]
    models = [each for each in wanted if each not in map(str, sources)]
    return [*sources, *(select(graph, models) if models or not wanted else ())]


def _moment(text: str | None, zone: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"--at {text}: not a moment such as 2013-06-01T08:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _summary(found: Sequence[TableFreshness]) -> str:
    if not found:
        return "no table promises freshness: `freshness: {warn_after: 26h, error_after: 48h, by: 06:00}`"
    counts = [(level, sum(each.level is level for each in found)) for level in Level]
    listed = ", ".join(f"{number:,} {level}" for level, number in counts if number)
    return f"\n{count(len(found), 'table')}: {listed}"
