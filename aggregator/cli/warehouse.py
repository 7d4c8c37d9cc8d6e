"""Opening the warehouse for a command, with its sources brought up to date."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from aggregator.cli.output import count, print_text
from aggregator.core.graph import Graph
from aggregator.engines import Engine, open_engine


def new_run_id() -> str:
    """Sorts by time; the tail tells runs of the same second apart."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@contextlib.contextmanager
def at_work(graph: Graph, root: Path, say: Callable[[str], None], wait: float, run_id: str = "") -> Iterator[Engine]:
    """The engine of the environment, open. A source that can't be loaded ends the command with exit code 1."""
    engine = open_engine(graph, say, wait=wait, run_key=run_id)
    try:
        problems = engine.ingest()
        if problems:
            print_text(problems, root)
            click.secho(f"{count(len(problems), 'source')} can't be loaded: nothing was run", fg="red", err=True)
            raise click.exceptions.Exit(1)
        yield engine
    finally:
        engine.close()
