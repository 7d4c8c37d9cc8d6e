"""``aggregator diff`` as a user types it."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from lab import daily, model, project_file, source, write_files

from aggregator.cli import main

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")

BY_DAY = {"partition": daily("day", "2024-01-01")}
BY_MONTH = {"partition": daily("month", "2024-01-01", grain="month")}
DAYS = [date(2024, 1, 1) + timedelta(days=each) for each in range(31)]
SALES = [f"{day},{shop},{day.day * (1 + shop)}\n" for day in DAYS for shop in range(3)]
DAILY = "SELECT day, shop, SUM(amount) AS total, SUM(amount) / 3 AS third FROM lake.sales GROUP BY day, shop"
FILES = {
    ".gitignore": ".aggregator/\nlocal.duckdb\n",
    "sales.csv": "".join(("day,shop,amount\n", *SALES)),
    "models/lake/sales.yml": source(
        {"day": "DATE", "shop": "INT64", "amount": "INT64"},
        partition=daily("day", "2024-01-01", "2024-02-01"),
        local="sales.csv",
        size={"rows": "1 M", "bytes": "50 MB"},
    ),
    "models/a/daily.sql": model(DAILY, key=["day", "shop"], **BY_DAY),
    "models/a/monthly.sql": model(
        "SELECT DATE_TRUNC(day, MONTH) AS month, SUM(total) AS total FROM a.daily GROUP BY month",
        key=["month"],
        **BY_MONTH,
    ),
    "models/a/totals.sql": model("SELECT shop, SUM(total) AS total FROM a.daily GROUP BY shop", key=["shop"]),
    "models/a/newest.sql": model("SELECT shop, total FROM a.daily WHERE total > 40", kind="view"),
    "models/a/running.sql": model(
        "SELECT d.day, d.shop, d.total + IFNULL(r.so_far, 0) AS so_far FROM a.daily AS d"
        " LEFT JOIN a.running AS r ON r.shop = d.shop AND r.day = DATE_SUB(d.day, INTERVAL 1 DAY)",
        key=["day", "shop"],
        inputs={"a.running": "previous"},
        **BY_DAY,
    ),
    "models/a/other.sql": model("SELECT day, amount FROM lake.sales", **BY_DAY),
}


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def commit(root: Path) -> Path:
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        git(root, *arguments)
    return root


@pytest.fixture
def root(make_project) -> Path:
    return commit(make_project({"aggregator.yml": project_file(), **FILES}))


@pytest.fixture(scope="module")
def built_once(tmp_path_factory) -> Path:
    root = write_files(tmp_path_factory.mktemp("built"), {"aggregator.yml": project_file(), **FILES})
    assert main(["run", "--project", str(root), "--quiet"]) == 0
    return commit(root)


@pytest.fixture
def built(built_once, tmp_path) -> Path:
    """A project of which all is built."""
    return Path(shutil.copytree(built_once, tmp_path / "built"))


@pytest.fixture
def diff(aggregator):
    """What the command tells machines, by model; nothing in the warehouse may have changed."""

    def run(root: Path, *arguments: str, code: int = 0):
        before = tables(root)
        outcome = aggregator(root, "diff", "HEAD", "--quiet", "--format", "json", *arguments)

        assert (outcome.code, tables(root)) == (code, before), outcome.err
        return {each["name"]: each for each in outcome.json["models"]}

    return run


def tables(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that the warehouse holds, but for what is loaded from files."""
    path = root / "local.duckdb"
    if not path.exists():
        return {"_aggregator.ledger": []}
    with duckdb.connect(path, read_only=True) as db:
        names = [
            row[0] for row in db.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        ]
        mine = [each for each in names if not each.startswith(("lake.", "_aggregator.loads", "_aggregator.about"))]
        return {each: db.execute(f"SELECT * FROM {each} ORDER BY ALL").fetchall() for each in sorted(mine)}


