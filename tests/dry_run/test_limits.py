"""Every rule of the dry run finds its own bad example, and nothing in its good one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from estimated import NOW, stored
from examined import candidate, examined
from lab import daily, model, name

from aggregator.analyzers.protocol import Field
from aggregator.cli.commands.explain import all_codes
from aggregator.compile import compile_project
from aggregator.core.calendar import Grain
from aggregator.core.diagnostics import Layer
from aggregator.dry_run import codes
from aggregator.dry_run.rules import RULES, Candidate, examine
from aggregator.load import load_project

ROOT = Path(__file__).resolve().parents[2]
NAMES = [rule.code.name for rule in RULES]
CODES = [*(rule.code for rule in RULES), *(each for each in vars(codes).values() if hasattr(each, "page"))]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_finds_its_bad_example(rule):
    found = examined(rule.bad, rule.stored)

    assert {each.split()[1] for each in found} == {rule.code.id}


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_no_rule_finds_anything_in_a_good_example(rule):
    assert examined(rule.good, rule.stored) == []


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_a_code_has_a_page(code):
    assert code.layer in (Layer.DRY_RUN, Layer.GOOGLESQL, Layer.BIGQUERY)
    assert code.id.startswith("D6")
    assert len(code.page.split("\n\n")) >= 2
    assert all_codes()[code.id] is code


def test_ids_and_names_are_given_once():
    assert len({code.id for code in CODES}) == len({code.name for code in CODES}) == len(CODES)


HOURLY = daily("hour", "2024-01-01", grain="hour")
OF_HOURS = "SELECT TIMESTAMP_TRUNC(clicked_at, HOUR) AS hour, COUNT(*) AS c FROM lake.clicks GROUP BY hour"
OF_DAYS = "SELECT DATE(clicked_at) AS day, COUNT(*) AS c FROM lake.clicks GROUP BY day"
MESSAGES = {
    "hours for ten years": (
        model(OF_HOURS, partition=daily("hour", "2020-01-01", "2030-01-01", grain="hour")),
        ["4:12 D632 the table has 87,672 partitions by 2030-01-01, and BigQuery allows 10,000"],
    ),
    "the 10,001st hour": (
        model(OF_HOURS, partition=daily("hour", "2024-01-01", "2025-02-20T17", grain="hour")),
        ["4:12 D632 the table has 10,001 partitions by 2025-02-20, and BigQuery allows 10,000"],
    ),
    "hours that began last summer": (
        model(OF_HOURS, partition=daily("hour", "2024-07-01", grain="hour")),
        ["4:12 D633 on 2025-08-21 the table has 10,000 partitions, and BigQuery allows no more"],
    ),
    "a read of everything each quarter of an hour": (
        model(
            "SELECT @start AS day, COUNT(*) AS c FROM lake.clicks WHERE clicked_at < TIMESTAMP(@end)",
            partition=daily("day", "2024-01-01", "2025-01-01"),
            inputs={"lake.clicks": "all"},
            schedule="0,15,30,45 * * * *",
        ),
        ["8:42 D634 a late row of lake.clicks makes 366 partitions stale, which may be 35,136 in a day"],
    ),
    "eight weeks that are read each minute": (
        model(
            "SELECT @start AS day, COUNT(*) AS c FROM lake.clicks WHERE clicked_at < TIMESTAMP(@end)",
            partition=daily("day", "2024-01-01", "2025-01-06", grain="isoweek"),
            inputs={"lake.clicks": {"last": "8 weeks"}},
            schedule="* * * * *",
        ),
        ["8:42 D634 a late row of lake.clicks makes 8 partitions stale, which may be 80,640 in a day"],
    ),
    "five columns to cluster by": (
        model("SELECT page AS a, page AS b, page AS c, page AS d, page AS e FROM lake.pages", cluster=list("abcde")),
        ["4:31 D635 a table is clustered by at most 4 columns, and e is one more"],
    ),
    "a column to cluster by, twice": (
        model("SELECT page FROM lake.pages", cluster=["page", "PAGE"]),
        ["4:19 D635 PAGE is here twice"],
    ),
    "a struct to cluster by": (
        model("SELECT STRUCT(page) AS a FROM lake.pages", cluster=["a"]),
        ["4:11 D635 BigQuery can't cluster by a, which is of type STRUCT"],
    ),
    "a column of 301 letters": (
        model(f"SELECT page AS {'a' * 301} FROM lake.pages"),
        ["5:1 D636 aaaaaaaaaaaaaaaaaaaa… has 301 characters, and a column has at most 300"],
    ),
    "a description of 1,025 letters": (
        model("SELECT page FROM lake.pages", columns={"page": "a" * 1025}),
        ["4:11 D639 the description of page has 1,025 characters"],
    ),
}
SILENT = {
    "the 10,000th hour": model(OF_HOURS, partition=daily("hour", "2024-01-01", "2025-02-20T16", grain="hour")),
    "weeks for fifty years": model(
        "SELECT DATE_TRUNC(DATE(clicked_at), WEEK) AS day, COUNT(*) AS c FROM lake.clicks GROUP BY day",
        partition=daily("day", "1975-01-05", grain="week"),
    ),
    "days for ten years": model(OF_DAYS, partition=daily("day", "2015-01-01")),
    "no partitions": model("SELECT page FROM lake.pages"),
    "four columns to cluster by": model(
        "SELECT page AS a, page AS b, page AS c, page AS d FROM lake.pages", cluster=list("abcd")
    ),
    "a column of 300 letters": model(f"SELECT page AS {'a' * 300} FROM lake.pages"),
    "fifteen structs": model(f"SELECT {'STRUCT(' * 15}title{' AS a)' * 15} AS w FROM lake.pages"),
    "a map that filters": model(OF_DAYS, partition=daily("day", "2024-01-01")),
    "a view without a filter": model("SELECT page FROM lake.clicks", kind="view"),
    "a filter in a join": model(
        "SELECT p.title FROM lake.pages AS p JOIN lake.clicks AS c ON c.page = p.page AND c.clicked_at > '2025-01-01'"
    ),
    "fields of one name in two structs": model("SELECT STRUCT(page AS a) AS x, STRUCT(page AS a) AS y FROM lake.pages"),
    "a star alone": model("SELECT * FROM lake.pages"),
}


@pytest.mark.parametrize(("text", "expected"), MESSAGES.values(), ids=MESSAGES)
def test_what_is_said_and_where(text, expected):
    assert examined(text) == expected


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_what_nothing_is_said_of(text):
    assert examined(text) == []


def test_a_filter_is_required_as_the_catalog_says_it():
    visits = stored("lake.visits", {"page": ("STRING", 1)}, (1, 1), {}, requires_partition_filter=True)
    clicks = stored("lake.clicks", {"page": ("STRING", 1)}, (1, 1), {})

    found = examined(model("SELECT v.page FROM lake.visits AS v JOIN lake.clicks USING (page)"), (visits, clicks))

    assert found == ["5:20 D631 lake.visits may only be read with a filter on day, and all of it is read"]


DEPLOYED = {"day": ("DATE", 8), "c": ("INT64", 8)}
BY_DAY = {"partition": daily("day", "2025-01-01")}
FITS = {
    "the same": (OF_DAYS, DEPLOYED, {}, []),
    "a column more": (OF_DAYS, {"day": ("DATE", 8)}, {}, []),
    "a column less": (
        OF_DAYS,
        {**DEPLOYED, "d": ("INT64", 8)},
        {},
        ["6:1 D638 marts.example has a column d in the warehouse that the SELECT does not give"],
    ),
    "another type": (
        OF_DAYS,
        {**DEPLOYED, "c": ("STRING", 8)},
        {},
        ["6:1 D638 c is STRING in the warehouse, and the SELECT gives INT64"],
    ),
    "an array of it": (
        OF_DAYS,
        {**DEPLOYED, "c": ("ARRAY<INT64>", 8)},
        {},
        ["6:1 D638 c is ARRAY<INT64> in the warehouse, and the SELECT gives INT64"],
    ),
    "another grain": (
        OF_DAYS,
        DEPLOYED,
        {"grain": Grain.MONTH},
        ["4:12 D638 marts.example is cut by month of day in the warehouse, and by day of day here"],
    ),
    "a week of days": (
        "SELECT DATE_TRUNC(DATE(clicked_at), ISOWEEK) AS day, COUNT(*) AS c FROM lake.clicks GROUP BY day",
        DEPLOYED,
        {},
        [],
    ),
    "no partitions there": (
        OF_DAYS,
        DEPLOYED,
        {"partition_column": "", "grain": None},
        ["4:12 D638 marts.example is cut into no partitions in the warehouse, and by day of day here"],
    ),
}


@pytest.mark.parametrize(("sql", "columns", "cut", "expected"), FITS.values(), ids=FITS)
def test_rows_that_fit_beside_those_that_are_there(sql, columns, cut, expected):
    there = stored("marts.example", columns, (1, 16), {}, **cut)

    cut = {"partition": daily("day", "2024-12-30", grain="isoweek")} if "ISOWEEK" in sql else BY_DAY

    assert examined(model(sql, **cut), (there,)) == expected


def test_what_can_be_widened_is_told_how():
    there = stored("marts.example", DEPLOYED, (1, 16), {})
    schema = (Field("day", "DATE"), Field("c", "NUMERIC"))

    (found,) = examine(candidate(model(OF_DAYS, **BY_DAY), (there,), schema=schema))

    assert found.help == "widen it first: ALTER TABLE marts.example ALTER COLUMN c SET DATA TYPE NUMERIC"


def test_a_table_without_partitions_takes_any_columns():
    there = stored("marts.example", {"title": ("STRING", 8)}, (1, 16))

    assert examined(model("SELECT page FROM lake.pages"), (there,)) == []


def test_a_dataset_that_is_taken():
    example = candidate(model("SELECT page FROM lake.pages"))
    renamed = dataclasses.replace(example.model.model, name=name("Information_Schema.pages"))
    moved = dataclasses.replace(example, model=dataclasses.replace(example.model, model=renamed))

    assert [each.code.id for each in examine(moved)] == ["D636"]


def test_more_columns_than_a_table_has():
    schema = tuple(Field(f"a{number}", "STRUCT<a INT64, b INT64>") for number in range(3334))

    (found,) = examine(candidate(model("SELECT page FROM lake.pages"), schema=schema))

    assert found.message == "the table has 10,002 columns and fields, and BigQuery allows 10,000"


def test_the_demo_is_within_all_limits():
    loaded = load_project(ROOT)
    demo = compile_project(loaded.project).graph
    known = Candidate(next(iter(demo.models.values())), demo, NOW)

    found = [finding for each in demo.models.values() for finding in examine(dataclasses.replace(known, model=each))]

    assert len(demo.models) > 10
    assert found == []
