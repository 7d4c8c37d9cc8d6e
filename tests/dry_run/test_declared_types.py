"""Declared types against what the SELECT gives."""

from __future__ import annotations

import dataclasses

import pytest
from estimated import graph
from lab import model, name, source

from aggregator.analyzers.protocol import Field
from aggregator.dry_run.contract import contract_findings

PAGES = source({"page": "STRING", "title": "STRING"})


def compiled(sql="SELECT page FROM lake.pages", **columns):
    front = {"columns": {each: {"type": type_} for each, type_ in columns.items()}}
    return graph({"models/lake/pages.yml": PAGES, "models/marts/out.sql": model(sql, **front)}).models[
        name("marts.out")
    ]


def found(declared: str, given: str) -> list[str]:
    schema = (Field("PAGE", given),)
    return [
        f"{e.place.line} {e.code.id} {e.message} ({e.help})" for e in contract_findings(compiled(page=declared), schema)
    ]


KEPT = {
    "the same": ("STRING", "STRING"),
    "another name of the same type": ("INTEGER", "INT64"),
    "a length, which queries do not keep": ("STRING(10)", "STRING"),
    "digits, which queries do not keep": ("NUMERIC(10, 2)", "NUMERIC"),
    "a struct with fields in another case": ("ARRAY<STRUCT<a INT64>>", "ARRAY<STRUCT<A INT64>>"),
    "a type that nobody knows": ("STRING", ""),
}
BROKEN = {
    "an integer for a text": ("STRING", "INT64"),
    "a float for a number that is exact": ("NUMERIC", "FLOAT64"),
    "a text for an array of it": ("ARRAY<STRING>", "STRING"),
    "another type in a struct": ("STRUCT<a INT64>", "STRUCT<a STRING>"),
    "a field less": ("STRUCT<a INT64, b INT64>", "STRUCT<a INT64>"),
    "a field of another name": ("STRUCT<a INT64>", "STRUCT<b INT64>"),
}


@pytest.mark.parametrize(("declared", "given"), KEPT.values(), ids=KEPT)
def test_a_contract_that_is_kept(declared, given):
    assert found(declared, given) == []


@pytest.mark.parametrize(("declared", "given"), BROKEN.values(), ids=BROKEN)
def test_a_contract_that_is_broken(declared, given):
    (message,) = found(declared, given)

    assert message.startswith(f"4 D621 page is declared {declared}, but the SELECT gives {given}")


def test_the_message():
    assert found("STRING", "INT64") == [
        (
            "4 D621 page is declared STRING, but the SELECT gives INT64 "
            "(write CAST(… AS STRING) in the SELECT, or declare INT64)"
        )
    ]


def test_nothing_is_said_without_a_schema():
    assert list(contract_findings(compiled(page="INT64"), ())) == []


def test_a_column_that_only_the_analyzer_can_miss():
    unknown = dataclasses.replace(compiled(page="STRING"), columns=())

    (missing,) = contract_findings(unknown, (Field("pages", "STRING"),))

    assert (missing.code.id, missing.message, missing.help) == (
        "D622",
        "the SELECT has no output column page",
        "did you mean pages?",
    )
