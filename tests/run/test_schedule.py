"""Which steps may begin."""

from __future__ import annotations

from lab import name

from aggregator.core.plan import Reason, Stale, Step
from aggregator.plan.order import Waits
from aggregator.run.schedule import Schedule

ONE, TWO = name("marts.one"), name("marts.two")


def schedule(*steps: tuple[object, set[int], set[object]]) -> Schedule:
    made = [Step(table, (str(number),), Stale(Reason.MISSING)) for number, (table, _, _) in enumerate(steps)]
    return Schedule(made, [Waits(frozenset(after), frozenset(tables)) for _, after, tables in steps])


def begun(schedule: Schedule) -> list[int]:
    """All that may begin now."""
    found = []
    while (number := schedule.begin()) is not None:
        found.append(number)
    return found


def test_steps_begin_in_their_order_when_all_that_they_wait_for_has_ended():
    found = schedule((ONE, set(), set()), (TWO, {0}, set()), (name("marts.three"), {0, 1}, set()))
    order = [begun(found)]
    for number in (0, 1, 2):
        found.end(number, is_written=True)
        order.append(begun(found))

    assert order == [[0], [1], [2], []]


def test_the_first_step_of_a_table_is_done_alone():
    found = schedule(*((ONE, set(), set()) for _ in range(4)))
    first = begun(found)
    found.end(0, is_written=True)

    assert (first, begun(found)) == ([0], [1, 2, 3])


def test_so_is_the_next_one_if_the_first_wrote_nothing():
    found = schedule(*((ONE, set(), set()) for _ in range(4)))
    order = [begun(found)]
    for number, is_written in ((0, False), (1, False), (2, True), (3, True)):
        found.end(number, is_written=is_written)
        order.append(begun(found))

    assert order == [[0], [1], [2], [3], []]


def test_other_tables_do_not_wait_for_that():
    assert begun(schedule((ONE, set(), set()), (ONE, set(), set()), (TWO, set(), set()))) == [0, 2]


def test_what_reads_a_whole_table_waits_for_all_of_its_steps():
    found = schedule((ONE, set(), set()), (ONE, set(), set()), (TWO, set(), {ONE}))
    order = [begun(found)]
    for number in (0, 1):
        found.end(number, is_written=True)
        order.append(begun(found))

    assert order == [[0], [1], [2]]
