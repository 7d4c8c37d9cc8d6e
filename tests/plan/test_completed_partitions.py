"""Which partitions have all that they read, now that others have come: the waits of Airflow, turned around."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from lab import Lab, daily, graph_of, model, name, source

from aggregator.plan.arrivals import completed, state_of, untried
from aggregator.plan.scheduled import awaited

DAYS = daily("day", "2024-01-01")
NOW = datetime(2024, 1, 7, tzinfo=UTC)
SUM = "SELECT day, SUM(n) AS n FROM {} GROUP BY day"
BELOW, OTHER, ABOVE, BOTH, WHOLE = map(name, ("marts.below", "marts.other", "marts.above", "marts.both", "marts.whole"))
FILES = {
    "facts.csv": "day,n\n" + "".join(f"2024-01-0{day},{day}\n" for day in range(1, 7)),
    "models/lake/facts.yml": source({"day": "DATE", "n": "INT64"}, partition=DAYS, local="facts.csv"),
    "models/marts/below.sql": model(SUM.format("lake.facts"), partition=DAYS),
    "models/marts/other.sql": model(SUM.format("lake.facts"), partition=DAYS),
    "models/marts/whole.sql": model("SELECT SUM(n) AS n FROM lake.facts"),
    "models/marts/above.sql": model(
        "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(n) AS n FROM marts.below",
        partition=DAYS,
        inputs={"marts.below": {"last": "3 days"}},
    ),
    "models/marts/both.sql": model(
        "SELECT b.day AS day, SUM(b.n + o.n + w.n) AS n FROM marts.below AS b JOIN marts.other AS o ON b.day = o.day"
        " CROSS JOIN marts.whole AS w GROUP BY b.day",
        partition=DAYS,
    ),
}


@pytest.fixture
def lab(tmp_path):
    return Lab(graph_of(tmp_path, FILES))


def build(lab, table, first, end):
    interval = (datetime.fromisoformat(first), datetime.fromisoformat(end))
    assert lab.run(select=[str(table)], interval=interval, now=NOW).is_clean


def complete(lab, readers, came):
    with lab.engine() as engine:
        snapshot = dataclasses.replace(engine.snapshot(), now=NOW)
    return completed(lab.graph, snapshot, readers, {BELOW, OTHER, WHOLE}, came)


def test_those_are_complete_that_read_what_came_and_find_the_rest(lab):
    build(lab, BELOW, "2024-01-01", "2024-01-04")

    assert complete(lab, [ABOVE], {BELOW: ["2024-01-02"]}) == ["2024-01-02", "2024-01-03"]
    assert complete(lab, [ABOVE], {BELOW: ["2024-01-04"]}) == []
    assert complete(lab, [ABOVE], {BELOW: []}) == complete(lab, [ABOVE], {}) == []
    assert all("2024-01-02" in awaited(lab.graph, ABOVE, [each], BELOW) for each in ("2024-01-02", "2024-01-03"))


def test_of_several_inputs_the_last_completes_and_each_that_comes_again(lab):
    build(lab, BELOW, "2024-01-01", "2024-01-03")
    found = [complete(lab, [BOTH], {BELOW: ["2024-01-01", "2024-01-02"]})]
    build(lab, OTHER, "2024-01-02", "2024-01-04")
    found.append(complete(lab, [BOTH], {OTHER: ["2024-01-02", "2024-01-03"]}))
    lab.run(select=[str(WHOLE)], now=NOW)
    found += [complete(lab, [BOTH], {table: ["2024-01-02", "2024-01-03"]}) for table in (OTHER, BELOW)]

    assert found == [[], [], ["2024-01-02"], ["2024-01-02"]]


def test_all_readers_have_to_find_theirs(lab):
    build(lab, BELOW, "2024-01-01", "2024-01-03")
    build(lab, OTHER, "2024-01-01", "2024-01-02")
    lab.run(select=[str(WHOLE)], now=NOW)

    assert complete(lab, [ABOVE], {BELOW: ["2024-01-01"]}) == ["2024-01-01", "2024-01-02"]
    assert complete(lab, [ABOVE, BOTH], {BELOW: ["2024-01-01"]}) == ["2024-01-01"]


def left(lab, reader, tables=(BELOW,), most=9):
    with lab.engine() as engine:
        engine.ingest()
        snapshot = dataclasses.replace(engine.snapshot(), now=NOW)
    keys = untried(lab.graph, snapshot, [reader], tables, most)
    return {each: state_of(lab.graph, snapshot, [reader], tables, each) for each in keys}


def test_those_are_untried_that_have_all_and_were_not_built_from_that(lab):
    build(lab, BELOW, "2024-01-01", "2024-01-06")
    build(lab, ABOVE, "2024-01-01", "2024-01-04")

    assert list(left(lab, ABOVE)) == ["2024-01-04", "2024-01-05"]
    assert list(left(lab, ABOVE, most=2)) == ["2024-01-05"]


def test_what_comes_with_other_rows_is_untried_again_as_another_state(lab, tmp_path):
    build(lab, BELOW, "2024-01-01", "2024-01-03")
    before = left(lab, ABOVE)
    build(lab, ABOVE, "2024-01-01", "2024-01-03")
    none = left(lab, ABOVE)
    (tmp_path / "facts.csv").write_text(FILES["facts.csv"].replace("2024-01-02,2", "2024-01-02,20"))
    build(lab, BELOW, "2024-01-01", "2024-01-03")
    after = left(lab, ABOVE)

    assert (list(before), none, list(after)) == (["2024-01-01", "2024-01-02"], {}, ["2024-01-02"])
    assert before["2024-01-02"] != after["2024-01-02"]


def test_a_build_that_failed_was_tried(tmp_path):
    wrong = model(
        SUM.format("lake.facts"),
        partition=DAYS,
        checks=[{"expect_column_values_to_be_between": {"column": "n", "max_value": 3}}],
    )
    lab = Lab(graph_of(tmp_path, {**FILES, "models/marts/below.sql": wrong}))
    facts = name("lake.facts")
    before = left(lab, BELOW, [facts])
    lab.run(select=[str(BELOW)], now=NOW)

    assert list(before) == [f"2024-01-0{day}" for day in range(1, 7)]
    assert {row.partition for row in lab.ledger().failed[BELOW].values()} == {"2024-01-04", "2024-01-05", "2024-01-06"}
    assert left(lab, BELOW, [facts]) == {}
