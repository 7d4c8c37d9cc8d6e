"""The language server, asked by an editor in another process."""

from __future__ import annotations

import shutil

import pytest
from editor_client import FILES, at_cursor
from lsprotocol import types as lsp
from pygls.uris import to_fs_path

HEAD = "/*---\ndescription: A model.\nowner: ops@example.com\n---*/\n"
NEW = "models/marts/new.sql"


def codes(found):
    return [each.code for each in found]


def span(found):
    start, end = found.range.start, found.range.end
    return (start.line, start.character, end.line, end.character)


@pytest.fixture
def ask(editor, project):
    """Put a text with a cursor into a file that is open, and ask something about the cursor."""

    def ask(question, text, path=NEW):
        whole, position = at_cursor(text if path != NEW or text.startswith("/*") else HEAD + text)
        editor.open(project / path, whole)
        try:
            return getattr(editor, question)(project / path, position)
        finally:
            editor.close(project / path)

    return ask


# --- findings ---


def test_findings_follow_what_is_typed(editor, project):
    path = project / NEW

    assert editor.open(path, f"{HEAD}SELECT carrier FROM lake.flights\n") == []
    assert codes(editor.type(path, f"{HEAD}SELECT carier FROM lake.flights\n")) == ["A210"]
    assert codes(editor.type(path, f"{HEAD}SELECT carrier FRO lake.flights\n")) == ["A202"]
    assert editor.type(path, f"{HEAD}SELECT carrier FROM lake.flights\n") == []
    assert not path.exists()


def test_a_finding_says_all_that_the_command_line_does(editor, project):
    (found,) = editor.open(project / NEW, f"{HEAD}SELECT carier FROM lake.flights\n")

    assert span(found) == (4, 7, 4, 13)
    assert (found.severity, found.source) == (lsp.DiagnosticSeverity.Error, "aggregator")
    assert found.message == "no table here has a column carier\ndid you mean carrier?"


@pytest.mark.parametrize(
    ("before", "units"),
    [("'ü'", 3), ("'🎈'", 4), ("'👩‍🚀'", 7), ("'e\u0301'", 4), ("'\u2028'", 3)],
    ids=["an umlaut", "an emoji", "an emoji made of three", "a letter and its accent", "a separator of lines"],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["line feeds", "as on Windows"])
def test_columns_are_counted_as_editors_do(before, units, newline, editor, project):
    text = f"{HEAD}SELECT {before} AS a, carier FROM lake.flights\n".replace("\n", newline)

    (found,) = editor.open(project / NEW, text)

    assert span(found) == (4, units + 14, 4, units + 20)


def test_what_is_not_saved_counts_for_those_who_read_it(editor, project):
    daily, weekly = project / "models/marts/daily.sql", project / "models/marts/weekly.sql"
    text = daily.read_text()
    editor.open(daily, text)

    (found,) = editor.type(daily, text.replace("AS late", "AS minutes").replace("late:", "minutes:"), about=weekly)
    assert (found.code, span(found)) == ("A210", (5, 24, 5, 28))
    assert editor.type(daily, text, about=weekly) == []


def test_a_file_that_is_closed_is_as_on_disk(editor, project):
    path = project / "models/marts/weekly.sql"
    editor.open(path, path.read_text())
    assert codes(editor.type(path, "SELECT")) == ["A108"]

    assert editor.close(path) == []


def test_files_that_others_change(editor, project):
    path = project / "models/marts/weekly.sql"
    editor.open(path, path.read_text())
    source = project / "models/lake/flights.yml"
    source.write_text(source.read_text().replace("delay: INT64", "minutes: INT64"))

    found = editor.saved_elsewhere(source, about=project / "models/marts/daily.sql")

    assert codes(found) == ["A210"]


def test_whoever_types_quickly_is_checked_once(editor, project):
    path = project / NEW
    editor.open(path, f"{HEAD}SELECT carrier FROM lake.flights\n")
    before = len(editor.published_for(path))
    for length in range(1, 12):
        editor.type_quickly(path, f"{HEAD}SELECT {'carier_code'[:length]} FROM lake.flights\n")

    found = editor.type(path, f"{HEAD}SELECT nothing FROM lake.flights\n")

    assert found[0].message.startswith("no table here has a column nothing")
    assert len(editor.published_for(path)) == before + 1


