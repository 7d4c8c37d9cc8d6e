"""Whether a number is as it was in earlier partitions: near the one before, or within what is usual."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aggregator.checks.protocol import Drift

LEAST = 7
"""With fewer earlier partitions there is no telling what is usual."""

DEVIATIONS = 4.0
_TO_SIGMA = 1.4826  # the median of absolute deviations of a normal distribution is so much smaller than its sigma
_LEAST_SIGMA = 0.01
"""Of the median: what never varies would otherwise not be allowed to vary by one row."""

MAX_VALUES = 1000
MAX_SHOWN = 5


def drifted(drift: Drift, value: Any, earlier: Sequence[Any]) -> tuple[str, str]:
    """What is wrong with a number, and what there is to note of it; both empty if it is as it was."""
    if drift.is_set:
        return _new_values(value, earlier)
    if value is None:
        return "unknown, as there are no values", ""
    if drift.learn is None:
        return _far(float(value), earlier, drift.within or 0.0)
    return _unusual(float(value), [float(each) for each in earlier if each is not None])


def _far(value: float, earlier: Sequence[Any], within: float) -> tuple[str, str]:
    before = next((float(each) for each in earlier if each is not None), None)
    if before is None:
        return "", "there is no earlier partition to compare with"
    if abs(value - before) <= within * abs(before) * (1 + 1e-12):
        return "", ""
    change = f"{100 * (value - before) / abs(before):+.1f} %" if before else "from nothing"
    return f"{value:,.6g}, before it was {before:,.6g} ({change}, allowed are {100 * within:g} %)", ""


def _unusual(value: float, earlier: Sequence[float]) -> tuple[str, str]:
    if len(earlier) < LEAST:
        return "", f"there are {len(earlier)} earlier partitions to learn from, {LEAST} are needed"
    median = statistics.median(earlier)
    deviation = statistics.median(abs(each - median) for each in earlier)
    allowed = DEVIATIONS * max(_TO_SIGMA * deviation, _LEAST_SIGMA * abs(median))
    if abs(value - median) <= allowed:
        return "", ""
    low, high = median - allowed, median + allowed
    return f"{value:,.6g}, usual are {low:,.6g} to {high:,.6g} (from {len(earlier)} partitions)", ""


def _new_values(value: Any, earlier: Sequence[Any]) -> tuple[str, str]:
    if not earlier:
        return "", "there is no earlier partition to compare with"
    known = {each for text in earlier for each in str(text or "").split("\n")}
    new = [each for each in str(value or "").split("\n") if each and each not in known]
    if not new:
        return "", ""
    more = f" and {len(new) - MAX_SHOWN} more" if len(new) > MAX_SHOWN else ""
    return f"{', '.join(new[:MAX_SHOWN])}{more}", ""


def is_too_long(drift: Drift, value: Any) -> bool:
    """Whether there are more different values than are worth keeping."""
    return drift.is_set and str(value or "").count("\n") >= MAX_VALUES
