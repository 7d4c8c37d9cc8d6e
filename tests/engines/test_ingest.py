"""Local files of sources: each format is read whole, once, and again when it changes; a bad file changes nothing."""

from __future__ import annotations

import dataclasses
import gzip
import io
import os
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lab import Lab, Rows, daily, graph_of, model, source

from aggregator.core.diagnostics import Diagnostic
from aggregator.engines.codes import LOCAL_FILE
from aggregator.engines.duckdb.engine import DuckDbEngine

COLUMNS = {"day": "DATE", "n": "INT64", "x": "FLOAT64", "label": "STRING"}
ROWS = [(date(2013, 1, 1), 1, 0.5, "a"), (date(2013, 1, 2), None, 2.0, "b, c")]
CSV = b'day,n,x,label\n2013-01-01,1,0.5,a\n2013-01-02,,2,"b, c"\n'
JSONL = b'{"day":"2013-01-01","n":1,"x":0.5,"label":"a"}\n{"day":"2013-01-02","n":null,"x":2,"label":"b, c"}\n'
AS_SQL = "VALUES (DATE '2013-01-01', 1, 0.5::DOUBLE, 'a'), (DATE '2013-01-02', NULL, 2, 'b, c')) AS t(day, n, x, label"
SOURCE = "models/lake/facts.yml"


@dataclasses.dataclass(frozen=True)
class Opened:
    """What opening the warehouse said, and what it found wrong."""

    lab: Lab
    said: list[str]
    problems: tuple[Diagnostic, ...]

    @property
    def rows(self) -> Rows:
        return self.lab.rows("lake.facts")


