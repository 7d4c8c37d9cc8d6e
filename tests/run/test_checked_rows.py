"""Stage, check, publish: what is published and what is not, what is said, and what is kept of it."""

from __future__ import annotations

import json

import pytest
from lab import Lab, daily, graph_of, model, source

from aggregator.checks.verdicts import MASK
from aggregator.core.names import TableName
from aggregator.core.report import Status
from aggregator.engines.duckdb.connection import Connection
from aggregator.run.published import check_published

DAYS = ("2013-01-01", "2013-01-02", "2013-01-03")
CUT = daily("day", DAYS[0], "2013-01-04")
NAME = TableName("marts", "t")


def project(checks, **front):
    """A source of three days, a table of its rows with checks, and one that reads that."""
    return {
        "models/lake/t.yml": source({"day": "DATE", "who": "STRING", "n": "INT64"}, partition=CUT),
        "models/marts/t.sql": model("SELECT day, who, n FROM lake.t", partition=CUT, checks=checks, **front),
        "models/marts/total.sql": model("SELECT day, SUM(n) AS n FROM marts.t GROUP BY day", partition=CUT),
    }


@pytest.fixture
def make(tmp_path):
    """A lab with rows in the source."""

    def lab(checks, rows, more=None, **front):
        found = Lab(graph_of(tmp_path, {**project(checks, **front), **(more or {})}))
        with found.engine():
            pass
        found.execute("CREATE SCHEMA IF NOT EXISTS lake", "CREATE TABLE lake.t (day DATE, who VARCHAR, n BIGINT)")
        found.execute(*(f"INSERT INTO lake.t VALUES {row}" for row in rows))
        return found

    return lab


def statuses(report, name="t"):
    return {each: one.status for one in report.results if one.model.table == name for each in one.partitions}


def ledger_results(row):
    return json.loads(row.checks)["results"]


ROWS = ("('2013-01-01', 'a', 1)", "('2013-01-02', 'b', NULL)", "('2013-01-02', 'c', 5)", "('2013-01-03', 'a', 2)")


def test_a_broken_promise_keeps_the_old_rows_and_stops_what_reads_them(make):
    lab = make([], ROWS)
    lab.run()
    before = lab.tables()
    lab = lab.on(graph_of(lab.path.parent / "new", project([{"not_null": "n"}], key=["who"])))
    lab.execute("UPDATE lake.t SET n = coalesce(n, NULL) + 1")

    report = lab.run()

    assert statuses(report)["2013-01-02"] is Status.FAILED
    assert statuses(report, "total")["2013-01-02"] is Status.BLOCKED
    assert lab.query("SELECT * FROM marts.t WHERE day = '2013-01-02' ORDER BY who") == before["marts.t"][1:3]
    assert lab.query("SELECT n FROM marts.t WHERE day <> '2013-01-02' ORDER BY day") == [(2,), (3,)]
    (problem,) = (one.problem for one in report.results if one.status is Status.FAILED)
    assert problem.message == "marts.t@2013-01-02: n is NULL in 1 rows; the rows were not published"
    (result,) = ledger_results(lab.ledger().failed[NAME]["2013-01-02"])
    assert result["result"]["partial_unexpected_index_list"] == [{"who": "b", "day": "2013-01-02", "n": None}]


def test_what_only_warns_is_published_and_said(make):
    lab = make([{"not_null": {"column": "n", "severity": "warn"}}], ROWS)

    report = lab.run()

    assert set(statuses(report).values()) == {Status.BUILT}
    assert report.is_clean
    assert [each.message for one in report.results for each in one.warnings] == [
        "marts.t@2013-01-02: n is NULL in 1 rows; the rows were published"
    ]
    assert [(each["partition"], each["success"]) for one in report.results for each in one.results] == [
        ("2013-01-02", False)
    ]
    assert len(ledger_results(lab.ledger().built[NAME]["2013-01-02"])) == 1
    assert lab.ledger().built[NAME]["2013-01-01"].checks == ""


def test_sensitive_columns_are_masked_wherever_they_go(make):
    front = {"columns": {"who": {"sensitive": True}}}
    checks = [
        {"not_null": {"column": "n", "severity": "warn"}},
        {"accepted_values": {"column": "who", "value_set": ["a", "c"], "severity": "warn"}},
        {"expect_column_max_to_be_between": {"column": "who", "max_value": "a", "severity": "warn"}},
    ]
    total = model("SELECT day, UPPER(who) AS name, n FROM marts.t", partition=CUT, checks=[{"not_null": "n"}])
    lab = make(checks, ROWS, {"models/marts/total.sql": total}, **front)

    report = lab.run()

    said = json.dumps([one.results for one in report.results]) + json.dumps(
        [each.message for one in report.results for each in one.warnings]
    )
    (failed,) = ledger_results(lab.ledger().failed[TableName("marts", "total")]["2013-01-02"])
    assert MASK in said
    assert '"b"' not in said
    assert "is b" not in said
    assert failed["result"]["partial_unexpected_index_list"] == [{"day": "2013-01-02", "name": MASK, "n": None}]


