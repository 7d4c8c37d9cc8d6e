"""Texts read as moments, where DuckDB's ``strptime`` can't: fractions of seconds, offsets and zones."""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo
from collections.abc import Mapping

READ: Mapping[str, str] = {
    "%Y": r"(?P<Y>-?\d{1,4})",
    "%m": r"(?P<m>\d{1,2})",
    "%d": r"(?P<d>\d{1,2})",
    "%H": r"(?P<H>\d{1,2})",
    "%M": r"(?P<M>\d{1,2})",
    "%S": r"(?P<S>\d{1,2})",
    "%I": r"(?P<I>\d{1,2})",
    "%p": r"(?P<p>[AaPp][Mm])",
    "%b": r"(?P<b>[A-Za-z]+)",
    "%B": r"(?P<b>[A-Za-z]+)",
    "%Ez": r"(?P<z>[+-]\d\d(?::?\d\d)?|[Zz])",
    "%z": r"(?P<z>[+-]\d\d(?:\d\d)?)",
    "%Z": r"(?P<Z>\S+)",
    "%s": r"(?P<s>-?\d+)",
    "%E*S": r"(?P<S>\d{1,2})(?:\.(?P<f>\d+))?",
    **{f"%E{digits}S": rf"(?P<S>\d{{1,2}})(?:\.(?P<f>\d{{1,{digits}}}))?" for digits in range(1, 7)},
    "%%": "%",
}
"""Elements that are read here, each as a regular expression."""

SHORT: Mapping[str, str] = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M", "%e": "%d"}
"""Elements that stand for others."""

SPECIAL = frozenset(each for each in READ if each[1] in "EzZs")
"""Those for which a text is read here."""

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ELEMENT = re.compile(r"%(?:E[0-9*]?[A-Za-z]|.)|\s+|[^%\s]+|%$", re.DOTALL)


def read(text: str, format_: str, zone: str) -> str:
    """A text as a moment that DuckDB reads: on the clock of UTC, from that of its offset or zone, or else of ``zone``.

    Without any it is a DATETIME. Raises :class:`ValueError`.
    """
    found = _pattern(format_).fullmatch(text)
    if found is None:
        raise ValueError(f'Failed to parse input string "{text}"')
    parts = found.groupdict()
    if parts.get("s") is not None:
        return f"{dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=int(parts['s'])):%Y-%m-%d %H:%M:%S}+00"
    try:
        day = dt.datetime(int(parts.get("Y") or 1970), _month(parts), int(parts.get("d") or 1))  # noqa: DTZ001
        clock = _clock(parts)
        us = int((parts.get("f") or "")[:6].ljust(6, "0"))
        local = day + dt.timedelta(hours=clock[0], minutes=clock[1], seconds=clock[2], microseconds=us)
        return f"{local - _offset(parts, local, zone)}"
    except (ValueError, OverflowError, StopIteration, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError(f'Failed to parse input string "{text}"') from None


def _month(parts: Mapping[str, str | None]) -> int:
    name = (parts.get("b") or "").casefold()
    if not name:
        return int(parts.get("m") or 1)
    return next(place for place, each in enumerate(_MONTHS, start=1) if name in (each, each[:3]))


def _clock(parts: Mapping[str, str | None]) -> tuple[int, int, int]:
    clock = (_hour(parts), int(parts.get("M") or 0), int(parts.get("S") or 0))
    if clock[0] > 23 or clock[1] > 59 or clock[2] > 60:  # noqa: PLR2004  (a leap second is the next one)
        raise ValueError("no time of day")
    return clock


def _hour(parts: Mapping[str, str | None]) -> int:
    if parts.get("I") is None:
        return int(parts.get("H") or 0)
    hour = int(parts["I"] or 0)
    if not 1 <= hour <= 12:  # noqa: PLR2004
        raise ValueError("no hour of a half day")
    return hour % 12 + (12 if (parts.get("p") or "").casefold() == "pm" else 0)


@functools.cache
def _pattern(format_: str) -> re.Pattern[str]:
    """White space stands for as much of it as there is, and there may be some at both ends."""
    written = "".join(SHORT.get(each, each) for each in _ELEMENT.findall(format_))
    parts = (r"\s*" if each.isspace() else READ.get(each) or re.escape(each) for each in _ELEMENT.findall(written))
    return re.compile(rf"\s*{''.join(parts)}\s*", re.ASCII)


def _offset(parts: Mapping[str, str | None], local: dt.datetime, zone: str) -> dt.timedelta:
    """How far the clock is before that of UTC. A time that occurs twice is the first of the two."""
    text = parts.get("z") or parts.get("Z") or zone
    digits = text.replace(":", "")
    if text in ("", "Z", "z", "UTC"):
        return dt.timedelta()
    if text[0] in "+-":
        minutes = int(digits[1:3]) * 60 + int(digits[3:5] or 0)
        return dt.timedelta(minutes=-minutes if text[0] == "-" else minutes)
    offset = local.replace(tzinfo=zoneinfo.ZoneInfo(text)).utcoffset()
    return offset if offset is not None else dt.timedelta()
