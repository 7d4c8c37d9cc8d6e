"""Numbers as people write them, with their units: shapes of single values."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping as MappingType
from decimal import Decimal
from typing import ClassVar

from aggregator.load.report import Invalid, Report
from aggregator.load.yaml_nodes import Node, Scalar


@dataclasses.dataclass(frozen=True)
class Number:
    """A number that is not negative."""

    expected: str = "a number"
    FORM: ClassVar = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")

    def read(self, node: Node, report: Report) -> float | Invalid:
        """The number."""
        if isinstance(node, Scalar) and self.FORM.fullmatch(node.text):
            return float(node.text)
        return report.wrong(node, self.expected)


@dataclasses.dataclass(frozen=True)
class Quantity:
    """A number with a unit, such as ``26h``, ``7 days`` or ``5 GB``; ``units`` gives each unit's size."""

    expected: str
    units: MappingType[str, int]
    _FORM = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([A-Za-z]+)")

    def matches(self, text: str) -> bool:
        """Whether a text is such a number."""
        return self.amount(text) is not None

    def amount(self, text: str) -> int | None:
        """The amount in units of 1; None if the text is no such number."""
        match = self._FORM.fullmatch(text)
        if match is None or match[2].casefold() not in self.units:
            return None
        return int(float(match[1]) * self.units[match[2].casefold()])

    def read(self, node: Node, report: Report) -> int | Invalid:
        """The amount in units of 1."""
        amount = self.amount(node.text) if isinstance(node, Scalar) else None
        return report.wrong(node, self.expected) if amount is None else amount


SECONDS = Quantity(
    "a duration such as 30m, 26h or 2 days",
    {
        **dict.fromkeys(("s", "second", "seconds"), 1),
        **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
        **dict.fromkeys(("h", "hour", "hours"), 3600),
        **dict.fromkeys(("d", "day", "days"), 86400),
    },
)
BYTES = Quantity(
    "a size such as 500 MB, 5 GB or 2 TB",
    {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
    | {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40},
)


@dataclasses.dataclass(frozen=True)
class Count:
    """How many: digits, and ``k``, ``M`` or ``G`` behind them for thousands, millions and billions."""

    expected: str = "a number such as 1200, 80 k, 1.2 M or 3 G"
    UNITS: ClassVar = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
    FORM: ClassVar = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([kKmMgG]?)")

    def read(self, node: Node, report: Report) -> int | Invalid:
        """The number."""
        match = self.FORM.fullmatch(node.text) if isinstance(node, Scalar) else None
        if match is None:
            return report.wrong(node, self.expected)
        return round(Decimal(match[1]) * self.UNITS[match[2].casefold()])