def write(root: Path, path: str, sql: str, **front) -> None:
    (root / path).write_text(model(sql, **front))


def write_daily(root: Path, old: str, new: str, **front) -> None:
    write(root, "models/a/daily.sql", DAILY.replace(old, new), **{"key": ["day", "shop"], **BY_DAY, **front})


def numbers(partition) -> dict[str, int]:
    return {
        name: value for name, value in partition.items() if value and name not in ("partition", "examples", "repeated")
    }


def test_nothing_changes(built, aggregator):
    outcome = aggregator(built, "diff", "HEAD", "--quiet")

    assert (outcome.code, outcome.out) == (0, "no model computes anything else than at HEAD\n")


def test_a_comment_changes_nothing(built, diff):
    write_daily(built, "SELECT day", "SELECT /* by day */ day")

    assert diff(built) == {}


def test_rows_are_compared_by_key(built, diff):
    write_daily(built, "SUM(amount) AS total", "SUM(IF(shop = 1, amount + 1, amount)) AS total")
    rows = diff(built)["a.daily"]["rows"]

    assert rows["key"] == ["day", "shop"]
    assert rows["matching"] == {"total": pytest.approx(2 / 3), "third": 1.0}
    assert [each["partition"] for each in rows["partitions"]] == ["2024-01-01", "2024-01-16", "2024-01-31"]
    assert numbers(rows["partitions"][0]) == {"before": 3, "after": 3, "changed": 1, "unchanged": 2}
    assert rows["partitions"][0]["examples"] == [
        {
            "kind": "changed",
            "key": {"day": '"2024-01-01"', "shop": "1"},
            "values": {"total": {"before": "2", "after": "3"}},
        }
    ]


def test_what_is_downstream_reads_what_is_new(built, diff):
    write_daily(built, "SUM(amount) AS total", "SUM(amount) + 1 AS total")
    found = diff(built)

    readers = ("a.monthly", "a.newest", "a.running", "a.totals")
    assert {name: each["how"] for name, each in found.items()} == {
        "a.daily": "changed",
        **dict.fromkeys(readers, "downstream"),
    }
    (month,) = found["a.monthly"]["rows"]["partitions"]
    assert month["examples"][0]["values"] == {"total": {"before": "2976", "after": "3069"}}
    (totals,) = found["a.totals"]["rows"]["partitions"]
    assert totals["partition"] is None
    assert totals["examples"][0]["values"] == {"total": {"before": "496", "after": "527"}}
    (newest,) = found["a.newest"]["rows"]["partitions"]
    assert newest["added"] > 0
    assert found["a.running"]["rows"]["notes"] == ["it reads its own earlier rows as they are in the table now"]
    assert [each["changed"] for each in found["a.running"]["rows"]["partitions"]] == [3, 3, 3]


def test_nothing_was_built_yet(root, diff):
    write_daily(root, "SUM(amount) AS total", "SUM(amount) + 1 AS total")
    found = diff(root)

    assert [each["changed"] for each in found["a.daily"]["rows"]["partitions"]] == [3, 3, 3]
    assert [each["changed"] for each in found["a.monthly"]["rows"]["partitions"]] == [1]
    assert found["a.daily"]["rebuild"]["partitions"] == found["a.daily"]["rebuild"]["anyway"] == 31


def test_partitions_to_rebuild_are_those_of_the_plan(built, diff):
    write_daily(built, "SUM(amount) AS total", "SUM(amount) + 1 AS total")
    found = diff(built)

    expected = {"partitions": 31, "first": "2024-01-01", "last": "2024-01-31", "anyway": 0}
    assert expected.items() <= found["a.daily"]["rebuild"].items()
    assert found["a.monthly"]["rebuild"]["partitions"] == 1
    assert diff(built, "--from", "2024-01-10", "--to", "2024-01-12")["a.daily"]["rebuild"]["partitions"] == 2


