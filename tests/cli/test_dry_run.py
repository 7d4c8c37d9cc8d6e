"""``aggregator dry-run`` as a user types it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from lab import daily, model, source

from aggregator.analyzers.googlesql import module

pytestmark = [
    pytest.mark.skipif(bool(module.why_missing()), reason=module.why_missing() or "all there"),
    pytest.mark.skipif(shutil.which("git") is None, reason="there is no git"),
]

DAILY = {"partition": daily("day", "2024-01-01")}
FILES = {
    "models/lake/raw.yml": source(
        {"day": "DATE", "x": "INT64", "note": "STRING"},
        **DAILY,
        size={"rows": "1 M", "bytes": "50 MB"},
    ),
    "models/a/one.sql": model("SELECT day, x, note FROM lake.raw", **DAILY),
    "models/a/two.sql": model("SELECT day, SUM(x) AS s FROM a.one GROUP BY day", **DAILY),
    "models/a/three.sql": model("SELECT day, s AS t FROM a.two", **DAILY),
}


@pytest.fixture
def root(make_project) -> Path:
    root = make_project(FILES)
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        git(root, *arguments)
    return root


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def write(root: Path, path: str, sql: str) -> None:
    (root / path).write_text(model(sql, **DAILY))


def test_all_is_well(root, aggregator):
    outcome = aggregator(root, "dry-run", "--quiet", "--format", "json")

    assert outcome.code == 0
    assert outcome.json["layers"] == ["sqlglot", "googlesql"]
    assert [each["name"] for each in outcome.json["models"]] == ["a.one", "a.two", "a.three"]
    assert {each["checked"]["googlesql"] for each in outcome.json["models"]} == {"accepted"}


def test_what_nobody_checked_is_not_called_accepted(root, aggregator):
    write(root, "models/a/one.sql", "SELECT day, nothing AS x FROM lake.raw")

    outcome = aggregator(root, "dry-run", "--layer", "sqlglot", "--select", "a.two")

    (line,) = (each for each in outcome.out.splitlines() if each.startswith("a.two"))
    assert line.endswith("? bytes  not checked by sqlglot")


def test_no_layer_is_counted_where_no_model_can_be_read(root, aggregator):
    for each in (root / "models").rglob("*.sql"):
        each.write_text("SELECT 1 AS n")

    outcome = aggregator(root, "dry-run", "--layer", "sqlglot")

    assert outcome.out.splitlines()[-1] == "0 models"


def test_quiet_does_not_say_which_layers_are_not_asked(root, aggregator):
    loud, quiet = (aggregator(root, "dry-run", "--format", "json", *more) for more in ((), ("--quiet",)))

    assert "bigquery is not asked: the environment local is not on BigQuery" in loud.err
    assert quiet.err == ""
    assert quiet.json["layers"] == loud.json["layers"] == ["sqlglot", "googlesql"]


def test_bytes_are_those_of_the_columns_that_are_read(root, aggregator):
    models = aggregator(root, "dry-run", "--quiet", "--format", "json").json["models"]
    one = next(each for each in models if each["name"] == "a.one")

    assert one["bytes"] == 50_000_000
    assert one["estimate"].startswith("exact rule over")


def test_findings_are_annotations_on_request(root, aggregator):
    write(root, "models/a/two.sql", "SELECT day, SUM(x) AS s, MAX(ST_X(note)) AS p FROM a.one GROUP BY day")
    outcome = aggregator(root, "dry-run", "--quiet", "--format", "github")

    assert outcome.code == 1
    assert outcome.out.startswith("::error file=models/a/two.sql,line=")
    assert "D601" in outcome.out


def test_a_selection_is_judged_with_what_is_below_it(root, aggregator):
    write(root, "models/a/two.sql", "SELECT day, SUM(x) + 1 AS s FROM a.one GROUP BY day")
    outcome = aggregator(root, "dry-run", "--quiet", "--select", "changed:HEAD+", "--format", "json")

    assert [each["name"] for each in outcome.json["models"]] == ["a.two", "a.three"]


def test_a_dropped_column_breaks_whom_it_breaks(root, aggregator):
    write(root, "models/a/one.sql", "SELECT day, note FROM lake.raw")
    outcome = aggregator(root, "dry-run", "--quiet", "--compare", "HEAD", "--format", "json")
    dropped, *others = outcome.json["changes"]

    assert outcome.code == 1
    assert others == []
    assert (dropped["table"], dropped["column"], dropped["effect"]) == ("a.one", "x", "breaking")
    assert {(each["model"], each["fate"]) for each in dropped["affected"]} == {
        ("a.two", "breaks"),
        ("a.three", "breaks"),
    }


def test_an_added_column_is_additive_and_costs(root, aggregator):
    write(root, "models/a/two.sql", "SELECT day, SUM(x) AS s, MAX(LENGTH(note)) AS l FROM a.one GROUP BY day")
    outcome = aggregator(root, "dry-run", "--quiet", "--compare", "HEAD")

    assert outcome.code == 0
    assert "a.two.l: column added (INT64), additive" in outcome.out


def test_a_project_in_a_folder_of_its_repository(make_project, aggregator):
    root = make_project(FILES)
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        git(root.parent, *arguments)
    write(root, "models/a/two.sql", "SELECT day, SUM(x) AS s, COUNT(*) AS n FROM a.one GROUP BY day")
    outcome = aggregator(root, "dry-run", "--quiet", "--compare", "HEAD")

    assert outcome.code == 0
    assert "a.two.n: column added (INT64), additive" in outcome.out


def test_a_project_that_was_not_there(make_project, aggregator):
    root = make_project(FILES)
    (root.parent / "README").write_text("No project yet.")
    for arguments in (["init", "-q"], ["add", "README"], ["commit", "-qm", "first"]):
        git(root.parent, *arguments)
    outcome = aggregator(root, "dry-run", "--quiet", "--compare", "HEAD")

    assert outcome.code == 2
    assert "there was no project here at" in outcome.err


def test_nothing_is_different(root, aggregator):
    outcome = aggregator(root, "dry-run", "--quiet", "--compare", "HEAD")

    assert outcome.code == 0
    assert outcome.out.endswith("nothing is different for those who read these tables\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--compare", "no-such-branch"), "no-such-branch: there is no such revision"),
        (("--compare", "--help-me"), "not a revision"),
        (("--layer", "bigquery"), "is not on BigQuery"),
        (("--layer", "nothing"), "is not one of"),
        (("--select", "a.four"), "there is no such model"),
    ],
    ids=[
        "no such revision",
        "a revision like an option",
        "a layer that is not there",
        "no such layer",
        "no such model",
    ],
)
def test_what_can_not_be_done_is_said(root, aggregator, arguments, said):
    outcome = aggregator(root, "dry-run", *arguments)

    assert outcome.code == 2
    assert said in outcome.err


def test_a_damaged_catalog_is_said(root, aggregator):
    (root / "catalog.json").write_text('{"tables": 1}')
    outcome = aggregator(root, "dry-run", "--quiet")

    assert outcome.code == 2
    assert "catalog.json:1:" in outcome.err


def test_a_catalog_gives_sizes(root, aggregator):
    column = {"name": "day", "type": "DATE", "bytes": 800}
    table = {"rows": 100, "bytes": 800, "columns": [column]}
    (root / "catalog.json").write_text(json.dumps({"environment": "prod", "tables": {"a.two": table}}))
    models = aggregator(root, "dry-run", "--quiet", "--format", "json").json["models"]
    three = next(each for each in models if each["name"] == "a.three")

    assert three["bytes"] is not None


def test_without_the_cache_it_says_the_same(root, aggregator):
    first = aggregator(root, "dry-run", "--quiet", "--format", "json")
    again = aggregator(root, "dry-run", "--quiet", "--format", "json")
    shutil.rmtree(root / ".aggregator")
    anew = aggregator(root, "dry-run", "--quiet", "--format", "json")

    assert first.json == again.json == anew.json
