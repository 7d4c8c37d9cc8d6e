"""Statements, asked of a server that answers as BigQuery does."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading

import pytest
from api_server import error, field, planned, table

from aggregator.analyzers.protocol import Field, Mistake, Relation, Statement, Verdict

CARRIERS = Relation("lake.carriers", (Field("carrier", "STRING"), Field("name", "STRING")))
DEPLOYED = table(field("carrier", "STRING"), field("name", "STRING"))
SQL = "SELECT carrier FROM lake.carriers"


def statement(sql=SQL, *tables, **more):
    return Statement("marts.x", sql, tables or (CARRIERS,), **more)


@pytest.fixture
def deployed(bigquery):
    bigquery.tables["acme.lake.carriers"] = DEPLOYED
    bigquery.dry_run = lambda _: planned(field("carrier", "STRING"), size=120)
    return bigquery


def test_a_statement_over_what_is_deployed(deployed, make_analyzer):
    (verdict,) = make_analyzer().analyse([statement()])

    assert verdict == Verdict(columns=(Field("carrier", "STRING"),), bytes=120)
    assert deployed.asked() == ["SELECT carrier FROM `acme`.`lake`.`carriers`"]


def test_what_is_sent(deployed, make_analyzer):
    parameters = (Field("start", "DATE"), Field("names", "ARRAY<STRING>"))
    make_analyzer().analyse([statement(parameters=parameters)])

    _, path, body = deployed.requests[-1]
    configuration = body["configuration"]
    assert path.endswith("/projects/acme/jobs")
    assert (configuration["dryRun"], configuration["query"]["useQueryCache"]) == (True, False)
    assert configuration["query"]["useLegacySql"] is False
    assert "maximumBytesBilled" not in configuration["query"]
    assert body["jobReference"]["location"] == "EU"
    assert [each["name"] for each in configuration["query"]["queryParameters"]] == ["start", "names"]


def test_bytes_mean_nothing_while_parameters_are_null(deployed, make_analyzer):
    asked = statement(parameters=(Field("start", "DATE"),))
    (without,) = make_analyzer().analyse([asked])
    (given,) = make_analyzer().analyse([dataclasses.replace(asked, values=(dt.date(2013, 1, 1),))])

    assert (without.bytes, given.bytes) == (None, 120)
    assert deployed.requests[-1][2]["configuration"]["query"]["queryParameters"] == [
        {"name": "start", "parameterType": {"type": "DATE"}, "parameterValue": {"value": "2013-01-01"}}
    ]


def test_verdicts_come_in_the_order_of_the_statements(deployed, make_analyzer):
    deployed.dry_run = lambda sql: planned(field(sql.split()[1], "INTEGER"))
    names = [f"c{number}" for number in range(40)]

    verdicts = make_analyzer().analyse([statement(f"SELECT {name} FROM lake.carriers") for name in names])

    assert [verdict.columns[0].name for verdict in verdicts] == names


def test_eight_are_asked_at_once(bigquery, make_analyzer):
    bigquery.gate = threading.Barrier(8)  # nobody gets an answer before there are eight of them
    analyzer = make_analyzer()

    verdicts = analyzer.analyse([Statement(str(number), f"SELECT {number}", ()) for number in range(16)])

    assert analyzer.parallel == 8
    assert [verdict.unchecked for verdict in verdicts] == [""] * 16


def test_a_table_is_looked_up_once(deployed, make_analyzer):
    make_analyzer().analyse([statement() for _ in range(20)])

    assert deployed.looked_up() == ["acme/datasets/lake/tables/carriers"]


def test_tables_of_another_environment(bigquery, make_environment, make_analyzer, monkeypatch):
    monkeypatch.setenv("LOGNAME", "Ann.O")
    bigquery.tables["acme.lake.carriers"] = DEPLOYED
    bigquery.tables["acme.dev_ann_o_marts.names"] = DEPLOYED
    dev = make_environment("dev", datasets="dev_{user}_{dataset}")
    names = Relation("marts.names", CARRIERS.columns)

    make_analyzer(dev, read_from=make_environment()).analyse(
        [statement("SELECT 1 FROM lake.carriers JOIN marts.names USING (name)", CARRIERS, names)]
    )

    assert bigquery.asked() == [
        "SELECT 1 FROM `acme`.`lake`.`carriers` JOIN `acme`.`dev_ann_o_marts`.`names` USING (name)"
    ]


# --- tables that are not there as they will be ---

STAND_IN = "(SELECT CAST(NULL AS STRING) AS `carrier`, CAST(NULL AS STRING) AS `name` LIMIT 0)"


@pytest.mark.parametrize(
    ("there", "filters", "sent"),
    [
        pytest.param(None, None, f"{STAND_IN} AS `carriers`", id="not deployed yet"),
        pytest.param(DEPLOYED, None, "`acme`.`lake`.`carriers`", id="as it will be"),
        pytest.param(
            table(field("carrier", "STRING")), None, f"{STAND_IN} AS `carriers`", id="a new column, and a star"
        ),
        pytest.param(
            table(field("carrier", "INTEGER")),
            (),
            "(SELECT CAST(NULL AS STRING) AS `carrier` LIMIT 0) AS `carriers`",
            id="another type, only the columns that matter",
        ),
        pytest.param(
            table(field("CARRIER", "STRING"), field("x", "JSON")),
            (),
            "`acme`.`lake`.`carriers`",
            id="other columns that nobody mentions",
        ),
        pytest.param(
            table(field("name", "STRING"), field("carrier", "STRING")),
            None,
            f"{STAND_IN} AS `carriers`",
            id="another order, and a star",
        ),
    ],
)
def test_what_is_sent_in_place_of_a_table(there, filters, sent, bigquery, make_analyzer):
    if there is not None:
        bigquery.tables["acme.lake.carriers"] = there
    bigquery.dry_run = lambda _: planned(size=7)

    (verdict,) = make_analyzer().analyse([statement(filters=filters)])

    assert bigquery.asked() == [f"SELECT carrier FROM {sent}"]
    assert verdict.bytes == (None if "NULL" in sent else 7)


def test_a_filter_that_was_put_in_mentions_columns(bigquery, make_analyzer):
    sql = "SELECT carrier FROM (SELECT * FROM lake.carriers WHERE name = '') AS carriers"
    make_analyzer().analyse([statement(sql, filters=((sql.index("("), len(sql)),))])

    assert bigquery.asked() == [sql.replace("lake.carriers", f"{STAND_IN} AS `carriers`")]


@pytest.mark.parametrize(
    ("relation", "said"),
    [
        pytest.param(Relation("lake.carriers", (Field("carrier", ""),)), "lake.carriers is not there", id="no type"),
        pytest.param(
            Relation("lake.carriers", CARRIERS.columns, (Field("_PARTITIONTIME", "TIMESTAMP"),)),
            "lake.carriers is not there",
            id="a column that a subquery can't hide",
        ),
    ],
)
def test_what_nothing_can_stand_in_for(relation, said, bigquery, make_analyzer):
    (verdict,) = make_analyzer().analyse([statement(SQL, relation)])

    assert said in verdict.unchecked
    assert bigquery.asked() == []


# --- mistakes ---


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        pytest.param(
            error(400, "Unrecognized name: nmae; Did you mean name? at [1:8]"),
            Mistake("Unrecognized name: nmae", 7, "did you mean name?"),
            id="a place, and a suggestion",
        ),
        pytest.param(
            error(400, "Syntax error: Unexpected end of script [at 1:45]"),
            Mistake("Syntax error: Unexpected end of script", 33),
            id="a place behind a name that is longer there",
        ),
        pytest.param(
            error(400, "acme:lake.carriers can't be read like this at [1:22]\n\nLocation: EU\nJob ID: 1f-2e\n"),
            Mistake("lake.carriers can't be read like this", 20),
            id="a place within a name, jobs, and names of tables",
        ),
        pytest.param(
            error(400, "Cannot query over table 'acme.lake.carriers' without a filter, see https://x.y/z?a=b"),
            Mistake("Cannot query over table 'lake.carriers' without a filter,"),
            id="no place, and an address",
        ),
        pytest.param(
            error(400, "Function not found: FOO at [1:8]"), Mistake("Function not found: FOO", 7), id="no such function"
        ),
    ],
)
def test_mistakes(answer, mistake, deployed, make_analyzer):
    deployed.dry_run = lambda _: answer

    (verdict,) = make_analyzer().analyse([statement()])

    assert verdict == Verdict(mistake=mistake)


def test_a_text_that_is_no_select_is_left_to_bigquery(deployed, make_analyzer):
    deployed.dry_run = lambda _: error(400, "Syntax error: Expected end of input at [1:1]")

    (verdict,) = make_analyzer().analyse([statement("SELEC carrier FROM lake.carriers")])

    assert deployed.asked() == ["SELEC carrier FROM lake.carriers"]
    assert verdict.mistake == Mistake("Syntax error: Expected end of input", 0)


def test_a_function_of_the_project_may_be_still_to_come(deployed, make_analyzer):
    deployed.dry_run = lambda _: error(400, "Function not found: lake.f at [1:8]")

    (verdict,) = make_analyzer().analyse([statement(routines=("CREATE FUNCTION lake.f() AS (1)",))])

    assert verdict == Verdict(unchecked="it calls a function of the project that is not there yet")
