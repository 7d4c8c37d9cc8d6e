"""Dates and times: their arithmetic, their parts, their zones, and how they are written and read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

from aggregator.engines.duckdb.dialect import cast_formats, elements, moment_texts
from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.trees import call, cast, one
from aggregator.engines.protocol import QueryError

_UNTOLD = "error('the type of a moment could not be told; cast it, where arithmetic is done on it')"

MACROS = (
    (
        "_bucket(moment, width, origin) AS CASE WHEN 12 * year(width) + month(width) <> 0"
        " AND date_trunc('month', origin) <> origin THEN error('buckets of months begin on the first of one here')"
        " ELSE time_bucket(width, moment, origin) END"
    ),
    "_week(day, first) AS (dayofyear(day) + 6 - (dayofweek(day) - first + 7) % 7) // 7",
    # A local time that occurs twice is the first of the two, where the offset of three hours before still holds.
    "_offset_before(moment, zone) AS timezone(zone, moment - INTERVAL 3 HOUR) + INTERVAL 3 HOUR",
    (
        "_instant(moment, zone) AS CASE WHEN timezone(zone, _offset_before(moment, zone)) = moment"
        " THEN _offset_before(moment, zone) ELSE timezone(zone, moment) END"
    ),
    "_floor(unit, instant, zone) AS instant - (timezone(zone, instant) - date_trunc(unit, timezone(zone, instant)))",
    "_whole(number, size) AS (number - ((number % size) + size) % size) // size",
    "_minutes(instant, zone) AS (epoch_us(timezone(zone, instant)) - epoch_us(instant)) // 60000000",
    (
        "_offset_text(minutes, between) AS CASE WHEN minutes < 0 THEN '-' ELSE '+' END"
        " || lpad(CAST(abs(minutes) // 60 AS VARCHAR), 2, '0') || between"
        " || lpad(CAST(abs(minutes) % 60 AS VARCHAR), 2, '0')"
    ),
    (
        "_zone_text(minutes) AS CASE WHEN minutes = 0 THEN 'UTC' WHEN minutes % 60 = 0"
        " THEN 'UTC' || CASE WHEN minutes > 0 THEN '+' ELSE '' END || minutes // 60"
        " ELSE 'UTC' || _offset_text(minutes, '') END"
    ),
    (
        "_local_text(instant, zone) AS _text(timezone(zone, instant))"
        " || replace(_offset_text(_minutes(instant, zone), ':'), ':00', '')"
    ),
    "_date_bucket(day, width, origin := DATE '1950-01-01') AS _bucket(day, width, origin)",
    "_datetime_bucket(moment, width, origin := TIMESTAMP '1950-01-01') AS _bucket(moment, width, origin)",
    "_timestamp_bucket(moment, width, origin := TIMESTAMPTZ '1950-01-01 00:00+00') AS _bucket(moment, width, origin)",
    f"_of_date(x) AS CASE WHEN starts_with(typeof(x), 'TIMESTAMP') THEN {_UNTOLD} ELSE x END",
    f"_no_instant(x) AS CASE WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE' THEN {_UNTOLD} ELSE x END",
    "_truncated_time(unit, moment) AS CAST(date_trunc(unit, DATE '1970-01-01' + moment) AS TIME)",
)
"""Functions that the rewritten SQL calls."""

TIME_UNITS = frozenset({"HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"})
_WEEKS = {"WEEK": 0, "SUNDAY": 0, "MONDAY": 1, "TUESDAY": 2, "WEDNESDAY": 3, "THURSDAY": 4, "FRIDAY": 5, "SATURDAY": 6}
"""On which day a week begins: ``EXTRACT(WEEK(MONDAY) FROM day)``."""

_WHOLE = {"DATE": "DATE", "TIME": "TIME", "DATETIME": "TIMESTAMP"}

_OFFSET = re.compile(r"(?:UTC)?([+-])(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)
_OF_INSTANTS = frozenset({"%z", "%Ez", "%Z", "%s"})
_UTC = exp.Literal.string("UTC")
_TIMESTAMPS = frozenset({exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ})
_MOMENTS = _TIMESTAMPS | {exp.DataType.Type.DATETIME, exp.DataType.Type.TIMESTAMP}


def _lower(unit: str) -> exp.Expr:
    return exp.Literal.string(unit.lower())


def with_zones(nodes: Iterable[exp.Expr]) -> None:
    """Let literals that name zones mean in DuckDB what they mean in BigQuery. Raises :class:`QueryError`."""
    for node in nodes:
        zone = node.args.get("expression" if type(node) is exp.Datetime else "zone")
        if isinstance(zone, exp.Literal) and zone.is_string:
            zone.set("this", _zone(zone.name))


def _zone(name: str) -> str:
    offset = _OFFSET.fullmatch(name)
    if offset is None:
        if "/" in name or name.upper() in {"UTC", "GMT"}:
            return name
        raise QueryError(f"Invalid time zone: {name}; write it as Region/City")
    sign, hours, minutes = offset.groups()
    if int(minutes or 0):
        return f"GMT{sign}{int(hours):02}:{minutes}"
    return "UTC" if int(hours) == 0 else f"Etc/GMT{'-' if sign == '+' else '+'}{int(hours)}"


def as_date(node: exp.Expr) -> exp.Expr:
    """Arithmetic on a DATE stays a DATE; DuckDB makes it a TIMESTAMP. There is the same of moments."""
    kind = kind_of(node.this)
    if node.text("unit").upper() in TIME_UNITS or kind in _MOMENTS:
        return node
    if kind is None:
        node.set("this", call("_of_date", node.this))
    return cast(node, "DATE")


def date_trunc(node: exp.Expr) -> exp.Expr:
    """With a zone it is of a TIMESTAMP, and stays one; sqlglot forgets the zone."""
    if node.args.get("zone"):
        return timestamp_trunc(exp.TimestampTrunc(**node.args))
    if kind_of(node.this) in _MOMENTS:
        return exp.TimestampTrunc(this=node.this, unit=exp.var(node.text("unit") or node.args["unit"].sql("bigquery")))
    return as_date(node)


def date_diff(node: exp.Expr) -> exp.Expr:
    """DATE_DIFF counts boundaries crossed; of TIMESTAMPs, whole units elapsed."""
    if kind_of(node.this) in _TIMESTAMPS and kind_of(node.expression) in _TIMESTAMPS:
        return timestamp_diff(node)
    if kind_of(node.this) is None:
        node.set("this", call("_no_instant", node.this))
    return node


def datetime(node: exp.Expr) -> exp.Expr:
    """DATETIME of a TIMESTAMP is on the clock of a zone; sqlglot does not know the zones without a name."""
    zone = node.expression
    is_offset = isinstance(zone, exp.Literal) and zone.name.startswith("GMT")
    return exp.AtTimeZone(this=node.this, zone=zone) if is_offset else node


def later(node: exp.Expr) -> exp.Expr:
    """DATE + INT64 is a number of days, which DuckDB takes as INTEGER."""
    if kind_of(node.this) is exp.DataType.Type.DATE and kind_of(node.expression) in exp.DataType.INTEGER_TYPES:
        node.set("expression", cast(node.expression, "INT"))
    return node


def timestamp_diff(node: exp.Expr) -> exp.Expr:
    """TIMESTAMP_DIFF counts whole units elapsed, not boundaries crossed."""
    return call("date_sub", _lower(node.text("unit")), node.expression, node.this)


def timestamp(node: exp.Expr) -> exp.Expr:
    """A local time that occurs twice is the first of the two; DuckDB takes the second."""
    zone = node.args.get("zone")
    return call("_instant", exp.cast(node.this, "TIMESTAMP", dialect="duckdb"), zone) if zone else node


def timestamp_trunc(node: exp.Expr) -> exp.Expr:
    """Hours and days begin on the clock of the zone, which may differ from UTC by half an hour, or occur twice."""
    zone, unit = node.args.get("zone"), node.text("unit")
    if not zone:
        return node
    if unit.upper() in TIME_UNITS:
        return call("_floor", _lower(unit), node.this, zone)
    local = exp.TimestampTrunc(this=exp.AtTimeZone(this=node.this, zone=zone), unit=node.args["unit"])
    return call("_instant", local, zone.copy())


def time_trunc(node: exp.Expr) -> exp.Expr:
    """DuckDB truncates no TIME."""
    return call("_truncated_time", _lower(node.text("unit")), node.this)


def unix_seconds(node: exp.Expr) -> exp.Expr:
    """Rounded down; sqlglot rounds to the nearest."""
    return call("_whole", call("epoch_us", node.this), exp.Literal.number(1_000_000))


def unix_millis(node: exp.Expr) -> exp.Expr:
    """Rounded down; sqlglot rounds to the nearest."""
    return call("_whole", call("epoch_us", node.this), exp.Literal.number(1_000))


def text(node: exp.Expr) -> exp.Expr:
    """STRING of a TIMESTAMP has the offset of its zone at its end; of JSON, it is the text in it."""
    zone = node.args.get("zone")
    return call("_local_text", node.this, zone) if zone else call("_string", node.this)


def time_of(node: exp.Expr) -> exp.Expr:
    """TIME of a TIMESTAMP is that on the clock of UTC, or of a zone."""
    zone = node.args.get("zone")
    if zone:
        return exp.cast(exp.AtTimeZone(this=node.this, zone=zone), "TIME")
    if kind_of(node.this) in _TIMESTAMPS:
        return exp.cast(_local(node.this), "TIME")
    return node if isinstance(node, exp.TryCast) else exp.cast(node.this, "TIME")


def _local(moment: exp.Expr, zone: exp.Expr | None = None) -> exp.Expr:
    return exp.AtTimeZone(this=moment, zone=zone or _UTC.copy())


def extract(node: exp.Expr) -> exp.Expr:
    """DAYOFWEEK counts from Sunday = 1, WEEK from the first Sunday; there is ISOWEEK; fractions lack the seconds."""
    part, moment = (node.name or node.this.name).upper(), node.expression
    if part in _WEEKS:
        return call("_week", moment, exp.Literal.number(_WEEKS[part]))
    if part in _WHOLE:
        return exp.cast(exp.cast(moment, "TIMESTAMP", dialect="duckdb"), _WHOLE[part], dialect="duckdb")
    match part:
        case "DAYOFWEEK":
            return exp.paren(exp.Add(this=exp.Extract(this=exp.var("DOW"), expression=moment), expression=one()))
        case "ISOWEEK":
            return exp.Extract(this=exp.var("WEEK"), expression=moment)
        case "MILLISECOND" | "MICROSECOND":
            size = 1_000 if part == "MILLISECOND" else 1_000_000
            return exp.paren(exp.Mod(this=node.copy(), expression=exp.Literal.number(size)))
    return node


def formatted(node: exp.Expr) -> exp.Expr:
    """Each element as BigQuery writes it; the text of a TIMESTAMP shows the clock of the zone."""
    given, format_, zone = node.this, node.args.get("format"), node.args.get("zone")
    moment = given.this
    if isinstance(given, exp.TsOrDsToTimestamp):
        instant = exp.cast(moment, "TIMESTAMPTZ", dialect="duckdb")
        minutes = call("_minutes", instant, zone or _UTC.copy())
        special = {
            "%z": call("_offset_text", minutes, exp.Literal.string("")),
            "%Ez": call("_offset_text", minutes, exp.Literal.string(":")),
            "%s": exp.cast(unix_seconds(exp.UnixSeconds(this=instant)), "TEXT"),
        }
        special["%Z"] = call("_zone_text", minutes.copy())
        return elements.written(format_, _local(instant, zone), special)
    if isinstance(given, exp.TsOrDsToTime):
        return elements.written(format_, exp.maybe_parse("DATE '1970-01-01'") + exp.cast(moment, "TIME"), {})
    if isinstance(given, (exp.TsOrDsToDate, exp.TsOrDsToDatetime)):
        kind = "DATE" if isinstance(given, exp.TsOrDsToDate) else "TIMESTAMP"
        return elements.written(format_, exp.cast(moment, kind, dialect="duckdb"), {})
    return node


def _parsed(node: exp.Expr, zone: exp.Expr | None = None) -> exp.Expr:
    """A moment on the clock that is meant, or that of UTC if it is read with a zone."""
    format_, text_ = node.args.get("format"), node.this
    if isinstance(format_, (exp.Literal, exp.RawString)) and moment_texts.SPECIAL.intersection(
        elements.elements(format_.name)
    ):
        return exp.cast(_read_by_python(node, format_.name, zone), "TIMESTAMP", dialect="duckdb")
    format_ = elements.readable(format_)
    if "%Y" not in format_.name and "%y" not in format_.name:
        format_ = exp.Literal.string(f"%Y {format_.name}")
        text_ = exp.paren(exp.DPipe(this=exp.Literal.string("1970 "), expression=text_))
    return call("strptime", text_, format_)


def _read_by_python(node: exp.Expr, format_: str, zone: exp.Expr | None) -> exp.Expr:
    """Fractions of seconds, offsets and zones."""
    for each in elements.elements(format_):
        if each.startswith("%") and each not in moment_texts.READ and each not in moment_texts.SHORT:
            raise QueryError(f"the format element {each} is not translated for the embedded engine beside others")
        if each in _OF_INSTANTS and zone is None:
            raise QueryError(f"{each} is not allowed for this type")
    return call("_py_moment", node.this, exp.Literal.string(format_), zone or exp.Literal.string(""))


def parsed_date(node: exp.Expr) -> exp.Expr:
    """PARSE_DATE, with the elements that both read alike; CAST with FORMAT, in its terms."""
    format_ = node.args.get("format")
    if isinstance(format_, exp.Literal) and "%" not in format_.name:
        node.set("format", exp.Literal.string(cast_formats.readable(format_.name)))
    parsed = _parsed(node)
    if node.args.get("safe"):
        parsed = call("TRY", parsed)
    return exp.cast(parsed, "DATE")


def parsed_time(node: exp.Expr) -> exp.Expr:
    """PARSE_TIME, with the elements that both read alike, or fractions of seconds."""
    return exp.cast(_parsed(node), "TIME")


def parsed_datetime(node: exp.Expr) -> exp.Expr:
    """PARSE_DATETIME, with the elements that both read alike, or fractions of seconds."""
    return _parsed(node)


def parsed_timestamp(node: exp.Expr) -> exp.Expr:
    """PARSE_TIMESTAMP reads the clock of its zone, which sqlglot forgets, or that of an offset in the text."""
    format_, zone = node.args.get("format"), node.args.get("zone")
    if isinstance(format_, exp.Literal) and "%" not in format_.name:
        raise QueryError(
            "CAST of a text with FORMAT is not translated for the embedded engine, but AS DATE; PARSE_… is"
        )
    parsed = _parsed(node, zone or _UTC.copy())
    is_utc = not isinstance(parsed, exp.Anonymous)
    if zone and not is_utc:
        return call("_instant", parsed, zone)
    return exp.cast(parsed, "TIMESTAMPTZ", dialect="duckdb")
