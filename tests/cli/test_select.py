"""``--select``: which models a command is about."""

from __future__ import annotations

import shutil
import subprocess

import pytest

HEAD = "/*---\ndescription: A model.\nowner: ops@example.com\n{more}---*/\n"


def model(sql: str, more: str = "") -> str:
    return HEAD.format(more=more) + sql + "\n"


# a -> b -> d, a -> c; each has a finding, so that `lint` tells which were looked at
FILES = {
    "models/lake/source.yml": "source:\n  description: x\n  owner: x\n  columns: {x: INT64}\n",
    "models/marts/a.sql": model("SELECT x FROM lake.source LIMIT 1", "tags: [core, daily]\n"),
    "models/marts/b.sql": model("SELECT x FROM marts.a LIMIT 1", "tags: [core]\n"),
    "models/marts/c.sql": model("SELECT {{ one() }} AS x FROM marts.a LIMIT 1"),
    "models/other/d.sql": model("SELECT x FROM marts.b LIMIT 1"),
    "macros/one.sql": "{% macro one() %}1{% endmacro %}\n",
}
SELECTIONS = {
    "marts.a": ["marts.a"],
    "+marts.a": ["marts.a"],
    "marts.a+": ["marts.a", "marts.b", "marts.c", "other.d"],
    "+marts.b": ["marts.a", "marts.b"],
    "marts.b+": ["marts.b", "other.d"],
    "+marts.b+": ["marts.a", "marts.b", "other.d"],
    "+other.d": ["marts.a", "marts.b", "other.d"],
    "marts.*": ["marts.a", "marts.b", "marts.c"],
    "*": ["marts.a", "marts.b", "marts.c", "other.d"],
    "*.[ad]": ["marts.a", "other.d"],
    "marts.?": ["marts.a", "marts.b", "marts.c"],
    "+other.*": ["marts.a", "marts.b", "other.d"],
    "tag:core": ["marts.a", "marts.b"],
    "tag:daily": ["marts.a"],
    "tag:daily+": ["marts.a", "marts.b", "marts.c", "other.d"],
    "+tag:core": ["marts.a", "marts.b"],
}


@pytest.fixture
def selected(make_project, aggregator):
    """The models that ``lint --select`` looks at."""
    root = make_project(FILES)

    def run(*wanted):
        options = [option for each in wanted for option in ("--select", each)]
        outcome = aggregator(root, "lint", "--format", "json", *options)
        names = {each["path"].removeprefix("models/").removesuffix(".sql") for each in outcome.json}
        return sorted(name.replace("/", ".") for name in names)

    run.root = root
    return run


@pytest.mark.parametrize(("wanted", "expected"), SELECTIONS.items())
def test_forms(wanted, expected, selected):
    assert selected(wanted) == expected


def test_several_are_added_up(selected):
    assert selected("marts.c", "other.d", "marts.c") == ["marts.c", "other.d"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("marts.aa", "did you mean marts.a?"),
        ("marts", "there is no such model"),
        ("lake.source", "there is no such model"),
        ("nothing.*", "there is no such model"),
        ("tag:croe", "there is no such model"),
        ("MARTS.A", "did you mean marts.a?"),
        ("", "there is no such model"),
        ("+", "there is no such model"),
        ("models/marts/a.sql", "there is no such model"),
    ],
)
def test_what_selects_nothing(wanted, said, selected, aggregator):
    outcome = aggregator(selected.root, "lint", "--select", wanted)

    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


# --- changed:REV ---

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


@pytest.fixture
def git(selected):
    """A repository whose first commit holds the project."""

    def run(*arguments):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(selected.root), *identity, *arguments], check=True, capture_output=True)

    run("init", "--initial-branch=main")
    run("add", ".")
    run("commit", "-m", "first")
    return run


def edit(root, path, addition="\n-- changed\n"):
    file = root / path
    file.write_text(file.read_text() + addition)