def test_a_broken_project_file(editor, project):
    path = project / "aggregator.yml"
    text = path.read_text()
    assert editor.open(path, text) == []

    assert codes(editor.type(path, text.replace("duckdb,", "duckbd,"))) == ["A106"]
    assert editor.type(path, text) == []


def test_a_file_that_is_in_no_project(editor, tmp_path):
    path = tmp_path / "elsewhere" / "query.sql"

    editor.open_unanswered(path, "SELECT 1")

    assert editor.hover(path, lsp.Position(0, 0)) == ""
    assert editor.complete(path, lsp.Position(0, 0)) == []


def test_what_the_baseline_knows_is_not_shown(editor, project, aggregator):
    path = project / NEW
    text = f"{HEAD}SELECT carrier FROM lake.flights LIMIT 1\n"
    path.write_text(text)
    aggregator(project, "lint", "--write-baseline")

    editor.open(path, text)
    assert editor.published_for(path)[-1] == ()
    editor.type(path, text.replace("SELECT", "-- one more line\nSELECT"))
    assert editor.published_for(path)[-1] == ()
    editor.type(path, text.replace("LIMIT 1", "LIMIT 2"))
    assert "L002" in codes(editor.published_for(path)[-1])


# --- hover ---

HOVERS = {
    "a column": ("SELECT fl┃ight_date FROM lake.flights", ["**flight_date** `DATE` · lake.flights"]),
    "a column with a description": ("SELECT carrier┃ FROM lake.flights", ["`STRING`", "Two letters"]),
    "a column behind an alias": ("SELECT d.la┃te FROM marts.daily AS d", ["**late** `INT64`", "Sum of minutes late"]),
    "where a column comes from": ("SELECT d.la┃te FROM marts.daily AS d", ["Aggregate of `lake.flights.delay`"]),
    "where it comes from in the end": (
        "SELECT minutes┃ FROM marts.weekly",
        ["Copy of `marts.daily.late`", "In sources: `lake.flights.delay`"],
    ),
    "a column of a query of WITH": (
        "WITH w AS (SELECT carrier AS code FROM lake.flights) SELECT code┃ FROM w",
        ["**code** `STRING`", "Two letters"],
    ),
    "a column through a star": (
        "WITH w AS (SELECT * FROM lake.flights) SELECT w.del┃ay FROM w",
        ["**delay** `INT64`"],
    ),
    "a column of a subquery": (
        "SELECT s.c┃ FROM (SELECT carrier AS c FROM lake.flights) AS s",
        ["**c** `STRING`"],
    ),
    "a column of the query around": (
        "SELECT carrier FROM lake.flights AS f WHERE EXISTS (SELECT 1 FROM lake.carriers AS c WHERE f.del┃ay > 0)",
        ["**delay** `INT64` · lake.flights"],
    ),
    "a column below what is not finished": (
        "WITH w AS (SELECT carrier AS code, FROM lake.flights) SELECT code┃, SUM( FROM w WHERE",
        ["**code** `STRING`"],
    ),
    "a field": ("SELECT t.plane.se┃ats FROM lake.trips AS t", ["**seats** `INT64`"]),
    "a field of a field": ("SELECT plane.maker.to┃wn FROM lake.trips", ["**town** `STRING`"]),
    "a field of an element": (
        "SELECT leg.mi┃les FROM lake.trips AS t, UNNEST(t.legs) AS leg",
        ["**miles** `INT64`"],
    ),
    "a field of an element, without UNNEST": (
        "SELECT leg.mi┃les FROM lake.trips AS t, t.legs AS leg",
        ["**miles** `INT64`"],
    ),
    "a field in a subquery": (
        "SELECT (SELECT MAX(mi┃les) FROM UNNEST(t.legs)) AS m FROM lake.trips AS t",
        ["**miles** `INT64`"],
    ),
    "a source": ("SELECT carrier FROM lake.fl┃ights", ["**lake.flights** · source", "Flights.", "`delay` INT64"]),
    "a model": ("SELECT late FROM marts.daily┃", ["**marts.daily** · model by day", "Delays per day and carrier."]),
    "a table in backticks": ("SELECT carrier FROM `lake.fl┃ights`", ["**lake.flights** · source"]),
    "an alias": ("SELECT d┃.late FROM marts.daily AS d", ["**marts.daily** · model by day"]),
    "a query of WITH": (
        "WITH w AS (SELECT carrier AS code FROM lake.flights) SELECT code FROM w┃",
        ["**w** · query", "- `code` STRING"],
    ),
    "the name of a query of WITH": (
        "WITH w┃ AS (SELECT carrier AS code FROM lake.flights) SELECT code FROM w",
        ["**w** · query", "- `code` STRING"],
    ),
    "a macro": ("SELECT {{ ce┃nts('delay') }} AS c FROM lake.flights", ["cents(amount, digits=2)", "macros/money.sql"]),
    "an output column": ("SELECT SUM(delay) AS to┃tal FROM lake.flights", ["**total** `INT64`", "lake.flights.delay"]),
    "an output column in GROUP BY": (
        "SELECT carrier AS code, SUM(delay) AS total FROM lake.flights GROUP BY co┃de",
        ["**code** `STRING`", "Two letters"],
    ),
    "a key": (HEAD.replace("owner", "own┃er") + "SELECT 1 AS a", ["**owner**: Who hears when it breaks."]),
    "a key in a key": (
        HEAD.replace("---*/", "partition: {by: a, gr┃ain: day, from: 2013-01-01}\n---*/") + "SELECT 1 AS a",
        ["**grain**: How long a partition is."],
    ),
    "a table in front matter": (
        HEAD.replace("---*/", "inputs: {lake.fli┃ghts: all}\n---*/") + "SELECT carrier FROM lake.flights",
        ["**lake.flights** · source"],
    ),
    "a keyword": ("SELE┃CT carrier FROM lake.flights", []),
    "a comment": ("SELECT carrier -- carr┃ier\nFROM lake.flights", []),
    "a text": ("SELECT 'carr┃ier' AS c FROM lake.flights", []),
    "what there is not": ("SELECT no┃thing FROM lake.flights", []),
}


