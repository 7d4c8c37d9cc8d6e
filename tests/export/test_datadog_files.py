"""Monitors and dashboards: as Datadog takes them, the same each time, about metrics and tags that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from lab import daily, graph_of, load_graph, model, source

from aggregator.cli import main
from aggregator.export.datadog import MARK, datadog_files
from aggregator.export.datadog.teams import teams
from aggregator.monitoring.metrics import METRICS

EXPECTED = Path(__file__).parent / "datadog"
OPS, DATA = "ops@example.com", "Data Engineering"
PROJECT = {
    "project": "shop",
    "environments": {
        "local": {"engine": "duckdb", "path": "local.duckdb"},
        "prod": {"engine": "bigquery", "project": "acme-data", "location": "EU"},
    },
    "default_environment": "prod",
    "monitoring": {
        "environments": ["prod"],
        "dogstatsd": True,
        "runbook": "https://wiki.example.com/{model}",
        "owners": {DATA: {"datadog": "@slack-data"}},
    },
}
DAYS = {"partition": daily("day", "2024-01-01"), "schedule": "daily"}
SUM = "SELECT day, SUM(n) AS n FROM {} GROUP BY day"
FILES = {
    "aggregator.yml": json.dumps(PROJECT),
    "models/lake/facts.yml": source(
        {"day": "DATE", "n": "INT64"}, owner=DATA, freshness={"by": "06:00"}, partition=daily("day", "2024-01-01")
    ),
    "models/lake/names.yml": source({"name": "STRING"}, owner=DATA, freshness={"warn_after": "7 days"}),
    "models/marts/sums.sql": model(
        SUM.format("lake.facts"),
        owner=OPS,
        description="Sums | of all\nthat there is.",
        tags=["tier:2"],
        key=["day"],
        runbook="https://example.com/sums",
        freshness={"warn_after": "26h", "error_after": "30 days"},
        budget={"bytes": "5 GB", "bytes_per_month": "2 TB", "price_per_month": 12.5},
        **DAYS,
    ),
    "models/marts/plain.sql": model(SUM.format("marts.sums"), owner=OPS, **DAYS),
}

MONITOR = {
    "type": "object",
    "required": ["name", "type", "query", "message", "tags", "priority", "options"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "type": {"const": "query alert"},
        "query": {
            "type": "string",
            "pattern": r"^(max|sum)\((last_15m|last_1h|last_1d|current_1mo)\):.+ (>|>=) [0-9.]+$",
        },
        "message": {"type": "string", "minLength": 1},
        "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z][a-z0-9_:./-]*$", "maxLength": 200}},
        "priority": {"type": "integer", "minimum": 1, "maximum": 5},
        "options": {
            "type": "object",
            "required": ["thresholds"],
            "additionalProperties": False,
            "properties": {
                "thresholds": {
                    "type": "object",
                    "required": ["critical"],
                    "properties": {"critical": {"type": "number"}, "warning": {"type": "number"}},
                    "additionalProperties": False,
                },
                "include_tags": {"type": "boolean"},
                "notify_audit": {"type": "boolean"},
                "require_full_window": {"type": "boolean"},
                "notify_no_data": {"type": "boolean"},
                "no_data_timeframe": {"type": "integer", "minimum": 30},
                "scheduling_options": {"type": "object"},
            },
        },
    },
}
"""What Datadog documents of a monitor, as far as it is used."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return datadog_files(graph_of(tmp_path_factory.mktemp("shop"), FILES))


@pytest.fixture(scope="module")
def monitors(files):
    return {path: json.loads(text) for path, text in files.items() if path.startswith("monitors/")}


def test_all_files_are_as_they_were(files, request):
    if request.config.getoption("--update"):
        for path in EXPECTED.rglob("*.*"):
            path.unlink()
        for path, text in files.items():
            (EXPECTED / path).parent.mkdir(parents=True, exist_ok=True)
            (EXPECTED / path).write_text(text)

    assert {path.relative_to(EXPECTED).as_posix(): path.read_text() for path in EXPECTED.rglob("*.*")} == files


