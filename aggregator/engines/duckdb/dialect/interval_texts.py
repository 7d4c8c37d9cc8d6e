"""INTERVALs that are written as texts: ``1-2 3 4:5:6.789``, or as ISO 8601 has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

DAY_US = 86_400_000_000
MOST_MONTHS, MOST_DAYS = 120_000, 3_660_000
"""What the months and days of an INTERVAL don't exceed, and its time as many days."""

PARTS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
SIZES = {"YEAR": 12, "MONTH": 1, "DAY": 1, "HOUR": 3_600_000_000, "MINUTE": 60_000_000, "SECOND": 1_000_000}
"""In months, days or microseconds."""

_ISO = re.compile(
    r"P(?=.)(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?"
    r"(?:T(?=.)(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?)(\d*)(?:\.(\d{1,6}))?S)?)?"
)
_CANONICAL = {
    (0, 0, 1): ("YEAR", "MONTH"),
    (0, 2, 0): ("HOUR", "SECOND"),
    (1, 0, 1): ("YEAR", "DAY"),
    (1, 1, 0): ("DAY", "MINUTE"),
    (1, 2, 0): ("DAY", "SECOND"),
    (2, 0, 1): ("YEAR", "HOUR"),
    (2, 1, 1): ("YEAR", "MINUTE"),
    (2, 2, 1): ("YEAR", "SECOND"),
}
"""By the number of blanks, colons and dashes after digits: from which part to which one a text goes."""


def place(part: str) -> int:
    """Whether a part counts months (0), days (1) or microseconds (2)."""
    return {"YEAR": 0, "MONTH": 0, "DAY": 1}.get(part, 2)


def parsed(text: str, first: str, last: str) -> tuple[int, int, int]:
    """Months, days and microseconds of a text that goes from one part to another. Raises :class:`ValueError`."""
    parts = PARTS[PARTS.index(first) : PARTS.index(last) + 1]
    found = re.fullmatch("".join(_patterns(parts)), text)
    if found is None:
        raise ValueError(text)
    sums = [0, 0, 0]
    for part in parts:
        whole, _, fraction = found[part].partition(".")
        number = int(whole or 0) * SIZES[part] + int(fraction.ljust(6, "0"))
        sums[place(part)] += -number if found[f"sign{place(part)}"] == "-" else number
    return _within(sums)


def _patterns(parts: Sequence[str]) -> Iterator[str]:
    """Each part; before the first of those that are counted alike there may be a sign, which all of them have."""
    before = None
    for part in parts:
        number = r"\d+(?:\.\d{0,6})?|\.\d{1,6}" if part == "SECOND" else r"\d+"
        if place(part) == before:
            yield "-" if part == "MONTH" else ":"
        else:
            yield f"{'' if before is None else ' '}(?P<sign{place(part)}>[+-]?)"
        before = place(part)
        yield f"(?P<{part}>{number})"


def _within(sums: Sequence[int]) -> tuple[int, int, int]:
    months, days, us = sums
    if abs(months) > MOST_MONTHS or abs(days) > MOST_DAYS or abs(us) > MOST_DAYS * DAY_US:
        raise ValueError("out of range")
    return months, days, us


def read(text: str) -> str:
    """What CAST makes of a text, in words that DuckDB reads; empty where it is no INTERVAL."""
    try:
        months, days, us = _iso(text) if text.startswith("P") else _canonical(text)
    except ValueError:
        return ""
    return f"{months} months {days} days {us} microseconds"


def _canonical(text: str) -> tuple[int, int, int]:
    counts = (text.count(" "), text.count(":"), len(re.findall(r"\d-", text)))
    if counts not in _CANONICAL:
        raise ValueError(text)
    return parsed(text, *_CANONICAL[counts])


def _iso(text: str) -> tuple[int, int, int]:
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(text)
    years, months, weeks, days, hours, minutes = (int(each or 0) for each in found.groups()[:6])
    sign, whole, fraction = found.groups()[6:]
    us = int(whole or 0) * 1_000_000 + int((fraction or "").ljust(6, "0"))
    us = -us if sign == "-" else us
    return _within((12 * years + months, 7 * weeks + days, (60 * hours + minutes) * 60_000_000 + us))
