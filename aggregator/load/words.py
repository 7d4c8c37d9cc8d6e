"""Words that mean something outside of this project: time zones, schedules and types."""

from __future__ import annotations

import functools
import re
import zoneinfo
from typing import ClassVar

from aggregator.core.declared import TimeOfDay
from aggregator.core.diagnostics import did_you_mean
from aggregator.core.types import SCALARS, canonical_type
from aggregator.load.report import Invalid, Report
from aggregator.load.yaml_nodes import Node, Scalar

SCHEDULES = ("hourly", "daily", "weekly", "monthly", "yearly")


@functools.cache
def _zones() -> frozenset[str]:
    """All IANA time zones: found by opening some hundreds of files, so once in a process."""
    return frozenset(zoneinfo.available_timezones())


class Zone:
    """An IANA time zone."""

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The zone's name."""
        zones = _zones()
        if isinstance(node, Scalar) and node.text in zones:
            return node.text
        advice = did_you_mean(node.text, zones) if isinstance(node, Scalar) else ""
        return report.wrong(node, "a time zone such as America/New_York", advice)


class Deadline:
    """A time of day, such as ``06:00``; days may stand before it, and a time zone behind it."""

    FORM: ClassVar = r"(([0-9]{{1,2}})\s*days?\s+)?([01]?[0-9]|2[0-3]):([0-5][0-9])(\s+({zone}))?"

    def read(self, node: Node, report: Report) -> TimeOfDay | Invalid:
        """When a partition that is over must be there."""
        found = re.fullmatch(self.FORM.format(zone=r"\S+"), node.text) if isinstance(node, Scalar) else None
        if found is None:
            return report.wrong(node, "a time of day such as 06:00, 2 days 06:00, or 06:00 Europe/Berlin")
        zone = found[6] or ""
        if zone and zone not in _zones():
            return report.wrong(node, "a time zone after the time", did_you_mean(zone, _zones()))
        return TimeOfDay(int(found[3]) * 60 + int(found[4]), int(found[2] or 0), zone)


class Schedule:
    """An alias, or a cron expression of five fields; either may be followed by a time zone."""

    _FIELDS: ClassVar = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
    _NAMES: ClassVar = {
        "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        "weekday": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
    }

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The schedule as written."""
        words = node.text.split() if isinstance(node, Scalar) else []
        if len(words) in (2, 6) and words[-1] in _zones():
            words = words[:-1]
        if isinstance(node, Scalar) and len(words) == 1 and words[0] in SCHEDULES:
            return node.text
        problem = self._cron_problem(words) if len(words) > 1 else did_you_mean(" ".join(words), SCHEDULES)
        if isinstance(node, Scalar) and len(words) > 1 and not problem:
            return node.text
        return report.wrong(node, f"a schedule: {', '.join(SCHEDULES)}, or a cron expression", problem)

    def _cron_problem(self, words: list[str]) -> str:
        """What is wrong with a cron expression; empty if nothing is."""
        names = ", ".join(name for name, _, _ in self._FIELDS)
        if len(words) != len(self._FIELDS):
            return f"a cron expression has five fields ({names}), with a time zone after them if need be"
        for word, (name, low, high) in zip(words, self._FIELDS, strict=True):
            if not all(self._is_item(item, name, low, high) for item in word.split(",")):
                return f"{word} is not a {name}: * or {low} to {high}, as in {low}, {low}-{low + 2} or {low},{high}"
        return ""

    def _is_item(self, item: str, name: str, low: int, high: int) -> bool:
        """Whether one item of a field is ``*``, a number, a name or a range of them, with a step or without."""
        span, slash, step = item.partition("/")
        if slash and not (re.fullmatch("[0-9]{1,2}", step) and int(step) > 0):
            return False
        if span == "*":
            return True
        ends = [self._number(word, name) for word in span.split("-")]
        return len(ends) <= 2 and all(low <= end <= high for end in ends) and ends == sorted(ends)  # noqa: PLR2004

    def _number(self, word: str, name: str) -> int:
        """A number or a name as a number; -1 for anything else."""
        if re.fullmatch("[0-9]{1,2}", word):
            return int(word)
        names = self._NAMES.get(name, ())
        return names.index(word.casefold()) + (name == "month") if word.casefold() in names else -1


class Type:
    """A BigQuery type."""

    _ELSEWHERE: ClassVar = {
        **dict.fromkeys(("VARCHAR", "CHAR", "NVARCHAR", "TEXT"), "STRING"),
        **dict.fromkeys(("DOUBLE", "FLOAT", "REAL"), "FLOAT64"),
        **dict.fromkeys(("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"), "TIMESTAMP"),
        **dict.fromkeys(("NUMBER",), "NUMERIC"),
    }
    """What other databases call it."""

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The type in canonical spelling."""
        canonical = canonical_type(node.text) if isinstance(node, Scalar) else None
        if canonical is not None:
            return canonical
        advice = self._advice(node.text) if isinstance(node, Scalar) else ""
        return report.wrong(node, "a BigQuery type such as STRING or ARRAY<STRUCT<a INT64>>", advice)

    def _advice(self, text: str) -> str:
        name = text.partition("(")[0].strip().upper()
        if name in self._ELSEWHERE:
            return f"BigQuery calls it {self._ELSEWHERE[name]}"
        return did_you_mean(text, sorted(SCALARS))


class Reservation:
    """The full name of a reservation of slots, or ``none``."""

    NAME: ClassVar = re.compile(r"projects/[^/\s]+/locations/[^/\s]+/reservations/[^/\s]+")
    NONE: ClassVar = "none"

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The name."""
        if isinstance(node, Scalar) and (node.text == self.NONE or self.NAME.fullmatch(node.text)):
            return node.text
        return report.wrong(node, "none, or a name such as projects/acme-admin/locations/EU/reservations/nightly")