def put(root: Path, content: bytes, file: str = "facts.csv", second: int = 0) -> None:
    """Write a file with a modification time of our choice."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (1_357_000_000 + second,) * 2)


def load(root: Path, local: Any = "facts.csv", columns: Mapping[str, str] = COLUMNS) -> Opened:
    """Declare the source, and open the warehouse."""
    lab = Lab(graph_of(root, {SOURCE: source(columns, local=local)}))
    said: list[str] = []
    engine = DuckDbEngine(lab.graph, wait=1, say=said.append)
    try:
        return Opened(lab, said, engine.ingest())
    finally:
        engine.close()


def parquet(relation: str, tmp_path: Path) -> bytes:
    duckdb.sql(f"SELECT * FROM ({relation})").write_parquet(str(tmp_path / "written.parquet"))
    return (tmp_path / "written.parquet").read_bytes()


def archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name, content in files.items():
            written.writestr(name, content)
    return buffer.getvalue()


# --- what is read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "content"),
    [
        pytest.param("facts.csv", CSV, id="CSV"),
        pytest.param("facts.csv", b"\xef\xbb\xbf" + CSV.replace(b"\n", b"\r\n"), id="CSV as Windows writes it"),
        pytest.param("facts.tsv", CSV.replace(b", ", b"; ").replace(b",", b"\t").replace(b"; ", b", "), id="TSV"),
        pytest.param("facts.csv.gz", gzip.compress(CSV), id="CSV, gzipped"),
        pytest.param(
            "facts.csv.gz", gzip.compress(CSV[:40]) + gzip.compress(CSV[40:]), id="CSV, gzipped in two pieces"
        ),
        pytest.param("facts.csv.zip", archive({"inside.csv": CSV}), id="CSV, zipped"),
        pytest.param(
            "facts.zip",
            archive({"README.md": b"-", "data/inside.csv": CSV, "__MACOSX/data/._inside.csv": b"-"}),
            id="CSV in a folder of a zip from a Mac",
        ),
        pytest.param("facts.zip", archive({"../../inside.csv": CSV}), id="CSV in a zip that would leave its folder"),
        pytest.param("facts.json", b"[" + JSONL.strip().replace(b"\n", b",") + b"]", id="a JSON array"),
        pytest.param("facts.jsonl", JSONL, id="JSON lines"),
        pytest.param("facts.ndjson", JSONL, id="JSON lines by their other name"),
        pytest.param("facts.jsonl.gz", gzip.compress(JSONL), id="JSON lines, gzipped"),
        pytest.param("facts.zip", archive({"inside.jsonl": JSONL}), id="JSON lines, zipped"),
        pytest.param("it's here/facts of 'us'.csv", CSV, id="a path with quotes"),
        pytest.param("facts.csv", CSV.replace(b", ", b"; ").replace(b",", b";").replace(b"; ", b", "), id="semicolons"),
        pytest.param("n=7/facts.csv", CSV, id="a folder that is called as a column is"),
        pytest.param("n=7/facts.jsonl", JSONL, id="such a folder for JSON"),
        pytest.param("facts[1].csv", CSV, id="a name with brackets is not a pattern"),
        pytest.param("facts*.csv", CSV, id="a name with an asterisk is not a pattern"),
        pytest.param(
            "facts.csv",
            b'label,more,DAY,x,n\na,-,2013-01-01,0.5,1\n"b, c",-,2013-01-02,2,\n',
            id="columns in another order and case, and one that is not declared",
        ),
        pytest.param(
            "facts.jsonl",
            JSONL.replace(b'"n"', b'"N"'),
            id="fields in another case, which a column's name does not have",
        ),
    ],
)
def test_format(tmp_path, file, content):
    put(tmp_path, CSV.replace(b"2013", b"1999"), "facts1.csv")  # a neighbour that no one asked for
    put(tmp_path, content, file)
    opened = load(tmp_path, file)

    assert opened.problems == ()
    assert opened.said == [f"loading lake.facts from {file}"]
    assert opened.rows == ROWS


@pytest.mark.parametrize(
    ("file", "wrap"),
    [
        pytest.param("facts.parquet", lambda content: content, id="plain"),
        pytest.param("n=7/facts.parquet", lambda content: content, id="in a folder that is called as a column is"),
        pytest.param("facts.parquet.gz", gzip.compress, id="gzipped"),
        pytest.param("facts.zip", lambda content: archive({"inside.parquet": content}), id="zipped"),
    ],
)
def test_parquet(tmp_path, file, wrap):
    """The types of the table are the declared ones, not those of the file."""
    content = parquet(f"SELECT n::TINYINT AS n, label, -1 AS more, x::FLOAT AS x, day FROM ({AS_SQL})", tmp_path)
    put(tmp_path, wrap(content), file)
    opened = load(tmp_path, file)

    assert opened.problems == ()
    assert opened.rows == ROWS
    assert opened.lab.query("SELECT typeof(day), typeof(n), typeof(x), typeof(label) FROM lake.facts LIMIT 1") == [
        ("DATE", "BIGINT", "DOUBLE", "VARCHAR")
    ]


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        pytest.param("BOOL", "TRUE", True, id="a truth"),
        pytest.param("INT64", "9223372036854775807", 2**63 - 1, id="the greatest integer"),
        pytest.param("FLOAT64", "1e3", 1000.0, id="a float with an exponent"),
        pytest.param("NUMERIC", "0.123456789", Decimal("0.123456789"), id="all nine digits of a NUMERIC"),
        pytest.param("STRING", "007", "007", id="a text that looks like a number"),
        pytest.param("STRING", "#1", "#1", id="a text that looks like a comment"),
        pytest.param("STRING", " a ", " a ", id="a text with space around it"),
        pytest.param("STRING", '"say ""a"""', 'say "a"', id="a text with quotes"),
        pytest.param("STRING", '"a\nb"', "a\nb", id="a text with a line break"),
        pytest.param("STRING", '"a\\"', "a\\", id="a text that ends in a backslash"),
        pytest.param("STRING", '5" pipe', '5" pipe', id="a text with one quote"),
        pytest.param("INT64", "1e3", 1000, id="an integer with an exponent"),
        pytest.param("INT64", "-9223372036854775808", -(2**63), id="the least integer"),
        pytest.param("DATE", "2012-02-29", date(2012, 2, 29), id="a date"),
        pytest.param("TIME", "23:59:59.5", time(23, 59, 59, 500_000), id="a time"),
        pytest.param("DATETIME", "2013-03-10T02:30:00", datetime(2013, 3, 10, 2, 30), id="a local time"),  # noqa: DTZ001
        pytest.param(
            *("TIMESTAMP", "2013-01-01 10:00:00", datetime(2013, 1, 1, 10, tzinfo=UTC)),
            id="a timestamp without an offset is in UTC",
        ),
        pytest.param(
            "TIMESTAMP", "2013-01-01T10:00:00+02:00", datetime(2013, 1, 1, 8, tzinfo=UTC), id="a timestamp with one"
        ),
        pytest.param("ARRAY<INT64>", '"[1, 2]"', [1, 2], id="an array"),
    ],
)
def test_type(tmp_path, type_, text, expected):
    put(tmp_path, f"n,value\n1,{text}\n2,\n".encode())
    opened = load(tmp_path, columns={"n": "INT64", "value": type_})

    assert opened.problems == ()
    assert opened.rows == [(1, expected), (2, None)]


