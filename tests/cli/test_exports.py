"""Published rows as files: each partition in a folder of its own, whole, and again when its rows are others."""

from __future__ import annotations

import json

import duckdb
import pytest

SOURCE = """\
    source:
      description: Flights.
      owner: ops@example.com
      columns: {day: DATE, carrier: STRING, plane: STRING, delay: INT64}
      partition: {by: day, grain: day, from: 2024-01-01, to: 2024-01-04}
      local: flights.csv
    """
DAILY = """\
    /*---
    description: Flights per day.
    owner: ops@example.com
    partition: {by: day, grain: day, from: 2024-01-01}
    dimensions: [day, carrier]
    measures:
      flights: {count: "*"}
      planes: {distinct: plane, method: hll}
    export: {to: "gs://acme/{model}/day={partition}/flights-*.EXTENSION", format: FORMAT}
    ---*/
    SELECT day, carrier, plane FROM lake.flights
    """
CARRIERS = """\
    /*---
    description: Carriers.
    owner: ops@example.com
    export: {to: "gs://acme/{dataset}/{table}/*.csv", format: csv}
    ---*/
    SELECT carrier, COUNT(*) AS flights FROM lake.flights GROUP BY carrier
    """
FLIGHTS = "day,carrier,plane,delay\n2024-01-01,UA,N1,0\n2024-01-02,UA,N1,0\n2024-01-02,UA,N2,30\n2024-01-03,UA,N1,9\n"


def daily(format_: str = "parquet") -> str:
    return DAILY.replace("EXTENSION", format_).replace("FORMAT", format_)


@pytest.fixture
def airport(make_project):
    files = {"models/lake/flights.yml": SOURCE, "models/marts/daily.sql": daily(), "flights.csv": FLIGHTS}
    return make_project(files | {"models/marts/carriers.sql": CARRIERS})


def stored(root, pattern="**/*"):
    storage = root / ".aggregator" / "storage"
    return sorted(each.relative_to(storage).as_posix() for each in storage.glob(pattern) if each.is_file())


def folder(root, day):
    return root / ".aggregator" / "storage" / "acme" / "marts.daily" / f"day={day}"


def rows(root, day):
    file = folder(root, day) / "flights-000000000000.parquet"
    return duckdb.sql(f"SELECT * FROM read_parquet('{file}', hive_partitioning = false)").fetchall()


def test_a_run_leaves_a_folder_of_files_for_each_partition(airport, aggregator):
    done = aggregator(airport, "run", "--quiet")

    assert done.code == 0
    assert "exported 3 partitions of marts.daily to gs://acme/marts.daily/day=2024-01-01/ …" in done.out
    assert "exported the table of marts.carriers to gs://acme/marts/carriers/*.csv" in done.out
    assert stored(airport) == [
        "acme/marts.daily/day=2024-01-01/_SUCCESS",
        "acme/marts.daily/day=2024-01-01/flights-000000000000.parquet",
        "acme/marts.daily/day=2024-01-02/_SUCCESS",
        "acme/marts.daily/day=2024-01-02/flights-000000000000.parquet",
        "acme/marts.daily/day=2024-01-03/_SUCCESS",
        "acme/marts.daily/day=2024-01-03/flights-000000000000.parquet",
        "acme/marts/carriers/000000000000.csv",
        "acme/marts/carriers/_SUCCESS",
    ]
    about = json.loads((folder(airport, "2024-01-02") / "_SUCCESS").read_text())
    assert (about["model"], about["partition"]) == ("marts.daily", "2024-01-02")
    assert about["files"] == ["flights-000000000000.parquet"]


def test_what_is_kept_for_roll_ups_is_not_exported(airport, aggregator):
    aggregator(airport, "run", "--quiet")

    assert [(str(day), *others) for day, *others in rows(airport, "2024-01-02")] == [("2024-01-02", "UA", 2, 2)]


