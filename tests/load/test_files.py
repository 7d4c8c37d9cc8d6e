"""Files as they come: in any encoding, of any size, linked from anywhere. Made here, as git would not keep them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import pytest

from aggregator.load.files import project_files, read_file

FRONT_MATTER = "/*---\ndescription: Flights per day.\nowner: ops@example.com\n---*/\n"
MODEL = FRONT_MATTER + "SELECT carrier,\n  nome\nFROM lake.airlines\n"
SOURCE = """\
source:
  description: Names of airlines.
  owner: ops@example.com
  columns: {carrier: STRING, name: STRING}
"""
AIRLINES = {"models/lake/airlines.yml": SOURCE}


@pytest.fixture
def found(make_project, aggregator):
    """What ``lint`` says about a project, as ``path:line:column code``; made of files and links."""

    def lint(files, links=()):
        root = make_project({**AIRLINES, **files})
        for link, target in links:
            (root / link).parent.mkdir(parents=True, exist_ok=True)
            (root / link).symlink_to(target)
        outcome = aggregator(root, "lint", "--format", "json")
        assert outcome.err == ""
        return outcome.code, [f"{each['path']}:{each['line']}:{each['column']} {each['code']}" for each in outcome.json]

    return lint


ENCODED = {
    "as it is": MODEL.encode(),
    "with a byte-order mark": b"\xef\xbb\xbf" + MODEL.encode(),
    "with line ends of Windows": MODEL.replace("\n", "\r\n").encode(),
    "with line ends of an old Mac": MODEL.replace("\n", "\r").encode(),
    "with both": b"\xef\xbb\xbf" + MODEL.replace("\n", "\r\n").encode(),
    "with mixed line ends": MODEL.replace("\n", "\r\n", 3).encode(),
    "without a last line end": MODEL.rstrip().encode(),
}


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED)
def test_encodings_are_accepted_and_places_stay(content, found):
    assert found({"models/marts/names.sql": content}) == (1, ["models/marts/names.sql:6:3 A210"])


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED)
def test_encodings_of_a_sound_model_are_accepted(content, found):
    assert found({"models/marts/names.sql": content.replace(b"nome", b"name")}) == (0, [])


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED)
def test_the_caret_stands_under_the_word(content, make_project, aggregator):
    root = make_project({**AIRLINES, "models/marts/names.sql": content})

    outcome = aggregator(root, "lint")

    assert outcome.err.splitlines()[:4] == [
        "models/marts/names.sql:6:3: A210 no table here has a column nome",
        "  6 |   nome",
        "    |   ^^^^",
        "  help: did you mean name?",
    ]


@pytest.mark.parametrize("name", ["marts/names.sql", "lake/planes.yml"])
@pytest.mark.parametrize(
    ("content", "place"),
    [
        (MODEL.encode("utf-16"), "1:1"),
        (MODEL.replace("nome", "größe").encode("latin-1"), "6:5"),
        (b"\xff\xfe\x00", "1:1"),
        (b"", "1:1"),
        (b"\xef\xbb\xbf", "1:1"),
        (b" \r\n\t\n", "1:1"),
        (b"x" * 5_000_000, "1:1"),
        (b"/*---\n" + b"- - " * 1_250_000, "1:1"),
    ],
    ids=["UTF-16", "Latin-1", "no encoding at all", "empty", "only a mark", "blank", "5 MB", "5 MB of YAML"],
)
def test_what_is_no_text_of_a_project(name, content, place, found):
    assert found({f"models/{name}": content}) == (1, [f"models/{name}:{place} A109"])


def test_a_project_file_that_is_no_text(found):
    assert found({"aggregator.yml": b"\xff\xff"}) == (2, ["aggregator.yml:1:1 A109"])


def test_a_macro_file_that_is_no_text(found):
    assert found({"macros/late.sql": b"{# \xff #}"}) == (1, ["macros/late.sql:1:4 A109"])


@pytest.mark.parametrize("character", ["\0", "\x0c", "\x1b", "\x85", "\u2028", "\ufeff", "\ufffe", "\U0001f600"])
def test_odd_characters_in_sql_give_no_traceback(character, make_project, aggregator):
    sql = f"SELECT carrier, name{character}FROM lake.airlines\n"
    root = make_project({**AIRLINES, "models/marts/names.sql": FRONT_MATTER + sql})

    outcome = aggregator(root, "lint", "--format", "json")

    assert outcome.code in (0, 1)
    assert all(found["line"] <= 5 for found in outcome.json)


# --- names ---


def test_models_that_differ_only_in_case(found):
    files = {
        f"models/{name}.sql": MODEL.replace("nome", "name") for name in ("Marts/names", "marts/names", "marts/NAMES")
    }

    assert found(files) == (1, ["models/marts/NAMES.sql:1:1 A111", "models/marts/names.sql:1:1 A111"])


def test_a_model_and_a_source_that_differ_only_in_case(found):
    files = {"models/lake/Airlines.sql": FRONT_MATTER + "SELECT 1 AS one\n"}

    assert found(files) == (1, ["models/lake/airlines.yml:1:1 A111"])


@pytest.mark.parametrize("name", ["märts/daily", "marts/täglich", "marts/d\u202eaily", "marts/daily ", "marts/-daily"])
def test_names_that_some_file_systems_would_change(name, found):
    assert found({f"models/{name}.sql": MODEL}) == (1, [f"models/{name}.sql:1:1 A110"])


# --- links ---

SECRET = "/*---\ndescription: Secret.\nowner: x\n---*/\nSELECT 'secret' AS secret\n"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Next to the project, and named so that a comparison of texts takes it for a part of it."""
    folder = tmp_path / "project_evil"
    (folder / "marts").mkdir(parents=True)
    (folder / "marts" / "secret.sql").write_text(SECRET)
    return folder


