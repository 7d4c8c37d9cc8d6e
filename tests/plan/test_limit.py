"""``--limit`` takes the first partitions of a plan, so that a plan in pieces ends as the whole plan does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lab import Lab, graph_of, name, planned
from plan_cases import FILES

from aggregator.core.warehouse import Ledger, LedgerRow, Outcome
from aggregator.plan.limit import limited, usual_bytes


@pytest.mark.parametrize("most", [1, 3, 4, 5, 7, 8, 100])
def test_the_first_partitions_in_the_order_of_the_plan(tmp_path, most):
    whole = Lab(graph_of(tmp_path, FILES)).plan()

    kept, left = limited(whole, most)

    order = [(step.model, each) for step in whole.steps for each in step.partitions]
    assert [(step.model, each) for step in kept.steps for each in step.partitions] == order[:most]
    assert [(step.model, each) for step in left for each in step.partitions] == order[most:]
    assert {(each, partition) for each, found in kept.stale.items() for partition in found} == set(order[:most])


def test_partitions_that_weigh_more_are_fewer_and_none_is_passed_over(tmp_path):
    whole = Lab(graph_of(tmp_path, FILES)).plan()
    order = [(step.model, each) for step in whole.steps for each in step.partitions]
    weights = {each: 4 if number in (1, 3) else 1 for number, each in enumerate(order)}

    taken = [limited(whole, most, lambda *each: weights[each])[0] for most in (0, 1, 4, 5, 6, 9)]

    assert [sum(len(step.partitions) for step in each.steps) for each in taken] == [0, 1, 1, 2, 3, 3]


def test_what_a_build_was_billed_is_shared_by_its_partitions():
    def row(table, partition, bytes_, job):
        moment = datetime(2024, 1, 1, tzinfo=UTC)
        return LedgerRow(table, partition, "", Outcome.BUILT, "", "[]", moment, moment, bytes=bytes_, job_id=job)

    paid, free, never = map(name, ("marts.paid", "marts.free", "marts.never"))
    rows = [row(paid, "1", 300, "a"), row(paid, "2", 300, "a"), row(paid, "3", 600, "b"), row(free, "1", None, "")]
    weigh = usual_bytes(Ledger({table: {r.partition: r for r in rows if r.model == table} for table in (paid, free)}))

    assert [weigh(paid, each) for each in "1234"] == [150, 150, 600, 300]
    assert (weigh(free, "1"), weigh(never, "1")) == (0, 0)


def test_piece_by_piece_it_comes_out_as_at_once(tmp_path):
    graph = graph_of(tmp_path, FILES)
    once, pieces = Lab.at(tmp_path / "once", graph), Lab.at(tmp_path / "pieces", graph)
    once.run()

    runs = 0
    while planned(pieces.plan()):
        pieces.run(rearrange=lambda plan: limited(plan, 3)[0])
        runs += 1

    assert runs == 3
    assert pieces.tables() == once.tables()
    assert pieces.recorded() == once.recorded()


def test_a_piece_of_a_full_rebuild_drops_no_table(tmp_path):
    """A table may be dropped and made anew only where all of it is rebuilt."""
    lab = Lab(graph_of(tmp_path, FILES))
    lab.run()
    other = FILES["models/marts/by_day.sql"].replace("SUM(n) AS n", "CAST(SUM(n) AS STRING) AS n")
    changed = Lab(graph_of(tmp_path, {"models/marts/by_day.sql": other}))

    report = changed.run(rearrange=lambda plan: limited(plan, 2)[0], full=True, select=["marts.by_day"])

    assert not report.is_clean
    assert len(changed.rows("marts.by_day")) == 4