def test_what_was_rebuilt_already_is_still_compared(built, diff, aggregator):
    write_daily(built, "SUM(amount) AS total", "SUM(amount) + 1 AS total")
    assert aggregator(built, "run", "--quiet").code == 0
    found = diff(built)

    assert found["a.daily"]["rebuild"]["partitions"] == 0
    assert [each["changed"] for each in found["a.daily"]["rows"]["partitions"]] == [3, 3, 3]
    assert [each["changed"] for each in found["a.monthly"]["rows"]["partitions"]] == [1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["--partition", "2024-01-07"], ["2024-01-07"], id="one day"),
        pytest.param(["--from", "2024-01-10", "--to", "2024-01-12"], ["2024-01-10", "2024-01-11"], id="some days"),
        pytest.param(["--all"], [str(day) for day in DAYS], id="all of them"),
        pytest.param(["--partition", "2023-01-07"], [], id="a day before the first"),
    ],
)
def test_which_partitions_are_compared(built, diff, arguments, expected):
    write_daily(built, "SUM(amount) AS total", "SUM(amount) + 1 AS total")
    rows = diff(built, "--select", "a.daily", *arguments)["a.daily"]["rows"]

    assert [each["partition"] for each in rows["partitions"]] == expected
    assert (rows["not_compared"] is None) == bool(expected)


def test_a_partition_of_a_day_means_the_month_that_holds_it(built, diff):
    write_daily(built, "SUM(amount) AS total", "SUM(amount) + 1 AS total")
    rows = diff(built, "--select", "a.monthly", "--partition", "2024-01-07")["a.monthly"]["rows"]

    assert [each["partition"] for each in rows["partitions"]] == ["2024-01"]


def test_without_a_key_rows_are_compared_whole(built, diff):
    write(built, "models/a/other.sql", "SELECT day, amount + 1 AS amount FROM lake.sales", **BY_DAY)
    rows = diff(built)["a.other"]["rows"]

    assert (rows["key"], rows["matching"]) == ([], {})
    assert numbers(rows["partitions"][0]) == {"before": 3, "after": 3, "added": 1, "removed": 1, "unchanged": 2}
    assert rows["partitions"][0]["examples"][0]["values"]["amount"]["after"] == "4"


def test_another_key_on_request(built, diff):
    write_daily(built, "SUM(amount) AS total", "SUM(amount) + 1 AS total")
    rows = diff(built, "--select", "a.daily", "--key", "day,third")["a.daily"]["rows"]

    assert rows["key"] == ["day", "third"]
    assert diff(built, "--select", "a.daily", "--key", "nothing")["a.daily"]["rows"]["not_compared"] == (
        "it has no column nothing on both sides"
    )


def test_a_renamed_column_is_compared_under_both_names(built, diff):
    write_daily(built, "AS third", "AS one_third")
    rows = diff(built)["a.daily"]["rows"]

    assert rows["matching"] == {"total": 1.0, "one_third": 1.0}


def test_a_new_column_changes_no_row(built, aggregator, diff):
    write_daily(built, "SELECT day", "SELECT COUNT(*) AS n, day")

    assert numbers(diff(built)["a.daily"]["rows"]["partitions"][0]) == {"before": 3, "after": 3, "unchanged": 3}
    assert "a.daily.n: column added (INT64), additive" in aggregator(built, "diff", "HEAD", "--quiet").out


def test_a_renamed_model_is_a_new_one_and_a_deleted_one(built, diff):
    (built / "models/a/other.sql").rename(built / "models/a/another.sql")
    found = diff(built)

    assert {name: each["how"] for name, each in found.items()} == {"a.another": "new", "a.other": "deleted"}
    assert [numbers(each) for each in found["a.another"]["rows"]["partitions"]] == [{"after": 3, "added": 3}] * 3
    assert found["a.other"]["rows"]["not_compared"].startswith("it is deleted; its table stays")


