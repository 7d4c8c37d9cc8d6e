"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import click

F = TypeVar("F", bound=Callable[..., Any])


class _Moment(click.ParamType[datetime]):
    """A date, or a date and an hour."""

    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read ISO text."""
        from aggregator.core.calendar import EARLIEST, LATEST  # noqa: PLC0415  (`--help` needs no calendars)

        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2013-01-31 or an hour such as 2013-01-31T05", param, ctx)
        if moment.tzinfo is not None:
            self.fail(f"{value!r} has a time zone; intervals are on the tables' own clocks", param, ctx)
        if not EARLIEST <= moment <= LATEST:
            self.fail(f"{value!r} is in no partition: BigQuery's begin with 1960 and end with 2159", param, ctx)
        return moment


class _Size(click.ParamType[int]):
    """A number of bytes."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a number with its unit."""
        from aggregator.load.amounts import BYTES  # noqa: PLC0415  (few commands have such an option)

        amount = BYTES.amount(str(value))
        if amount is None:
            self.fail(f"{value!r} is not {BYTES.expected}", param, ctx)
        return amount


SIZE = _Size()


def project_options(command: F) -> F:
    """``--project``, ``--env`` and ``--quiet``: all work on a project may be long."""
    for option in (
        click.option("--quiet", is_flag=True, help="No progress, only results and findings."),
        click.option("--env", "environment", metavar="NAME", help="An environment of aggregator.yml."),
        click.option(
            "--project",
            "folder",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            default=Path(),
            help="The project's folder, or one inside it.",
        ),
    ):
        command = option(command)
    return command


def format_option(*formats: str) -> Callable[[F], F]:
    """``--format``: text by default."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(["text", *formats]),
        default="text",
        show_default=True,
        help="Machine formats go to standard output, talk to standard error.",
    )


def select_option(command: F) -> F:
    """``--select``."""
    return click.option(
        "--select",
        "selection",
        multiple=True,
        metavar="WHAT",
        help="Models: a name, a glob, +name with upstream, name+ with downstream, tag:x, changed:REV.",
    )(command)


def interval_options(command: F) -> F:
    """``--from``, ``--to`` and ``--full``."""
    full = click.option("--full", is_flag=True, help="Rebuild whatever the state, and tables whose columns changed.")
    return moment_options(full(command))


def moment_options(command: F) -> F:
    """``--from`` and ``--to``, in this order."""

    @functools.wraps(command)
    def checked(*arguments: Any, start: datetime | None, end: datetime | None, **others: Any) -> Any:
        if start is not None and end is not None and start >= end:
            message = f"there is nothing from {_text(start)} to {_text(end)}: an interval begins before it ends"
            raise click.UsageError(message)
        return command(*arguments, start=start, end=end, **others)

    for option in (
        click.option("--to", "end", type=_Moment(), metavar="DATE", help="Only partitions before this (exclusive)."),
        click.option("--from", "start", type=_Moment(), metavar="DATE", help="Only partitions from here on."),
    ):
        checked = option(checked)
    return cast("F", checked)


def _text(moment: datetime) -> str:
    """As it is given."""
    return moment.isoformat().removesuffix("T00:00:00")


def amount_options(command: F) -> F:
    """``--limit`` and ``--retry-failed``."""
    for option in (
        click.option(
            "--retry-failed",
            "retry",
            is_flag=True,
            help="Only partitions whose last attempt failed, and neither what is stale nor what waits for them.",
        ),
        click.option(
            "--limit",
            type=click.IntRange(min=1),
            metavar="N",
            help="Only the first N partitions: upstream first, the oldest first of each model.",
        ),
    ):
        command = option(command)
    return command


def jobs_option(command: F) -> F:
    """``--jobs``."""
    return click.option(
        "--jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="At most N steps at once. DuckDB does one, with all cores.  [default: what the warehouse bears]",
    )(command)


def run_id_option(command: F) -> F:
    """``--run-id``."""
    return click.option(
        "--run-id",
        metavar="ID",
        help="A name for this run. A second one of this name takes over what still runs on BigQuery of the first.",
    )(command)


def wait_option(command: F) -> F:
    """``--wait``."""
    return click.option(
        "--wait",
        type=click.FloatRange(min=0),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for someone else who holds the warehouse.",
    )(command)
