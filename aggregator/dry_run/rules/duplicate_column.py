"""Two columns of one name, where a star brings one of them."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core.catalog import StoredTable
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.dry_run.rules.protocol import Candidate


class DuplicateColumn:
    """A star that brings a column of a name that is there already."""

    code = Code(
        "D637",
        "duplicate-column",
        """Two columns of a table have the same name, and at least one of them comes through a star.

As a query, BigQuery takes it, and calls the second one `name_1`; a table or a view of it is refused. Leave one out,
`SELECT a.*, b.* EXCEPT (page)`, or name the columns. Two such names that stand in the SELECT list are found before, as
A211.""",
        Layer.DRY_RUN,
    )
    bad = """/*---
description: Visits with their clicks.
owner: web@example.com
---*/
SELECT v.*, c.page
FROM lake.visits AS v
JOIN lake.pages AS c ON c.page = v.page"""
    good = """/*---
description: Visits with their clicks.
owner: web@example.com
---*/
SELECT v.*, c.title
FROM lake.visits AS v
JOIN lake.pages AS c ON c.page = v.page"""
    stored: tuple[StoredTable, ...] = ()

    def check(self, candidate: Candidate) -> Iterator[Diagnostic]:
        """One finding per name."""
        names = [column.name for column in candidate.model.columns] or [field.name for field in candidate.schema]
        seen: dict[str, int] = {}
        for name in names:
            seen[name.casefold()] = seen.get(name.casefold(), 0) + 1
            if seen[name.casefold()] == 2:  # noqa: PLR2004  (the second of a pair)
                message = f"two output columns are called {name}, and a table can't have both"
                yield Diagnostic(candidate.model.place, self.code, message, f"leave one out: * EXCEPT ({name})")
