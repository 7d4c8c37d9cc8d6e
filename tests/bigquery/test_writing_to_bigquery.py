"""What becomes of tables: partitions, whole tables, views, columns, descriptions; and what is asked to do nothing."""

from __future__ import annotations

import collections
import copy
import json
import time

import pytest
from api_server import field
from lab import daily, model, source, write_files
from one_table import ONE_BY_ONE, PROJECT_FILE, assert_whole, files, graph_of, stamps, successes
from warehouse_server import rows_of_days

from aggregator.core.names import TableName
from aggregator.core.plan import Reason, Stale, Step
from aggregator.core.report import Status
from aggregator.plan import make_plan
from aggregator.strategies import write_for

TWO_DAYS = files("2024-01-01", "2024-01-03")
WHOLE = {
    "aggregator.yml": PROJECT_FILE,
    "models/lake/events.yml": TWO_DAYS["models/lake/events.yml"],
    "models/marts/totals.sql": model("SELECT part, COUNT(*) AS stamp FROM lake.events GROUP BY part", cluster=["part"]),
}


def parts(_sql, _parameters):
    return [{"part": part} for part in range(3)]


def test_a_table_is_made_as_it_is_declared(warehouse, build):
    partition = daily("day", "2024-01-01", "2024-01-03", require_filter=True)
    columns = {"part": "Which part."}
    build(files("2024-01-01", "2024-01-03", partition=partition, cluster=["part"], columns=columns, owner="Ann@x.com"))

    made = warehouse.stored["acme.marts.daily"].resource
    assert made["timePartitioning"] == {"type": "DAY", "field": "day"}
    assert made["clustering"] == {"fields": ["part"]}
    assert made["requirePartitionFilter"]
    assert made["description"] == "A model."
    assert made["labels"] == {"model": "marts_daily", "owner": "ann_x_com", "environment": "prod"}
    assert [each.get("description", "") for each in made["schema"]["fields"]] == ["", "Which part.", ""]


def test_a_table_is_kept_up_with_what_its_author_says(warehouse, build):
    span = ("2024-01-01", "2024-01-03")
    build(files(*span, partition=daily("day", *span, require_filter=True)))
    warehouse.stored["acme.marts.daily"].resource["labels"]["team"] = "ops"
    build(files(*span, description="Another.", columns={"part": "Which part."}), full=True)

    kept = warehouse.stored["acme.marts.daily"].resource
    assert kept["description"] == "Another."
    assert kept["labels"]["team"] == "ops"
    assert not kept["requirePartitionFilter"]
    assert [each.get("description", "") for each in kept["schema"]["fields"]] == ["", "Which part.", ""]


def expiring(expire: str = "") -> dict[str, str]:
    partition = daily("day", "2024-01-01", "2024-01-03", **({"expire": expire} if expire else {}))
    return files("2024-01-01", "2024-01-03", partition=partition)


def test_partitions_expire_as_it_is_declared(warehouse, build):
    made = []
    for given in (expiring("9000 days"), expiring("9001 days"), expiring()):
        build(given, full=True)
        made.append(dict(warehouse.stored["acme.marts.daily"].resource))

    cut = [each["timePartitioning"] for each in made]
    assert [each["expirationMs"] for each in cut] == [str(9000 * 86_400_000), str(9001 * 86_400_000), None]
    assert [each["field"] for each in cut] == ["day"] * 3
    assert [each["labels"].get("expires") for each in made] == ["declared", "declared", None]
    assert_whole(warehouse, 2)


def test_what_somebody_else_set_to_expire_stays_so(warehouse, build):
    build(TWO_DAYS)
    cut = {"type": "DAY", "field": "day", "expirationMs": "777600000000"}
    warehouse.stored["acme.marts.daily"].resource["timePartitioning"] = cut
    build(TWO_DAYS, full=True)

    assert warehouse.stored["acme.marts.daily"].resource["timePartitioning"] == cut


def test_staged_rows_are_cut_and_sorted_as_the_table_and_dropped(warehouse, build):
    build(files("2024-01-01", "2024-01-03", cluster=["part"]))

    made = [body for method, path, body in warehouse.requests if method == "POST" and path.endswith("/tables")]
    staging = next(each for each in made if each["tableReference"]["tableId"].startswith("staging_"))
    assert (staging["timePartitioning"], staging["clustering"]) == (
        {"type": "DAY", "field": "day"},
        {"fields": ["part"]},
    )
    assert int(staging["expirationTime"]) < (time.time() + 25 * 3600) * 1000
    assert not [name for name in warehouse.stored if "staging_" in name]


