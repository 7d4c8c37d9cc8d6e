"""What the embedded engine was not shown to compute as BigQuery does is not built, and the rest is."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def model(sql: str) -> str:
    return f"/*---\ndescription: A table.\nowner: ops@example.com\n---*/\n{sql}\n"


FILES = {
    "models/lake/notes.yml": """\
        source:
          description: Notes.
          owner: ops@example.com
          columns: {note: STRING}
          local: notes.csv
        """,
    "models/marts/plain.sql": model("SELECT UPPER(note) AS note FROM lake.notes"),
    "models/marts/near.sql": model("SELECT APPROX_COUNT_DISTINCT(note) AS notes FROM lake.notes"),
    "models/marts/odd.sql": model("SELECT\n  NORMALIZE(note, NFKD) AS plain_note\nFROM lake.notes"),
    "models/marts/reader.sql": model("SELECT plain_note FROM marts.odd"),
    "notes.csv": "note\nstraße\nb\n",
}


@pytest.fixture
def notes(make_project):
    return make_project(FILES)


def test_what_is_refused_fails_before_it_is_built_and_blocks_its_readers(notes, aggregator):
    ran = aggregator(notes, "run", "--format", "json")
    statuses = {step["model"]: step["status"] for step in json.loads(ran.out)["steps"]}

    assert ran.code == 1
    assert statuses == {"marts.plain": "built", "marts.near": "built", "marts.odd": "failed", "marts.reader": "blocked"}
    assert "models/marts/odd.sql:6:13: R402 marts.odd is not built here: NORMALIZE" in ran.err
    assert "--allow-inexact" in ran.err


def test_it_is_built_on_request(notes, aggregator):
    ran = aggregator(notes, "run", "--allow-inexact", "--format", "json")

    assert ran.code == 0
    assert {step["status"] for step in json.loads(ran.out)["steps"]} == {"built"}


def test_verdicts_are_counted_shown_and_in_the_manifest(notes, aggregator):
    compiled = aggregator(notes, "compile").out
    shown = aggregator(notes, "show", "marts.odd").out
    listed = json.loads(aggregator(notes, "compile", "--format", "json").out)["models"]

    assert "on the embedded engine: 2 exact, 1 approximate, 1 refused" in compiled
    assert "--   refused, line 6: NORMALIZE: it has not been shown to agree with BigQuery" in shown
    assert {each["name"]: each["embedded"]["fidelity"] for each in listed} == {
        "marts.plain": "exact",
        "marts.near": "approximate",
        "marts.odd": "refused",
        "marts.reader": "exact",
    }
    places = {tuple(each["at"][:2]) for model in listed for each in model["embedded"]["differences"]}
    assert (6, 13) in places


def test_a_verdict_needs_no_duckdb():
    probe = "import sys; from aggregator.engines.duckdb.dialect import verdict; print('duckdb' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    assert ran.stdout == "False\n"
