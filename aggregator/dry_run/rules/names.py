"""Names that BigQuery refuses and that are not written in the SELECT list, where the compiler finds them."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core.catalog import StoredTable
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.dry_run.rules.protocol import Candidate
from aggregator.dry_run.type_tree import TypeTree, type_tree

LONGEST_COLUMN, LONGEST_TABLE = 300, 1024
_PREFIXES = ("_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER")
_FORBIDDEN = frozenset('!"$()*,./;?@[\\]^`{}~')
_RESERVED = {
    "information_schema": "BigQuery has views of that name in every dataset",
    "_aggregator": "aggregator keeps its own tables there",
}


class Names:
    """A dataset, table, column or field of a STRUCT that can't be called so."""

    code = Code(
        "D636",
        "names",
        """A name is too long, reserved, or given twice inside a STRUCT.

Columns and fields have at most 300 characters, and none of `!"$()*,./;?@[\\]^{}~` and backticks; tables have at most
1,024. The fields of a STRUCT differ by more than upper and lower case. No column begins with what BigQuery keeps for
itself, such as `_PARTITION`, not even one that comes through a star. The datasets `INFORMATION_SCHEMA` and
`_aggregator` are taken.""",
        Layer.DRY_RUN,
    )
    bad = """/*---
description: The first and the last page of each visitor.
owner: web@example.com
---*/
SELECT visitor, STRUCT(MIN(page) AS page, MAX(page) AS Page) AS pages
FROM lake.visits
GROUP BY visitor"""
    good = """/*---
description: The first and the last page of each visitor.
owner: web@example.com
---*/
SELECT visitor, STRUCT(MIN(page) AS first_page, MAX(page) AS last_page) AS pages
FROM lake.visits
GROUP BY visitor"""
    stored: tuple[StoredTable, ...] = ()

    def check(self, candidate: Candidate) -> Iterator[Diagnostic]:
        """One finding per name."""
        name, place = candidate.model.name, candidate.model.place
        taken = _RESERVED.get(name.dataset.casefold())
        if taken:
            yield Diagnostic(place, self.code, f"the dataset {name.dataset} is reserved: {taken}", "choose another one")
        if max(len(name.table.encode()), len(name.dataset)) > LONGEST_TABLE:
            message = f"the name of a table or dataset has at most {LONGEST_TABLE:,} characters"
            yield Diagnostic(place, self.code, message, "choose a shorter one")
        for field in candidate.columns:
            for message in (*_of_column(field.name), *_of_fields(field.name, type_tree(field.type))):
                yield Diagnostic(candidate.place_of(field.name), self.code, message, "rename it with AS")


def _of_column(name: str) -> Iterator[str]:
    yield from _of_any(name)
    if name.upper().startswith(_PREFIXES):
        yield f"BigQuery keeps names such as {name} for itself"


def _of_any(name: str) -> Iterator[str]:
    if len(name) > LONGEST_COLUMN:
        yield f"{name[:20]}… has {len(name)} characters, and a column has at most {LONGEST_COLUMN}"
    forbidden = sorted(_FORBIDDEN & set(name))
    if forbidden:
        yield f"{name} has characters that no column may have: {' '.join(forbidden)}"


def _of_fields(path: str, tree: TypeTree) -> Iterator[str]:
    """What is wrong with the names of fields, at any depth."""
    seen: set[str] = set()
    for name, field in tree.fields:
        inner = f"{path}.{name}" if name else path
        if name:
            yield from _of_any(name)
        if name and name.casefold() in seen:
            yield f"{path} has two fields called {name}"
        seen.add(name.casefold())
        yield from _of_fields(inner, field)