def test_a_new_model_between_two_others(built, diff):
    write(built, "models/a/doubled.sql", "SELECT day, shop, 2 * total AS total FROM a.daily", **BY_DAY)
    text = (built / "models/a/monthly.sql").read_text()
    (built / "models/a/monthly.sql").write_text(text.replace("FROM a.daily", "FROM a.doubled"))
    (month,) = diff(built)["a.monthly"]["rows"]["partitions"]

    assert month["examples"][0]["values"] == {"total": {"before": "2976", "after": "5952"}}


def test_errors_after_the_change(built, diff, aggregator):
    write_daily(built, "SUM(amount) AS total", "SUM(amount AS total")
    found = diff(built, code=1)

    assert {each["how"] for each in found.values()} == {"has errors"}
    assert found["a.daily"]["rows"]["not_compared"] == "it can't be compiled"
    assert "models/a/daily.sql" in aggregator(built, "diff", "HEAD", "--quiet").err


def test_errors_before_the_change(make_project, aggregator, diff):
    root = make_project(
        {
            "aggregator.yml": project_file(),
            **FILES,
            "models/a/other.sql": model("SELECT day, amount FROM lake.sale", **BY_DAY),
        }
    )
    commit(root)
    write(root, "models/a/other.sql", "SELECT day, amount FROM lake.sales", **BY_DAY)

    assert diff(root, code=1)["a.other"]["how"] == "had errors"
    assert "before the change: models/a/other.sql:" in aggregator(root, "diff", "HEAD", "--quiet").err


def test_errors_that_no_change_concerns_are_not_told(make_project, diff):
    root = commit(
        make_project(
            {
                "aggregator.yml": project_file(),
                **FILES,
                "models/a/other.sql": model("SELECT day FROM lake.sale", **BY_DAY),
            }
        )
    )
    write_daily(root, "SUM(amount) AS total", "SUM(amount) + 1 AS total")

    assert "a.other" not in diff(root)


def test_a_query_that_fails_on_rows(built, diff):
    write_daily(built, "SUM(amount) AS total", "SUM(DIV(amount, shop)) AS total")
    found = diff(built)

    assert "division by zero" in found["a.daily"]["rows"]["not_compared"]
    assert found["a.monthly"]["rows"]["not_compared"] == "it reads a.daily, which can't be computed"


def test_rows_outside_their_partition(built, diff):
    write(built, "models/a/other.sql", "SELECT DATE_ADD(day, INTERVAL 1 DAY) AS day, amount FROM lake.sales", **BY_DAY)

    assert "3 of its rows lie outside" in diff(built)["a.other"]["rows"]["not_compared"]


def test_days_that_become_months(built, diff):
    sql = "SELECT DATE_TRUNC(day, MONTH) AS day, shop, SUM(amount) AS total FROM lake.sales GROUP BY day, shop"
    front = {"partition": daily("day", "2024-01-01", grain="month")}
    write(built, "models/a/other.sql", "SELECT day, amount FROM lake.sales", **front)
    rows = diff(built)["a.other"]["rows"]

    assert numbers(rows["partitions"][0]) == {"before": 93, "after": 93, "unchanged": 93}
    write(
        built,
        "models/a/monthly.sql",
        sql.replace("AS day", "AS month").replace("BY day", "BY month"),
        partition=daily("month", "2024-01-01"),
    )
    assert "it was cut by month, and is by day" in diff(built)["a.monthly"]["rows"]["not_compared"]


def test_too_much_upstream_is_not_computed_unless_asked_for(built, diff, monkeypatch):
    monkeypatch.setattr("aggregator.diff.choose.MOST", 30)
    write_daily(built, "SUM(amount) AS total", "SUM(amount) + 1 AS total")

    assert (
        "31 partitions that it reads have to be computed first"
        in (diff(built, "--select", "a.monthly")["a.monthly"]["rows"]["not_compared"])
    )
    assert diff(built, "--select", "a.monthly", "--all")["a.monthly"]["rows"]["partitions"][0]["changed"] == 1


