"""A generated project is sound, what it is said to be, and the same every time."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.generate import Design, design, path_of, write_project

SMALL, LARGE = design(20), design(200)


@pytest.fixture
def small(tmp_path):
    write_project(SMALL, tmp_path)
    return tmp_path


def _files(folder: Path) -> Mapping[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _depths(project: Design) -> Mapping[str, int]:
    depths: dict[str, int] = {}
    for model in project.models:
        depths[model.name] = 1 + max(depths.get(name, 0) for name in model.inputs)
    return depths


def _fingerprints(aggregator, root: Path) -> Mapping[str, str]:
    outcome = aggregator(root, "compile", "--out", str(root / "out"))
    assert outcome.code == 0, outcome
    manifest = json.loads((root / "out" / "manifest.json").read_text())
    return {each["name"]: each["fingerprint"] for each in manifest["models"]}


@pytest.mark.parametrize("seed", [7, 8, 9], ids="seed {}".format)
def test_lint_finds_nothing(seed, tmp_path, aggregator):
    write_project(design(20, seed), tmp_path, seed)

    outcome = aggregator(tmp_path, "lint")

    assert (outcome.code, outcome.out) == (0, "20 models: nothing found\n")


def test_all_partitions_can_be_built(small, aggregator):
    first = aggregator(small, "run", "--quiet", "--format", "json")
    assert first.code == 0, first

    steps = json.loads(first.out)["steps"]

    assert {step["model"] for step in steps if step["rows"]} == {model.name for model in SMALL.models}
    assert "All 60 partitions are fresh." in aggregator(small, "status").out


def test_the_same_seed_makes_the_same_files(tmp_path):
    for folder in ("one", "two"):
        write_project(design(20, 3), tmp_path / folder, 3)

    assert _files(tmp_path / "one") == _files(tmp_path / "two")


def test_another_seed_makes_other_models():
    assert design(20, 3) != design(20, 4)


@pytest.mark.parametrize("number", [5, 20, 99, 1000])
def test_as_many_models_as_asked_for_upstream_first(number):
    names = [model.name for model in design(number).models]
    seen = set(design(number).sources)

    assert len(set(names)) == number
    for model in design(number).models:
        assert seen >= set(model.inputs)
        seen.add(model.name)


def test_models_are_as_large_as_those_of_analysts():
    lines = [len(model.written().splitlines()) for model in LARGE.models]
    joins = [model.text.count(" JOIN ") for model in LARGE.models]
    templated = [model for model in LARGE.models if "{{" in model.written()]

    assert 50 <= statistics.median(lines) <= 70
    assert {len(model.columns) for model in LARGE.models} == {26}
    assert set(joins) == {0, 1, 2}
    assert len(templated) == 20
    assert max(_depths(LARGE).values()) == 8


def test_jinja_and_plain_sql_of_a_model_are_the_same_logic(small, aggregator):
    before = _fingerprints(aggregator, small)
    for model in SMALL.models:
        file, plain = path_of(small, model), dataclasses.replace(model, templated=model.text)
        file.write_text(file.read_text().replace(model.written(), plain.written()))
    assert not any("{{" in path_of(small, model).read_text() for model in SMALL.models)

    assert _fingerprints(aggregator, small) == before


def test_downstream_follows_readers_of_readers():
    changed = LARGE.with_downstream(10)
    reached = {changed.name}
    for model in LARGE.models:  # upstream first
        if reached.intersection(model.inputs):
            reached.add(model.name)

    assert LARGE.downstream[changed.name] == reached - {changed.name}
    assert 5 <= len(reached) <= 15
