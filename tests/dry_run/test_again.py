"""A dry run of a project in which nothing has changed is the last one, and no analyzer is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from lab import daily, model, project_file, source, write_files

from aggregator.analyzers.protocol import Field, Mistake, Statement, Verdict
from aggregator.cache import Cache
from aggregator.dry_run.again import dry_run_again
from aggregator.dry_run.report import DryRun
from aggregator.dry_run.request import Request
from aggregator.review import review

DAILY = {"partition": daily("day", "2024-01-01")}
FILES = {
    "aggregator.yml": project_file(),
    "models/lake/raw.yml": source({"day": "DATE", "x": "INT64"}, **DAILY),
    "models/a/one.sql": model("SELECT day, x FROM lake.raw", **DAILY),
    "models/a/two.sql": model("SELECT day, x FROM a.one", **DAILY, checks=[{"not_null": "x"}]),
}
NOW = datetime(2024, 3, 1, 12, 30)  # noqa: DTZ001  (as a request has it)
COLUMNS = (Field("day", "DATE"), Field("x", "INT64"))


class Answering:
    """An analyzer that says the same of everything, and counts."""

    name = "googlesql"
    parallel = 1
    judges_functions = True

    def __init__(self, verdict: Verdict, version: str = "1") -> None:
        self.asked = 0
        self._verdict, self._version = verdict, version

    def version(self) -> str:
        return self._version

    def analyse(self, statements: Sequence[Statement]) -> Sequence[Verdict]:
        self.asked += len(statements)
        return [self._verdict] * len(statements)

    def close(self) -> None:
        pass


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path, FILES)


ACCEPTED = Verdict(columns=COLUMNS, reads={"lake.raw": ("day", "x")})


def run(root: Path, verdict: Verdict = ACCEPTED, version: str = "1", **changes: object) -> tuple[DryRun, int]:
    """What is found, and how many statements were judged for it."""
    analyzer = Answering(verdict, version)
    with Cache(root / "cache.sqlite") as cache:
        found = review(root, None, cache)
        assert found.graph is not None
        request = Request(found.graph, found.findings, frozenset(found.graph.models), NOW)
        request = dataclasses.replace(request, **changes)  # type: ignore[arg-type]
        return dry_run_again(request, [analyzer], cache, lambda _done, _total: None), analyzer.asked


@pytest.mark.parametrize(
    "verdict",
    [
        pytest.param(ACCEPTED, id="accepted"),
        pytest.param(Verdict(Mistake("no", 3, "help")), id="refused, with findings"),
    ],
)
def test_the_second_finds_what_the_first_found(root: Path, verdict: Verdict):
    first, asked = run(root, verdict)
    second, again = run(root, verdict)

    assert second == first
    assert (asked > 0, again) == (True, 0)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("models/lake/raw.yml", source({"day": "DATE", "x": "NUMERIC"}, **DAILY), id="a source"),
        pytest.param("models/a/one.sql", model("SELECT day, x + 1 AS x FROM lake.raw", **DAILY), id="a model"),
        pytest.param("models/a/three.sql", model("SELECT day, x FROM a.one", **DAILY), id="a new model"),
    ],
)
def test_after_a_change_it_is_found_out_anew(root: Path, file: str, text: str):
    run(root)
    (root / file).write_text(text)
    second, again = run(root)
    unseen, _ = run(write_files(root / "elsewhere", {**FILES, file: text}))

    assert again > 0
    assert second == unseen


def test_another_version_of_the_analyzer_is_asked(root: Path):
    run(root)

    assert run(root, version="2")[1] > 0


def test_at_another_time_another_partition_is_told(root: Path):
    first, _ = run(root)
    later, _ = run(root, now=NOW.replace(month=4))
    told = [found.models[0].examination.estimate for found in (first, later)]

    assert [each.partition for each in told if each is not None] == ["2024-02-29", "2024-03-31"]


def test_what_could_not_be_judged_is_asked_again(root: Path):
    run(root, Verdict(unchecked="lost"))

    assert run(root, Verdict(unchecked="lost"))[1] > 0
