"""The day of a moment depends on the time zone."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.calendar import ColumnType
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected

_UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Etc/Zulu"})
_ALIKE_EVERYWHERE = frozenset({"MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND"})
"""Parts of a moment that are the same in all time zones, as good as."""

_FORMS: dict[type[exp.Expr], str] = {
    exp.Date: "DATE",
    exp.Datetime: "DATETIME",
    exp.TsOrDsToDatetime: "DATETIME",
    exp.TsOrDsToTime: "TIME",
    exp.Time: "TIME",
    exp.Cast: "CAST",
    exp.Extract: "EXTRACT",
    exp.TimestampTrunc: "TIMESTAMP_TRUNC",
    exp.DateTrunc: "DATE_TRUNC",
    exp.TimeToStr: "FORMAT_TIMESTAMP",
}
_TRUNCATIONS = (exp.TimestampTrunc, exp.DateTrunc)
_LOCAL = (exp.DataType.Type.DATE, exp.DataType.Type.DATETIME, exp.DataType.Type.TIME)
_MOMENTS = (exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ)


class ImplicitTimeZone:
    """``DATE(timestamp)`` without a zone, in a model whose days are not those of UTC."""

    code = Code(
        "L053",
        "implicit-time-zone",
        """A moment is turned into a day, an hour or a month without a time zone, in a model whose days are local.

BigQuery takes UTC. In New York, whatever happens after 8 in the evening then falls on the next day: it is missing from
its own day and counted on another. Name the zone: `DATE(time_hour, 'America/New_York')`,
`EXTRACT(HOUR FROM time_hour AT TIME ZONE 'America/New_York')`, `TIMESTAMP_TRUNC(time_hour, DAY, 'America/New_York')`;
where UTC is meant, name `'UTC'`.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT flight_date, EXTRACT(HOUR FROM time_hour) AS departure_hour FROM staging.flights"
    good = """SELECT flight_date, EXTRACT(HOUR FROM time_hour AT TIME ZONE 'America/New_York') AS departure_hour
FROM staging.flights"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per conversion."""
        calendar = subject.model.calendar
        if calendar is None or calendar.type is ColumnType.TIMESTAMP or calendar.zone in _UTC:
            return  # the days of a TIMESTAMP column are those of UTC
        for node in subject.qualified.of(*_FORMS):
            name = _FORMS.get(type(node))
            if name is not None and _needs_zone(node):
                message = f"{name} without a time zone takes UTC, and this model's days are those of {calendar.zone}"
                yield Diagnostic(subject.query.place_of(node), self.code, message, _advice(node, calendar.zone))


def _needs_zone(node: exp.Expr) -> bool:
    moment = node.expression if isinstance(node, exp.Extract) else node.this
    if isinstance(moment, exp.TsOrDsToTimestamp):
        moment = moment.this
    if node.args.get("zone") is not None or moment is None or not moment.is_type(*_MOMENTS):
        return False
    if isinstance(node, exp.Datetime):
        return node.args.get("expression") is None
    if isinstance(node, exp.Cast):
        return node.to.is_type(*_LOCAL)
    if isinstance(node, exp.Extract):
        return node.name.upper() not in _ALIKE_EVERYWHERE
    if isinstance(node, _TRUNCATIONS):
        unit = node.args.get("unit")
        return unit is not None and unit.name.upper() not in _ALIKE_EVERYWHERE | {"HOUR"}
    return True


def _advice(node: exp.Expr, zone: str) -> str:
    if isinstance(node, exp.Extract):
        return f"EXTRACT({node.name.upper()} FROM … AT TIME ZONE '{zone}')"
    if isinstance(node, exp.Cast):
        return f"{node.to.sql('bigquery')}(…, '{zone}')"
    return f"add the zone as its last argument: '{zone}'"