def test_a_select_of_its_authors_shows_nothing_sensitive_under_another_name(make):
    """Of the own table, and of another one that it reads."""
    sql = (
        "SELECT LOWER(t.who) AS x, TO_JSON_STRING(t) AS y, u.who AS z, t.n AS number FROM marts.t AS t"
        " JOIN lake.t AS u ON t.n = u.n WHERE t.n = 5"
    )
    sources = {"day": "DATE", "who": {"type": "STRING", "sensitive": True}, "n": "INT64"}
    more = {"models/lake/t.yml": source(sources, partition=CUT)}
    lab = make([{"sql": sql}], ROWS, more)

    lab.run()

    (failed,) = ledger_results(lab.ledger().failed[NAME]["2013-01-02"])
    assert failed["result"]["partial_unexpected_index_list"] == [{"x": MASK, "y": MASK, "z": MASK, "number": 5}]


def test_numbers_are_compared_with_the_partition_before_in_one_run_and_across_runs(make):
    checks = [{"sum_near_previous": {"column": "n", "within": "30 %", "severity": "warn"}}]
    lab = make(checks, ("('2013-01-01', 'a', 10)", "('2013-01-02', 'a', 12)", "('2013-01-03', 'a', 20)"))

    first = lab.run()
    lab.execute("UPDATE lake.t SET n = 13 WHERE day = '2013-01-02'", "UPDATE lake.t SET n = 16 WHERE n = 20")
    second = lab.run()
    lab.execute("UPDATE lake.t SET n = 17 WHERE n = 16")
    third = lab.run()

    assert [len(one.warnings) for one in first.results if one.model == NAME] == [1]
    assert [one.warnings for one in second.results if one.model == NAME] == [()]
    assert [each.message for one in third.results for each in one.warnings] == [
        "marts.t@2013-01-03: the sum of n is 17, before it was 13 (+30.8 %, allowed are 30 %); the rows were published"
    ]


def test_new_values_are_found(make):
    lab = make([{"no_new_values": {"column": "who", "over": "7 days"}}], ROWS)

    report = lab.run()

    assert statuses(report) == {DAYS[0]: Status.BUILT, DAYS[1]: Status.FAILED, DAYS[2]: Status.BUILT}
    (problem,) = (one.problem for one in report.results if one.status is Status.FAILED)
    assert problem.message == "marts.t@2013-01-02: who has new values: b, c; the rows were not published"


PEOPLE = {
    "models/dims/who.sql": model(
        "SELECT who FROM lake.t WHERE who <> 'c' GROUP BY who", partition=None, inputs={"lake.t": "all"}
    ).replace("partition: null\n", "")
}
RELATED = [{"relationships": {"column": "who", "to": "dims.who", "field": "who"}}]


def test_relationships_are_looked_up_in_the_other_table_as_it_is(make):
    lab = make(RELATED, ROWS, PEOPLE)

    before = lab.run(select=["marts.t"])
    lab.run(select=["dims.who"])
    after = lab.run(select=["marts.t"], full=True)

    assert set(statuses(before).values()) == {Status.BUILT}
    assert {each.message.partition(": ")[2] for one in before.results for each in one.warnings} == {
        "relationships could not be evaluated: dims.who is not built yet"
    }
    assert [each for each, status in statuses(after).items() if status is Status.FAILED] == ["2013-01-02"]
    (result,) = ledger_results(lab.ledger().failed[NAME]["2013-01-02"])
    assert [each["who"] for each in result["result"]["partial_unexpected_index_list"]] == ["c"]


def test_a_select_of_bad_rows_sees_the_staged_rows_of_one_partition(make):
    many = "SELECT who, COUNT(*) AS times FROM marts.t GROUP BY who HAVING COUNT(*) > 1"
    lab = make([{"sql": many}], (*ROWS, "('2013-01-03', 'a', 9)"))

    report = lab.run()

    assert [each for each, status in statuses(report).items() if status is Status.FAILED] == ["2013-01-03"]
    (result,) = ledger_results(lab.ledger().failed[NAME]["2013-01-03"])
    assert result["result"]["partial_unexpected_index_list"] == [{"who": "a", "times": 2}]


FAULT = "1 / (n - 5) > 0"


