"""``aggregator airflow``."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from aggregator.cli.airflow_home import await_health, environ, migrate, running, write_dags
from aggregator.cli.options import format_option, project_options
from aggregator.cli.output import count, print_json, say, warn
from aggregator.cli.session import Session, open_project
from aggregator.core.diagnostics import did_you_mean
from aggregator.export.manifest.write import manifest

_HOME = Path(".aggregator/airflow")
_UNOWNED = "airflow"
"""The owner that Airflow gives to a task without one."""


@click.group("airflow")
def command() -> None:
    """Run the models in Airflow, here and in production."""


_arriving = click.option(
    "--on-arrival",
    metavar="DAG",
    multiple=True,
    help="Start this DAG when the partitions have come that one of its own reads, not by the clock.",
)


@command.command("export")
@project_options
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder of DAGs.")
@click.option("--static", "is_static", is_flag=True, help="A readable file for each DAG, instead of two lines for all.")
@_arriving
@click.option(
    "--root", type=click.Path(path_type=Path), help="Where the project is on the workers; its folder here by default."
)
def export(
    folder: Path,
    environment: str | None,
    quiet: bool,
    out: Path,
    is_static: bool,
    on_arrival: tuple[str, ...],
    root: Path | None,
) -> int:
    """Write the manifest, named by its content, and the DAG file that loads it."""
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    content = _content(session)
    if on_arrival and is_static:
        raise click.UsageError("--on-arrival is for DAGs that are loaded, and not for those of --static")
    _warn_of_arrivals(content, on_arrival)
    paths = write_dags(out, content, root or session.root, is_static=is_static, on_arrival=on_arrival)
    for path in paths:
        click.echo(f"wrote {path}")
    return 0


def _warn_of_arrivals(content: Mapping[str, Any], names: Sequence[str]) -> None:
    """Which of some DAGs can't start when partitions arrive."""
    known = {each["id"]: each["arrivals"]["why_not"] for each in content["dags"]}
    for name in names:
        if name not in known:
            raise click.UsageError(f"{name} is not a DAG. {did_you_mean(name, known)}".strip())
        if known[name]:
            warn(f"{name} starts by the clock, and not when partitions arrive: {known[name]}")


@command.command("check")
@project_options
@click.option(
    "--dags", type=click.Path(path_type=Path, exists=True), help="Check this folder of DAGs, not the project."
)
@click.option(
    "--max-seconds", type=float, default=5.0, show_default=True, help="The most that parsing may take, in CPU time."
)
@format_option("json")
def check(
    folder: Path, environment: str | None, quiet: bool, dags: Path | None, max_seconds: float, output: str
) -> int:
    """Parse the DAGs as Airflow would, without a database.

    Fails if a file can't be imported, a DAG can't be serialized, a task has no owner, or parsing is slow.
    """
    _need_airflow()
    with tempfile.TemporaryDirectory(prefix="aggregator-airflow-") as home:
        if dags is None:
            session = open_project(folder, environment, quiet=quiet)
            session.stop_on_errors()
            dags = Path(home, "dags")
            write_dags(dags, _content(session), session.root)
        found = _parsed(dags, Path(home))
    problems = list(_problems(found, max_seconds))
    if output == "json":
        print_json({**found, "problems": problems})
    else:
        for problem in problems:
            click.secho(f"error: {problem}", fg="red", err=True)
        tasks = sum(len(each) for each in found["dags"].values())
        seconds = f"parsed in {found['parse_seconds']:.2f} s of CPU, after {found['import_seconds']:.1f} s for Airflow"
        click.echo(f"{count(len(found['dags']), 'DAG')} with {count(tasks, 'task')}, {seconds}")
    return 1 if problems else 0


@command.command("up")
@project_options
@click.option(
    "--port", type=click.IntRange(1024, 65535), default=8080, show_default=True, help="Where to find its page."
)
@click.option("--home", type=click.Path(path_type=Path), help="Where it lives; .aggregator/airflow by default.")
@_arriving
def up(
    folder: Path, environment: str | None, quiet: bool, port: int, home: Path | None, on_arrival: tuple[str, ...]
) -> int:
    """Start a local Airflow with the DAGs of the project, and stop it with Ctrl-C.

    It listens on this machine only, needs no account, and leaves any other Airflow here alone.
    """
    _need_airflow()
    _need_port(port)
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    home, content = (home or session.root / _HOME).absolute(), _content(session)
    _warn_of_arrivals(content, on_arrival)
    write_dags(home / "dags", content, session.root, on_arrival=on_arrival)
    say("preparing the database of Airflow")
    migrate(home)
    say("starting Airflow, which takes about a minute")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: its processes are not to outlive this one
    with running(home, port) as process:
        try:
            await_health(process, port, home)
            click.echo(f"Airflow is up: http://127.0.0.1:{port}; its log is {home / 'airflow.log'}")
            click.echo(f"After a change: aggregator airflow export --out {home / 'dags'}. Ctrl-C stops it.")
            process.wait()
        except KeyboardInterrupt:
            say("stopping Airflow")
            return 0
    raise click.ClickException(f"Airflow ended by itself; see {home / 'airflow.log'}")


def _content(session: Session) -> dict[str, Any]:
    return manifest(session.graph, session.findings)


def _need_airflow() -> None:
    spec = importlib.util.find_spec("airflow")
    if spec is None or spec.origin is None:  # a folder of that name is none
        raise click.ClickException("Airflow is not installed; pip install 'aggregator[airflow]'")
    release = importlib.metadata.version("apache-airflow")
    if release.startswith("2."):
        raise click.ClickException(f"this takes Airflow 3, and {release} is installed, which only runs the DAGs")


def _need_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise click.ClickException(f"something listens on port {port} already; choose another --port") from None


def _parsed(dags: Path, home: Path) -> dict[str, Any]:
    arguments = [sys.executable, "-m", "aggregator.airflow.check", str(dags)]
    done = subprocess.run(arguments, env=environ(home), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise click.ClickException(f"Airflow could not parse the DAGs:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.rstrip("\n").rpartition("\n")[2])
    return found


def _problems(found: dict[str, Any], max_seconds: float) -> Iterator[str]:
    for file, error in found["errors"].items():
        yield f"{file}: {error.strip().rpartition(chr(10))[2]}"
    for dag, tasks in found["dags"].items():
        unowned = [task for task, owner in tasks.items() if owner in ("", _UNOWNED)]
        if unowned:
            yield f"{dag}: {', '.join(unowned)} without an owner"
    if found["parse_seconds"] > max_seconds:
        yield f"parsing takes {found['parse_seconds']:.1f} s of CPU, more than {max_seconds:g}"