@needs_git
def test_nothing_has_changed(git, selected, aggregator):
    outcome = aggregator(selected.root, "lint", "--select", "changed:HEAD")

    assert (outcome.code, outcome.out, outcome.err) == (0, "0 models: nothing found\n", "")


@needs_git
@pytest.mark.parametrize("stage", [(), ("add", ".")], ids=["in the work tree", "staged"])
def test_a_model_that_changed(stage, git, selected):
    edit(selected.root, "models/marts/b.sql")
    if stage:
        git(*stage)

    assert selected("changed:HEAD") == ["marts.b"]
    assert selected("changed:HEAD+") == ["marts.b", "other.d"]
    assert selected("+changed:HEAD") == ["marts.a", "marts.b"]


@needs_git
def test_a_model_that_is_new(git, selected):
    (selected.root / "models/marts/e.sql").write_text(model("SELECT x FROM marts.c LIMIT 1"))

    assert selected("changed:HEAD") == ["marts.e"]


@needs_git
def test_a_macro_that_changed_changes_the_models_with_templates(git, selected):
    edit(selected.root, "macros/one.sql", "{# changed #}")

    assert selected("changed:HEAD") == ["marts.c"]


@needs_git
def test_changed_since_an_older_revision(git, selected):
    git("tag", "v1")
    edit(selected.root, "models/marts/c.sql")
    git("commit", "-am", "second")
    edit(selected.root, "models/other/d.sql")

    assert selected("changed:HEAD") == ["other.d"]
    assert selected("changed:v1") == ["marts.c", "other.d"]
    assert selected("changed:HEAD~1", "marts.a") == ["marts.a", "marts.c", "other.d"]


@needs_git
def test_a_project_in_a_folder_of_a_repository(git, selected, make_project, aggregator):
    inner = selected.root / "teams" / "ops"
    shutil.copytree(make_project(FILES, "inner"), inner)
    git("add", ".")
    git("commit", "-m", "inner")
    edit(inner, "models/marts/a.sql")
    edit(selected.root, "models/marts/b.sql")

    outcome = aggregator(inner, "lint", "--format", "json", "--select", "changed:HEAD")

    assert [each["path"] for each in outcome.json] == ["models/marts/a.sql"]


def source(columns: str) -> str:
    return f"source:\n  description: x\n  owner: x\n  columns: {columns}\n"


def chosen(root, aggregator, wanted):
    """The findings of a selection, but for those of lint rules: path and code."""
    outcome = aggregator(root, "lint", "--format", "json", "--select", wanted)
    return sorted({(each["path"], each["code"]) for each in outcome.json if each["layer"] != "lint"})


@needs_git
def test_a_source_that_changed_changes_those_who_read_it(git, selected):
    (selected.root / "models/lake/source.yml").write_text(source("{x: INT64, y: INT64}"))

    assert selected("changed:HEAD") == ["marts.a"]
    assert selected("changed:HEAD+") == ["marts.a", "marts.b", "marts.c", "other.d"]


@needs_git
def test_a_column_that_a_source_has_lost(git, selected, aggregator):
    (selected.root / "models/lake/source.yml").write_text(source("{y: INT64}"))

    assert chosen(selected.root, aggregator, "changed:HEAD") == [("models/marts/a.sql", "A210")]


@needs_git
def test_a_source_that_is_broken(git, selected, aggregator):
    (selected.root / "models/lake/source.yml").write_text(source("{x: INT65}"))

    assert chosen(selected.root, aggregator, "changed:HEAD") == [("models/lake/source.yml", "A106")]


@needs_git
@pytest.mark.parametrize("wanted", ["changed:HEAD", "changed:HEAD+"])
@pytest.mark.parametrize("path", ["models/marts/b.sql", "models/lake/source.yml"])
def test_a_file_that_is_gone(path, wanted, git, selected, aggregator):
    (selected.root / path).unlink()
    reader = "models/other/d.sql" if "marts" in path else "models/marts/a.sql"

    assert (reader, "A204") in chosen(selected.root, aggregator, wanted)


