"""Checks that did not hold, with some of the rows, as the ledger has them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

MAX_WIDTH = 40


def print_results(checks: str) -> None:
    """Each check that did not hold, and the rows that were kept of it."""
    for result in json.loads(checks).get("results", []) if checks else []:
        config, error = result["expectation_config"], result["exception_info"]["exception_message"]
        said = f"could not be evaluated: {error}" if error else result["meta"].get("message", "did not hold")
        color = "yellow" if config["severity"] == "warning" else "red"
        click.secho(f"{config['type']}: {said}", fg=color)
        _print_rows(result["result"].get("partial_unexpected_index_list", []), result["result"])
        click.echo()


def _print_rows(rows: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> None:
    if not rows:
        return
    names = list(rows[0])
    lines = [names, *([_text(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(names))]
    for line in lines:
        click.echo(f"  {'  '.join(f'{text:<{width}}' for text, width in zip(line, widths, strict=True))}".rstrip())
    if result["unexpected_count"] > len(rows):
        click.echo(f"  … of {result['unexpected_count']:,}")


def _text(value: object) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= MAX_WIDTH else f"{text[: MAX_WIDTH - 1]}…"
