"""``aggregator lint --fix``: what it mends, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_lint import MODEL, project, run

from aggregator.cli.files import rewrite
from aggregator.cli.fix import Fixed, fix
from aggregator.cli.session import open_project
from aggregator.core.diagnostics import Code, Diagnostic, Document, Edit, Layer, Place
from aggregator.lint.fix import mend

CODE = Code("L901", "star", "", Layer.LINT)


def finding(*edits: Edit, path: str = "m.sql") -> Diagnostic:
    return Diagnostic(Place(path), CODE, "", edits=edits)


MENDED = {
    "one place": ("abc", [finding(Edit(1, 2, "X"))], "aXc", 1),
    "two places of one finding": ("abc", [finding(Edit(2, 3, ""), Edit(0, 1, "XX"))], "XXb", 1),
    "two findings": ("abc", [finding(Edit(0, 1, "X")), finding(Edit(2, 3, "Z"))], "XbZ", 2),
    "two findings, the same edit": ("abc", [finding(Edit(0, 1, "X")), finding(Edit(0, 1, "X"))], "Xbc", 2),
    "two findings that overlap": ("abc", [finding(Edit(0, 2, "X")), finding(Edit(1, 3, "Z"))], "Xc", 1),
    "two insertions at one place": ("abc", [finding(Edit(1, 1, "X")), finding(Edit(1, 1, "Z"))], "aXbc", 1),
    "a finding that overlaps in part is left whole": (
        "abcd",
        [finding(Edit(0, 2, "X")), finding(Edit(1, 3, "Z"), Edit(3, 4, "Z"))],
        "Xcd",
        1,
    ),
    "beside each other": ("abc", [finding(Edit(0, 1, "X")), finding(Edit(1, 2, "Y"))], "XYc", 2),
}


@pytest.mark.parametrize(("text", "found", "expected", "number"), MENDED.values(), ids=MENDED)
def test_edits_are_applied_whole_or_not(text, found, expected, number):
    mended = mend(Document("m.sql", text), found)

    assert mended is not None
    assert (mended.document.text, len(mended.findings)) == (expected, number)


NOT_MENDED = {
    "no edits": [finding()],
    "another file": [finding(Edit(0, 1, "X"), path="n.sql")],
    "outside of the file": [finding(Edit(2, 9, "X"))],
}


@pytest.mark.parametrize("found", NOT_MENDED.values(), ids=NOT_MENDED)
def test_what_can_not_be_mended(found):
    assert mend(Document("m.sql", "abc"), found) is None


STARS = {
    "a star": ("SELECT * FROM lake.plays", "SELECT user, video, `select`, played FROM lake.plays"),
    "a star of an alias": (
        "SELECT p.* FROM lake.plays AS p",
        "SELECT p.user, p.video, p.`select`, p.played FROM lake.plays AS p",
    ),
    "a star between columns": (
        "SELECT 1 AS a, *, 2 AS b FROM lake.plays",
        "SELECT 1 AS a, user, video, `select`, played, 2 AS b FROM lake.plays",
    ),
    "a star of one of two tables": (
        "SELECT p.*, q.video AS other FROM lake.plays AS p JOIN lake.plays AS q ON p.user = q.user",
        (
            "SELECT p.user, p.video, p.`select`, p.played, q.video AS other "
            "FROM lake.plays AS p JOIN lake.plays AS q ON p.user = q.user"
        ),
    ),
    "a star over WITH": (
        "WITH p AS (SELECT * FROM lake.plays)\nSELECT * FROM p",
        "WITH p AS (SELECT * FROM lake.plays)\nSELECT user, video, `select`, played FROM p",
    ),
    "many columns": (
        (
            "WITH p AS (SELECT *, video AS a_long_name_to_begin_with, video AS another_as_long_as_that\n"
            "  FROM lake.plays)\nSELECT\n  *\nFROM p"
        ),
        (
            "WITH p AS (SELECT *, video AS a_long_name_to_begin_with, video AS another_as_long_as_that\n"
            "  FROM lake.plays)\nSELECT\n  user,\n  video,\n  `select`,\n  played,\n"
            "  a_long_name_to_begin_with,\n  another_as_long_as_that\nFROM p"
        ),
    ),
}


@pytest.mark.parametrize(("sql", "expected"), STARS.values(), ids=STARS)
def test_a_star_is_written_out(sql, expected, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = project(tmp_path, one=sql)

    said = run(root, capsys, "--fix")

    assert (root / "models/marts/one.sql").read_text() == MODEL.format(sql=expected)
    assert "mended 1 finding in 1 file" in said.err
    assert "marts.one has other SQL now: its partitions are built again" in said.err
    assert "L003" not in said.err


LEFT = {
    "a star with exceptions": "SELECT * EXCEPT (video) FROM lake.plays",
    "two stars": "SELECT p.* EXCEPT (played), q.* EXCEPT (user, video, `select`) FROM lake.plays AS p, lake.plays AS q",
    "a star in a union": "SELECT * FROM lake.plays UNION ALL SELECT * FROM lake.plays",
    "a star that joins by USING": "SELECT * FROM lake.plays JOIN (SELECT user, 1 AS one FROM lake.plays) USING (user)",
    "a star that a template made": "SELECT {{ '*' }} FROM lake.plays",
}


@pytest.mark.parametrize("sql", LEFT.values(), ids=LEFT)
def test_a_star_is_left_to_its_author(sql, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = project(tmp_path, one=sql)

    said = run(root, capsys, "--fix")

    assert (root / "models/marts/one.sql").read_text() == MODEL.format(sql=sql)
    assert said.code == 1
    assert "L003" in said.err


def test_an_unused_allowance_is_removed_and_the_logic_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = project(tmp_path, one="SELECT\n  user -- lint: allow clock because it is so\nFROM lake.plays")

    said = run(root, capsys, "--fix")

    assert (root / "models/marts/one.sql").read_text() == MODEL.format(sql="SELECT\n  user\nFROM lake.plays")
    assert (said.code, said.out) == (0, "1 model: nothing found\n")
    assert "built again" not in said.err


def test_what_is_allowed_or_not_selected_is_not_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    allowed = "SELECT\n  * -- lint: allow select-star because it is so\nFROM lake.plays"
    root = project(tmp_path, one=allowed, two="SELECT * FROM lake.plays", three="SELECT user FROM lake.plays")

    run(root, capsys, "--fix", "--select", "marts.three")

    assert (root / "models/marts/one.sql").read_text() == MODEL.format(sql=allowed)
    assert (root / "models/marts/two.sql").read_text() == MODEL.format(sql="SELECT * FROM lake.plays")


def test_line_endings_mark_and_permissions_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = project(tmp_path, one="SELECT *\nFROM lake.plays")
    path = root / "models/marts/one.sql"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    path.chmod(0o640)

    run(root, capsys, "--fix")

    expected = MODEL.format(sql="SELECT user, video, `select`, played\nFROM lake.plays").replace("\n", "\r\n")
    assert path.read_bytes() == b"\xef\xbb\xbf" + expected.encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in path.parent.iterdir()] == ["one.sql"]


CHANGED = {
    "someone else's text": b"b\n",
    "endings of several kinds": b"a\r\nc\n",
    "a text that is not UTF-8": b"\xff\n",
}


@pytest.mark.parametrize("content", CHANGED.values(), ids=CHANGED)
def test_a_file_that_is_not_what_was_read_is_left(content, tmp_path: Path):
    path = tmp_path / "a.sql"
    path.write_bytes(content)

    assert not rewrite(path, "a\nc\n", "new")
    assert path.read_bytes() == content


WORSE = {
    "another column": ("user", "video"),
    "an unknown column": ("user", "nobody"),
    "no SQL": ("SELECT", "SELECT SELECT"),
}


@pytest.mark.parametrize(("old", "new"), WORSE.values(), ids=WORSE)
def test_a_file_that_would_come_out_worse_is_left(old, new, tmp_path: Path):
    root = project(tmp_path, one="SELECT user FROM lake.plays")
    path = root / "models/marts/one.sql"
    text = path.read_text()
    start = text.index(old, text.index("SELECT"))
    edit = finding(Edit(start, start + len(old), new), path="models/marts/one.sql")
    session = open_project(root, None, quiet=True)

    fixed = fix(session.graph, [edit], root)

    assert fixed == Fixed(left=("models/marts/one.sql",))
    assert path.read_text() == text
