"""The machine formats: exactly what the design promises, for scripts that were written against it."""

from __future__ import annotations

import json

import pytest

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
        columns: {delay: Sum of delays in minutes}
        ---*/
        SELECT flight_date, SUM(delay) AS delay FROM lake.flights GROUP BY flight_date
        """,
    "models/marts/trend.sql": """
        /*---
        description: The same day a week ago.
        owner: ops@example.com
        partition: {by: flight_date, grain: day, from: 2013-01-01}
        inputs: {before: {offset: 7 days}}
        ---*/
        SELECT d.flight_date, d.delay - before.delay AS more
        FROM marts.daily AS d JOIN marts.daily AS before ON TRUE
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
}


def test_compile(make_project, aggregator):
    outcome = aggregator(make_project(FILES), "compile", "--format", "json")

    assert (outcome.code, outcome.err) == (0, "")
    models = {model["name"]: model for model in outcome.json["models"]}
    fingerprints = {model.pop("fingerprint") for model in models.values()}
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in fingerprints)
    assert len(fingerprints) == 3
    assert outcome.json["diagnostics"] == []
    assert list(outcome.json) == ["models", "diagnostics"]
    assert models["marts.daily"] == {
        "name": "marts.daily",
        "path": "models/marts/daily.sql",
        "kind": "table",
        "sql": (
            "SELECT flight_date, SUM(delay) AS delay FROM "
            "(SELECT * FROM lake.flights WHERE flight_date >= @start AND flight_date < @end) AS flights "
            "GROUP BY flight_date"
        ),
        "inputs": [{"table": "lake.flights", "map": "same"}],
        "columns": [
            {
                "name": "flight_date",
                "type": "DATE",
                "description": "",
                "from": [{"table": "lake.flights", "column": "flight_date"}],
            },
            {
                "name": "delay",
                "type": "INT64",
                "description": "Sum of delays in minutes",
                "from": [{"table": "lake.flights", "column": "delay"}],
            },
        ],
    }
    assert models["marts.trend"]["inputs"] == [
        {"table": "marts.daily", "map": "same"},
        {"table": "marts.daily", "map": "offset: 7 days"},
    ]
    assert (models["marts.kinds"]["kind"], models["marts.kinds"]["inputs"]) == (
        "view",
        [{"table": "marts.daily", "map": "all"}],
    )


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


def test_github(make_project, aggregator):
    outcome = aggregator(make_project(WRONG), "lint", "--format", "github")

    assert outcome.out == (
        "::error file=models/marts/wrong.sql,line=5,col=8,endLine=5,endColumn=14,title=A210 unknown-column"
        "::no table here has a column carier%0Adid you mean carrier?\n"
    )


def test_github_escapes_what_would_end_the_command(make_project, aggregator):
    files = {"aggregator.yml": "project: '100%: a,b'\nenvironments: {}\ndefault_environment: local\n"}

    outcome = aggregator(make_project(files), "lint", "--format", "github")

    (line,) = outcome.out.splitlines()
    assert line.endswith("not '100%25: a,b'")


def test_sarif(make_project, aggregator):
    outcome = aggregator(make_project(WRONG), "lint", "--format", "sarif")

    assert outcome.code == 1
    (run,) = outcome.json["runs"]
    assert outcome.json["version"] == "2.1.0"
    assert outcome.json["$schema"].endswith("sarif-2.1.0.json")
    assert run["results"] == [
        {
            "ruleId": "A210",
            "level": "error",
            "message": {"text": "no table here has a column carier\ndid you mean carrier?"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "models/marts/wrong.sql"},
                        "region": {"startLine": 5, "startColumn": 8, "endLine": 5, "endColumn": 14},
                    }
                }
            ],
        }
    ]
    assert run["tool"]["driver"]["name"] == "aggregator"
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["name"]) == ("A210", "unknown-column")
    assert rule["fullDescription"]["text"]


BROKEN_IN_ALL_WAYS = {
    "models/a/one.sql": "SELECT 1\n",
    "models/a/two.sql": "/*---\nowner: x\n---*/\nSELECT 1 AS a LIMIT 1\n",
    "models/a/three.sql": "/*---\ndescription: x\nowner: x\n---*/\nSELECT * FROM b.c, d.e\n",
    "models/a/four.yml": "source:\n\tcolumns: {}\n",
    "models/bad-name/x.sql": "",
}


@pytest.mark.parametrize("files", [WRONG, BROKEN_IN_ALL_WAYS], ids=["one finding", "many findings"])
def test_sarif_as_its_schema_asks(files, make_project, aggregator):
    """The parts of the SARIF 2.1.0 schema that concern what we write; the schema itself is not on this machine."""
    report = aggregator(make_project(files), "lint", "--format", "sarif").json

    assert set(report) == {"$schema", "version", "runs"}
    (run,) = report["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    assert run["results"]
    for result in run["results"]:
        assert result["ruleId"] in rules
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        for location in result["locations"]:
            place = location["physicalLocation"]
            region = place["region"]
            uri = place["artifactLocation"]["uri"]
            assert not uri.startswith("/")
            assert all(isinstance(number, int) and number >= 1 for number in region.values())
            assert (region["endLine"], region["endColumn"]) >= (region["startLine"], region["startColumn"])


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
