"""The table that is there already, and the rows that are to go into it."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core.calendar import Grain
from aggregator.core.catalog import Size, StoredColumn, StoredTable
from aggregator.core.change import Effect
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.core.names import TableName
from aggregator.core.project import Kind
from aggregator.dry_run.retype import retyping
from aggregator.dry_run.rules.protocol import Candidate
from aggregator.dry_run.type_tree import type_tree


class DeployedSchema:
    """A partitioned table whose new rows do not fit beside the old ones."""

    code = Code(
        "D638",
        "deployed-schema",
        """The table in the warehouse has a column that the SELECT no longer gives, or gives with another type, or it is
cut into other partitions.

Partitions are overwritten one by one, and those that are not keep their old columns, so BigQuery refuses what does not
fit; only new columns can be added. Keep the column; widen its type with ALTER TABLE where that is possible; or give the
model a new name, and let its readers change over. A table without partitions is replaced with its columns, so anything
fits.""",
        Layer.DRY_RUN,
    )
    bad = """/*---
description: Clicks on each page, per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2025-01-01}
---*/
SELECT DATE(clicked_at) AS day, CAST(COUNT(*) AS STRING) AS clicks
FROM lake.clicks
GROUP BY day"""
    good = """/*---
description: Clicks on each page, per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2025-01-01}
---*/
SELECT DATE(clicked_at) AS day, COUNT(*) AS clicks, COUNT(DISTINCT page) AS pages
FROM lake.clicks
GROUP BY day"""
    stored: tuple[StoredTable, ...] = (
        StoredTable(
            TableName("marts", "example"),
            (StoredColumn("day", "DATE"), StoredColumn("clicks", "INT64")),
            Size(0, 0),
            partition_column="day",
            grain=Grain.DAY,
        ),
    )

    def check(self, candidate: Candidate) -> Iterator[Diagnostic]:
        """One finding per column, and one for the partitions."""
        stored, model = candidate.stored, candidate.model
        if stored is None or model.model.kind is Kind.VIEW:
            return
        yield from self._cut(candidate, stored)
        given = {field.name.casefold(): field for field in candidate.columns}
        for column in stored.columns if given and model.calendar is not None else ():
            field = given.get(column.name.casefold())
            if field is None:
                message = f"{stored.name} has a column {column.name} in the warehouse that the SELECT does not give"
                advice = "keep it, if need be as NULL; or give the model a new name"
                yield Diagnostic(model.place, self.code, message, advice)
                continue
            effect, _ = retyping(type_tree(column.type), type_tree(field.type))
            if effect in (Effect.BREAKING, Effect.WIDENING):
                message = f"{field.name} is {column.type} in the warehouse, and the SELECT gives {field.type}"
                advice = f"write CAST(… AS {column.type}), or give the model a new name"
                if effect is Effect.WIDENING:
                    alter = f"ALTER TABLE {stored.name} ALTER COLUMN {field.name} SET DATA TYPE {field.type}"
                    advice = f"widen it first: {alter}"
                yield Diagnostic(candidate.place_of(field.name), self.code, message, advice)

    def _cut(self, candidate: Candidate, stored: StoredTable) -> Iterator[Diagnostic]:
        """Whether the table is cut as the model is."""
        calendar, partition = candidate.model.calendar, candidate.model.model.partition
        there = (stored.partition_column.casefold(), stored.grain) if stored.partition_column else ("", None)
        here = (calendar.column.casefold(), calendar.grain.stored) if calendar is not None else ("", None)
        if there != here:
            texts = [f"by {grain} of {column}" if column else "into no partitions" for column, grain in (there, here)]
            message = f"{stored.name} is cut {texts[0]} in the warehouse, and {texts[1]} here"
            advice = "a table can't be cut anew: give the model a new name, or drop the table"
            yield Diagnostic(partition.place if partition else candidate.model.place, self.code, message, advice)
