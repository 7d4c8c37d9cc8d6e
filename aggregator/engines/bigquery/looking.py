"""The question that tells of staged rows what a run wants to know: how many, a digest, and what promises count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.warehouse import NULL_PARTITION, WHOLE
from aggregator.core.writes import Batch, Expectation
from aggregator.engines.bigquery.schemas import Field
from aggregator.engines.bigquery.types import type_of_field

_FORMATS = {Grain.HOUR: "%Y-%m-%dT%H", Grain.DAY: "%Y-%m-%d", Grain.MONTH: "%Y-%m", Grain.YEAR: "%Y"}


def question(
    relation: str, fields: Sequence[Field], calendar: Calendar | None, expectations: Sequence[Expectation]
) -> str:
    """A row for each partition in a relation: its id, rows, digest, and the number of each promise."""
    numbers = "".join(f", {each.sql} AS v{index}" for index, each in enumerate(expectations))
    counted = f"COUNT(*) AS n, {_digest(fields)} AS checksum{numbers} FROM {relation}"
    if calendar is None:
        return f"SELECT '{WHOLE}' AS id, {counted}"
    return f"SELECT {_id(calendar)} AS id, {counted} GROUP BY 1"


def batches(rows: Iterable[Sequence[Any]]) -> dict[str, Batch]:
    """The answer, by partition."""
    return {
        str(id_): Batch(int(count), str(checksum or ""), tuple(map(_value, values)))
        for id_, count, checksum, *values in rows
        if count or id_ == WHOLE
    }


def _value(value: Any) -> Any:
    """A number as such: NUMERIC comes as a Decimal. Promises may be about texts and dates, too."""
    return float(value) if isinstance(value, (int, float, Decimal)) else value


def _id(calendar: Calendar) -> str:
    """The id of the partition of a row."""
    function = {ColumnType.DATE: "DATE", ColumnType.DATETIME: "DATETIME", ColumnType.TIMESTAMP: "TIMESTAMP"}
    type_, column = function[calendar.type], f"`{calendar.column}`"
    start = f"{type_}_TRUNC({column}, {calendar.grain.upper()})"
    return f"COALESCE(FORMAT_{type_}('{_FORMATS[calendar.grain.stored]}', {start}), '{NULL_PARTITION}')"


def _digest(fields: Sequence[Field]) -> str:
    """A digest of a set of rows. The order of rows and columns does not matter, and equal rows count."""
    values = ", ".join(_stable(each) for each in sorted(fields, key=lambda each: str(each["name"]).casefold()))
    return f"CAST(SUM(CAST(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT({values}))) AS NUMERIC)) AS STRING)"


def _stable(field: Field) -> str:
    """What counts of a column: of FLOAT64 twelve digits, because sums may differ in the last ones from run to run."""
    name, type_ = f"`{field['name']}`", str(type_of_field(field))
    if type_ == "FLOAT64":
        return f"FORMAT('%.11e', {name}) AS {name}"
    return f"ST_ASTEXT({name}) AS {name}" if type_ == "GEOGRAPHY" else name
