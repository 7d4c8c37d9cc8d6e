"""From the compiled SQL, with its filters, back to the file: every word of the author's is found where it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lab import daily, load_graph, model, name, project_file, source, write_files

from aggregator.compile.locate import Locator

DAILY = {"partition": daily("day", "2024-01-01")}
PROJECT = project_file()
RAW = source({"day": "DATE", "x": "INT64", "y": "INT64"}, **DAILY)
MACRO = "{% macro twice(column) -%}\n  {{ column }} * 2\n{%- endmacro %}\n"

PLAIN = {
    "one table": "SELECT day, x FROM lake.raw WHERE y > 1",
    "two tables and aliases": "SELECT a.day, b.x FROM lake.raw AS a JOIN lake.raw b ON a.day = b.day WHERE b.y > 1",
    "everything on later lines": "\n\n  SELECT day,\n    x\n  FROM lake.raw\n  WHERE y > 1",
    "no table": "SELECT DATE '2024-01-01' AS day",
    "with text of several bytes": "SELECT day, 'ž😀' AS t, x FROM lake.raw WHERE y > 1",
    "a semicolon": "SELECT day, x FROM lake.raw WHERE y > 1;",
}


def compiled(tmp_path: Path, sql: str):
    files = {"aggregator.yml": PROJECT, "models/lake/raw.yml": RAW, "macros/m.sql": MACRO}
    root = write_files(tmp_path, {**files, "models/a/one.sql": model(sql, **DAILY)})
    graph = load_graph(root)
    return graph, graph.models[name("a.one")]


@pytest.mark.parametrize("sql", PLAIN.values(), ids=PLAIN.keys())
def test_every_word_of_the_author_is_found_where_it_stands(tmp_path: Path, sql: str):
    graph, found = compiled(tmp_path, sql)
    locator, document = Locator(graph.project), found.model.document
    put_in = {index for splice in found.splices for index in range(splice.start, splice.end)}
    words = [match for match in re.finditer(r"\w+", found.sql) if match.start() not in put_in]
    places = [locator.place(found, match.start()) for match in words]
    texts = [
        document.text[document.offset(place.line, place.column) : document.offset(place.end_line, place.end_column)]
        for place in places
    ]

    assert texts == [match[0] for match in words]
    assert places == sorted(places)


@pytest.mark.parametrize("sql", [sql for sql in PLAIN.values() if "lake" in sql])
def test_what_the_compiler_put_in_stands_for_the_name_of_the_table(tmp_path: Path, sql: str):
    graph, found = compiled(tmp_path, sql)
    locator = Locator(graph.project)
    places = {locator.place(found, found.sql.index("@start")), locator.place(found, found.sql.index("SELECT *"))}
    text = found.model.document.text.split("\n")

    assert len(places) == 1
    (place,) = places
    assert text[place.line - 1][place.column - 1 :].startswith("lake.raw")


def test_in_a_template_the_place_is_in_the_macro_with_its_call(tmp_path: Path):
    graph, found = compiled(tmp_path, "SELECT day, {{ twice('x') }} AS x2 FROM lake.raw")
    place = Locator(graph.project).place(found, found.sql.index("* 2"))

    assert (place.path, place.line, place.column) == ("macros/m.sql", 2, 16)
    assert [each.place.path for each in place.trail] == ["models/a/one.sql"]


def test_without_a_place_it_is_where_the_select_begins(tmp_path: Path):
    graph, found = compiled(tmp_path, "\n\nSELECT day, x FROM lake.raw")

    assert Locator(graph.project).place(found, None) == found.place


def test_behind_the_end_it_is_the_end(tmp_path: Path):
    graph, found = compiled(tmp_path, "SELECT day, x FROM lake.raw")
    place = Locator(graph.project).place(found, len(found.sql) + 10)

    assert place.line == found.model.document.text.rstrip().count("\n") + 1