def test_jobs_say_what_they_are_for_and_are_bounded(warehouse, build):
    build(files("2024-01-01", "2024-01-03", budget={"bytes": "1 GB"}), run_key="r-7")

    (job,) = warehouse.posted_jobs("build")
    assert job["configuration"]["labels"] == {
        "tool": "aggregator",
        "model": "marts_daily",
        "owner": "a_example_com",
        "environment": "prod",
        "run": "r-7",
        "purpose": "build",
    }
    assert int(job["configuration"]["query"]["maximumBytesBilled"]) == 2 * 10**9 // 2**20 * 2**20 + 2**20


def test_no_query_may_bill_more_than_the_environment_allows(warehouse, build):
    build({**TWO_DAYS, "aggregator.yml": PROJECT_FILE.replace("prod: {", "prod: {max_bytes_billed: 3 GB, ")})

    queries = [job["configuration"]["query"] for job in warehouse.jobs.values() if "query" in job["configuration"]]
    assert {each["maximumBytesBilled"] for each in queries} == {str(3 * 10**9)}
    assert len(queries) > 1


def test_queries_use_the_reservation_of_the_environment(warehouse, build):
    name = "projects/acme-admin/locations/EU/reservations/nightly"
    build({**TWO_DAYS, "aggregator.yml": PROJECT_FILE.replace("prod: {", f"prod: {{reservation: {name}, ")})

    sent = [body for method, _, body in warehouse.requests if method == "POST" and body and "schema" not in body]
    jobs = [body["configuration"] for body in sent if "configuration" in body]
    run = [each for each in jobs if not each.get("dryRun")]
    asked = [body for body in sent if "query" in body]
    assert {each.get("reservation") for each in run if "query" in each} == {name}
    assert {each.get("reservation") for each in run if "copy" in each} == {None}
    assert {each.get("reservation") for each in asked} == {name}


def test_what_was_billed_is_reported(warehouse, build):
    report = build(TWO_DAYS)

    assert report.bytes == 20 * 2**20  # the query, and the look at its rows
    assert {row["bytes"] for row in warehouse.ledger} == {20 * 2**20}


def test_nothing_to_do(warehouse, build):
    build(TWO_DAYS)
    changed = dict(warehouse.stored["acme.marts.daily"].changed)

    report = build(TWO_DAYS)

    assert report.results == ()
    assert warehouse.stored["acme.marts.daily"].changed == changed


def test_equal_rows_are_not_written_again(warehouse, build):
    """A source was loaded anew with the rows that it had: what reads the table stays fresh."""
    build(TWO_DAYS)
    before = dict(warehouse.stored["acme.marts.daily"].changed)
    warehouse.stored["acme.lake.events"].put("20240101", [{"day": "2024-01-01"}], 77)

    report = build(TWO_DAYS)

    assert [(result.status, result.partitions) for result in report.results] == [
        (Status.UNCHANGED, ("2024-01-01",)),
    ]
    assert warehouse.stored["acme.marts.daily"].changed == before


def test_an_empty_result_empties_the_partition(warehouse, build):
    build(TWO_DAYS)
    warehouse.compute = lambda sql, parameters: [
        row for row in rows_of_days(sql, parameters) if row["day"] != "2024-01-01"
    ]

    report = build(TWO_DAYS, full=True)

    assert report.is_clean
    assert list(stamps(warehouse)) == ["20240102"]


@pytest.mark.parametrize("key", [True, False], ids=["staged", "written at once"])
@pytest.mark.parametrize("day", ["2024-02-01", None], ids=["of another month", "of no day"])
def test_rows_of_other_partitions_are_refused(warehouse, build, key, day):
    given = files("2024-01-01", "2024-01-02", key=key)
    build(given)
    before = stamps(warehouse)
    warehouse.compute = lambda *_: [{"day": "2024-01-01", "part": 0}, {"day": day, "part": 1}]

    report = build(given, full=True)

    (result,) = report.results
    assert result.status is Status.FAILED
    assert stamps(warehouse) == before


def test_a_new_column_is_added(warehouse, build):
    build(TWO_DAYS)
    warehouse.fields = [*warehouse.fields, field("more", "STRING")]

    report = build(TWO_DAYS, full=True)

    assert report.is_clean
    columns = warehouse.stored["acme.marts.daily"].resource["schema"]["fields"]
    assert [each["name"] for each in columns] == ["day", "part", "stamp", "more"]


