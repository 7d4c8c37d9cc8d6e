"""Files of an export are those of one partition, in a format that can hold the rows."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.project import FileFormat, Kind
from aggregator.lint.protocol import Inspected

_NESTED = ("ARRAY", "STRUCT", "RANGE")


class BadExport:
    """``export:`` of a table that can't be written so."""

    code = Code(
        "L068",
        "bad-export",
        """The rows can't be exported as `export:` says.

Each partition has a folder of its own, which is emptied before its files are written: so a table with partitions needs
`{partition}` in the address, and one without has none to put there. A view has no rows of its own: nobody would know
when its files are out of date. A CSV file has no arrays and structs.""",
        Layer.LINT,
        Severity.ERROR,
    )
    bad = """/*---
description: Flights per day.
owner: ops-analytics@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
export: {to: "gs://acme-exports/{model}/*.parquet"}
---*/
SELECT flight_date, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date"""
    good = """/*---
description: Flights per day.
owner: ops-analytics@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
export: {to: "gs://acme-exports/{model}/{partition}/*.parquet"}
---*/
SELECT flight_date, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per model."""
        declared = subject.model.model.export
        problem = _problem(subject) if declared is not None else None
        if declared is not None and problem is not None:
            message, advice = problem
            yield Diagnostic(declared.to.place, self.code, f"{subject.model.name}: {message}", advice)


def _problem(subject: Inspected) -> tuple[str, str] | None:
    """What is wrong, and what to do."""
    model, declared = subject.model, subject.model.model.export
    assert declared is not None  # noqa: S101  (asked before)
    if model.model.kind is Kind.VIEW:
        return "a view has no rows of its own to export", "export the tables that it reads, or make it a table"
    is_cut = "{partition}" in declared.to
    if model.calendar is not None and not is_cut:
        return "all partitions would be written to one folder", "put {partition} into the address"
    if model.calendar is None and is_cut:
        return "the table has no partitions", "remove {partition} from the address"
    nested = [column.name for column in model.columns if column.type.startswith(_NESTED) and not column.state_of]
    if declared.format is FileFormat.CSV and nested:
        return f"a CSV file can't hold {', '.join(nested)}", "export as parquet, json or avro"
    return None
