"""A step is one query: what it reads is what all its partitions read, each input partition once."""

from __future__ import annotations

import pytest
from estimated import NOW, catalog, graph, priced, stored
from lab import daily, model, name, source

from aggregator.core.estimate import MEBIBYTE
from aggregator.core.plan import Reason, Stale, Step
from aggregator.dry_run.estimate import Grounds
from aggregator.dry_run.plan_cost import plan_cost

SPAN = daily("day", "2025-01-01")
FILES = {
    "models/lake/events.yml": source({"day": "DATE", "n": "INT64"}, partition=SPAN),
    "models/lake/whole.yml": source({"n": "INT64"}),
    "models/marts/same.sql": model("SELECT day, SUM(n) AS n FROM lake.events GROUP BY day", partition=SPAN),
    "models/marts/last.sql": model(
        "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(n) AS n FROM lake.events",
        partition=SPAN,
        inputs={"lake.events": {"last": "3 days"}},
    ),
    "models/marts/joined.sql": model(
        "SELECT day, SUM(n) AS n FROM lake.events JOIN lake.whole USING (n) GROUP BY day", partition=SPAN
    ),
    "models/marts/seen.sql": model("SELECT day, n FROM marts.same", kind="view"),
}
EVENTS = stored(
    "lake.events",
    {"day": ("DATE", 8000), "n": ("INT64", 8000)},
    (1000, 16000),
    {f"2025-01-0{day}": (day, 16 * day) for day in range(1, 7)},
)
WHOLE = stored("lake.whole", {"n": ("INT64", 800)}, (100, 800))


def cost(*steps: tuple[str, list[str]], tables=(EVENTS,), **changes):
    compiled = priced(graph(FILES), **changes)
    listed = [Step(name(table), tuple(ids), Stale(Reason.FULL)) for table, ids in steps]
    return plan_cost(listed, Grounds(compiled, NOW, catalog(*tables)))


@pytest.mark.parametrize(
    ("table", "days", "expected"),
    [
        pytest.param("marts.same", [2], 32, id="one partition"),
        pytest.param("marts.same", [2, 3, 4], 144, id="neighbours"),
        pytest.param("marts.last", [4], 144, id="several inputs of one partition"),
        pytest.param("marts.last", [4, 5], 224, id="inputs that two partitions share count once"),
        pytest.param("marts.seen", [0], 0, id="a view costs nothing"),
    ],
)
def test_bytes_of_a_step(table, days, expected):
    ids = [f"2025-01-0{day}" if day else "" for day in days]

    assert cost((table, ids)).bytes == expected


def test_a_table_that_is_read_whole_counts_once_per_step():
    days = ["2025-01-01", "2025-01-02"]

    together = cost(("marts.joined", days), tables=(EVENTS, WHOLE))
    apart = cost(*(("marts.joined", [day]) for day in days), tables=(EVENTS, WHOLE))

    assert together.bytes == 48 + 800
    assert apart.bytes == 48 + 2 * 800


def test_every_query_is_billed_ten_megabytes_at_least():
    found = cost(("marts.same", ["2025-01-01"]), ("marts.same", ["2025-01-03"]), price_per_tib=2**20)

    assert found.price == pytest.approx(2 * 10 * MEBIBYTE / MEBIBYTE)


def test_nothing_is_paid_where_there_is_no_price():
    assert cost(("marts.same", ["2025-01-01"])).price is None


def test_what_is_not_known_is_named_and_not_in_the_total():
    found = cost(("marts.same", ["2025-01-01"]), ("marts.joined", ["2025-01-01"]))

    assert (found.bytes, found.is_known, [str(each) for each in found.unknown]) == (16, False, ["lake.whole"])


def test_nothing_known():
    found = cost(("marts.joined", ["2025-01-01"]), tables=(WHOLE,))

    assert (found.bytes, found.price) == (None, None)
    assert [str(each) for each in found.unknown] == ["lake.events"]