@pytest.mark.parametrize("key", [True, False], ids=["staged", "written at once"])
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param([field("day", "DATE"), field("part", "STRING")], "stamp is gone", id="gone"),
        pytest.param(
            [field("day", "DATE"), field("part", "STRING"), field("stamp", "INTEGER")],
            "part was INT64 and is STRING",
            id="another type",
        ),
    ],
)
def test_other_changes_of_columns_are_refused(warehouse, build, fields, said, key):
    given = files("2024-01-01", "2024-01-02", key=key)
    build(given)
    before = stamps(warehouse)
    warehouse.fields = fields
    warehouse.stored["acme.lake.events"].put("20240101", [{"day": "2024-01-01"}], 77)
    warehouse.compute = lambda sql, parameters: [{**row, "part": 9} for row in rows_of_days(sql, parameters)]

    report = build(given)

    (result,) = report.results
    assert result.problem is not None
    assert result.problem.code.id == "R505"
    assert said in result.problem.message
    assert stamps(warehouse) == before


def test_full_makes_the_table_anew(warehouse, build):
    build(TWO_DAYS)
    warehouse.fields = [field("day", "DATE"), field("part", "STRING"), field("stamp", "INTEGER")]

    report = build(TWO_DAYS, full=True)

    assert report.is_clean
    assert_whole(warehouse, partitions=2)
    assert warehouse.stored["acme.marts.daily"].resource["schema"]["fields"][1]["type"] == "STRING"


def test_another_partitioning_is_refused(warehouse, build):
    build(files("2024-01-01", "2024-02-01"))
    partition = daily("day", "2024-01-01", "2024-02-01", grain="month")

    report = build(files("2024-01-01", "2024-02-01", partition=partition))

    (result,) = report.results
    assert result.problem is not None
    assert "it was cut by day of day and is cut by month of day" in result.problem.message


def test_weeks_are_replaced_as_one(warehouse, build):
    """BigQuery cuts the table by day: no reader sees the half of a week that is new."""
    given = files("2024-01-01", "2024-01-15", partition=daily("day", "2024-01-01", "2024-01-15", grain="isoweek"))
    report = build(given)

    assert report.is_clean
    assert warehouse.stored["acme.marts.daily"].resource["timePartitioning"]["type"] == "DAY"
    assert successes(warehouse) == {"2024-01-01": 1, "2024-01-08": 1}
    assert len(warehouse.runs("publish")) == 1
    assert_whole(warehouse, partitions=14)
    assert build(given).results == ()


@pytest.mark.parametrize("key", [["part"], []], ids=["staged", "written at once"])
def test_a_whole_table_keeps_what_others_said_of_it(warehouse, build, key):
    warehouse.compute = parts
    warehouse.fields = [field("part", "INTEGER"), field("stamp", "INTEGER")]
    front = {"key": key} if key else {}
    given = {**WHOLE, "models/marts/totals.sql": model("SELECT part, 1 AS stamp FROM lake.events", **front)}
    build(given)
    warehouse.stored["acme.marts.totals"].resource["labels"]["team"] = "ops"

    report = build(given, full=True)

    dispositions = [
        each["configuration"]["query"]["writeDisposition"]
        for purpose in ("build", "publish")
        for each in warehouse.posted_jobs(purpose)
        if each["configuration"]["query"]["destinationTable"]["tableId"] == "totals"
    ]
    assert report.is_clean
    assert set(dispositions) == {"WRITE_TRUNCATE_DATA"}
    assert warehouse.stored["acme.marts.totals"].resource["labels"]["team"] == "ops"
    assert [len(rows) for rows in warehouse.rows_of("acme.marts.totals").values()] == [3]


def test_a_view(warehouse, build):
    text = model("SELECT day, stamp FROM marts.daily", kind="view")
    given = {**TWO_DAYS, "models/marts/latest.sql": text}
    report = build(given)

    assert report.is_clean
    view = warehouse.stored["acme.marts.latest"].resource
    assert view["view"]["query"].strip() == "SELECT day, stamp FROM `acme`.`marts`.`daily`"
    assert build(given).results == ()
    view["view"]["query"] = "SELECT 1"
    touched = build(given)
    assert [(result.model.table, result.status) for result in touched.results] == [("latest", Status.BUILT)]


