"""``aggregator setup-analyzer``."""

from __future__ import annotations

import time

import click

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.protocol import NotAvailableError
from aggregator.cli.output import say


@click.command("setup-analyzer")
def command() -> int:
    """Compile Google's analyzer for this machine, once.

    The first dry run then does not have to. Prints where it is kept. In CI, keep that folder between runs: what is in
    it holds for one version of the analyzer and one kind of processor, and has another name for any other.
    """
    began = time.monotonic()
    try:
        source = module.source_path()
        if not module.compiled_path(source).exists():
            say("compiling Google's analyzer, about a minute ...")
        path = module.compile_module(source)
    except NotAvailableError as error:
        raise click.ClickException(str(error)) from None
    click.echo(path)
    say(f"ready after {time.monotonic() - began:.1f} s")
    return 0
