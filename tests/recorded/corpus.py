"""What real BigQuery answered, as it was recorded by the project bqemulator (Apache-2.0).

Nothing of it is kept here: it is read from a folder beside the repository, or from the file that the environment
variable ``AGGREGATOR_RECORDED`` names.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

VARIABLE = "AGGREGATOR_RECORDED"
HERE = Path(__file__).resolve().parents[2].parent / "shared" / "bigquery-recorded" / "recorded.jsonl"
PROJECT, DATASET = "bqproj", "ds"

_STANDS_FOR = {
    "DATASET": f"{PROJECT}.{DATASET}",
    "PROJECT": PROJECT,
    "DATASET_ID": DATASET,
    "GCS_BUCKET": "bucket",
    "PRINCIPAL": "user:a@example.com",
    "GROUP": "group:g@example.com",
    "OTHER_PRINCIPAL": "user:b@example.com",
}
_OF_A_JOB = {"destination", "create_session", "connection_properties", "maximum_bytes_billed"}
_OF_VALUES = re.compile(
    r"division by zero|Invalid (date|time zone)|cannot get the (first|last) element|Error: .* at \w+\(", re.IGNORECASE
)
"""Errors that come from values, or from JavaScript: no check of SQL can foresee them."""
_READERS = {"NUMERIC": Decimal, "TIMESTAMP": dt.datetime.fromisoformat}
_LEGACY = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


@dataclasses.dataclass(frozen=True)
class Given:
    """A parameter of a query; one by position has no name."""

    name: str
    type: str
    value: Any


@dataclasses.dataclass(frozen=True)
class Fixture:
    """A query, what was there before it, and what BigQuery answered.

    ``outside`` says why no check of SQL can decide it. Either ``error`` or ``schema`` is there.
    """

    name: str
    group: str
    setup: str
    query: str
    parameters: tuple[Given, ...]
    default: tuple[str, str] | None
    is_dry_run: bool
    outside: str
    error: str
    schema: Sequence[Mapping[str, Any]]
    rows: Sequence[Mapping[str, Any]]
    bytes: int | None

    @property
    def fails_at_run_time(self) -> bool:
        """Whether the statement is right, and its values are not."""
        return bool(_OF_VALUES.search(self.error))


def recorded_path() -> Path:
    """Where the recorded answers are, if they are there."""
    said = os.environ.get(VARIABLE)
    return Path(said) if said else HERE


def fixtures(path: Path) -> list[Fixture]:
    """All that was recorded in a file."""
    return [_fixture(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _fixture(each: Mapping[str, Any]) -> Fixture:
    job, expected = each.get("job_config") or {}, each["expected"]
    default = job.get("default_dataset")
    project, _, dataset = _substituted(default).partition(".") if default else ("", "", "")
    return Fixture(
        name=each["name"],
        group=each["group"],
        setup=_substituted(each.get("setup") or ""),
        query=_substituted(each["query"]),
        parameters=tuple(map(_given, (each.get("parameters") or {}).get("parameters", ()))),
        default=(project, dataset) if default else None,
        is_dry_run=bool(job.get("dry_run")),
        outside=_outside(each, job),
        error=(expected.get("error") or {}).get("message_sample", ""),
        schema=expected.get("schema") or (),
        rows=expected.get("rows") or (),
        bytes=(expected.get("bigquery") or {}).get("total_bytes_processed"),
    )


def _outside(each: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    if each.get("setup_rest"):
        return "needs calls of the REST API"
    if job.get("use_legacy_sql"):
        return "legacy SQL"
    return "configuration of the job" if _OF_A_JOB & set(job) else ""


def _substituted(text: str) -> str:
    for name, value in _STANDS_FOR.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _given(each: Mapping[str, Any]) -> Given:
    type_, value = _type(each["type"]), each.get("value")
    read = _READERS.get(type_)
    return Given(each.get("name") or "", type_, value if value is None or read is None else read(value))


def _type(described: Any) -> str:
    if isinstance(described, str):
        return _LEGACY.get(described.upper(), described.upper())
    kind = described["type"]
    if kind == "ARRAY":
        return f"ARRAY<{_type(described['arrayType'])}>"
    if kind == "STRUCT":
        fields = (f"{field.get('name', '')} {_type(field['type'])}".strip() for field in described["structTypes"])
        return f"STRUCT<{', '.join(fields)}>"
    if kind == "RANGE":
        return f"RANGE<{_type(described['rangeElementType'])}>"
    return _type(kind)
