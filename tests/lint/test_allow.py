"""``-- lint: allow RULE because REASON``: where it holds, and what is said of one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_lint import project, run

from aggregator.core.diagnostics import Code, Diagnostic, Document, Layer, Place, Related
from aggregator.lint.allow import allowances, unallowed, without_allowed

STAR, CLOCK, PAIR = (Code(f"L90{n}", name, "", Layer.LINT) for n, name in enumerate(("star", "clock", "pair")))
KNOWN = ("star", "clock", "pair")


def left(text: str, *found: Diagnostic, later: tuple[str, ...] = ()) -> list[str]:
    """What is left of findings in a file without front matter, as ``line:column code``."""
    kept = without_allowed(Document("m.sql", text), 0, found, KNOWN, later)
    return [f"{each.place.line}:{each.place.column} {each.code.name}" for each in kept]


def at(line: int, code: Code = STAR, path: str = "m.sql") -> Diagnostic:
    return Diagnostic(Place(path, line), code, "")


ALLOWED = {
    "on its line": ("SELECT\n  * -- lint: allow star because it is so\nFROM t", at(2)),
    "above its line": ("SELECT\n  -- lint: allow star because it is so\n  *\nFROM t", at(3)),
    "above its line, with another comment between": (
        "SELECT\n  -- lint: allow star because it is so,\n  -- and always was\n  *\nFROM t",
        at(4),
    ),
    "in the whole model": ("-- lint: allow star because it is so\nSELECT\n  *\nFROM t", at(3)),
    "in the whole model, behind another comment": (
        "-- All of them.\n# lint: allow star because it is so\n\nSELECT\n  *\nFROM t",
        at(5),
    ),
    "with another kind of comment": ("SELECT\n  * # lint: allow star because it is so\nFROM t", at(2)),
    "with a comment in the middle of a line": ("SELECT\n  /* lint: allow star because it is so */ *\nFROM t", at(2)),
    "with a comment of the template": ("SELECT\n  {# lint: allow star because it is so #}\n  *\nFROM t", at(3)),
    "in another case": ("SELECT\n  * -- Lint: Allow star because it is so\nFROM t", at(2)),
    "with others": ("SELECT\n  * -- lint: allow pair, star because it is so\nFROM t", at(2)),
    "in a macro that is called here": (
        "SELECT\n  {{ all() }} -- lint: allow star because it is so\nFROM t",
        Diagnostic(Place("macros/all.sql", 7, trail=(Related(Place("m.sql", 2), "called here"),)), STAR, ""),
    ),
}


@pytest.mark.parametrize(("text", "finding"), ALLOWED.values(), ids=ALLOWED)
def test_what_is_allowed(text, finding):
    assert left(text, finding, later=("pair",)) == []


NOT_ALLOWED = {
    "on another line": ("SELECT\n  *, -- lint: allow star because it is so\n  b\nFROM t", at(3)),
    "two lines below": ("SELECT\n  -- lint: allow star because it is so\n  a,\n  *\nFROM t", at(4)),
    "another rule": ("SELECT\n  * -- lint: allow pair because it is so\nFROM t", at(2)),
    "another file": ("SELECT\n  * -- lint: allow star because it is so\nFROM t", at(2, path="n.sql")),
}


@pytest.mark.parametrize(("text", "finding"), NOT_ALLOWED.values(), ids=NOT_ALLOWED)
def test_what_is_not_allowed(text, finding):
    assert left(text, finding)[0].split()[1] == "star"


BAD = {
    "no reason": ("SELECT\n  * -- lint: allow star\nFROM t", "it is not said why star is allowed"),
    "no reason behind because": (
        "SELECT\n  * -- lint: allow star because \nFROM t",
        "it is not said why star is allowed",
    ),
    "no rule": ("SELECT\n  * -- lint: allow\nFROM t", "this comment allows nothing"),
    "an id": ("SELECT\n  * -- lint: allow L003 because it is so\nFROM t", "rules are allowed by name, not as L003"),
    "another case, and no rule": ("SELECT\n  * -- Lint: Allow\nFROM t", "this comment allows nothing"),
    "another word": ("SELECT\n  * -- lint: ignore star because it is so\nFROM t", "this comment allows nothing"),
    "an unknown rule": ("SELECT\n  * -- lint: allow stars because it is so\nFROM t", "there is no rule stars"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_what_allows_nothing_is_said(text, message):
    found = list(without_allowed(Document("m.sql", text), 0, [at(2)], KNOWN))

    assert [(each.code.name, each.place.line) for each in found] == [("star", 2), ("bad-allow", 2)]
    assert found[1].message == message


NOT_COMMENTS = {
    "a text": "SELECT '-- lint: allow star' AS a",
    "a text of several lines": 'SELECT """\n-- lint: allow star\n""" AS a',
    "a name": "SELECT `# lint: allow star`",
    "a text with a quote in it": r"SELECT 'it\'s -- lint: allow star' AS a",
    "a comment about the linter": "SELECT 1 AS a -- see what lint: allow star does",
}


@pytest.mark.parametrize("text", NOT_COMMENTS.values(), ids=NOT_COMMENTS)
def test_what_is_no_such_comment(text):
    assert left(text) == []


UNUSED = {
    "a line of its own": (
        "SELECT\n  -- lint: allow star because it is so\n  a\nFROM t",
        "SELECT\n  a\nFROM t",
    ),
    "behind something": ("SELECT\n  a   -- lint: allow star because it is so\nFROM t", "SELECT\n  a\nFROM t"),
    "the last line, without an end": ("SELECT a\n-- lint: allow star because it is so", "SELECT a\n"),
    "between": ("SELECT\n  a /* lint: allow star because it is so */, b", "SELECT\n  a, b"),
}


@pytest.mark.parametrize(("text", "mended"), UNUSED.values(), ids=UNUSED)
def test_an_unused_comment_is_found_and_can_be_removed(text, mended):
    (found,) = without_allowed(Document("m.sql", text), 0, [], KNOWN)

    assert found.code.name == "unused-allow"
    (edit,) = found.edits
    assert text[: edit.start] + edit.text + text[edit.end :] == mended


def test_a_comment_that_is_used_in_part_is_for_its_author_to_mend():
    text = "SELECT\n  * -- lint: allow star, clock because it is so\nFROM t"

    (found,) = without_allowed(Document("m.sql", text), 0, [at(2)], KNOWN)

    assert (found.message, found.edits) == ("nothing here is found by clock", ())


def test_a_comment_may_be_used_by_several_findings():
    text = "-- lint: allow star, clock because it is so\nSELECT\n  *,\n  CURRENT_DATE() AS b\nFROM t"

    assert left(text, at(3), at(4, CLOCK), at(4)) == []


def test_the_front_matter_is_no_place_for_it():
    text = "/*---\n# lint: allow star\n---*/\nSELECT *"

    assert list(without_allowed(Document("m.sql", text), text.index("---*/") + 5, [], KNOWN)) == []


def test_what_is_found_later_is_allowed_without_another_look_at_the_rest():
    document = Document("m.sql", "SELECT\n  a, -- lint: allow pair because it is so\n  b -- lint: allow star\nFROM t")

    assert list(unallowed(document, 0, [at(2, PAIR), at(3, PAIR)], KNOWN)) == [at(3, PAIR)]


MACRO = "{% macro today() %}\n  CURRENT_DATE()\n{% endmacro %}\n"
ALLOW = "-- lint: allow clock, not-volatile because it is so"
IN_A_PROJECT = {
    "on the line": f"SELECT user,\n  CURRENT_DATE() AS day {ALLOW}\nFROM lake.plays",
    "in the whole model": f"{ALLOW}\nSELECT user,\n  CURRENT_DATE() AS day\nFROM lake.plays",
    "in a template": f"SELECT user,\n  {{{{ 'CURRENT_DATE()' }}}} AS day {ALLOW}\nFROM lake.plays",
    "where a macro is called": f"SELECT user,\n  {{{{ today() }}}} AS day {ALLOW}\nFROM lake.plays",
}


@pytest.mark.parametrize("sql", IN_A_PROJECT.values(), ids=IN_A_PROJECT)
def test_a_finding_of_a_model_is_allowed(sql: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "macros").mkdir()
    (tmp_path / "macros" / "today.sql").write_text(MACRO)

    allowed = run(project(tmp_path, one=sql), capsys)
    found = run(project(tmp_path, one=sql.replace("because it is so", "")), capsys)

    assert (allowed.code, allowed.err) == (0, "")
    assert found.code == 1
    assert "L001" in found.err
    assert "L030 it is not said why clock, not-volatile is allowed" in found.err


@pytest.mark.parametrize(
    "text",
    [
        'SELECT 1 {% if false %}"""' + "\\\\" * 5_000 + "{% endif %} -- lint: x",
        "SELECT 1 -- lint:" + " " * 100_000 + "x",
        "SELECT 1 -- lint: allow star" + " " * 100_000 + "x",
    ],
    ids=["backslashes in a text without end", "blanks", "blanks behind a rule"],
)
def test_long_texts_take_no_longer_for_each_letter(text):
    _, problems = allowances(Document("m.sql", text), 0, KNOWN)

    assert len(problems) <= 1
