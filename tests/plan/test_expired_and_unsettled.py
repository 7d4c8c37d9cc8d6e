"""Rows that do not last, and versions that can't be trusted yet: volatile, lookback, unsettled."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from lab import planned, statuses
from policy_project import DAYS, MARTS, TOTAL, of_days, project

from aggregator.core.warehouse import NEVER, LedgerRow, Outcome
from aggregator.plan import make_plan
from aggregator.plan.policies import expired

# --- volatile, lookback ---


def test_a_volatile_model_is_always_stale(tmp_path):
    lab = project(tmp_path, volatile=True)

    assert planned(lab.plan()) == of_days("expired", *DAYS) | TOTAL
    assert set(statuses(lab.run()).values()) == {"unchanged", "fresh"}


def test_rows_are_good_for_so_long(tmp_path):
    lab = project(tmp_path, volatile="2 days")
    now = datetime.now(UTC)

    assert lab.plan(now=now + timedelta(hours=47)).steps == ()
    later = lab.plan(now=now + timedelta(hours=49))
    assert planned(later) == of_days("expired", *DAYS) | TOTAL
    assert later.steps[0].stale.detail.endswith(" UTC, and is good for 2 days")


READ = datetime(2013, 1, 8, tzinfo=UTC)


def until(lookback: str, volatile: object = True) -> dict[str, object]:
    return {"volatile": volatile, "lookback": lookback}


@pytest.mark.parametrize(
    ("front", "zone", "read_at", "now", "expected"),
    [
        pytest.param({"volatile": True}, "UTC", READ, READ, True, id="true: at once"),
        pytest.param({"volatile": "1 day"}, "UTC", READ, READ + timedelta(hours=23), False, id="a day: not yet"),
        pytest.param({"volatile": "1 day"}, "UTC", READ, READ + timedelta(hours=24), True, id="a day: now"),
        pytest.param({"volatile": False}, "UTC", READ, NEVER, False, id="false: never"),
        pytest.param(until("5 days"), "UTC", READ - timedelta(hours=1), READ, True, id="read before all was there"),
        pytest.param(until("5 days"), "UTC", READ, NEVER, False, id="read when all was there"),
        pytest.param(until("6 days"), "UTC", READ, NEVER, True, id="late rows may still have come after it was read"),
        pytest.param(until("6 days", "9 days"), "UTC", READ, READ, False, id="they may, but it is still good"),
        pytest.param(until("5 days"), "America/New_York", READ, NEVER, True, id="the day ends later there"),
        pytest.param(until("126 hours"), "Asia/Tokyo", READ, NEVER, False, id="the day ended earlier there"),
        pytest.param(until("5 days"), "UTC", READ.replace(tzinfo=None), READ, False, id="without a zone it is UTC"),
    ],
)
def test_what_is_expired(tmp_path, front, zone, read_at, now, expected):
    """The partition is that of 2 January, which ended on the 3rd."""
    lab = project(tmp_path, **front)
    compiled = next(each for name, each in lab.graph.models.items() if str(name) == MARTS)
    compiled = dataclasses.replace(compiled, calendar=dataclasses.replace(compiled.calendar, zone=zone))
    row = LedgerRow(compiled.name, DAYS[1], "", Outcome.BUILT, "", "[]", read_at, read_at)

    assert bool(expired(compiled, DAYS[1], row, now)) is expected


# --- unsettled ---


@pytest.mark.parametrize(
    ("settles_after_reading", "expected"),
    [
        pytest.param(None, {}, id="a version that can't lie"),
        pytest.param(timedelta(seconds=-1), {}, id="it settled before it was read"),
        pytest.param(timedelta(0), of_days("unsettled", DAYS[1]), id="it settled when it was read"),
        pytest.param(timedelta(minutes=1), of_days("unsettled", DAYS[1]), id="it settled afterwards"),
        pytest.param("never", of_days("unsettled", DAYS[1]), id="rows wait in a buffer"),
    ],
)
def test_what_is_unsettled(tmp_path, settles_after_reading, expected):
    lab = project(tmp_path)
    with lab.engine() as engine:
        snapshot = engine.snapshot()
    read_at = next(rows for name, rows in snapshot.ledger.built.items() if str(name) == MARTS)[DAYS[1]].read_at
    settles = {None: None, "never": NEVER}.get(settles_after_reading, settles_after_reading)
    settles = read_at + settles if isinstance(settles, timedelta) else settles
    facts = next(found for name, found in snapshot.versions.items() if str(name) == "lake.facts")
    facts[DAYS[1]] = dataclasses.replace(facts[DAYS[1]], settles_at=settles)
    plan = make_plan(lab.graph, snapshot, selected=lab.graph.models)

    assert planned(plan) == (expected | TOTAL if expected else {})
    for step in plan.steps[:1]:
        assert step.stale.detail == "lake.facts@2013-01-02 was still changing when it was read"
