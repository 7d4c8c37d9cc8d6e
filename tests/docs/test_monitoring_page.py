"""docs/monitoring.md says what is so: its metrics are those that are sent, its example is accepted."""

from __future__ import annotations

import re
from pathlib import Path

from lab import write_files

from aggregator.load import load_project
from aggregator.monitoring.metrics import BASE_TAGS, METRICS, TABLE_TAGS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "monitoring.md").read_text(encoding="utf-8")


def row(metric):
    more = [tag for tag in metric.tags if tag not in TABLE_TAGS]
    also = f" Also by `{more[0]}`." if more else ""
    return f"| `{metric.name}` | {metric.kind} | {metric.unit} | {metric.about}{also} |"


def test_the_table_of_metrics_is_current():
    assert re.findall(r"^\| `agg\..*$", PAGE, flags=re.MULTILINE) == [row(metric) for metric in METRICS]
    assert all(metric.tags[: len(TABLE_TAGS)] == TABLE_TAGS for metric in METRICS[:-2])
    assert all(metric.tags[: len(BASE_TAGS)] == BASE_TAGS for metric in METRICS[-2:])


def test_the_example_is_accepted(tmp_path):
    example = re.search(r"```yaml\n(monitoring:.*?)```", PAGE, flags=re.DOTALL)[1]
    project = "project: p\nenvironments: {prod: {engine: duckdb, path: p.duckdb}}\ndefault_environment: prod\n"
    root = write_files(tmp_path, {"aggregator.yml": project + example})

    found = load_project(root)

    assert found.diagnostics == ()
    assert found.project.monitoring.email.port == 587
    assert found.project.monitoring.contact("ops-analytics@example.com").datadog == "@slack-ops"