@pytest.mark.parametrize(("text", "parts"), HOVERS.values(), ids=HOVERS.keys())
def test_hover(text, parts, ask):
    said = ask("hover", text)

    assert [part for part in parts if part not in said] == []
    assert bool(parts) == bool(said)


def test_hover_behind_an_emoji(ask):
    assert "`INT64`" in ask("hover", "SELECT '🎈🎈' AS a, del┃ay FROM lake.flights")


def test_what_was_known_of_a_broken_model_is_kept(editor, project, ask):
    daily = project / "models/marts/daily.sql"
    editor.open(daily, daily.read_text())
    assert codes(editor.type(daily, daily.read_text().replace("GROUP BY", "GRUOP BEI"))) != []

    assert "`INT64`" in ask("hover", "SELECT la┃te FROM marts.daily")


# --- definition ---

DEFINITIONS = {
    "a model": ("SELECT late FROM marts.da┃ily", "models/marts/daily.sql", (0, 0)),
    "a source": ("SELECT carrier FROM lake.fl┃ights", "models/lake/flights.yml", (0, 0)),
    "a table in front matter": (
        HEAD.replace("---*/", "inputs: {lake.fli┃ghts: all}\n---*/") + "SELECT carrier FROM lake.flights",
        "models/lake/flights.yml",
        (0, 0),
    ),
    "a query of WITH": ("WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a┃) SELECT x FROM b", NEW, (4, 5)),
    "an alias": ("SELECT d┃.late FROM marts.daily AS d", NEW, (4, 19)),
    "a column of a source": ("SELECT carr┃ier FROM lake.flights", "models/lake/flights.yml", (5, 4)),
    "a column of a model": ("SELECT d.la┃te FROM marts.daily AS d", "models/marts/daily.sql", (6, 43)),
    "a column of WITH": ("WITH a AS (SELECT 1 AS x) SELECT x┃ FROM a", NEW, (4, 23)),
    "a macro": ("SELECT {{ ce┃nts('delay') }} AS c FROM lake.flights", "macros/money.sql", (0, 9)),
    "a keyword": ("SELECT late FR┃OM marts.daily", None, None),
    "a table that there is not": ("SELECT x FROM marts.no┃thing", None, None),
}


