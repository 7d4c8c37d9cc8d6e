"""Exports from BigQuery: files in a bucket, with Google's client against a storage server that nobody here wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from lab import daily, write_files
from one_table import ONE_BY_ONE, files, graph_of
from warehouse_server import Warehouse, rows_of_days

from aggregator.export.storage import behind, refused, unload

emulator = pytest.importorskip("gcp_storage_emulator.server", reason="gcp-storage-emulator is not installed")
storage = pytest.importorskip("google.cloud.storage", reason="google-cloud-storage is not installed")

DECLARED = {"to": "gs://acme/{model}/{partition}/rows-*.parquet"}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, warehouse: Warehouse) -> Iterator[Any]:
    """A bucket into which jobs of the warehouse write a file each."""
    server = emulator.create_server("127.0.0.1", 0, in_memory=True)
    server.start()
    host, port = server._api._httpd.socket.getsockname()[:2]
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{host}:{port}")
    client = storage.Client.create_anonymous_client()
    made = client.create_bucket("acme")

    def write(files: str) -> None:
        name = files.removeprefix("gs://acme/").replace("*", "000000000000")
        made.blob(name).upload_from_string("rows")

    warehouse.export = write
    yield made
    server.stop()


@pytest.fixture
def export(tmp_path, make_engine):
    """What ``aggregator export`` does: write what is behind, and say which partitions these were."""

    def run(given: dict[str, str]) -> tuple[list[str], list[str]]:
        graph = graph_of(write_files(tmp_path / "project", given))
        with make_engine(graph) as engine:
            unloads = behind(graph, engine.snapshot(), engine, list(graph.models))
            done = list(unload(unloads, graph, engine))
        return [each.partition for each, _ in done], [problem.message for _, problem in done if problem is not None]

    return run


def exported(**more: Any) -> dict[str, str]:
    return files("2024-01-01", "2024-01-04", export=DECLARED, **more)


def names(bucket: Any) -> list[str]:
    return sorted(blob.name for blob in bucket.list_blobs())


def test_each_partition_has_a_folder_that_ends_in_success(bucket, warehouse, build, export):
    build(exported())

    assert export(exported()) == (["2024-01-01", "2024-01-02", "2024-01-03"], [])

    assert names(bucket)[:2] == ["marts.daily/2024-01-01/_SUCCESS", "marts.daily/2024-01-01/rows-000000000000.parquet"]
    assert len(names(bucket)) == 6
    about = json.loads(bucket.blob("marts.daily/2024-01-02/_SUCCESS").download_as_bytes())
    assert (about["model"], about["partition"]) == ("marts.daily", "2024-01-02")
    assert about["files"] == ["rows-000000000000.parquet"]


def exporting(warehouse: Warehouse) -> list[Any]:
    jobs = [each["configuration"] for each in warehouse.jobs.values()]
    return [each for each in jobs if each["labels"]["purpose"] == "export"]


def test_all_columns_of_a_partition_are_copied_without_a_query(bucket, warehouse, build, export):
    build(exported())
    export(exported())

    first, *others = exporting(warehouse)

    assert first["extract"] == {
        "sourceTable": {"projectId": "acme", "datasetId": "marts", "tableId": "daily$20240101"},
        "destinationUris": ["gs://acme/marts.daily/2024-01-01/rows-*.parquet"],
        "destinationFormat": "PARQUET",
    }
    assert len(others) == 2


@pytest.mark.parametrize(("format_", "called"), [("csv", "CSV"), ("json", "NEWLINE_DELIMITED_JSON"), ("avro", "AVRO")])
def test_formats_are_called_as_the_job_calls_them(bucket, warehouse, build, export, format_, called):
    declared = {"to": DECLARED["to"].replace("parquet", format_), "format": format_}
    given = files("2024-01-01", "2024-01-02", export=declared)
    build(given)
    export(given)

    assert [each["extract"]["destinationFormat"] for each in exporting(warehouse)] == [called]


def test_a_week_is_exported_by_a_query(bucket, warehouse, build, export):
    days = {"partition": daily("day", "2024-01-01", "2024-01-08", grain="isoweek")}
    given = files("2024-01-01", "2024-01-08", export=DECLARED, sql=ONE_BY_ONE, **days)
    build(given)
    export(given)

    assert ["query" in each for each in exporting(warehouse)] == [True]


def test_the_statement_reads_one_partition_and_names_the_columns(bucket, warehouse, build, export):
    build(exported())
    warehouse.stored["acme.marts.daily"].resource["schema"]["fields"].append({"name": "more", "type": "STRING"})
    export(exported())

    query = exporting(warehouse)[0]["query"]

    assert query["query"].startswith(
        'EXPORT DATA OPTIONS (uri = "gs://acme/marts.daily/2024-01-01/rows-*.parquet", format = "PARQUET",'
        " overwrite = true) AS\nSELECT `day`, `part`, `stamp` FROM `acme`.`marts`.`daily` WHERE `day` >= @start"
    )
    assert [each["parameterValue"]["value"] for each in query["queryParameters"]] == ["2024-01-01", "2024-01-02"]


def test_what_is_there_is_not_written_again(bucket, warehouse, build, export):
    build(exported())
    export(exported())

    assert export(exported()) == ([], [])


def test_a_partition_of_other_rows_is_written_again_and_no_other(bucket, warehouse, build, export):
    build(exported())
    export(exported())
    warehouse.compute = lambda sql, parameters: rows_of_days(sql, parameters)[:-1]
    build(exported(), full=True)

    assert export(exported())[0] == ["2024-01-03"]


def test_what_a_killed_export_left_is_removed(bucket, warehouse, build, export):
    build(exported())
    export(exported())
    bucket.blob("marts.daily/2024-01-02/_SUCCESS").delete()
    bucket.blob("marts.daily/2024-01-02/rows-000000000001.parquet").upload_from_string("half")
    bucket.blob("marts.daily/2024-01-02/deeper/kept.txt").upload_from_string("of somebody else")

    assert export(exported())[0] == ["2024-01-02"]

    assert [each.removeprefix("marts.daily/2024-01-02/") for each in names(bucket) if "01-02" in each] == [
        "_SUCCESS",
        "deeper/kept.txt",
        "rows-000000000000.parquet",
    ]


def test_a_job_that_fails_leaves_no_success(bucket, warehouse, build, export):
    build(exported())
    warehouse.job_errors["export"] = ["invalidQuery"]

    partitions, problems = export(exported())

    assert len(partitions) == 3
    assert problems == ["marts.daily@2024-01-01: it failed: invalidQuery"]
    assert "marts.daily/2024-01-01/_SUCCESS" not in names(bucket)
    assert export(exported())[0] == ["2024-01-01"]


def test_an_environment_names_its_buckets(tmp_path):
    graph = graph_of(write_files(tmp_path / "project", exported()))

    (problem,) = refused(graph, list(graph.models))

    assert problem.code.id == "R520"
    assert problem.help == "under `exports:` it has nothing"