@pytest.mark.parametrize(
    ("nulls", "expected"),
    [
        pytest.param(None, ["NA", None, "-"], id="nothing said: the empty text"),
        pytest.param("NA", [None, "", "-"], id="a text replaces the empty one"),
        pytest.param(["", "NA"], [None, None, "-"], id="both, if both are named"),
        pytest.param(["it's"], ["NA", "", "-"], id="a text with a quote that is nowhere in the file"),
    ],
)
def test_null(tmp_path, nulls, expected):
    put(tmp_path, b"k,label\n1,NA\n2,\n3,-\n")
    local = {"file": "facts.csv", **({} if nulls is None else {"null": nulls})}
    opened = load(tmp_path, local, {"k": "INT64", "label": "STRING"})

    assert [label for _, label in opened.rows] == expected


# --- when it is read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "second", "declared", "again", "rows"),
    [
        pytest.param(b"n,label\n1,a\n", 0, {}, False, [(1, "a")], id="nothing changed"),
        pytest.param(b"n,label\n1,a\n", 1, {}, True, [(1, "a")], id="its time changed"),
        pytest.param(b"n,label\n1,b\n", 1, {}, True, [(1, "b")], id="a letter and its time changed"),
        pytest.param(
            b"n,label\n1,a\n2,b\n", 0, {}, True, [(1, "a"), (2, "b")], id="a row came, and the time was set back"
        ),
        pytest.param(b"n,label\n", 1, {}, True, [], id="all rows went"),
        pytest.param(b"n,label\n1,b\n", 0, {}, False, [(1, "a")], id="a letter changed, but neither size nor time"),
        pytest.param(
            *(b"n,label\n1,a\n", 0, {"local": {"file": "facts.csv", "null": "a"}}, True, [(1, None)]),
            id="another text stands for NULL",
        ),
        pytest.param(
            *(b"n,label\n1,a\n", 0, {"columns": {"n": "STRING", "label": "STRING"}}, True, [("1", "a")]),
            id="another type is declared",
        ),
        pytest.param(
            b"n,label\n1,a\n", 0, {"columns": {"label": "STRING"}}, True, [("a",)], id="a column less is declared"
        ),
    ],
)
def test_again(tmp_path, content, second, declared, again, rows):
    options = {"columns": {"n": "INT64", "label": "STRING"}, **declared}
    put(tmp_path, b"n,label\n1,a\n")
    load(tmp_path, columns={"n": "INT64", "label": "STRING"})
    put(tmp_path, content, second=second)
    opened = load(tmp_path, **options)

    assert opened.said == ["loading lake.facts from facts.csv"] * again
    assert opened.rows == rows
    assert load(tmp_path, **options).said == []


