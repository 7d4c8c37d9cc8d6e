"""A small project about a web site, and candidates for the warehouse: what the tests of the limits share."""

from __future__ import annotations

from estimated import NOW, graph
from lab import daily, name, source

from aggregator.core.catalog import Catalog, StoredTable
from aggregator.dry_run.rules import Candidate, examine

CLICKS = {"clicked_at": "TIMESTAMP", "visitor": "STRING", "page": "STRING", "seconds": "FLOAT64"}
LAKE = {
    "models/lake/clicks.yml": source(CLICKS, partition=daily("clicked_at", "2021-01-01", require_filter=True)),
    "models/lake/visits.yml": source({"visitor": "STRING", "page": "STRING", "started_at": "TIMESTAMP"}),
    "models/lake/pages.yml": source({"page": "STRING", "title": "STRING"}),
}


def candidate(text: str, stored: tuple[StoredTable, ...] = (), **more) -> Candidate:
    """The model ``marts.example`` of the web site, with this file."""
    compiled = graph({**LAKE, "models/marts/example.sql": text})
    catalog = Catalog("prod", NOW, {each.name: each for each in stored}) if stored else None
    return Candidate(compiled.models[name("marts.example")], compiled, NOW, catalog=catalog, **more)


def examined(text: str, stored: tuple[StoredTable, ...] = (), **more) -> list[str]:
    """The findings in that model, as ``line:column code message``."""
    found = examine(candidate(text, stored, **more))
    return [f"{each.place.line}:{each.place.column} {each.code.id} {each.message}" for each in found]