@pytest.mark.parametrize(
    ("severity", "status"), [("error", Status.FAILED), ("warn", Status.BUILT)], ids=["an error", "a warning"]
)
def test_what_can_not_be_evaluated_is_no_failure_of_the_rows(make, severity, status):
    checks = [{"not_null": {"column": "n", "row_condition": FAULT, "severity": severity}}, {"not_null": "who"}]
    lab = make(checks, ROWS)

    report = lab.run()

    assert statuses(report) == {DAYS[0]: Status.BUILT, DAYS[1]: status, DAYS[2]: Status.BUILT}
    said = [each for one in report.results for each in (*one.warnings, one.problem) if each is not None]
    said = [each for each in said if each.code.id != "R504"]
    assert {each.code.id for each in said} == {"R512" if severity == "error" else "R511"}
    assert all("could not be evaluated: " in each.message and "division by zero" in each.message for each in said)


def test_a_query_that_can_not_be_evaluated_holds_rows_back(make):
    lab = make([{"sql": "SELECT 1 / (n - 5) AS x FROM marts.t WHERE 1 / (n - 5) > 9"}], ROWS)

    report = lab.run()

    assert [each for each, status in statuses(report).items() if status is Status.FAILED] == ["2013-01-02"]
    assert next(one.problem for one in report.results if one.problem).code.id == "R512"


def test_one_query_answers_all_checks(make, monkeypatch):
    checks = [
        {"not_null": ["day", "who"]},
        {"accepted_values": {"column": "who", "value_set": ["a", "b", "c"]}},
        {"row_count": {"min_value": 1}},
        {"expect_column_sum_to_be_between": {"column": "n", "min_value": 0, "max_value": 99}},
        {"not_null": {"column": "n", "mostly": 0.5}},
        {"unique": "who"},
    ]
    lab = make(checks, ROWS)
    asked = []
    execute = Connection.execute

    def watched(self, sql, *parameters):
        asked.append(str(sql))
        return execute(self, sql, *parameters)

    monkeypatch.setattr(Connection, "execute", watched)
    report = lab.run(select=["marts.t"])

    assert report.is_clean
    assert len([sql for sql in asked if "FROM _staging" in sql and not sql.startswith("INSERT")]) == 1


def test_published_rows_are_checked_without_a_trace(make):
    lab = make(
        [{"not_null": "n"}, {"row_count": {"min_value": 1}}], ("('2013-01-01', 'a', 1)", "('2013-01-03', 'a', 1)")
    )
    lab.run()
    lab.execute("UPDATE marts.t SET n = NULL WHERE day = '2013-01-03'")
    ledger = lab.ledger()
    compiled = lab.graph.models[NAME]

    with lab.engine() as engine:
        found = check_published(compiled, lab.graph, engine, ledger.built[NAME])
        one = check_published(compiled, lab.graph, engine, ledger.built[NAME], "2013-01-03")

    assert {day: [each.is_kept for each in of] for day, of in found.items()} == {
        "2013-01-01": [True, True],
        "2013-01-03": [False, True],
    }
    assert [each.complaint for each in one["2013-01-03"]] == ["n is NULL in 1 rows", ""]
    assert lab.ledger() == ledger


def test_checks_of_the_project_are_those_of_its_models_unless_they_have_their_own(tmp_path):
    files = project([{"row_count": {"min_value": 5}}])
    settings = {
        "project": "test",
        "environments": {"local": {"engine": "duckdb", "path": "local.duckdb"}},
        "default_environment": "local",
        "checks": {"marts.*": [{"row_count": {"min_value": 1}}, "key_to_be_declared"], "lake.*": [{"not_null": "x"}]},
    }
    view = model("SELECT * FROM marts.t", kind="view")
    graph = graph_of(tmp_path, {**files, "models/marts/v.sql": view})
    (tmp_path / "aggregator.yml").write_text(json.dumps(settings))

    from aggregator.load import load_project

    models = load_project(tmp_path).project.models

    declared = {str(name): [(str(check.name), check.arguments) for check in models[name].checks] for name in models}
    assert declared == {
        "marts.t": [("row_count", {"min_value": 5}), ("key_to_be_declared", None)],
        "marts.total": [("row_count", {"min_value": 1}), ("key_to_be_declared", None)],
        "marts.v": [],
    }
    assert graph.models[NAME].model.checks[0].name == "row_count"


def test_a_ledger_of_the_version_before_is_brought_up_to_date(make):
    lab = make([{"not_null": {"column": "n", "severity": "warn"}}], ROWS)
    lab.run()
    lab.execute("ALTER TABLE _aggregator.ledger DROP COLUMN checks", "UPDATE _aggregator.about SET version = 1")

    report = lab.run(full=True)

    assert set(statuses(report).values()) == {Status.UNCHANGED}
    assert lab.query("SELECT version FROM _aggregator.about") == [(2,)]
    assert len(ledger_results(lab.ledger().built[NAME]["2013-01-02"])) == 1
