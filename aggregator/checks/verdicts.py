"""Promises and numbers to verdicts, and verdicts in the form of Great Expectations' results."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from aggregator.checks.drift import drifted
from aggregator.core.diagnostics import Severity

if TYPE_CHECKING:
    from aggregator.checks.protocol import Promise
    from aggregator.core.plain import Plain
    from aggregator.core.writes import Expectation

Rows: TypeAlias = tuple[Mapping[str, "Plain"], ...]
Earlier: TypeAlias = Callable[[str, int | None], Sequence[Any]]
"""Numbers of earlier partitions by their SQL, the latest first: the last one, or those of so many days."""

MAX_EXAMPLES = 20
MAX_LETTERS = 100
MASK = "***"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Whether one partition keeps one promise.

    ``values`` are those of ``promise.asked``, or the number of rows that a query of its own gives; ``elements`` are the
    rows of the partition. ``complaint`` says what is wrong, and ``error`` why nothing could be said, in the engine's
    words. ``examples`` are a few bad rows.
    """

    promise: Promise
    values: tuple[Any, ...]
    elements: int
    complaint: str = ""
    error: str = ""
    note: str = ""
    examples: Rows = ()

    @property
    def is_kept(self) -> bool:
        """Whether all is well."""
        return not self.complaint and not self.error

    @property
    def is_blocking(self) -> bool:
        """Whether rows must not be published: what could not be judged is no better than what is wrong."""
        return not self.is_kept and self.promise.severity is Severity.ERROR


def judged(promise: Promise, values: Sequence[Any], elements: int, earlier: Earlier) -> Verdict:
    """Whether numbers keep a promise."""
    complaint, note = _complaint(promise, values, earlier)
    return Verdict(promise, tuple(values), elements, complaint, note=note)


def _complaint(promise: Promise, values: Sequence[Any], earlier: Earlier) -> tuple[str, str]:
    """What is wrong with numbers, and what there is to note of them."""
    if promise.query:
        return (_said(promise.complaint, values[0]) if values[0] else ""), ""
    if promise.drift is not None:
        (expectation,), (value,) = promise.expectations, values
        complaint, note = drifted(promise.drift, value, earlier(expectation.number, promise.drift.learn))
        return _said(expectation.complaint, complaint), note
    if promise.among is not None:
        return _too_many(promise, int(values[0] or 0), int(values[1] or 0)), ""
    for expectation, value in zip(promise.expectations, values, strict=True):
        complaint = expectation.broken_by(value)
        if complaint:
            return complaint, ""
    return "", ""


def _said(complaint: str, value: object) -> str:
    return complaint.replace("{value}", str(value)) if value else ""


def _too_many(promise: Promise, bad: int, among: int) -> str:
    if not bad or (among - bad) / among >= promise.mostly:
        return ""
    said = promise.expectations[0].complaint.replace("{value}", str(bad)).replace("{among}", str(among))
    return f"{said}: more than {100 * (1 - promise.mostly):.6g} %"


def over_nothing(promise: Promise) -> tuple[Any, ...]:
    """The numbers of a partition without rows."""
    return tuple(each.over_nothing for each in promise.asked)


def split(promises: Sequence[Promise], values: Sequence[Any]) -> list[Sequence[Any]]:
    """The numbers of all promises, told apart."""
    found, start = [], 0
    for each in promises:
        end = start + len(each.asked)
        found.append(values[start:end])
        start = end
    return found


def asked(promises: Sequence[Promise]) -> list[Expectation]:
    """All numbers that an engine is asked for."""
    return [expectation for promise in promises for expectation in promise.asked]


# --- as Great Expectations says it ---


def result_json(verdict: Verdict) -> dict[str, Any]:
    """A result as of ``ExpectationValidationResult.to_json_dict``."""
    promise = verdict.promise
    meta: dict[str, Any] = {"severity": "critical" if promise.severity is Severity.ERROR else "warning"}
    kwargs = {name: plain(value) for name, value in promise.arguments.items() if name not in _OF_CONFIG}
    return {
        "success": verdict.is_kept,
        "expectation_config": {"type": promise.check, "kwargs": kwargs, "meta": {}, **meta},
        "result": {} if verdict.error else _result(verdict),
        "meta": {each: text for each, text in (("message", verdict.complaint), ("note", verdict.note)) if text},
        "exception_info": {
            "raised_exception": bool(verdict.error),
            "exception_message": verdict.error or None,
            "exception_traceback": None,
        },
    }


_OF_CONFIG = ("severity",)


def _result(verdict: Verdict) -> dict[str, Any]:
    promise = verdict.promise
    if not promise.counts_rows:
        values = [plain(each) for each in verdict.values]
        return {"observed_value": values[0] if len(values) == 1 else values}
    bad = int(verdict.values[0] or 0)
    found: dict[str, Any] = {"element_count": verdict.elements, "unexpected_count": bad}
    found["partial_unexpected_list"] = [_example(each, promise.columns) for each in verdict.examples]
    found["partial_unexpected_index_list"] = [dict(each) for each in verdict.examples]
    found["unexpected_percent"] = 100 * bad / verdict.elements if verdict.elements else 0.0
    if promise.among is not None:
        among = int(verdict.values[1] or 0)
        found["unexpected_percent_nonmissing"] = 100 * bad / among if among else 0.0
    return found


def _example(row: Mapping[str, Plain], columns: Sequence[str]) -> Plain:
    """Of one column its value, otherwise the row."""
    return row[columns[0]] if len(columns) == 1 and columns[0] in row else dict(row)


def statistics_json(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """How many promises were kept."""
    kept = sum(each.is_kept for each in verdicts)
    return {
        "evaluated_expectations": len(verdicts),
        "successful_expectations": kept,
        "unsuccessful_expectations": len(verdicts) - kept,
        "success_percent": 100 * kept / len(verdicts) if verdicts else None,
    }


def plain(value: object) -> Plain:
    """A value of a warehouse as JSON; long texts are cut."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    return text if len(text) <= MAX_LETTERS else f"{text[: MAX_LETTERS - 1]}…"