def test_nothing_new_is_not_exported_again(airport, aggregator):
    aggregator(airport, "run", "--quiet")
    before = {name: (airport / ".aggregator" / "storage" / name).stat().st_mtime_ns for name in stored(airport)}

    again = aggregator(airport, "run", "--quiet", "--format", "json")
    asked = aggregator(airport, "export", "--quiet")

    assert again.json["exported"] == []
    assert asked.out == "All files are those of the published rows.\n"
    assert before == {name: (airport / ".aggregator" / "storage" / name).stat().st_mtime_ns for name in before}


def test_a_partition_whose_rows_changed_is_exported_again_and_no_other(airport, aggregator):
    aggregator(airport, "run", "--quiet")
    (airport / "flights.csv").write_text(FLIGHTS + "2024-01-03,UA,N7,9\n")

    done = aggregator(airport, "run", "--quiet", "--select", "marts.daily", "--format", "json")

    assert [each["partition"] for each in done.json["exported"]] == ["2024-01-03"]
    assert [others for _, *others in rows(airport, "2024-01-03")] == [["UA", 2, 2]]


def test_a_partition_that_came_out_empty_has_a_file_without_rows(airport, aggregator):
    aggregator(airport, "run", "--quiet")
    (airport / "flights.csv").write_text(FLIGHTS.replace("2024-01-03,UA,N1,9\n", ""))

    aggregator(airport, "run", "--quiet")

    assert rows(airport, "2024-01-03") == []


def test_an_export_that_was_cut_off_is_made_up_for(airport, aggregator):
    """What a killed export leaves: files without ``_SUCCESS``, among them some that are no longer meant."""
    aggregator(airport, "run", "--quiet")
    (folder(airport, "2024-01-02") / "_SUCCESS").unlink()
    (folder(airport, "2024-01-02") / "flights-000000000001.parquet").write_text("half of a file")

    done = aggregator(airport, "export", "--quiet", "--format", "json")

    assert [each["partition"] for each in done.json["exported"]] == ["2024-01-02"]
    assert stored(airport, "**/day=2024-01-02/*") == [
        "acme/marts.daily/day=2024-01-02/_SUCCESS",
        "acme/marts.daily/day=2024-01-02/flights-000000000000.parquet",
    ]


def test_a_damaged_success_file_counts_for_nothing(airport, aggregator):
    aggregator(airport, "run", "--quiet")
    (folder(airport, "2024-01-02") / "_SUCCESS").write_text("[]")

    done = aggregator(airport, "export", "--quiet", "--format", "json")

    assert [each["partition"] for each in done.json["exported"]] == ["2024-01-02"]


def test_rows_that_someone_else_wrote_are_not_exported(airport, aggregator):
    aggregator(airport, "run", "--quiet")
    with duckdb.connect(str(next(airport.rglob("*.duckdb")))) as db:
        db.execute("UPDATE marts.daily SET flights = 5 WHERE day = '2024-01-02'")

    done = aggregator(airport, "export", "--quiet", "--format", "json")

    assert done.json["exported"] == []


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_other_formats(airport, aggregator, format_):
    (airport / "models" / "marts" / "daily.sql").write_text(daily(format_).replace("\n    ", "\n").lstrip())

    aggregator(airport, "run", "--quiet")

    file = folder(airport, "2024-01-02") / f"flights-000000000000.{format_}"
    day, *others = duckdb.sql(f"SELECT * FROM read_{format_}_auto('{file}', hive_partitioning = false)").fetchall()[0]
    assert (str(day), *others) == ("2024-01-02", "UA", 2, 2)


def test_an_environment_that_allows_another_bucket(airport, aggregator):
    file = airport / "aggregator.yml"
    file.write_text(file.read_text().replace("local.duckdb}", "local.duckdb, exports: [gs://acme-other]}"))

    done = aggregator(airport, "run", "--quiet")

    assert done.code == 1
    assert "R520 marts.daily: the environment local may not export to gs://acme/{model}" in done.err
    assert "help: under `exports:` it has gs://acme-other/" in done.err
    assert stored(airport) == []
    assert list(airport.rglob("*.duckdb")) == []


