"""``aggregator lsp``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from aggregator.cli.baseline import FILE, BadBaselineError, LineOf, compare, known_from
from aggregator.core.diagnostics import Diagnostic


@click.command("lsp")
def command() -> int:
    """Serve an editor with findings, types and completion.

    Speaks the language server protocol over standard input and output; an editor starts it.
    """
    try:
        from aggregator.lsp.server import make_server  # noqa: PLC0415  (it needs the extra `lsp`)
    except ModuleNotFoundError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        raise click.ClickException("the extra lsp is missing: pip install 'aggregator[lsp]'") from None
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:  # the server closes what it writes to
        make_server(_new).start_io(sys.stdin.buffer, answers)
    return 0


def _new(root: Path, found: Iterable[Diagnostic], line_of: LineOf) -> Iterable[Diagnostic]:
    """The findings that the project's baseline does not know; all of them while it can't be read."""
    try:
        known = known_from((root / FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BadBaselineError):
        return found
    return compare(found, known, line_of).new