@pytest.mark.parametrize("suffix", [".sql", ".yml", ".yaml"])
def test_a_link_to_a_file_outside(suffix, found, outside):
    link = (f"models/marts/secret{suffix}", outside / "marts" / "secret.sql")

    assert found({}, [link]) == (1, [f"models/marts/secret{suffix}:1:1 A112"])


def test_a_relative_link_to_a_file_outside(found, outside):
    link = ("models/marts/secret.sql", "../../../project_evil/marts/secret.sql")

    assert found({}, [link]) == (1, ["models/marts/secret.sql:1:1 A112"])


def test_a_link_to_a_folder_outside(found, outside):
    assert found({}, [("models/marts", outside / "marts")]) == (1, ["models/marts:1:1 A112"])


def test_a_linked_folder_of_macros(found, outside):
    (outside / "evil.sql").write_text("{% macro evil() %}'evil'{% endmacro %}")

    assert found({}, [("macros", outside)]) == (1, ["macros:1:1 A112"])


def test_a_linked_folder_of_models(found, outside):
    assert found({"models/lake/airlines.yml": SOURCE}, [("models/linked", outside)])[0] == 1


def test_a_link_to_a_file_in_the_project_is_a_copy_of_it(found):
    files = {"shared/names.sql": MODEL.replace("nome", "name")}

    assert found(files, [("models/marts/names.sql", "../../shared/names.sql")]) == (0, [])


def test_a_linked_folder_in_the_project_is_not_walked_into(found):
    assert found({}, [("models/copy", "lake")]) == (1, ["models/copy:1:1 A109"])


def test_links_in_a_circle(found):
    links = [("models/marts/a.sql", "a.sql"), ("models/marts/b.sql", "c.sql"), ("models/marts/c.sql", "b.sql")]
    links += [("models/loop", ".")]

    code, places = found({}, links)

    assert code == 1
    assert places == [
        "models/loop:1:1 A109",
        "models/marts/a.sql:1:1 A109",
        "models/marts/b.sql:1:1 A109",
        "models/marts/c.sql:1:1 A109",
    ]


def test_a_link_to_nothing(found):
    assert found({}, [("models/marts/a.sql", "nothing.sql")]) == (1, ["models/marts/a.sql:1:1 A109"])


def test_a_local_file_that_is_a_link_to_the_outside(found, outside):
    local = SOURCE + "  local: data/airlines.csv\n"

    code, places = found({"models/lake/airlines.yml": local}, [("data", outside)])

    assert (code, places) == (1, ["models/lake/airlines.yml:5:10 A112"])


# --- things that are no files ---


@pytest.mark.parametrize(
    "path", ["models/marts/names.sql/x.txt", "models/lake/planes.yml/x.txt", "macros/late.sql/x.txt"]
)
def test_a_folder_that_is_called_like_a_file(path, found):
    assert found({path: "x"}) == (0, [])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_a_pipe_is_not_waited_for(make_project, aggregator):
    root = make_project(AIRLINES)
    (root / "models" / "marts").mkdir()
    os.mkfifo(root / "models" / "marts" / "pipe.sql")

    outcome = aggregator(root, "lint", "--format", "json")

    assert [(each["path"], each["code"]) for each in outcome.json] == [("models/marts/pipe.sql", "A109")]


# --- no project ---


def test_no_project_here_or_above(tmp_path, aggregator):
    outcome = aggregator(tmp_path, "lint", "--format", "json")

    assert (outcome.code, [each["code"] for each in outcome.json]) == (2, ["A101"])


def test_a_folder_inside_the_project_will_do(make_project, aggregator):
    root = make_project(AIRLINES)

    outcome = aggregator(root / "models" / "lake", "lint")

    assert (outcome.code, outcome.out) == (0, "0 models: nothing found\n")


def test_a_folder_called_like_the_project_file_is_none(tmp_path, aggregator):
    (tmp_path / "aggregator.yml").mkdir()

    assert aggregator(tmp_path, "lint", "--format", "json").code == 2


def test_a_project_file_that_links_to_the_outside(tmp_path, make_project, aggregator):
    root = make_project({})
    (tmp_path / "elsewhere.yml").write_bytes((root / "aggregator.yml").read_bytes())
    (root / "aggregator.yml").unlink()
    (root / "aggregator.yml").symlink_to("../elsewhere.yml")

    outcome = aggregator(root, "lint", "--format", "json")

    assert (outcome.code, [each["code"] for each in outcome.json]) == (2, ["A112"])


@contextlib.contextmanager
def without_rights():
    """Root may read everything: nobody else may."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_folder_that_may_not_be_read():
    with tempfile.TemporaryDirectory() as name:  # the folders that pytest makes are for their owner alone
        root, folder = Path(name), Path(name, "models", "lake")
        folder.mkdir(parents=True)
        (folder / "airlines.yml").write_text(SOURCE)
        root.chmod(0o755)
        folder.chmod(0)
        try:
            with without_rights():
                said = [read_file(root, file) for file in project_files(root, "models", (".yml",))]
        finally:
            folder.chmod(0o755)

    expected = "the folder cannot be read: Permission denied"
    assert [(each.place.path, each.message) for each in said] == [("models/lake", expected)]
