"""Each cause is named once, with all that it keeps from being fresh, and the command that mends it."""

from __future__ import annotations

import pytest
from lab import Lab, daily, graph_of, model, name, source

from aggregator.core.status import ProjectStatus, State
from aggregator.plan.status import restricted, status_of

DAYS = ("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04")
SALES = "day,n\n" + "".join(f"{day},{number}\n" for number, day in enumerate(DAYS, 1))
SPAN = daily("day", "2024-01-01", "2024-01-05")
BY_DAY = "SELECT day, SUM(n) AS n FROM lake.sales GROUP BY day"
FILES = {
    "sales.csv": SALES,
    "models/lake/sales.yml": source({"day": "DATE", "n": "INT64"}, partition=SPAN, local="sales.csv"),
    "models/marts/by_day.sql": model(
        BY_DAY,
        partition=daily("day", "2024-01-01"),
        owner="days@example.com",
        checks=[{"expect_column_values_to_be_between": {"column": "n", "min_value": 0}}],
    ),
    "models/marts/trailing.sql": model(
        "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(n) AS n FROM marts.by_day",
        partition=daily("day", "2024-01-02"),
        inputs={"marts.by_day": {"last": "2 days"}},
        owner="trails@example.com",
    ),
    "models/marts/whole.sql": model("SELECT SUM(n) AS n FROM marts.by_day"),
}


@pytest.fixture
def shop(tmp_path) -> Lab:
    lab = Lab(graph_of(tmp_path, FILES))
    assert lab.run().is_clean
    return lab


def status(lab: Lab, **options) -> ProjectStatus:
    with lab.engine() as engine:
        plan = lab.plan_on(engine, **options)
        return status_of(lab.graph, plan, engine.snapshot().ledger)


def changed(lab: Lab, **files: str) -> Lab:
    """Other sales, or other SQL of ``by_day``."""
    given = {{"sales": "sales.csv", "by_day": "models/marts/by_day.sql"}[key]: text for key, text in files.items()}
    return Lab(graph_of(lab.graph.project.root, {**FILES, **given}))


def told(lab: Lab) -> list[tuple[str, dict[str, tuple[str, ...]], str]]:
    found = status(lab).causes
    return [(each.headline, {str(a.model): a.partitions for a in each.affected}, each.mend) for each in found]


def test_nothing_is_said_where_all_is_fresh(shop):
    assert told(shop) == []


def test_what_was_never_built_is_one_cause(tmp_path):
    lab = Lab(graph_of(tmp_path, FILES))

    (headline, affected, mend), *others = told(lab)

    assert (headline, mend, others) == ("never built", "aggregator run", [])
    assert {table: len(partitions) for table, partitions in affected.items()} == {
        "marts.by_day": 4,
        "marts.trailing": 3,
        "marts.whole": 1,
    }


def test_what_is_downstream_of_a_change_is_folded_into_it(shop):
    lab = changed(shop, sales=SALES.replace("2024-01-02,2\n", "2024-01-02,2\n2024-01-02,5\n"))

    assert told(lab) == [
        (
            "lake.sales@2024-01-02 changed (1 rows, now 2)",
            {"marts.by_day": DAYS[1:2], "marts.trailing": DAYS[1:3], "marts.whole": ("",)},
            "aggregator run --select marts.by_day+",
        )
    ]


def test_changes_of_one_table_are_one_cause(shop):
    lab = changed(shop, sales=SALES.replace("02,2", "02,20").replace("04,4", "04,40"))

    assert [each[0] for each in told(lab)] == ["lake.sales 2024-01-02 … 2024-01-04 (2): changed (1 rows, as before)"]


def test_a_change_of_logic(shop):
    lab = changed(shop, by_day=FILES["models/marts/by_day.sql"].replace("SUM(n)", "SUM(n + 1)"))

    headline, affected, mend = told(lab)[0]

    assert headline == ("marts.by_day 2024-01-01 … 2024-01-04 (4): its SQL, macros or maps changed since it was built")
    assert (list(affected), mend) == (
        ["marts.by_day", "marts.trailing", "marts.whole"],
        "aggregator run --select marts.by_day+",
    )


def test_a_failure_is_the_cause_of_what_waits_for_it(shop):
    lab = changed(shop, sales=SALES.replace("03,3", "03,-3"))
    assert not lab.run().is_clean

    found = told(lab)
    states = status(lab).models[0].states

    assert found == [
        (
            "marts.by_day@2024-01-03 failed: n is not between 0 and inf in 1 rows; the rows were not published",
            {"marts.by_day": DAYS[2:3], "marts.trailing": DAYS[2:4], "marts.whole": ("",)},
            "aggregator run --select marts.by_day+",
        )
    ]
    assert [states[day] for day in DAYS] == [State.FRESH, State.FRESH, State.FAILED, State.FRESH]


def test_a_failure_of_which_nobody_waits_is_tried_again_alone(shop):
    table = "models/marts/whole.sql"
    lab = Lab(
        graph_of(shop.graph.project.root, {**FILES, table: model("SELECT DIV(SUM(n), 0) AS n FROM marts.by_day")})
    )
    assert not lab.run().is_clean

    assert [each[2] for each in told(lab)] == ["aggregator run --retry-failed --select marts.whole"]


def test_what_is_behind_another_cause_is_mended_with_it(shop):
    lab = changed(shop, sales=SALES.replace("04,4", "04,40"))
    lab.execute("DELETE FROM marts.trailing WHERE day = '2024-01-02'")

    mends = {headline.split(" ")[0]: mend for headline, _, mend in told(lab)}

    assert mends == {
        "lake.sales@2024-01-04": "aggregator run --select marts.by_day+",
        "marts.trailing@2024-01-02:": "aggregator run --select +marts.trailing+",
    }


def test_owners_stand_beside_what_they_answer_for(shop):
    lab = changed(shop, sales=SALES.replace("02,2", "02,20"))

    owners = {str(each.model): each.owner for each in status(lab).causes[0].affected}

    assert owners == {
        "marts.by_day": "days@example.com",
        "marts.trailing": "trails@example.com",
        "marts.whole": "a@example.com",
    }


def test_of_one_model_only_its_own_partitions_are_told(shop):
    lab = changed(shop, sales=SALES.replace("02,2", "02,20"))

    found = restricted(status(lab), [name("marts.trailing")])

    assert [str(each.name) for each in found.models] == ["marts.trailing"]
    assert [(each.count, each.mend) for each in found.causes] == [(2, "aggregator run --select marts.by_day+")]


def test_what_someone_else_changed_is_one_cause_with_what_reads_it(shop):
    shop.execute("UPDATE marts.by_day SET n = 9 WHERE day = '2024-01-03'")

    assert told(shop) == [
        (
            "marts.by_day@2024-01-03: someone else changed its rows (1 rows, now 1)",
            {"marts.by_day": DAYS[2:3], "marts.trailing": DAYS[2:4], "marts.whole": ("",)},
            "aggregator run --select marts.by_day+",
        )
    ]