def test_an_old_file_that_comes_back_is_loaded_again(tmp_path):
    """What counts is the last load, not whether a file was ever loaded."""
    for content, second in ((CSV, 0), (CSV.replace(b",a\n", b",z\n"), 1), (CSV, 0)):
        put(tmp_path, content, second=second)
        opened = load(tmp_path)

    assert opened.said != []
    assert opened.rows == ROWS


def test_another_file_of_the_same_name_size_and_time_is_another_file(tmp_path):
    """Times unpacked from an archive are often all the same."""
    put(tmp_path, CSV, "old/facts.csv")
    put(tmp_path, CSV.replace(b",a\n", b",z\n"), "new/facts.csv")
    load(tmp_path, "old/facts.csv")
    opened = load(tmp_path, "new/facts.csv")

    assert opened.rows[0][-1] == "z"


def test_a_dropped_table_is_loaded_again(tmp_path):
    put(tmp_path, CSV)
    load(tmp_path).lab.execute("DROP TABLE lake.facts")

    assert load(tmp_path).rows == ROWS


def test_a_touched_file_makes_nothing_stale(tmp_path):
    """It is loaded, and as its rows are the same, so are their versions; a row that came makes its own day stale."""
    declared = {
        SOURCE: source(COLUMNS, local="facts.csv", partition=daily("day", "2013-01-01", "2013-01-03")),
        "models/marts/counted.sql": model(
            "SELECT day, COUNT(*) AS c FROM lake.facts GROUP BY day", partition=daily("day", "2013-01-01")
        ),
    }
    put(tmp_path, CSV)
    lab = Lab(graph_of(tmp_path, declared))
    assert lab.run().is_clean

    put(tmp_path, CSV, second=1)
    assert lab.plan().steps == ()

    put(tmp_path, CSV + b"2013-01-02,,,\n", second=2)
    assert [step.partitions for step in lab.plan().steps] == [("2013-01-02",)]


@pytest.mark.parametrize("file", ["facts.csv", "facts.jsonl", "facts.json"])
def test_a_file_without_rows_makes_a_table_without_rows(tmp_path, file):
    put(tmp_path, {"facts.csv": b"day,n,x,label\n", "facts.jsonl": b"", "facts.json": b"[]"}[file], file)
    opened = load(tmp_path, file)

    assert opened.problems == ()
    assert opened.rows == []


# --- what is refused -------------------------------------------------------------------------------------------------


