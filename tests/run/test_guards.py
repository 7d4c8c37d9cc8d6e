"""What may not be published is not published, and what was there stays."""

from __future__ import annotations

import duckdb
import pytest

MODEL = """\
/*---
description: Sales per day.
owner: ops@example.com
partition: {{by: day, grain: day, from: 2024-01-01, to: 2024-01-05}}
key: [day]
checks:
  - expect_column_values_to_be_between: {{column: total, min_value: 0}}
---*/
SELECT day, SUM(amount) AS total FROM (SELECT {day} AS day, {amount} AS amount FROM lake.sales) GROUP BY day
"""
SOURCE = """\
source:
  description: Sales.
  owner: ops@example.com
  columns: {day: DATE, amount: INT64}
  partition: {by: day, grain: day, from: 2024-01-01, to: 2024-01-05}
  local: sales.csv
"""
SALES = "day,amount\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n2024-01-04,4\n"
BUILT = [("2024-01-01", 1), ("2024-01-02", 2), ("2024-01-03", 3), ("2024-01-04", 4)]


@pytest.fixture
def shop(make_project, aggregator):
    root = make_project(
        {
            "models/lake/sales.yml": SOURCE,
            "models/marts/daily.sql": MODEL.format(day="day", amount="amount"),
            "sales.csv": SALES,
        }
    )
    assert aggregator(root, "run").code == 0
    return root


def rows(root):
    with duckdb.connect(root / ".aggregator/local.duckdb") as db:
        return db.execute("SELECT strftime(day, '%Y-%m-%d'), total FROM marts.daily ORDER BY 1").fetchall()


@pytest.mark.parametrize(
    ("day", "message"),
    [
        pytest.param("DATE_ADD(day, INTERVAL 30 DAY)", "rows lie outside 2024-01-01", id="rows of another month"),
        pytest.param(
            "IF(amount = 99, day, CAST(NULL AS DATE))", "rows have NULL in day", id="rows that belong to no day"
        ),
    ],
)
def test_stray_rows_are_refused(shop, aggregator, day, message):
    (shop / "models/marts/daily.sql").write_text(MODEL.format(day=day, amount="amount"))

    refused = aggregator(shop, "run")

    assert refused.code == 1
    assert message in refused.err
    assert rows(shop) == BUILT


def test_only_the_guilty_partition_of_a_batch_fails(shop, aggregator):
    """All four days are built by one query; the division by zero is in one of them."""
    sql = MODEL.format(day="day", amount="CAST(amount + 0 / (amount - 3) AS INT64)")
    (shop / "models/marts/daily.sql").write_text(sql)
    (shop / "sales.csv").write_text(SALES.replace("-04,4", "-04,40"))

    report = aggregator(shop, "run", "--format", "json")
    states = aggregator(shop, "status", "marts.daily", "--format", "json").json

    assert report.code == 1
    assert rows(shop) == [*BUILT[:3], ("2024-01-04", 40)]
    assert [each["state"] for each in states] == ["fresh", "fresh", "failed", "fresh"]


def test_a_broken_promise_keeps_the_old_rows(shop, aggregator):
    (shop / "sales.csv").write_text(SALES.replace("-02,2", "-02,-2").replace("-03,3", "-03,30"))

    failed = aggregator(shop, "run")
    kept = rows(shop)
    (shop / "sales.csv").write_text(SALES.replace("-03,3", "-03,30"))
    mended = aggregator(shop, "run")

    assert (failed.code, mended.code) == (1, 0)
    assert "total is not between 0 and inf in 1 rows; the rows were not published" in failed.err
    assert kept == [BUILT[0], BUILT[1], ("2024-01-03", 30), BUILT[3]]
    assert rows(shop) == kept


def test_an_empty_result_empties_the_partition(shop, aggregator):
    (shop / "sales.csv").write_text(SALES.replace("2024-01-02,2\n", ""))

    emptied = aggregator(shop, "run")
    again = aggregator(shop, "run")

    assert (emptied.code, again.code) == (0, 0)
    assert rows(shop) == [BUILT[0], BUILT[2], BUILT[3]]
    assert "nothing to do" in again.out


def test_two_runs_at_once(shop, aggregator, aggregator_process):
    """One does the work and the other waits; who does not want to wait is told who holds the file."""
    (shop / "sales.csv").write_text(SALES.replace(",2", ",20"))
    with duckdb.connect(shop / ".aggregator/local.duckdb"):
        refused = aggregator_process(shop, "run", "--wait", "0")
        _, told = refused.communicate()
    runs = [aggregator_process(shop, "run", "--quiet") for _ in range(3)]
    codes = {run.wait() for run in runs if run.communicate()}

    assert refused.returncode == 2
    assert "is held by process " in told
    assert codes == {0}
    assert rows(shop) == [BUILT[0], ("2024-01-02", 20), BUILT[2], BUILT[3]]
