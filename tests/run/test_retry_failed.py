"""``run --retry-failed`` builds what failed when it was built last, partition by partition, and nothing else."""

from __future__ import annotations

import duckdb
import pytest

SOURCE = """\
    source:
      description: Sales.
      owner: ops@example.com
      columns: {day: DATE, amount: INT64}
      partition: {by: day, grain: day, from: 2024-01-01, to: 2024-01-07}
      local: sales.csv
    """
DAILY = """\
    /*---
    description: Sales per day.
    owner: ops@example.com
    partition: {by: day, grain: day, from: 2024-01-01}
    checks:
      - expect_column_values_to_be_between: {column: total, min_value: MIN}
    ---*/
    SELECT day, SUM(amount) AS total FROM lake.sales GROUP BY day
    """
READER = """\
    /*---
    description: Sales per day, once more.
    owner: ops@example.com
    partition: {by: day, grain: day, from: 2024-01-01}
    ---*/
    SELECT day, total FROM marts.daily
    """
SALES = "day,amount\n" + "".join(f"2024-01-0{day},{amount}\n" for day, amount in enumerate((1, -2, 3, -4, -5, 6), 1))
FAILED = ["2024-01-02", "2024-01-04", "2024-01-05"]


@pytest.fixture
def shop(make_project, aggregator):
    """A year in which three days broke a promise, which has been withdrawn since; one more day changed."""
    root = make_project(
        {
            "models/lake/sales.yml": SOURCE,
            "models/marts/daily.sql": DAILY.replace("MIN", "0"),
            "models/marts/reader.sql": READER,
            "sales.csv": SALES,
        }
    )
    assert aggregator(root, "run").code == 1
    daily = root / "models/marts/daily.sql"
    daily.write_text(daily.read_text().replace("min_value: 0", "min_value: -9"))
    (root / "sales.csv").write_text(SALES.replace("06,6", "06,66"))
    return root


def ledger(root) -> list[tuple[str, str, str]]:
    with duckdb.connect(root / ".aggregator/local.duckdb") as db:
        return db.execute("SELECT model, partition, outcome FROM _aggregator.ledger ORDER BY rowid").fetchall()


def test_exactly_what_failed_is_built(shop, aggregator):
    before = ledger(shop)

    planned = aggregator(shop, "plan", "--retry-failed", "--format", "json").json
    retried = aggregator(shop, "run", "--retry-failed")
    states = aggregator(shop, "status", "--format", "json").json

    assert [(step["partitions"], step["reason"]) for step in planned["steps"]] == [
        (["2024-01-02", "2024-01-02"], "failed"),
        (["2024-01-04", "2024-01-05"], "failed"),
    ]
    assert retried.code == 0
    assert ledger(shop)[len(before) :] == [("marts.daily", day, "built") for day in FAILED]
    by_state = {(each["model"], each["partition"]): each["state"] for each in states}
    assert by_state["marts.daily", "2024-01-06"] == "stale"
    assert [by_state["marts.reader", day] for day in FAILED] == ["missing"] * 3


def test_what_fails_again_is_tried_again(shop, aggregator):
    daily = shop / "models/marts/daily.sql"
    daily.write_text(daily.read_text().replace("min_value: -9", "min_value: -4"))

    first = aggregator(shop, "run", "--retry-failed")
    second = aggregator(shop, "plan", "--retry-failed", "--format", "json").json

    assert first.code == 1
    assert [step["partitions"] for step in second["steps"]] == [["2024-01-05", "2024-01-05"]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(["--from", "2024-01-03"], FAILED[1:], id="an interval"),
        pytest.param(["--limit", "2"], FAILED[:2], id="a limit"),
        pytest.param(["--select", "marts.reader"], [], id="another model"),
    ],
)
def test_it_may_be_narrowed(shop, aggregator, options, expected):
    before = ledger(shop)

    aggregator(shop, "run", "--retry-failed", *options)

    assert [partition for _, partition, _ in ledger(shop)[len(before) :]] == expected


def test_nothing_is_redone(shop, aggregator):
    aggregator(shop, "run", "--retry-failed")
    before = ledger(shop)

    again = aggregator(shop, "run", "--retry-failed")

    assert (again.code, again.out) == (0, "Nothing failed: there is nothing to try again.\n")
    assert ledger(shop) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--retry-failed", "--full"], "--full builds everything, --retry-failed only what failed"),
        (["--limit", "3", "--full"], "--full begins anew each time"),
        (["--limit", "0"], "0 is not in the range x>=1"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_what_contradicts_itself_is_refused(shop, aggregator, command, options, message):
    refused = aggregator(shop, command, *options)

    assert refused.code == 2
    assert message in refused.err


def test_a_limited_run_says_what_it_left(shop, aggregator):
    limited = aggregator(shop, "run", "--limit", "2")

    assert "Left out by --limit: 6 partitions of 2 models, from marts.daily@2024-01-05 on." in limited.out
    assert limited.out.endswith("Next: aggregator run with the same options, which goes on from here\n")
    assert aggregator(shop, "run", "--limit", "100", "--format", "json").json["left_out"] == 0
