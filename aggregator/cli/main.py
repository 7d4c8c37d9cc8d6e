"""The command ``aggregator``: finds the sub-command, and turns every outcome into an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback

import click

from aggregator import __version__

COMMANDS = {
    "init": "Make a new project that runs at once.",
    "compile": "Compile every model and write the manifest.",
    "lint": "Find mistakes without running anything.",
    "dry-run": "Say what BigQuery would make of every model, and its cost.",
    "diff": "Show what a change does: columns, partitions, cost and rows.",
    "setup-analyzer": "Compile Google's analyzer for this machine, once.",
    "plan": "Show what would run, why, and what it would read and cost.",
    "run": "Build what is missing or stale; also the backfill.",
    "rollback": "Bring back the rows that partitions had before.",
    "export": "Write published rows to files, where a model says so.",
    "clean": "Drop what was built in an environment of your own.",
    "status": "Show a calendar of partitions, which are stale, and why.",
    "freshness": "Say which tables are late, by their own promises.",
    "test": "Run unit tests of models, and compare roll-ups with rows.",
    "verify": "Compute models on both engines from a sample of rows.",
    "check": "Hold published partitions against their checks.",
    "show": "Show one model: its SQL, rows or lineage.",
    "explain": "Explain a code, a measure, or why a partition is stale.",
    "lineage": "Trace a table, column or partition up and down.",
    "airflow": "Run the models in Airflow, here and in production.",
    "monitoring": "Tell others of runs: metrics, monitors and messages.",
    "sample": "Copy some rows of sources from BigQuery to this machine.",
    "catalog": "Keep the sizes of tables, for checks without credentials.",
    "schema": "Print the JSON schema of a file format, for editors.",
    "lsp": "Serve an editor with findings, types and completion.",
}
"""Name and help of each sub-command; its module is only imported when it is used."""


class _LazyGroup(click.Group):
    """A group whose help costs no imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(
            f"aggregator.cli.commands.{cmd_name.replace('-', '_')}"
        ).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from aggregator.core.diagnostics import did_you_mean  # noqa: PLC0415

            ctx.fail(f"there is no command {args[0]!r}. {did_you_mean(args[0], COMMANDS)}".strip())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """SQL aggregations that are right, cheap and fresh.

    Analysts commit SELECTs; aggregator compiles, checks and builds them, partition by partition.
    """


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and give its exit code: 0 fine, 1 findings, 2 usage or configuration, 3 a bug, 130 interrupted."""
    try:
        result = cli.main(arguments, prog_name="aggregator", standalone_mode=False)
        _flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.secho("interrupted; what was published stays, `aggregator run` goes on from here", fg="yellow", err=True)
        return 130
    except (BrokenPipeError, SystemExit):  # the reader has gone, as `head` does; click exits with 1 then
        _write_no_more()
        return 0
    except Exception as error:  # noqa: BLE001  (the last resort; everything expected was caught before)
        return _unexpected(error)


def _flush() -> None:
    if sys.stdout is not None:  # whoever starts a process may close it
        sys.stdout.flush()


def _write_no_more() -> None:
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _unexpected(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        _write_no_more()
        click.secho(f"error: what the command gives can't be written: {error.strerror}", fg="red", err=True)
        return 2
    from aggregator.engines.protocol import WarehouseError  # noqa: PLC0415

    if isinstance(error, WarehouseError):
        click.secho(f"error: {error}", fg="red", err=True)
        if error.advice:
            click.echo(f"help: {error.advice}", err=True)
        return 2
    click.secho(f"bug: {type(error).__name__}: {error}", fg="red", err=True)
    if os.environ.get("AGGREGATOR_DEBUG"):
        traceback.print_exception(error)
    else:
        click.echo("help: this is a mistake in aggregator; AGGREGATOR_DEBUG=1 shows where", err=True)
    return 3
