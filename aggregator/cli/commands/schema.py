"""``aggregator schema``."""

from __future__ import annotations

import click

from aggregator.cli.output import print_json
from aggregator.export.json_schema import FORMATS, json_schema


@click.command("schema")
@click.argument("what", type=click.Choice(list(FORMATS)), default="model")
def command(what: str) -> int:
    """Print the JSON schema of a file format, for editors.

    That of aggregator.yml (project), of a model's front matter (model), of a source file (source), of a roll-up
    (rollup), or of a unit test (test).
    """
    print_json(json_schema(what))
    return 0