@pytest.mark.parametrize(("text", "path", "start"), DEFINITIONS.values(), ids=DEFINITIONS.keys())
def test_definition(text, path, start, ask, project):
    found = ask("definition", text)

    if path is None:
        assert found is None
    else:
        assert to_fs_path(found.uri) == str(project / path)
        assert (found.range.start.line, found.range.start.character) == start


# --- completion ---

TABLES = ["lake.carriers", "lake.flights", "marts.daily", "marts.weekly"]
COMPLETIONS = {
    "tables behind FROM": ("SELECT x FROM ┃", TABLES, None),
    "tables that begin so": ("SELECT x FROM la┃", ["lake.flights"], None),
    "tables of a dataset": ("SELECT x FROM lake.┃", ["lake.flights"], None),
    "tables behind JOIN": ("SELECT x FROM lake.flights JOIN ┃", TABLES, None),
    "tables behind a comma": ("SELECT x FROM lake.flights, ┃", TABLES, None),
    "queries of WITH": ("WITH w AS (SELECT 1 AS x) SELECT x FROM ┃", ["w", *TABLES], None),
    "columns of an alias": ("SELECT d.┃ FROM marts.daily AS d", ["flight_date", "carrier", "late"], ["d", "name"]),
    "columns of an alias that begin so": ("SELECT d.la┃ FROM marts.daily AS d", ["late"], ["d"]),
    "columns and aliases": (
        "SELECT ┃ FROM marts.daily AS d JOIN lake.carriers AS c ON TRUE",
        ["flight_date", "late", "name", "d", "c"],
        ["delay", "lake.flights"],
    ),
    "fields": ("SELECT t.plane.┃ FROM lake.trips AS t", ["seats", "maker"], ["id", "town"]),
    "fields of a field": ("SELECT plane.maker.┃ FROM lake.trips", ["town"], ["seats"]),
    "fields of an element": ("SELECT leg.┃ FROM lake.trips, UNNEST(legs) AS leg", ["miles"], ["id"]),
    "fields through WITH": ("WITH w AS (SELECT plane AS p FROM lake.trips) SELECT w.p.┃ FROM w", ["seats"], ["p"]),
    "columns behind WHERE": ("SELECT 1 AS x FROM marts.daily WHERE ┃", ["late"], ["delay"]),
    "columns behind ON": ("SELECT 1 AS x FROM marts.daily d JOIN lake.carriers c ON d.┃", ["carrier"], ["name"]),
    "columns of a query of WITH": (
        "WITH w AS (SELECT carrier AS code, 1 AS one FROM lake.flights) SELECT ┃ FROM w",
        ["code", "one", "w"],
        ["carrier"],
    ),
    "columns within a function": ("SELECT SUM(┃) AS x FROM lake.flights", ["delay"], None),
    "columns within a subquery": (
        "SELECT late FROM marts.daily WHERE carrier IN (SELECT ┃ FROM lake.carriers)",
        ["name", "late"],
        None,
    ),
    "columns in the second half of a UNION": (
        "SELECT carrier FROM lake.flights UNION ALL SELECT ┃ FROM lake.carriers",
        ["name"],
        ["delay"],
    ),
    "macros": ("SELECT {{ ┃ }} AS c FROM lake.flights", ["cents", "vars"], ["delay"]),
    "keys": ("/*---\nowner: x\n┃", ["description", "partition", "inputs"], ["owner", "source"]),
    "keys of a mapping": ("/*---\npartition: {by: x, ┃", ["grain", "from", "to", "zone"], ["by", "owner"]),
    "keys of a block": ("/*---\npartition:\n  by: x\n  gr┃\n---*/", ["grain"], ["owner"]),
    "keys of an item": ("/*---\nchecks:\n  - ┃\n---*/", ["not_null"], ["owner"]),
    "words": ("/*---\npartition: {by: x, grain: ┃", ["hour", "day", "month", "year"], ["by"]),
    "maps": (HEAD.replace("---*/", "inputs:\n  lake.flights: ┃\n---*/"), ["same", "all", "previous"], None),
    "inputs": (
        HEAD.replace("---*/", "inputs:\n  ┃\n---*/") + "SELECT 1 AS a FROM lake.flights AS f",
        ["lake.flights", "f"],
        None,
    ),
    "columns of the model itself": (
        HEAD.replace("---*/", "key: [┃]\n---*/") + "SELECT carrier, 1 AS one FROM lake.flights",
        ["carrier", "one"],
        ["delay"],
    ),
    "nothing in a comment": ("SELECT x -- FROM ┃", [], TABLES),
    "nothing in a text": ("SELECT ' FROM ┃ ' AS x", [], TABLES),
}


