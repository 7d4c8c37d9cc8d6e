"""What a newcomer reads of a day that changed: in the list, in the chain and on the page."""

from __future__ import annotations

import pytest

SOURCE = """\
    source:
      description: Sales.
      owner: ops@example.com
      columns: {day: DATE, amount: INT64}
      partition: {by: day, grain: day, from: 2024-01-01, to: 2024-01-05}
      local: sales.csv
    """
DAILY = """\
    /*---
    description: Sales per day.
    owner: shop@example.com
    partition: {by: day, grain: day, from: 2024-01-01}
    ---*/
    SELECT day, SUM(amount) AS total FROM lake.sales GROUP BY day
    """
TRAILING = """\
    /*---
    description: Sales of two days.
    owner: finance@example.com
    partition: {by: day, grain: day, from: 2024-01-02}
    inputs: {marts.daily: {last: 2 days}}
    ---*/
    SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(total) AS total FROM marts.daily
    """
SALES = "day,amount\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n2024-01-04,4\n"


@pytest.fixture
def shop(make_project, aggregator):
    root = make_project(
        {
            "models/lake/sales.yml": SOURCE,
            "models/marts/daily.sql": DAILY,
            "models/marts/trailing.sql": TRAILING,
            "sales.csv": SALES,
        }
    )
    assert aggregator(root, "run").code == 0
    (root / "sales.csv").write_text(SALES + "2024-01-02,5\n")
    return root


def test_the_cause_in_the_list(shop, aggregator):
    out = aggregator(shop, "status", "--quiet").out

    assert out.endswith("""
lake.sales@2024-01-02 changed (1 rows, now 2)
  marts.daily     2024-01-02                   owner shop@example.com
  marts.trailing  2024-01-02 … 2024-01-03 (2)  owner finance@example.com
  3 partitions of 2 models; mend: aggregator run --select marts.daily+

Next: aggregator plan shows the work, aggregator run does it
""")


def test_the_chain(shop, aggregator):
    assert aggregator(shop, "explain", "marts.trailing@2024-01-03", "--quiet").out == (
        "marts.trailing@2024-01-03 is not fresh (input). From the cause to it:\n"
        "  lake.sales@2024-01-02 changed (1 rows, now 2)\n"
        "    └ marts.daily@2024-01-02 reads that\n"
        "      └ marts.trailing@2024-01-03 reads that\n"
        "\n"
        "Nothing reads it.\n"
        "\n"
        "Mend it: aggregator run --select +marts.trailing\n"
    )


def test_the_cascade(shop, aggregator):
    out = aggregator(shop, "explain", "marts.daily@2024-01-02", "--quiet").out

    assert "2 partitions of 1 model may follow:\n  marts.trailing  2024-01-02 … 2024-01-03 (2)\n" in out
    assert out.endswith("With all that reads it: aggregator run --select +marts.daily+\n")


def test_the_command_mends_it(shop, aggregator):
    mend = {each["mend"] for each in aggregator(shop, "status", "--quiet", "--format", "json").json if each["mend"]}

    assert mend == {"aggregator run --select marts.daily+"}
    assert aggregator(shop, "run", "--select", "marts.daily+").code == 0
    assert aggregator(shop, "status", "--quiet").out.endswith("All 7 partitions are fresh.\n")


def test_the_page(shop, aggregator):
    page = shop / "status.html"

    done = aggregator(shop, "status", "--quiet", "--html", str(page))

    assert (done.code, done.err) == (0, f"wrote {page}\n")
    assert "lake.sales@2024-01-02 changed (1 rows, now 2)" in page.read_text()


def test_the_page_where_none_can_be(shop, aggregator):
    refused = aggregator(shop, "status", "--quiet", "--html", str(shop / "missing" / "status.html"))

    assert refused.code == 2
    assert "No such file or directory" in refused.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("plan", "--to", "0001-01-01"), "'0001-01-01' is in no partition", id="the first date of all"),
        pytest.param(("run", "--from", "9999-12-31"), "'9999-12-31' is in no partition", id="the last date of all"),
        pytest.param(("plan", "--to", "2160-01-02"), "BigQuery's begin with 1960 and end with 2159", id="too late"),
        pytest.param(
            ("explain", "marts.daily@9999-12-31"), "it has 2024-01-01 to 2024-01-04", id="a day without a next"
        ),
        pytest.param(("explain", "marts.daily@0001-01-01"), "it begins at 2024-01-01", id="a day without one before"),
        pytest.param(("lineage", "marts.daily@0001-01-01"), "it has 2024-01-01 to 2024-01-04", id="in its lineage"),
        pytest.param(("show", "marts.dayly"), "Error: marts.dayly: there is no such model", id="no option was given"),
    ],
)
def test_what_is_refused(shop, aggregator, arguments, said):
    outcome = aggregator(shop, *arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


def test_the_last_day_that_there_may_be(shop, aggregator):
    assert aggregator(shop, "plan", "--from", "1960-01-01", "--to", "2160-01-01").code == 0
