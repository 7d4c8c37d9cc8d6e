"""The baseline: known findings are not shown, new ones are, and what is gone is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_lint import MODEL, project, run

from aggregator.cli.baseline import FILE, BadBaselineError, Known, all_known, as_json, compare, known_from
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Place

STAR, CLOCK = Code("L901", "star", "", Layer.LINT), Code("L902", "clock", "", Layer.LINT)
TYPE = Code("A901", "type", "", Layer.COMPILE)


def at(line: int, code: Code = STAR) -> Diagnostic:
    return Diagnostic(Place("m.sql", line), code, "")


def line_of(*lines: str):
    return lambda place: lines[place.line - 1]


BEFORE = line_of("SELECT", "  *", "FROM t")

STILL_KNOWN = {
    "nothing changed": (BEFORE, [at(2)], []),
    "lines were added above": (line_of("SELECT", "  1 AS a,", "  *", "FROM t"), [at(3)], []),
    "the line was indented": (line_of("SELECT", "       *  ", "FROM t"), [at(2)], []),
    "the line was changed": (line_of("SELECT", "  b.*", "FROM t"), [at(2)], [at(2)]),
    "there is one more of it": (line_of("*", "*"), [at(1), at(2)], [at(2)]),
    "another rule finds something in it": (BEFORE, [at(2), at(2, CLOCK)], [at(2, CLOCK)]),
    "it became a mistake": (BEFORE, [at(2, TYPE)], [at(2, TYPE)]),
}


@pytest.mark.parametrize(("lines", "found", "new"), STILL_KNOWN.values(), ids=STILL_KNOWN)
def test_what_is_new(lines, found, new):
    known = all_known([at(2)], BEFORE)

    assert list(compare(found, known, lines).new) == new


def test_what_is_gone_is_stale():
    known = all_known([at(1), at(2), at(3, CLOCK)], line_of("*", "*", "x"))

    assert [(each.rule, each.count) for each in compare([at(1)], known, line_of("*")).stale] == [
        ("clock", 1),
        ("star", 1),
    ]


def test_what_does_not_compile_is_never_known():
    assert all_known([at(2, TYPE)], BEFORE) == ()


def test_a_baseline_is_read_as_it_was_written():
    known = all_known([at(2), at(2), at(2, CLOCK)], BEFORE)

    assert [each.count for each in known] == [1, 2]
    assert known_from(as_json(known)) == known
    assert known_from(as_json(())) == ()


def test_each_entry_has_a_line_of_its_own():
    assert as_json([Known("m.sql", "star", "00"), Known("a.sql", "star", "00", 2)]).splitlines() == [
        "[",
        '  {"path": "a.sql", "rule": "star", "line": "00", "count": 2},',
        '  {"path": "m.sql", "rule": "star", "line": "00", "count": 1}',
        "]",
    ]


BROKEN = {
    "cut off": '[{"path": ',
    "not a list": '{"path": "m.sql"}',
    "a key too few": '[{"path": "m.sql", "rule": "star", "line": "00"}]',
    "a key too many": '[{"path": "m.sql", "rule": "star", "line": "00", "count": 1, "a": 1}]',
    "a number as text": '[{"path": "m.sql", "rule": "star", "line": "00", "count": "1"}]',
    "an entry that is a text": '["m.sql"]',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_baseline_is_refused(text):
    with pytest.raises(BadBaselineError):
        known_from(text)


def test_an_old_project_adopts_the_linter(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = project(
        tmp_path, star="SELECT * FROM lake.plays", clock="SELECT CURRENT_DATE() AS today, user FROM lake.plays"
    )
    assert run(root, capsys).code == 1

    written = run(root, capsys, "--write-baseline")
    assert (written.code, written.out) == (0, "2 models: nothing found (2 known)\n")
    assert f"{FILE} knows 2 findings" in written.err
    assert [row["rule"] for row in json.loads((root / FILE).read_text())] == ["clock", "select-star"]
    assert run(root, capsys).code == 0

    path = root / "models" / "marts" / "star.sql"
    path.write_text(MODEL.format(sql="SELECT a.* FROM lake.plays AS a"))
    changed = run(root, capsys)
    assert changed.code == 1
    assert "L003" in changed.err
    assert "L001" not in changed.err
    assert f"1 finding of {FILE} is no more" in changed.err

    path.write_text(MODEL.format(sql="SELECT user FROM lake.plays"))
    run(root, capsys, "--write-baseline")
    assert [row["rule"] for row in json.loads((root / FILE).read_text())] == ["clock"]


def test_a_selection_leaves_the_rest_of_the_baseline_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = project(tmp_path, one="SELECT * FROM lake.plays", two="SELECT * FROM lake.plays")
    run(root, capsys, "--write-baseline")
    before = (root / FILE).read_text()

    assert "is no more" not in run(root, capsys, "--select", "marts.one").err
    run(root, capsys, "--write-baseline", "--select", "marts.one")
    assert (root / FILE).read_text() == before


def test_a_broken_baseline_is_said_and_stops(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = project(tmp_path, one="SELECT user FROM lake.plays")
    (root / FILE).write_text("[{")

    said = run(root, capsys)

    assert said.code == 2
    assert f"{FILE} can't be read: line 1 is not JSON" in said.err


def test_machines_get_new_findings_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = project(tmp_path, one="SELECT * FROM lake.plays")
    run(root, capsys, "--write-baseline")

    assert json.loads(run(root, capsys, "--format", "json").out) == []
