"""What is kept of ``aggregator.yml`` is what reading it gives, down to the places of its words."""

from __future__ import annotations

import dataclasses
from typing import Any

from lab import write_files

from aggregator.cache import Cache
from aggregator.core.diagnostics import Word
from aggregator.load import load_project

FILE = """
project: flights
time_zone: America/New_York
environments:
  local: {engine: duckdb, path: .aggregator/local.duckdb, storage: files}
  prod:
    engine: bigquery
    project: acme-data
    location: EU
    datasets: "{user}_{dataset}"
    read_from: local
    max_bytes_billed: 2 TB
    price_per_tib: 6.25
    exports: ["gs://acme/"]
    reservation: none
default_environment: prod
variables: {least: 1, share: 0.5, yes: true, none: null, text: "two\\nlines", nested: {list: [1, two, {three: 3}]}}
functions:
  - CREATE FUNCTION tools.one() AS (1)
  - |
    CREATE FUNCTION tools.two() AS (
      2
    )
ml_models:
  lake.late: {type: logistic_reg, labels: {is_late: BOOL}}
  lake.delays: {type: arima_plus, series: {carrier: STRING}}
  lake.texts: {columns: {embedding: ARRAY<FLOAT64>}}
checks:
  "marts.*": [not_null: [carrier, origin], {row_count: {min: 1, max: null}}]
monitoring:
  environments: [prod]
  dogstatsd: true
  opentelemetry: http://127.0.0.1:4318/v1/metrics
  tags: {team: data}
  runbook: https://wiki.example.com/runbooks/{model}
  webhook: SLACK_WEBHOOK
  email: {host: smtp.example.com, from: aggregator@example.com, user: aggregator, password: SMTP_PASSWORD}
  owners:
    ops-analytics@example.com: {webhook: OPS_WEBHOOK, datadog: "@slack-ops"}
""".lstrip()
WRONG = FILE.replace("engine: duckdb", "engine: duckdbb")
MODEL = "/*---\ndescription: One.\nowner: a@example.com\n---*/\nSELECT 1 AS carrier"


def places(value: Any) -> list[Any]:
    """Of all words within a value: a word equals a text that stands elsewhere."""
    if isinstance(value, Word):
        return [value.place]
    if dataclasses.is_dataclass(value):
        return places([getattr(value, field.name) for field in dataclasses.fields(value)])
    if isinstance(value, dict):
        return places([*value.items()])
    return [place for each in value for place in places(each)] if isinstance(value, (list, tuple)) else []


def test_the_second_reading_gives_what_the_first_gave(tmp_path):
    write_files(tmp_path, {"aggregator.yml": FILE, "models/marts/one.sql": MODEL})
    with Cache(tmp_path / "cache.sqlite") as cache:
        first = load_project(tmp_path, None, cache)
    with Cache(tmp_path / "cache.sqlite", writes=False) as cache:
        second = load_project(tmp_path, None, cache)

    assert first.diagnostics == ()
    assert first.project is not None
    assert second.project is not None
    names = [field.name for field in dataclasses.fields(first.project) if field.name != "models"]
    for name in names:
        known, read = getattr(second.project, name), getattr(first.project, name)
        assert known == read, name
        assert places(known) == places(read), name
    assert dict(second.project.models) == dict(first.project.models)


def test_what_is_wrong_is_said_each_time(tmp_path):
    write_files(tmp_path, {"aggregator.yml": WRONG})
    with Cache(tmp_path / "cache.sqlite") as cache:
        found = [load_project(tmp_path, None, cache).diagnostics for _ in range(2)]

    assert found[0] == found[1]
    assert [(each.place.line, each.code.name) for each in found[0]] == [(4, "wrong-value")]