@needs_git
def test_a_file_that_has_another_name(git, selected, aggregator):
    git("mv", "models/marts/b.sql", "models/marts/bb.sql")

    assert selected("changed:HEAD") == ["marts.bb", "other.d"]
    assert chosen(selected.root, aggregator, "changed:HEAD") == [("models/other/d.sql", "A204")]


@needs_git
def test_what_a_change_breaks_downstream(git, selected, aggregator):
    (selected.root / "models/marts/a.sql").write_text(model("SELECT x AS other FROM lake.source"))

    assert chosen(selected.root, aggregator, "changed:HEAD") == []
    assert chosen(selected.root, aggregator, "changed:HEAD+") == [("models/marts/b.sql", "A210")]


@needs_git
@pytest.mark.parametrize("wanted", ["changed:HEAD", "marts.c"])
def test_a_macro_that_is_broken(wanted, git, selected, aggregator):
    (selected.root / "macros/one.sql").write_text("{% macro one() %}1\n")

    assert ("macros/one.sql", "A201") in chosen(selected.root, aggregator, wanted)


@needs_git
def test_the_project_file_matters_to_all(git, selected):
    edit(selected.root, "aggregator.yml", "\n# changed\n")

    assert selected("changed:HEAD") == ["marts.a", "marts.b", "marts.c", "other.d"]


@needs_git
def test_what_others_did_meanwhile_is_no_change_of_this_branch(git, selected):
    git("checkout", "-b", "mine")
    edit(selected.root, "models/marts/b.sql")
    git("commit", "-am", "mine")
    git("checkout", "main")
    edit(selected.root, "models/marts/c.sql")
    git("commit", "-am", "theirs")
    git("checkout", "mine")

    assert selected("changed:main") == ["marts.b"]


@needs_git
def test_a_history_that_has_nothing_in_common(git, selected):
    git("checkout", "--orphan", "other")
    edit(selected.root, "models/marts/b.sql")
    git("add", ".")
    git("commit", "-m", "other")

    assert selected("changed:main") == ["marts.b"]


@needs_git
def test_names_that_git_would_quote(git, selected, aggregator):
    (selected.root / "models/marts/größe.sql").write_text(model("SELECT 1 AS x"))

    assert chosen(selected.root, aggregator, "changed:HEAD") == [("models/marts/größe.sql", "A110")]


@needs_git
@pytest.mark.parametrize(
    "revision",
    ["nowhere", "--output=evil", "-x", "HEAD;touch evil", "HEAD --output=evil", "$(touch evil)", "\u0663"],
)
def test_what_is_no_revision(revision, git, selected, aggregator):
    outcome = aggregator(selected.root, "lint", "--select", f"changed:{revision}")

    assert (outcome.code, outcome.out) == (2, "")
    assert "Traceback" not in outcome.err
    assert not (selected.root / "evil").exists()


def test_a_project_that_is_not_in_a_repository(selected, aggregator, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(selected.root.parent))

    outcome = aggregator(selected.root, "lint", "--select", "changed:HEAD")

    assert (outcome.code, outcome.out) == (2, "")


def test_without_git(selected, aggregator, monkeypatch):
    monkeypatch.setenv("PATH", "")

    outcome = aggregator(selected.root, "lint", "--select", "changed:HEAD")

    assert (outcome.code, "needs git" in outcome.err) == (2, True)


@needs_git
@pytest.mark.parametrize(
    "content",
    [model("SELEC x FROM marts.a"), model("SELECT nope FROM marts.a"), "SELECT 1 AS one\n", "/*---\nowner: [\n---*/\n"],
    ids=["broken SQL", "an unknown column", "no front matter", "broken YAML"],
)
@pytest.mark.parametrize("wanted", ["marts.b", "changed:HEAD"])
def test_a_broken_model_is_selected_too(wanted, content, git, selected):
    (selected.root / "models/marts/b.sql").write_text(content)

    assert "marts.b" in selected(wanted)
