"""Checks in a manifest as they were compiled: what is asked of the rows, and how the answers are judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from aggregator.checks.protocol import Drift, Promise
from aggregator.core.diagnostics import Place, Severity
from aggregator.core.writes import Expectation
from aggregator.export.manifest.form import write_place

Json = Mapping[str, Any]
_MOMENTS = {each.__name__: each for each in (datetime, date, time)}
"""Types of bounds that JSON has not, a type before those that it is of, too."""


def write_promise(promise: Promise) -> dict[str, Any]:
    """All of it, by the names of its fields; ``at`` is its place."""
    said = {field.name: getattr(promise, field.name) for field in dataclasses.fields(promise)}
    del said["place"]
    return {
        **said,
        "severity": str(promise.severity),
        "expectations": [_write(each) for each in promise.expectations],
        "among": _write(promise.among) if promise.among is not None else None,
        "drift": dataclasses.asdict(promise.drift) if promise.drift is not None else None,
        "at": write_place(promise.place),
    }


def read_promise(said: Json, path: str) -> Promise:
    """The promise of :func:`write_promise`; ``path`` is the file of its model."""
    fields = {
        **said,
        "place": Place(path, *said["at"]),
        "severity": Severity(said["severity"]),
        "expectations": tuple(_read(each, path) for each in said["expectations"]),
        "among": _read(said["among"], path) if said["among"] is not None else None,
        "drift": Drift(**said["drift"]) if said["drift"] is not None else None,
        "columns": tuple(said["columns"]),
        "reads": tuple((table, column) for table, column in said["reads"]),
    }
    del fields["at"]
    return Promise(**fields)


def _write(expectation: Expectation) -> dict[str, Any]:
    """``sql`` is for readers that need not tell conditions from numbers."""
    said = {field.name: getattr(expectation, field.name) for field in dataclasses.fields(expectation)}
    del said["place"]
    bounds = {name: _write_bound(said[name]) for name in ("minimum", "maximum")}
    return {**said, **bounds, "sql": expectation.sql, "at": write_place(expectation.place)}


def _read(said: Json, path: str) -> Expectation:
    bounds = {name: _read_bound(said[name]) for name in ("minimum", "maximum")}
    fields = {**said, **bounds, "is_strict": tuple(said["is_strict"]), "place": Place(path, *said["at"])}
    del fields["at"], fields["sql"]
    return Expectation(**fields)


def _write_bound(value: Any) -> Any:
    """A number, a text or a truth value as it is; a moment with its type."""
    type_ = next((name for name, each in _MOMENTS.items() if isinstance(value, each)), None)
    return {type_: value.isoformat()} if type_ is not None else value


def _read_bound(said: Any) -> Any:
    if not isinstance(said, Mapping):
        return said
    ((type_, text),) = said.items()
    return _MOMENTS[type_].fromisoformat(text)