def flipped(content: bytes, at: int) -> bytes:
    """One bit of a byte is another."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        pytest.param(
            "facts.csv",
            CSV + b"2013-01-03,many,1,c\n",
            'Line: 4: Error when converting column "n"',
            id="a text in a column of integers",
        ),
        pytest.param("facts.csv", CSV + b"2013-01-03,1.5,1,c\n", "1.5", id="a fraction in a column of integers"),
        pytest.param("facts.csv", CSV + b"2013-02-30,1,1,c\n", "Line: 4", id="a day that is not in the calendar"),
        pytest.param("facts.csv", CSV + b"#3,1,1,c\n", '"#3"', id="a row that looks like a comment"),
        pytest.param(
            "facts.csv",
            CSV + b"2013-01-03,1\n",
            "Line: 4: Expected Number of Columns: 4 Found: 2",
            id="a row that is too short",
        ),
        pytest.param("facts.csv", CSV + b"2013-01-03,1,1,c,d\n", "Columns: 4 Found: 5", id="a row that is too long"),
        pytest.param("facts.csv", CSV + b"2013-01-03,1,1,caf\xe9\n", "Line: 4", id="a text that is not UTF-8"),
        pytest.param(
            "facts.csv",
            b"day,n,x,label\n02/01/2013,1,1,a\n",
            "02/01",
            id="a date of which no one knows which is the month",
        ),
        pytest.param(
            "facts.csv", CSV + b"2013-01-03,9223372036854775808,1,c\n", "", id="an integer that is one too great"
        ),
        pytest.param("facts.csv", CSV.replace(b"label", b"labels"), '"label"', id="a CSV file without a column"),
        pytest.param(
            "facts.csv",
            b"day,n,x,label,N\n2013-01-01,1,0.5,a,2\n",
            'column "n": n, N',
            id="a CSV file with a column twice",
        ),
        pytest.param("facts.csv", b"2013-01-01,1,0.5,a\n", '"label"', id="a CSV file without a header"),
        pytest.param("facts.csv", b"", "none at all", id="an empty CSV file"),
        pytest.param("facts.csv", b"x" * 200_000, "first row", id="a CSV file without end"),
        pytest.param("facts.jsonl", JSONL.replace(b"0.5", b'"half"'), '"half"', id="a text for a number in JSON"),
        pytest.param("facts.jsonl", JSONL.replace(b'"n":1', b'"n":1.5'), "1.5", id="a fraction for an integer in JSON"),
        pytest.param("facts.jsonl", JSONL.replace(b'"n"', b'"m"'), '"n"', id="JSON without a field"),
        pytest.param("facts.json", b"[1, 2]", "OBJECT", id="JSON of numbers"),
        pytest.param("facts.jsonl", JSONL.replace(b'"n"', b'"N"', 1), "N, n", id="JSON with a field in two cases"),
        pytest.param("facts.jsonl", JSONL.replace(b"2013-01-01", b"02/01/2013"), "02/01", id="such a date in JSON"),
        pytest.param("facts.json", b"[" + JSONL[:60], "", id="JSON that ends too early"),
        pytest.param("facts.csv.gz", CSV, "gzip", id="a gzip file that is none"),
        pytest.param("facts.csv.gz", gzip.compress(CSV)[:-9], "", id="a gzip file that ends too early"),
        pytest.param(
            "facts.csv.gz", flipped(gzip.compress(CSV, 0), 30), "", id="a gzip file with another letter in it"
        ),
        pytest.param("facts.zip", archive({"a.csv": CSV})[:-9], "not a zip file", id="a zip file that ends too early"),
        pytest.param(
            "facts.zip", flipped(archive({"a.csv": CSV}), 50), "CRC", id="a zip file with another letter in it"
        ),
        pytest.param("facts.zip", archive({"a.csv": CSV, "b.csv": CSV}), "an archive of one", id="a zip of two files"),
        pytest.param("facts.zip", archive({"a.txt": CSV}), "an archive of one", id="a zip of no file of data"),
        pytest.param("facts.parquet", CSV, "", id="a Parquet file that is none"),
        pytest.param("facts.txt", CSV, "not a CSV", id="a format that is not known"),
    ],
)
def test_refused(tmp_path, file, content, message):
    """The table keeps its rows, the finding points to the declaration, and comes back until the file is mended."""
    put(tmp_path, CSV, "sound.csv")
    load(tmp_path, "sound.csv")
    put(tmp_path, content, file)
    opened = load(tmp_path, file)
    (problem,) = opened.problems

    assert (problem.code, opened.rows) == (LOCAL_FILE, ROWS)
    assert message.casefold() in problem.message.casefold()
    assert file in problem.message
    assert pointed_at(problem, opened.lab) == f'"{file}"'
    assert load(tmp_path, file).problems == (problem,)
    assert load(tmp_path, "sound.csv").problems == ()


def pointed_at(problem: Diagnostic, lab: Lab) -> str:
    place, (declared,) = problem.place, lab.graph.project.sources.values()
    assert place.path == declared.document.path
    return declared.document.text[
        declared.document.offset(place.line, place.column) : declared.document.offset(place.end_line, place.end_column)
    ]


@pytest.mark.parametrize(
    ("relation", "harm", "message"),
    [
        pytest.param(f"FROM ({AS_SQL})", lambda content: content[:-9], "", id="ends too early"),
        pytest.param(f"FROM ({AS_SQL})", lambda content: flipped(content, len(content) - 5), "", id="has a bad footer"),
        pytest.param(f"SELECT day, n, x FROM ({AS_SQL})", bytes, 'no column "label"', id="lacks a column"),
        pytest.param(f"SELECT * REPLACE ('x' AS n) FROM ({AS_SQL})", bytes, "column n", id="has text for integers"),
        pytest.param(f"SELECT * REPLACE (1.5 AS n) FROM ({AS_SQL})", bytes, "1.5", id="has fractions for integers"),
    ],
)
def test_refused_parquet(tmp_path, relation, harm, message):
    put(tmp_path, CSV)
    load(tmp_path)
    put(tmp_path, harm(parquet(relation, tmp_path)), "facts.parquet")
    opened = load(tmp_path, "facts.parquet")
    (problem,) = opened.problems

    assert (problem.code, opened.rows) == (LOCAL_FILE, ROWS)
    assert message in problem.message


def test_a_bad_file_leaves_the_other_sources_alone(tmp_path):
    """One finding hides no other, and a source that is sound is loaded."""
    put(tmp_path, CSV)
    put(tmp_path, b"", "empty.csv")
    files = {"bad": "empty.csv", "facts": "facts.csv", "gone": "gone.csv"}
    declared = {f"models/lake/{name}.yml": source(COLUMNS, local=file) for name, file in files.items()}
    lab = Lab(graph_of(tmp_path, declared))
    engine = DuckDbEngine(lab.graph, wait=1, say=lambda _: None)
    problems = engine.ingest()
    engine.close()

    assert sorted(problem.place.path for problem in problems) == ["models/lake/bad.yml", "models/lake/gone.yml"]
    assert lab.rows("lake.facts") == ROWS


@pytest.mark.parametrize(
    ("local", "message", "advice"),
    [
        pytest.param("fact.csv", "there is no file fact.csv", "did you mean facts.csv?", id="a name with a typo"),
        pytest.param("folder.csv", "there is no file folder.csv", "", id="a folder"),
        pytest.param(
            {"package": "packed", "file": "gone.csv"}, "there is no file packed:gone.csv", "", id="not in the package"
        ),
        pytest.param(
            *({"package": "packed", "file": "data/link.csv"}, "there is no file packed:data/link.csv", ""),
            id="a link that leads out of the package",
        ),
        pytest.param(
            *({"package": "no_such_package", "file": "facts.csv"}, "the package no_such_package is not installed"),
            "pip install no_such_package",
            id="a package that is not installed",
        ),
    ],
)
def test_no_file(tmp_path, packed, local, message, advice):
    root = tmp_path / "project"
    put(root, CSV)
    (root / "folder.csv").mkdir()
    load(root)
    opened = load(root, local)
    (problem,) = opened.problems

    assert (problem.code, opened.rows) == (LOCAL_FILE, ROWS)
    assert problem.message == message
    assert advice in problem.help
    assert problem.place.path == SOURCE


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """An installed package with a file of data, which can't be imported."""
    put(tmp_path, b"raise AssertionError('it was imported')\n", "site/packed/__init__.py")
    put(tmp_path, CSV, "site/packed/data/facts.csv")
    put(tmp_path, CSV, "outside.csv")
    (tmp_path / "site/packed/data/link.csv").symlink_to(tmp_path / "outside.csv")
    monkeypatch.syspath_prepend(tmp_path / "site")


def test_a_file_of_a_package_is_read_without_importing_it(tmp_path, packed):
    opened = load(tmp_path / "project", {"package": "packed", "file": "data/facts.csv"})

    assert opened.problems == ()
    assert opened.said == ["loading lake.facts from packed:data/facts.csv"]
    assert opened.rows == ROWS
