"""Types as the API and as SQL have them, names of places, and ids of partitions."""

from __future__ import annotations

import pytest
from api_server import field
from google.cloud import bigquery

from aggregator.core.calendar import Grain
from aggregator.core.names import TableName
from aggregator.engines.bigquery.parameters import Parameter
from aggregator.engines.bigquery.places import address_of
from aggregator.engines.bigquery.tables import partition_id
from aggregator.engines.bigquery.types import type_from, type_of_field

NESTED = field("r", "RECORD", "REPEATED", fields=[field("end", "INTEGER"), field("tags", "STRING", "REPEATED")])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(field("a", "INTEGER"), "INT64", id="INTEGER"),
        pytest.param(field("a", "FLOAT", "REQUIRED"), "FLOAT64", id="FLOAT that is required"),
        pytest.param(field("a", "BOOLEAN"), "BOOL", id="BOOLEAN"),
        pytest.param(field("a", "INT64"), "INT64", id="a name of today"),
        pytest.param(field("a", "NUMERIC", precision="10", scale="2"), "NUMERIC", id="without precision and scale"),
        pytest.param(field("a", "STRING", maxLength="3"), "STRING", id="without a length"),
        pytest.param(field("a", "DATE", "REPEATED"), "ARRAY<DATE>", id="repeated"),
        pytest.param(NESTED, "ARRAY<STRUCT<end INT64, tags ARRAY<STRING>>>", id="repeated records"),
        pytest.param(field("a", "RANGE", rangeElementType={"type": "DATE"}), "RANGE<DATE>", id="a range"),
        pytest.param(field("a", "STRUCT", fields=[field("b", "JSON")]), "STRUCT<b JSON>", id="a struct"),
        pytest.param({"name": "a", "type": "GEOGRAPHY"}, "GEOGRAPHY", id="no mode"),
    ],
)
def test_types_of_fields(given, expected):
    assert str(type_of_field(given)) == expected


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("INT64", "INT64"),
        ("NUMERIC(10, 2)", "NUMERIC"),
        ("ARRAY<STRING(5)>", "ARRAY<STRING>"),
        ("STRUCT<end DATE, n NUMERIC(3), r RANGE<DATE>>", "STRUCT<`end` DATE, `n` NUMERIC, `r` RANGE<DATE>>"),
        ("ARRAY<STRUCT<a ARRAY<STRUCT<b INT64>>, c BOOL>>", "ARRAY<STRUCT<`a` ARRAY<STRUCT<`b` INT64>>, `c` BOOL>>"),
    ],
)
def test_types_in_sql(text, sql):
    assert type_from(text).sql() == sql


@pytest.mark.parametrize("text", ["", "TEXT", "ARRAY<", "ARRAY<ARRAY<INT64>>"])
def test_what_is_no_type(text):
    assert type_from(text) is None


STRUCT_TYPE = bigquery.StructQueryParameterType(bigquery.ScalarQueryParameterType("INT64", name="a"))


@pytest.mark.parametrize(
    ("type_", "theirs"),
    [
        ("DATE", bigquery.ScalarQueryParameter("p", "DATE", None)),
        ("ARRAY<STRING>", bigquery.ArrayQueryParameter("p", "STRING", [])),
        ("ARRAY<STRUCT<a INT64>>", bigquery.ArrayQueryParameter("p", STRUCT_TYPE, [])),
        ("STRUCT<a INT64>", bigquery.StructQueryParameter("p", bigquery.ScalarQueryParameter("a", "INT64", None))),
        ("RANGE<DATE>", bigquery.RangeQueryParameter("DATE", name="p")),
    ],
)
def test_parameters_are_those_of_the_client(type_, theirs):
    assert Parameter("p", type_from(type_)).api() == theirs.to_api_repr()


@pytest.mark.parametrize(
    ("pattern", "dataset"),
    [("{dataset}", "lake"), ("dev_{user}_{dataset}", "dev_ann_o_lake"), ("{dataset}_v2", "lake_v2"), ("all", "all")],
)
def test_datasets_of_an_environment(pattern, dataset, make_environment, monkeypatch):
    monkeypatch.setenv("LOGNAME", "Ann.O'")
    address = address_of(TableName("lake", "flights"), make_environment(datasets=pattern))

    assert (str(address), address.sql) == (f"acme.{dataset}.flights", f"`acme`.`{dataset}`.`flights`")


@pytest.mark.parametrize(
    ("text", "grain", "id_"),
    [
        ("20130101", Grain.DAY, "2013-01-01"),
        ("2013010105", Grain.HOUR, "2013-01-01T05"),
        ("201301", Grain.MONTH, "2013-01"),
        ("2013", Grain.YEAR, "2013"),
        ("__NULL__", Grain.DAY, None),
        ("__UNPARTITIONED__", Grain.DAY, None),
        ("1000", Grain.DAY, None),
        ("", Grain.YEAR, None),
    ],
)
def test_ids_of_partitions(text, grain, id_):
    assert partition_id(text, grain) == id_