def test_a_folder_that_can_not_be_written(airport, aggregator):
    storage = airport / ".aggregator" / "storage"
    storage.parent.mkdir(exist_ok=True)
    storage.write_text("a file in the way")

    done = aggregator(airport, "run", "--quiet")

    assert done.code == 2
    assert "can't be written" in done.err
    assert "Traceback" not in done.err


BAD_ADDRESSES = {
    "no bucket": ("/data/{model}/{partition}/*.csv", "begin with gs://"),
    "no star": ("gs://acme/{model}/{partition}/all.csv", "write one * in the name of the file"),
    "a star in a folder": ("gs://acme/{model}/x*y/{partition}/a.csv", "write one * in the name of the file"),
    "a placeholder that is none": ("gs://acme/{modell}/{partition}/*.csv", "{modell} stands for nothing"),
    "no name of the table": ("gs://acme/{partition}/*.csv", "write {model} in it"),
    "the dataset alone": ("gs://acme/{dataset}/{partition}/*.csv", "write {model} in it"),
    "a partition in the name of the file": ("gs://acme/{model}/{partition}-*.csv", "in the folder"),
    "a way out": ("gs://acme/../{model}/{partition}/*.csv", "use letters, digits"),
    "a brace left open": ("gs://acme/{model/{partition}/*.csv", "use letters, digits"),
}


@pytest.mark.parametrize(("address", "help_"), BAD_ADDRESSES.values(), ids=BAD_ADDRESSES)
def test_an_address_that_makes_no_sense(airport, aggregator, address, help_):
    text = daily().replace("\n    ", "\n").lstrip()
    wanted = "gs://acme/{model}/day={partition}/flights-*.parquet"
    (airport / "models" / "marts" / "daily.sql").write_text(text.replace(wanted, address))

    done = aggregator(airport, "lint", "--quiet")

    assert done.code == 1
    assert help_ in done.err


NOT_EXPORTED_SO = {
    "partitions without their name": (
        '{to: "gs://acme/{model}/*.csv"}',
        "all partitions would be written to one folder",
    ),
    "a roll-up's states": ('{to: "gs://acme/{model}/{partition}/*.csv", format: csv}', ""),
}


@pytest.mark.parametrize(("declared", "message"), NOT_EXPORTED_SO.values(), ids=NOT_EXPORTED_SO)
def test_a_table_that_can_not_be_exported_so(airport, aggregator, declared, message):
    text = daily().replace("\n    ", "\n").lstrip()
    line = next(each for each in text.splitlines() if each.startswith("export:"))
    (airport / "models" / "marts" / "daily.sql").write_text(text.replace(line, f"export: {declared}"))

    done = aggregator(airport, "lint", "--quiet")

    assert done.code == (1 if message else 0)
    assert message in done.err


def test_what_has_no_partitions_has_no_place_for_one(airport, aggregator):
    file = airport / "models" / "marts" / "carriers.sql"
    file.write_text(file.read_text().replace("{table}/*", "{table}/{partition}/*"))

    assert "L068 marts.carriers: the table has no partitions" in aggregator(airport, "lint", "--quiet").err


def test_a_view_is_not_exported(airport, aggregator):
    file = airport / "models" / "marts" / "carriers.sql"
    file.write_text(file.read_text().replace("export:", "kind: view\nexport:"))

    assert "L068 marts.carriers: a view has no rows of its own" in aggregator(airport, "lint", "--quiet").err


def test_csv_holds_no_arrays(airport, aggregator):
    file = airport / "models" / "marts" / "carriers.sql"
    file.write_text(file.read_text().replace("COUNT(*) AS flights", "ARRAY_AGG(plane ORDER BY plane) AS planes"))

    assert "a CSV file can't hold planes" in aggregator(airport, "lint", "--quiet").err
