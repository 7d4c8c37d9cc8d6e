"""How much a table, and what is said about it, may hold."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core.catalog import StoredTable
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.dry_run.rules.protocol import Candidate
from aggregator.dry_run.type_tree import type_tree

MOST_COLUMNS, DEEPEST, LONGEST_OF_COLUMN, LONGEST_OF_TABLE = 10_000, 15, 1024, 16_384


class TableLimits:
    """Too many columns, STRUCTs too deep inside each other, or a description that is too long."""

    code = Code(
        "D639",
        "table-limits",
        """A table has more than BigQuery admits: 10,000 columns, with the fields of STRUCTs; 15 STRUCTs inside each
other; 1,024 characters to describe a column, 16,384 to describe the table.

Long descriptions belong on a page of their own, with a link. So many columns are most often rows in disguise: one
column with the name and one with the value.""",
        Layer.DRY_RUN,
    )
    bad = f"""/*---
description: A page, wrapped up.
owner: web@example.com
---*/
SELECT page,
  {"STRUCT(" * 16}title{" AS a)" * 16} AS wrapped
FROM lake.pages"""
    good = """/*---
description: A page.
owner: web@example.com
---*/
SELECT page, title
FROM lake.pages"""
    stored: tuple[StoredTable, ...] = ()

    def check(self, candidate: Candidate) -> Iterator[Diagnostic]:
        """One finding per limit and column."""
        model, place = candidate.model.model, candidate.model.place
        trees = {field.name: type_tree(field.type) for field in candidate.columns}
        count = sum(1 + sum(1 for _ in tree.walk()) for tree in trees.values())
        if count > MOST_COLUMNS:
            message = f"the table has {count:,} columns and fields, and BigQuery allows {MOST_COLUMNS:,}"
            yield Diagnostic(place, self.code, message, "make rows of them")
        for name, tree in trees.items():
            if tree.depth > DEEPEST:
                message = f"{name} has {tree.depth} STRUCTs inside each other, and BigQuery allows {DEEPEST}"
                yield Diagnostic(candidate.place_of(name), self.code, message, "leave some of them out")
        for column in model.columns:
            if len(column.description) > LONGEST_OF_COLUMN:
                message = f"the description of {column.name} has {len(column.description):,} characters"
                advice = f"BigQuery allows {LONGEST_OF_COLUMN:,}"
                yield Diagnostic(column.name.place, self.code, message, advice)
        if len(model.description) > LONGEST_OF_TABLE:
            message = f"the description has {len(model.description):,} characters"
            yield Diagnostic(place, self.code, message, f"BigQuery allows {LONGEST_OF_TABLE:,}")