def test_a_view_says_what_its_columns_mean(warehouse, build):
    warehouse.fields = [field("day", "DATE"), field("stamp", "INTEGER")]
    said = [{"day": "Which day.", "stamp": "Which run."}, {"day": "Which day.", "stamp": "How many."}]
    found = []
    for number, columns in enumerate(said):
        sql = f"SELECT day, stamp + {number} AS stamp FROM marts.daily"
        build({**TWO_DAYS, "models/marts/latest.sql": model(sql, kind="view", columns=columns)})
        fields = warehouse.stored["acme.marts.latest"].resource["schema"]["fields"]
        found.append({each["name"]: each.get("description", "") for each in fields})

    assert found == said


def test_a_table_that_reads_itself(warehouse, build):
    sql = (
        "SELECT e.day, e.part, COUNT(*) AS stamp FROM lake.events AS e JOIN marts.daily AS d USING (part) GROUP BY 1, 2"
    )
    given = files("2024-01-01", "2024-01-05", sql=sql, inputs={"d": "previous"})
    report = build(given)

    assert report.is_clean
    ids = [each.split("_")[3] for each in warehouse.runs("build")]
    assert ids == ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
    assert_whole(warehouse, partitions=4)


def test_requests_to_do_nothing_do_not_grow_with_models(warehouse, build):
    given = {"aggregator.yml": PROJECT_FILE, "models/lake/events.yml": TWO_DAYS["models/lake/events.yml"]}
    sql = "SELECT day, part, COUNT(*) AS stamp FROM lake.events GROUP BY day, part"
    for number in range(30):
        partition = daily("day", "2024-01-01", "2024-01-02")
        given[f"models/d{number % 2}/t{number}.sql"] = model(sql, partition=partition)
    assert build(given).is_clean
    warehouse.requests.clear()

    report = build(given)

    asked = collections.Counter(path.rpartition("/")[2] for _, path, _ in warehouse.requests)
    assert report.results == ()
    assert asked == {"queries": 4}  # one for each of the three datasets, and one for the ledger


def test_dev_builds_only_what_differs_from_prod(warehouse, build, tmp_path, make_engine):
    """A model that is as it is in production is read there; one that was changed is built in the analyst's dataset."""
    reader = "SELECT day, part, SUM(stamp) AS stamp FROM marts.daily GROUP BY day, part"
    partition = daily("day", "2024-01-01", "2024-01-03")
    given = {**TWO_DAYS, "models/marts/report.sql": model(reader, partition=partition, key=["day", "part"])}
    build(given, "prod")
    production = stamps(warehouse)

    graph = graph_of(write_files(tmp_path / "project", given), "dev")
    with make_engine(graph) as engine:
        plan = make_plan(graph, engine.snapshot(), selected=list(graph.models), interval=(None, None), full=False)
    given["models/marts/report.sql"] = model(reader.replace("SUM", "MAX"), partition=partition, key=["day", "part"])
    report = build(given, "dev")

    built = warehouse.posted_jobs("build")[-1]["configuration"]["query"]["query"]
    assert plan.steps == ()
    assert {result.model.table for result in report.results} == {"report"}
    assert "`acme`.`marts`.`daily`" in built
    assert "acme.dev_ann_marts.report" in warehouse.stored
    assert stamps(warehouse) == production
    assert build(given, "dev").results == ()


def test_the_latest_partition_is_handed_over(warehouse, build):
    """The query is told which partition of an input it reads; a newer one makes those days stale that would read it."""
    stored = copy.deepcopy(warehouse.stored["acme.lake.events"])
    stored.resource["tableReference"]["tableId"] = "parts"
    warehouse.stored["acme.lake.parts"] = stored
    stored.put("20231230", [{"day": "2023-12-30", "part": 1}], 1_000)
    sql = "SELECT e.day, p.part, COUNT(*) AS stamp FROM lake.events AS e, lake.parts AS p GROUP BY 1, 2"
    given = files("2024-01-01", "2024-01-05", sql=sql, inputs={"p": {"latest": "5 days"}})
    columns = {"day": "DATE", "part": "INT64"}
    given["models/lake/parts.yml"] = source(columns, partition=daily("day", "2023-01-01"))
    first, before = build(given), warehouse.posted_jobs("build")
    stored.put("20240102", [{"day": "2024-01-02", "part": 1}], 2_000)
    again, after = build(given), warehouse.posted_jobs("build")[3:]

    def chosen(jobs):
        asked = (job["configuration"]["query"]["queryParameters"] for job in jobs)
        return sorted([each["parameterValue"]["value"] for each in parameters] for parameters in asked)

    read = {row["partition"]: json.loads(row["inputs"])[1]["partition"] for row in warehouse.ledger[4:]}
    assert [each.status for each in first.results] == ["built", "built", "built", "failed"]
    assert chosen(before) == [[f"2024-01-0{n}", f"2024-01-0{n + 1}", "2023-12-30", "2023-12-31"] for n in (1, 2, 3)]
    assert [each.partitions for each in again.results] == [(f"2024-01-0{n}",) for n in (2, 3, 4)]
    assert chosen(after)[-1] == ["2024-01-04", "2024-01-05", "2024-01-02", "2024-01-03"]
    assert read == {f"2024-01-0{n}": "2024-01-02" for n in (2, 3, 4)}


