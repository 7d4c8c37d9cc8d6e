"""What plan, run, status and explain say of partitions that their author leaves as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab import daily, model, project_file, source, write_files

from aggregator.cli import main

SQL = "SELECT day, SUM(n) AS n FROM lake.facts GROUP BY day"
FRONT = {"partition": daily("day", "2013-01-01"), "key": ["day"], "inputs": {"lake.facts": {"gone": "keep"}}}
OTHER = "its SQL, macros or maps changed since it was built"
ROWS = "day,n\n2013-01-01,1\n2013-01-02,2\n2013-01-03,3\n"


@pytest.fixture
def typed(tmp_path, capsys):
    """Types a command and gives what it prints; the project is built."""

    def type_(*words: str) -> str:
        capsys.readouterr()
        assert main([*words, "--quiet", "--project", str(tmp_path)]) == 0
        return capsys.readouterr().out

    facts = source({"day": "DATE", "n": "INT64"}, partition=daily("day", "2013-01-01", "2013-01-04"), local="facts.csv")
    files = {"aggregator.yml": project_file(), "facts.csv": ROWS, "models/lake/facts.yml": facts}
    write_files(tmp_path, files | {"models/marts/daily.sql": model(SQL, **FRONT)})
    type_("run")
    return type_


def change_logic(folder: Path, **front: object) -> None:
    write_files(folder, {"models/marts/daily.sql": model(SQL.replace("SUM(n)", "SUM(n) + 1"), **FRONT, **front)})


def test_what_is_accepted(typed, tmp_path):
    change_logic(tmp_path, on_change="from 2013-01-03")

    plan, as_json, before = typed("plan"), json.loads(typed("plan", "--format", "json")), typed("status")
    run = typed("run")
    after, one = typed("status", "marts.daily"), typed("explain", "marts.daily@2013-01-01")
    states = json.loads(typed("status", "--format", "json"))

    assert plan == (
        f"marts.daily  2013-01-01 … 2013-01-02 (2)      0 B  accept  {OTHER}\n"
        f"marts.daily  2013-01-03                   unknown  logic   {OTHER}\n"
        "\n3 partitions of 1 model in 2 steps on local.\n"
        "Bytes and price are unknown: no size is known of lake.facts.\n"
        "Next: aggregator run\n"
    )
    assert [each["reason"] for each in as_json["steps"]] == ["accept", "logic"]
    assert "2 accepted" in before
    assert "1 built, 2 accepted" in run
    assert "1 partition written with 1 row, 2 accepted, in" in run
    assert "▣ accepted" in after
    assert one.startswith("marts.daily@2013-01-01 is fresh: it was accepted (on_change): built with the logic ")
    assert "\n  accepted with 1 row at " in one
    assert [each["state"] for each in states] == ["accepted", "accepted", "fresh"]
    assert typed("plan") == "Everything is fresh: nothing to do (3 partitions).\n"
    assert "All 3 partitions are fresh, 2 of them accepted.\n" in typed("status")


def test_what_waits_to_be_accepted_is_explained(typed, tmp_path):
    change_logic(tmp_path, on_change="accept")

    explained = typed("explain", "marts.daily@2013-01-01").splitlines()[0]

    assert explained == f"marts.daily@2013-01-01 is fresh, and to be accepted by the next run (on_change): {OTHER}"


def test_what_is_kept(typed, tmp_path):
    write_files(tmp_path, {"facts.csv": "day,n\n2013-01-03,3\n"})

    plan, status = typed("plan"), typed("status", "marts.daily")
    one, states = typed("explain", "marts.daily@2013-01-02"), json.loads(typed("status", "--format", "json"))

    assert plan == (
        "kept as it is: marts.daily@2013-01-01, as lake.facts@2013-01-01 has no rows any more (had 1); 1 more of it "
        "like this\nEverything is fresh: nothing to do (3 partitions).\n"
    )
    assert "□ kept" in status
    assert "  2013-01-01  kept  lake.facts@2013-01-01 has no rows any more (had 1)\n" in status
    assert one.startswith("marts.daily@2013-01-02 is kept (gone: keep): lake.facts@2013-01-02 has no rows any more")
    assert [each["state"] for each in states] == ["kept", "kept", "fresh"]
    assert "All 3 partitions are fresh, 2 of them kept.\n" in typed("status")