def test_an_environment_that_can_not_be_asked(make_project, aggregator, monkeypatch, tmp_path):
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    project = "project: t\ntime_zone: UTC\nenvironments:\n  prod: {engine: bigquery, project: p}\n"
    root = make_project({**FILES, "aggregator.yml": f"{project}default_environment: prod\n"})
    commit(root)
    write_daily(root, "SUM(amount) AS total", "SUM(amount) + 1 AS total")
    outcome = aggregator(root, "diff", "HEAD", "--quiet")

    assert outcome.code == 0
    assert "to rebuild: 31 partitions, 2024-01-01 … 2024-01-31" in outcome.out
    assert "rows were not compared: there are no credentials that BigQuery accepts" in outcome.out


def test_what_people_read(built, aggregator):
    write_daily(built, "SUM(amount) AS total", "SUM(IF(shop = 1, amount + 1, amount)) AS total")
    outcome = aggregator(built, "diff", "HEAD", "--quiet", "--select", "a.daily")
    lines = outcome.out.splitlines()

    assert lines[0] == "a.daily  changed"
    assert lines[1].startswith("  to rebuild: 31 partitions, 2024-01-01 … 2024-01-31")
    assert lines[2:9] == [
        "  rows, compared by day, shop:",
        "    2024-01-01  3 rows: 1 changed, 2 unchanged",
        "    2024-01-16  3 rows: 1 changed, 2 unchanged",
        "    2024-01-31  3 rows: 1 changed, 2 unchanged",
        "    total  66.67% of rows match",
        "    1 other column matches in all rows",
        "    ~ day 2024-01-31, shop 1: total 62 → 63",
    ]
    assert lines[9].startswith("1 model concerned, 31 partitions to rebuild")
    assert lines[10] == "FLOAT64 that differ by less than a billionth of their size count as equal"


def test_values_can_be_left_out(built, aggregator, diff):
    write_daily(built, "SUM(amount) AS total", "SUM(amount) + 1 AS total")
    (first, *_) = diff(built, "--select", "a.daily", "--no-examples")["a.daily"]["rows"]["partitions"]

    assert (first["changed"], first["examples"]) == (3, [])
    assert "→" not in aggregator(built, "diff", "HEAD", "--quiet", "--no-examples").out


def test_many_partitions_are_told_by_their_sum(built, aggregator):
    write_daily(built, "SUM(amount) AS total", "SUM(IF(day > '2024-01-30', amount + 1, amount)) AS total")
    out = aggregator(built, "diff", "HEAD", "--quiet", "--select", "a.daily", "--all").out

    assert "    31 partitions  93 rows: 3 changed, 90 unchanged\n" in out
    assert "    1 partition with differences, the newest:\n    2024-01-31  3 rows: 3 changed\n" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no-such-branch",), "no-such-branch: there is no such revision"),
        (("HEAD", "--partition", "yesterday"), "--partition yesterday: not a partition"),
        (("HEAD", "--partition", "2024-13"), "--partition 2024-13: not a partition"),
        (("HEAD", "--key", "a b"), "--key a b: not the name of a column"),
        (("HEAD", "--select", "a.dayly"), "there is no such model"),
    ],
)
def test_mistakes_on_the_command_line(root, aggregator, arguments, said):
    outcome = aggregator(root, "diff", *arguments, "--quiet")

    assert outcome.code == 2
    assert said in outcome.err


def test_the_format_for_machines_is_json(built, aggregator):
    write_daily(built, "SUM(amount) AS total", "SUM(amount) + 1 AS total")
    told = json.loads(aggregator(built, "diff", "HEAD", "--quiet", "--format", "json").out)

    assert {"revision", "models", "changes", "costs", "float_precision", "not_compared"} == told.keys()