def test_a_source_with_shards(warehouse, build):
    text = source({"n": "INT64"}, shards={"from": "2024-01-01", "to": "2024-01-03"})
    day = "PARSE_DATE('%Y%m%d', _TABLE_SUFFIX)"
    sql = f"SELECT {day} AS day, n AS part, COUNT(*) AS stamp FROM `lake.clicks_*` GROUP BY 1, 2"
    given = {**files("2024-01-01", "2024-01-03", sql=sql, key=False), "models/lake/clicks_.yml": text}
    del given["models/lake/events.yml"]
    warehouse.shards = [["clicks_20240101", 5, 40, 1000], ["clicks_20240102", 5, 40, 1000], ["clicks_old", 1, 8, 1000]]
    report = build(given)
    warehouse.shards[1] = ["clicks_20240102", 6, 48, 2000]
    again = build(given)

    assert report.is_clean
    assert [result.partitions for result in again.results] == [("2024-01-02",)]
    assert "`acme.lake.clicks_*`" in warehouse.posted_jobs("build")[0]["configuration"]["query"]["query"]


def test_partitions_one_by_one(warehouse, build):
    report = build(files("2024-01-01", "2024-01-11", sql=ONE_BY_ONE))

    assert report.is_clean
    assert len(warehouse.runs("build")) == 10
    assert_whole(warehouse, partitions=10)


def test_a_view_follows_a_table_that_comes_into_dev(warehouse, build):
    view = model("SELECT day, stamp FROM marts.daily", kind="view")
    given = {**TWO_DAYS, "models/marts/latest.sql": view}
    build(given, "prod")
    given["models/marts/latest.sql"] = view.replace("SELECT day", "SELECT day AS day")
    build(given, "dev")
    before = warehouse.stored["acme.dev_ann_marts.latest"].resource["view"]["query"]
    given["models/marts/daily.sql"] = given["models/marts/daily.sql"].replace("COUNT(*)", "COUNT(*) + 0")
    build(given, "dev")
    build(given, "dev")

    assert "FROM `acme`.`marts`.`daily`" in before
    assert (
        "FROM `acme`.`dev_ann_marts`.`daily`" in warehouse.stored["acme.dev_ann_marts.latest"].resource["view"]["query"]
    )
    assert build(given, "dev").results == ()


def test_a_table_that_came_since_the_look_is_not_made_again(warehouse, build, tmp_path, make_engine):
    """Two processes build two tables of a new project; one of them reads what the other one fills meanwhile."""
    reader = "SELECT day, part, SUM(stamp) AS stamp FROM marts.daily GROUP BY day, part"
    partition = daily("day", "2024-01-01", "2024-01-03")
    given = {**TWO_DAYS, "models/marts/report.sql": model(reader, partition=partition, key=["day", "part"])}
    graph = graph_of(write_files(tmp_path / "project", given))
    step = Step(TableName("marts", "report"), ("2024-01-01",), Stale(Reason.MISSING))
    with make_engine(graph) as late:
        late.snapshot()
        build(given)
        late.stage(write_for(graph.models[step.model], step, {}), [])

    assert_whole(warehouse, partitions=2)


def test_a_partitioned_table_that_shall_be_whole_is_not_dropped(warehouse, build):
    build(TWO_DAYS)
    warehouse.compute = parts
    text = model("SELECT day, part, 1 AS stamp FROM lake.events")
    whole = {**TWO_DAYS, "models/marts/daily.sql": text}

    refused = build(whole)

    (result,) = refused.results
    assert result.problem is not None
    assert "it was cut by day of day and is without partitions" in result.problem.message
    assert_whole(warehouse, partitions=2)
