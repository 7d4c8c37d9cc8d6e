"""``catalog.json``: written and read again, and what is said of a damaged one."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.calendar import Grain
from aggregator.core.catalog import Catalog, Size, StoredColumn, StoredTable
from aggregator.core.names import TableName
from aggregator.export.catalog import catalog_text
from aggregator.load.catalog import CATALOG_FILE, load_catalog

FLIGHTS = StoredTable(
    TableName("lake", "flights"),
    (StoredColumn("time_hour", "TIMESTAMP", "Departure, „planned“.", 800), StoredColumn("legs", "ARRAY<STRING>")),
    Size(100, 1200),
    "time_hour",
    Grain.DAY,
    {"2013-01-02": Size(61, 710), "2013-01-01": Size(39, 490)},
    ("legs",),
    True,
    datetime.fromisoformat("2026-01-30T07:00:00.005"),
)
EMPTY = StoredTable(TableName("lake", "airports"), (), Size(0, 0))
CATALOG = Catalog("prod", datetime.fromisoformat("2026-01-31T05:00:00"), {each.name: each for each in (FLIGHTS, EMPTY)})
TEXT = """\
{
  "environment": "prod",
  "taken_at": "2026-01-31T05:00:00Z",
  "tables": {
    "lake.airports": {
      "rows": 0,
      "bytes": 0,
      "columns": []
    },
    "lake.flights": {
      "rows": 100,
      "bytes": 1200,
      "modified": "2026-01-30T07:00:00.005000Z",
      "partition": {"by": "time_hour", "grain": "day"},
      "clustering": ["legs"],
      "requires_partition_filter": true,
      "columns": [
        {"name": "time_hour", "type": "TIMESTAMP", "bytes": 800, "description": "Departure, „planned“."},
        {"name": "legs", "type": "ARRAY<STRING>"}
      ],
      "partitions": {
        "2013-01-01": {"rows": 39, "bytes": 490},
        "2013-01-02": {"rows": 61, "bytes": 710}
      }
    }
  }
}
"""


@pytest.fixture
def read(tmp_path):
    def read(content):
        (tmp_path / CATALOG_FILE).write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_catalog(tmp_path / CATALOG_FILE)

    return read


def test_it_is_made_to_be_read_by_people():
    assert catalog_text(CATALOG) == TEXT


def test_it_is_read_again(read):
    assert read(TEXT) == CATALOG


def test_order_does_not_matter():
    other = Catalog("prod", CATALOG.taken_at, dict(reversed(CATALOG.tables.items())))

    assert catalog_text(other) == TEXT


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = st.builds(TableName, st.sampled_from(["lake", "marts"]), st.from_regex(r"[a-z_]{1,6}", fullmatch=True))
SIZES = st.builds(Size, st.integers(0, 2**50), st.integers(0, 2**60))
COLUMNS = st.builds(
    StoredColumn, WORDS, st.sampled_from(["INT64", "ARRAY<DATE>"]), WORDS, st.none() | st.integers(0, 99)
)
MOMENTS = st.none() | st.datetimes(datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2200-01-01"))
TABLES = st.builds(
    StoredTable,
    name=NAMES,
    columns=st.lists(COLUMNS, max_size=3).map(tuple),
    size=SIZES,
    partitions=st.dictionaries(WORDS, SIZES, max_size=3),
    clustering=st.lists(WORDS, max_size=2).map(tuple),
    requires_partition_filter=st.booleans(),
    modified=MOMENTS,
)


@given(st.lists(TABLES, max_size=3), MOMENTS)
def test_whatever_was_written_is_read_again(tmp_path_factory, tables, moment):
    catalog = Catalog("prod", moment, {each.name: each for each in tables})
    path = tmp_path_factory.mktemp("catalog") / CATALOG_FILE
    path.write_text(catalog_text(catalog), encoding="utf-8")

    assert load_catalog(path) == catalog


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        pytest.param(TEXT.replace('"rows": 100', '"rows": "many"'), (11, 15), "rows must be a number", id="a text"),
        pytest.param(
            TEXT.replace('"rows": 100', '"rows": -1'), (11, 15), "rows must be a number, 0 or more", id="less"
        ),
        pytest.param(TEXT.replace('"rows": 100,', ""), (10, 21), "rows is missing", id="nothing"),
        pytest.param(TEXT.replace('"bytes": 490', '"bytes": true'), (22, 45), "bytes must be a number", id="a truth"),
        pytest.param(TEXT.replace('"day"', '"week"'), (14, 49), "grain must be one of hour, day, month", id="weeks"),
        pytest.param(TEXT.replace('"name": "legs"', '"nmae": "legs"'), (19, 9), "name is missing", id="in a column"),
        pytest.param(TEXT.replace("lake.airports", "airports"), (5, 17), "airports does not name a table", id="a name"),
        pytest.param(TEXT.replace("2026-01-31T05", "yesterday"), (3, 15), "taken_at must be a time", id="no time"),
        pytest.param(TEXT.replace('["legs"]', "[1]"), (15, 21), "clustering must be a list of columns", id="no column"),
        pytest.param(TEXT.replace('"environment"', '"env"'), (1, 1), "environment is missing", id="no environment"),
        pytest.param("[]", (1, 1), "the file must be an object", id="a list"),
        pytest.param(TEXT[:200], (11, 15), "this is not JSON", id="half of it"),
        pytest.param("<<<<<<< HEAD\n" + TEXT, (1, 1), "this is not JSON", id="a conflict"),
        pytest.param(TEXT.replace("    },\n", "    }\n", 1), (10, 5), "this is not JSON: expecting ','", id="no comma"),
        pytest.param("", (1, 1), "this is not JSON", id="empty"),
        pytest.param(b"\xff\xfe", (1, 1), "byte 1 is not UTF-8", id="no text"),
        pytest.param("[" * 100_000, (1, 1), "the file is nested too deeply", id="too deep"),
    ],
)
def test_damaged_files(content, place, message, read):
    (found,) = read(content)

    assert (found.code.id, found.place.path) == ("A114", CATALOG_FILE)
    assert message in found.message
    assert (found.place.line, found.place.column) == place
    assert found.help == "write it anew with `aggregator catalog pull`"


def test_all_tables_that_are_damaged_are_told(read):
    found = read(TEXT.replace('"rows": 0', '"rows": -1').replace('"rows": 100', '"rows": -1'))

    assert [each.place.line for each in found] == [6, 11]


def test_no_file(tmp_path):
    (found,) = load_catalog(tmp_path / CATALOG_FILE)

    assert (found.message, found.help) == ("there is no such file", "make it with `aggregator catalog pull`")
