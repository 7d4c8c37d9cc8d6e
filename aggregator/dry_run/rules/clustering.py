"""What BigQuery can cluster by."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core.catalog import StoredTable
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.dry_run.rules.protocol import Candidate
from aggregator.dry_run.type_tree import UNKNOWN, type_tree

MOST = 4
_TYPES = frozenset(
    {"BIGNUMERIC", "BOOL", "DATE", "DATETIME", "GEOGRAPHY", "INT64", "NUMERIC", "RANGE", "STRING", "TIMESTAMP"}
)


class Clustering:
    """Too many columns to cluster by, one of them twice, or one of a type that has no clusters."""

    code = Code(
        "D635",
        "clustering",
        """`cluster:` names what BigQuery can't cluster by.

A table is clustered by at most four columns, each of them once, and not by a FLOAT64, BYTES, TIME, INTERVAL, JSON,
ARRAY or STRUCT. Keep the columns that queries filter by most, in that order: a cluster is of use only together with
those before it.""",
        Layer.DRY_RUN,
    )
    bad = """/*---
description: Time spent on each page, per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2025-01-01}
cluster: [seconds, page]
---*/
SELECT DATE(clicked_at) AS day, page, SUM(seconds) AS seconds
FROM lake.clicks
GROUP BY day, page"""
    good = """/*---
description: Time spent on each page, per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2025-01-01}
cluster: [page]
---*/
SELECT DATE(clicked_at) AS day, page, SUM(seconds) AS seconds
FROM lake.clicks
GROUP BY day, page"""
    stored: tuple[StoredTable, ...] = ()

    def check(self, candidate: Candidate) -> Iterator[Diagnostic]:
        """One finding per column."""
        types = {field.name.casefold(): type_tree(field.type) for field in candidate.columns}
        seen: set[str] = set()
        for number, word in enumerate(candidate.model.model.cluster):
            tree = types.get(word.casefold(), UNKNOWN)
            if word.casefold() in seen:
                yield Diagnostic(word.place, self.code, f"{word} is here twice", "keep the first one")
            elif number == MOST:
                message = f"a table is clustered by at most {MOST} columns, and {word} is one more"
                yield Diagnostic(word.place, self.code, message, "keep those that queries filter by most")
            elif tree != UNKNOWN and tree.name not in _TYPES:
                message = f"BigQuery can't cluster by {word}, which is of type {tree.name}"
                yield Diagnostic(word.place, self.code, message, "leave it out, or cluster by a column made from it")
            seen.add(word.casefold())