def test_a_monitor_is_as_datadog_documents_it(monitors):
    for content in monitors.values():
        Draft202012Validator(MONITOR).validate(content)
        critical, limit = content["options"]["thresholds"]["critical"], content["query"].rpartition(" ")[2]
        assert float(limit) == critical  # Datadog refuses what differs


def test_what_is_asked_for_is_what_is_sent(files):
    asked = re.findall(r"(agg\.[a-z_.]+)\{([^}]*)\}(?: by \{([a-z,]+)\})?", "\n".join(files.values()))
    declared = {metric.name: metric for metric in METRICS}

    assert {name for name, _, _ in asked} >= {metric.name for metric in METRICS if "model" in metric.tags}
    for name, series, by in asked:
        said = series.replace(" AND ", ",").replace("status IN (built,unchanged)", "status:built").split(",")
        tags = {tag.partition(":")[0] for tag in said if tag != "$model"} | set(filter(None, by.split(",")))
        assert tags <= set(declared[name].tags), (name, tags)


def test_silence_is_an_alert_only_where_something_is_said(monitors):
    told = {path: "no_data_timeframe" in content["options"] for path, content in monitors.items() if "fresh" in path}

    assert told == {
        "monitors/shop-prod-freshness-lake.facts.json": True,
        "monitors/shop-prod-freshness-lake.names.json": False,
        "monitors/shop-prod-freshness-marts.sums.json": True,
    }


def test_a_promise_that_is_given_up_leaves_the_other_ids_alone(files, tmp_path):
    less = FILES["models/marts/sums.sql"].replace('freshness: {"warn_after": "26h", "error_after": "30 days"}\n', "")

    found = datadog_files(graph_of(tmp_path, {**FILES, "models/marts/sums.sql": less}))

    assert files.keys() - found.keys() == {"monitors/shop-prod-freshness-marts.sums.json"}
    assert all(files[path] == text for path, text in found.items())


def test_a_table_that_changes_hands_keeps_its_monitor(files, tmp_path):
    other = FILES["models/marts/sums.sql"].replace(OPS, "new@example.com")

    found = datadog_files(graph_of(tmp_path, {**FILES, "models/marts/sums.sql": other}))

    path = "monitors/shop-prod-freshness-marts.sums.json"
    assert "@new@example.com" in json.loads(found[path])["message"]
    assert "@ops@example.com" in json.loads(files[path])["message"]


def test_owners_that_datadog_cannot_tell_apart_are_one_team(tmp_path):
    names = ["a.b", "A.B", "a-b", "a_b"]
    graph = graph_of(tmp_path, {f"models/marts/m{n}.sql": model("SELECT 1 AS n", owner=o) for n, o in enumerate(names)})

    found = teams(graph)

    assert sorted(len(team.models) for team in found) == [1, 1, 2]
    assert len({team.slug for team in found}) == 3


def test_files_of_what_is_gone_are_removed_and_those_of_others_are_not(tmp_path, capsys):
    graph_of(tmp_path, FILES)
    out = tmp_path / "out"
    arguments = ["monitoring", "export", "--project", str(tmp_path), "--out", str(out)]
    assert main(arguments) == 0
    theirs = out / "monitors" / "shop-prod-freshness-lake.theirs.json"
    theirs.write_text("{}")
    another = out / "monitors" / "shop-dev-freshness-lake.facts.json"
    another.write_text(f'{{"tags": ["{MARK}"]}}')
    (tmp_path / "models/marts/plain.sql").unlink()
    (tmp_path / "models/marts/sums.sql").unlink()
    capsys.readouterr()

    assert main(arguments) == 0

    assert capsys.readouterr().out == f"wrote 2 monitors and 1 dashboard to {out}; removed 7 files of what is gone\n"
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == [
        "dashboards/shop-prod-data-engineering.json",
        "main.tf",
        "monitors/shop-dev-freshness-lake.facts.json",
        "monitors/shop-prod-freshness-lake.facts.json",
        "monitors/shop-prod-freshness-lake.names.json",
        "monitors/shop-prod-freshness-lake.theirs.json",
    ]


def test_the_demo_has_monitors(demo_files):
    found = datadog_files(load_graph(demo_files))

    assert "monitors/flights-local-freshness-marts.daily_performance.json" in found
    assert "dashboards/flights-local-ops-analytics-example-com.json" in found
