"""The file formats as JSON Schema (draft 2020-12), for editors and for other checkers.

Made from the shapes that the loader reads with, so that the two can't disagree: whatever the loader accepts fits the
schema. What a schema can't say, and the loader alone finds, is listed in ``docs/editors.md``.
"""

from __future__ import annotations

from aggregator.export.json_schema.monitoring import Schema, schema_of
from aggregator.load.cases import UNIT_TEST
from aggregator.load.schema import MODEL, PROJECT, ROLLUP_FILE, SOURCE_FILE

__all__ = ["DRAFT", "FORMATS", "Schema", "json_schema"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FORMATS = {"project": PROJECT, "model": MODEL, "source": SOURCE_FILE, "rollup": ROLLUP_FILE, "test": UNIT_TEST}
_TITLES = {
    "project": "aggregator.yml",
    "model": "The front matter of a model, models/<dataset>/<table>.sql",
    "source": "A source, models/<dataset>/<table>.yml",
    "rollup": "A roll-up, models/<dataset>/<table>.yml",
    "test": "A unit test of a model, tests/models/<dataset>/<table>/<case>.yml",
}


def json_schema(name: str) -> Schema:
    """The schema of one of :data:`FORMATS`, complete in itself.

    Raises KeyError for another name, and TypeError for a shape that nobody taught it.
    """
    return {"$schema": DRAFT, "title": _TITLES[name], **schema_of(FORMATS[name])}
