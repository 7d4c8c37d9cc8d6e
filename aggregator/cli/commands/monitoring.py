"""``aggregator monitoring``."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.files import replace_text
from aggregator.cli.options import project_options
from aggregator.cli.output import count, warn
from aggregator.cli.session import Session, open_project
from aggregator.core.diagnostics import did_you_mean
from aggregator.core.monitoring import Monitoring
from aggregator.export.datadog import datadog_files, is_ours
from aggregator.monitoring import metering
from aggregator.monitoring.deliver import deliver
from aggregator.monitoring.messages import trial


@click.group("monitoring")
def command() -> None:
    """Tell others of runs: metrics, monitors and messages."""


@command.command("export")
@project_options
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write to.")
def export(folder: Path, environment: str | None, quiet: bool, out: Path) -> int:
    """Write monitors and dashboards for Datadog, a file each, to be applied with Terraform.

    A team is an owner. Files of tables that are gone are removed.
    """
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    _monitoring(session)
    texts = datadog_files(session.graph)
    try:
        removed = _write(out, texts, session)
    except OSError as error:
        raise click.ClickException(f"{out} can't be written: {error.strerror}") from None
    monitors = sum(path.startswith("monitors/") for path in texts)
    dashboards = sum(path.startswith("dashboards/") for path in texts)
    gone = f"; removed {count(removed, 'file')} of what is gone" if removed else ""
    click.echo(f"wrote {count(monitors, 'monitor')} and {count(dashboards, 'dashboard')} to {out}{gone}")
    return 0


@command.command("test")
@project_options
def test(folder: Path, environment: str | None, quiet: bool) -> int:
    """Send a metric and a message to everyone, to see whether they arrive.

    Exit code 1 means that something was not delivered, as far as that can be known: nobody answers DogStatsD.
    """
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    graph, monitoring = session.graph, _monitoring(session)
    problems: list[str] = []
    with metering(graph, problems.append) as meter:
        meter.test()
    messages = trial(graph) if monitoring.has_messages else []
    problems += deliver(monitoring, messages)
    for each in problems:
        warn(each)
    if problems:
        return 1
    heard = f"a metric to {' and '.join(_listeners(monitoring)) or 'nobody'}"
    told = f"a message to {', '.join(each.owner for each in messages) or 'nobody'}"
    click.echo(f"sent {heard}, and {told}")
    return 0


def _monitoring(session: Session) -> Monitoring:
    """What is declared for the environment. Ends the command if nothing is; says which owners there are not."""
    project = session.graph.project
    if project.monitoring is None:
        raise click.UsageError(
            f"the environment {project.environment.name} is not monitored: name it under `monitoring:` "
            "`environments:` in aggregator.yml, or another one with --env"
        )
    owners = {each.owner for each in session.graph.sources.values()}
    owners |= {each.model.owner for each in session.graph.models.values()}
    for each in project.monitoring.owners:
        if each not in owners:
            warn(f"nobody is called {each}, who stands under `owners:`. {did_you_mean(each, owners)}".rstrip())
    return project.monitoring


def _listeners(monitoring: Monitoring) -> list[str]:
    ways = (("DogStatsD", monitoring.dogstatsd), ("OpenTelemetry", monitoring.opentelemetry))
    return [name for name, address in ways if address]


def _write(out: Path, texts: dict[str, str], session: Session) -> int:
    """Write all files; gives how many of tables that are gone were removed."""
    for path, text in texts.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        replace_text(out / path, text)
    removed = 0
    for kind in ("monitors", "dashboards"):
        for found in sorted((out / kind).glob("*.json")):
            path = f"{kind}/{found.name}"
            if path not in texts and is_ours(path, found.read_text(encoding="utf-8"), session.graph):
                found.unlink()
                removed += 1
    return removed