@pytest.mark.parametrize(("text", "there", "absent"), COMPLETIONS.values(), ids=COMPLETIONS.keys())
def test_completion(text, there, absent, ask):
    labels = [each.label for each in ask("complete", text)]

    assert [each for each in there if each not in labels] == []
    assert [each for each in absent or () if each in labels] == []
    assert len(labels) == len(set(labels))
    assert bool(labels) == bool(there)


def test_what_is_typed_is_replaced(ask, editor):
    (found,) = [each for each in ask("complete", "SELECT '🎈' AS x FROM lake.fl┃") if each.label == "lake.flights"]

    start, end = found.text_edit.range.start, found.text_edit.range.end
    assert (found.text_edit.new_text, start.character, end.character) == ("lake.flights", 22, 29)
    assert (found.detail, editor.resolve(found).documentation) == ("source", "Flights.")


def test_completion_in_other_files(editor, project):
    for path, text, label in [
        ("aggregator.yml", "project: x\nenvironments:\n  local:\n    engine: ┃", "duckdb"),
        ("models/lake/new.yml", "source:\n  columns:\n    a: {type: ┃", "TIMESTAMP"),
    ]:
        whole, position = at_cursor(text)
        editor.open(project / path, whole)

        assert label in [each.label for each in editor.complete(project / path, position)]
        editor.close(project / path)


# --- quick fixes ---


def test_a_quick_fix(editor, project):
    path = project / NEW
    editor.open(path, f"{HEAD}SELECT 1 AS one, * FROM lake.carriers\n")

    fixes = editor.fixes(path, lsp.Position(4, 17))

    (edit,) = fixes["list the columns"]
    assert (edit.range.start.line, edit.range.start.character, edit.range.end.character) == (4, 17, 18)
    assert edit.new_text.replace("\n", " ").split() == ["carrier,", "name"]
    assert editor.fixes(path, lsp.Position(0, 0)) == {}


def test_no_quick_fix_for_a_text_that_has_changed(editor, project):
    path = project / NEW
    editor.open(path, f"{HEAD}SELECT * FROM lake.carriers\n")
    editor.type_quickly(path, f"{HEAD}\nSELECT * FROM lake.carriers\n")

    assert editor.fixes(path, lsp.Position(4, 7)) == {}


# --- half-typed text ---


def test_nothing_that_is_half_typed_is_too_much(editor, project):
    path = project / NEW
    text = (
        "/*---\ndescription: x\nowner: x\npartition: {by: flight_date, grain: day, from: 2013-01-01}\n---*/\n"
        "WITH w AS (SELECT *, {{ cents('delay') }} AS c FROM lake.flights AS f)\n"
        "SELECT w.flight_date, `carrier`, 'it''s' AS t, (SELECT MAX(x.c) FROM w AS x) AS m -- end\n"
        "FROM w, UNNEST([1]) AS u"
    )
    editor.open(path, "")
    before = len(editor.errors)
    for length in range(0, len(text), 3):
        whole, position = at_cursor(text[:length] + "┃")
        editor.type_quickly(path, whole)
        editor.hover(path, position)
        editor.definition(path, position)
        editor.complete(path, position)

    assert editor.type(path, text) is not None
    assert editor.errors[before:] == []


def test_two_projects_at_once(editor, project, make_project):
    other = make_project(
        {**FILES, "models/lake/flights.yml": FILES["models/lake/flights.yml"].replace("carrier", "line")}, "other"
    )
    text = f"{HEAD}SELECT carrier FROM lake.flights\n"

    assert editor.open(project / NEW, text) == []
    assert codes(editor.open(other / NEW, text)) == ["A210"]
    shutil.rmtree(other)


def test_only_full_texts_are_sent(editor):
    assert editor.capabilities.text_document_sync.change is lsp.TextDocumentSyncKind.Full
