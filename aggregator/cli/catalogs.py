"""What a project has committed about its warehouse."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cache import key_of
from aggregator.cli.output import print_findings
from aggregator.core.catalog import Catalog
from aggregator.load.catalog import CATALOG_FILE, load_catalog


def committed_catalog(root: Path, output: str = "text") -> tuple[Catalog | None, str]:
    """What is known of the warehouse, if the project has it, and its key; a damaged file ends the command."""
    path = root / CATALOG_FILE
    if not path.exists():
        return None, ""
    found = load_catalog(path)
    if isinstance(found, Catalog):
        return found, key_of(path.read_text(encoding="utf-8"))
    print_findings(found, root, output)
    raise click.exceptions.Exit(2)
