"""Values of YAML as SQL, of the type of the column that they are compared with."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from aggregator.checks.protocol import BadArgumentsError, Bound, Named
from aggregator.core.plain import Plain

NUMERIC = frozenset({"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC"})
"""Types of numbers."""

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}


def quoted(text: str) -> str:
    """A text as a literal of BigQuery."""
    return "'" + "".join(_ESCAPES.get(letter, letter) for letter in text) + "'"


def literal(value: Plain, name: str, column: Named) -> Bound:
    """A value to compare a column with; ``name`` is that of the argument. Where the type is unknown, any will do."""
    if column.type == "" or column.type in NUMERIC:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return Bound(value, str(value))
        if column.type:
            raise _wrong(value, name, column, "a number")
    readers = {"DATE": _date, "DATETIME": _datetime, "TIMESTAMP": _timestamp, "TIME": _time}
    if column.type in readers:
        try:
            return readers[column.type](str(value))
        except ValueError:
            raise _wrong(value, name, column, f"a {column.type} such as {_EXAMPLES[column.type]}") from None
    if column.type in ("BOOL", "") and isinstance(value, bool):
        return Bound(value, str(value).upper())
    if column.type in ("STRING", "") and isinstance(value, str):
        return Bound(str(value), quoted(value))
    if column.type == "STRING":
        raise BadArgumentsError(f"{column.name} is of type STRING, and {value} is none", f'write "{value}"', at=value)
    raise _wrong(value, name, column, "true or false" if column.type == "BOOL" else "something else")


_EXAMPLES = {"DATE": "2013-02-08", "DATETIME": "2013-02-08T05:00", "TIMESTAMP": "2013-02-08T05:00Z", "TIME": "05:30"}


def _wrong(value: Plain, name: str, column: Named, wanted: str) -> BadArgumentsError:
    if column.type not in (*NUMERIC, *_EXAMPLES, "BOOL", "STRING"):
        return BadArgumentsError(f"{column.name} is of type {column.type}, which can't be compared", at=value)
    return BadArgumentsError(
        f"{name} must be {wanted}, not {str(value)[:40]!r}, as {column.name} is of type {column.type}", at=value
    )


def _date(text: str) -> Bound:
    moment = date.fromisoformat(text)
    return Bound(moment, f"DATE '{moment}'")


def _datetime(text: str) -> Bound:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError(text)
    return Bound(moment, f"DATETIME '{moment.isoformat(' ')}'")


def _timestamp(text: str) -> Bound:
    """Without a zone it is in UTC, as in BigQuery."""
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return Bound(moment, f"TIMESTAMP '{moment.isoformat(' ')}'")


def _time(text: str) -> Bound:
    moment = time.fromisoformat(text)
    return Bound(moment, f"TIME '{moment.isoformat()}'")
