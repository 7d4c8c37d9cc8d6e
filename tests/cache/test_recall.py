"""What is remembered is what would be found out anew, whatever was edited, and only what changed is looked at again."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from lab import daily, model, project_file, source, write_files

from aggregator.cache import Cache
from aggregator.compile import Compiled, Subject, compile_project
from aggregator.core.diagnostics import Diagnostic, errors
from aggregator.lint import lint
from aggregator.load import Loaded, load_project

DAY = daily("day", "2013-01-01")
PROJECT = project_file() + "variables: {least: 1}\n"
FACTS = source({"day": "DATE", "k": "STRING", "n": "INT64"}, partition=DAY)
MACROS = "{% macro over(x) %}{{ x }} > {{ vars.least }}{% endmacro %}\n"
FILES = {
    "aggregator.yml": PROJECT,
    "macros/over.sql": MACROS,
    "macros/other.sql": "{% macro unused(x) %}{{ x }}{% endmacro %}\n",
    "models/lake/facts.yml": FACTS,
    "models/staging/facts.sql": model("SELECT day, k, n FROM lake.facts", partition=DAY),
    "models/staging/big.sql": model("SELECT day, k, n FROM staging.facts WHERE {{ over('n') }}", partition=DAY),
    "models/marts/by_day.sql": model("SELECT day, SUM(n) AS n FROM staging.big GROUP BY day", partition=DAY),
    "models/marts/seen.sql": model("SELECT day, n FROM marts.by_day", kind="view"),
    "models/marts/all_time.sql": model("SELECT SUM(n) AS n FROM marts.seen"),
    "models/marts/alone.sql": model("SELECT 1 AS one"),
}
TOTAL = "functions: ['CREATE FUNCTION tools.total() AS ((SELECT SUM(n) FROM marts.new))']\n"
EDITS: dict[str, list[str | None]] = {
    "aggregator.yml": [
        PROJECT.replace("least: 1", "least: 2"),
        project_file("Asia/Tokyo") + "variables: {least: 1}\n",
        PROJECT + TOTAL,
        PROJECT + TOTAL.replace("SUM", "MAX"),
    ],
    "macros/over.sql": [MACROS.replace(">", ">="), MACROS.replace("endmacro", "endmacr"), None],
    "macros/other.sql": ["{% macro unused(x) %}{{ x }}", "{% macro over(x) %}TRUE{% endmacro %}", None],
    "models/lake/facts.yml": [
        FACTS.replace("INT64", "FLOAT64"),
        FACTS.replace('"n"', '"m"'),
        FACTS.replace('"day"', '"hour"'),
        FACTS.replace("A source", "The source"),
        FACTS.replace("{", "", 1),
        None,
    ],
    "models/staging/facts.sql": [
        model("SELECT day, k, n, 1 AS more FROM lake.facts", partition=DAY),
        model("SELECT day, k, n FROM lake.facts", partition=DAY, kind="view"),
        model("SELECT day, k, n FROM lake.facts -- nothing new", partition=DAY),
        model("SELECT day, k, n FROM lake.fact", partition=DAY),
        model("SELECT day, k, n FROM marts.seen", partition=DAY),
        model("SELECT day, k FROM", partition=DAY),
        model("SELECT day, k, n FROM lake.facts", partition=DAY, inputs={"marts.new": "all"}),
        None,
    ],
    "models/staging/big.sql": [model("SELECT day, k, n FROM staging.facts WHERE {{ vars.least }} < n", partition=DAY)],
    "models/marts/by_day.sql": [
        model("SELECT day, MAX(n) AS n FROM staging.big GROUP BY day", partition=DAY, owner="b@example.com"),
        model("SELECT day, MAX(n) AS n FROM staging.big, marts.all_time GROUP BY day", partition=DAY),
    ],
    "models/marts/seen.sql": [
        model("SELECT day, 2 * n AS n FROM marts.by_day", kind="view"),
        model("SELECT * FROM marts.by_day"),
        model("SELECT CURRENT_DATE() AS day, n FROM marts.by_day"),
    ],
    "models/marts/alone.sql": [model("SELECT tools.total() AS one"), model("SELECT {{ 'tools.total' }}() AS one")],
    "models/marts/new.sql": [model("SELECT day FROM marts.by_day"), model("SELECT day, n FROM marts.seen")],
    "models/marts/SEEN.sql": [model("SELECT day FROM marts.by_day")],
}
"""Other texts for each file; None deletes it."""


def understood(root: Path, cache: Cache | None, **options: Any) -> tuple[Loaded, Compiled]:
    loaded = load_project(root, None, cache)
    assert loaded.project is not None, loaded.diagnostics
    return loaded, compile_project(loaded.project, lint, cache, **options)


def everything(loaded: Loaded, compiled: Compiled) -> dict[str, Any]:
    """All values, decoded; the digests and the laziness are nobody's concern."""
    assert loaded.project is not None
    graph = compiled.graph
    return {
        "models": dict(loaded.project.models),
        "broken": loaded.project.broken,
        "loading": loaded.diagnostics,
        "compiled": dict(graph.models),
        "order": list(graph.models),
        "calendars": dict(graph.calendars),
        "diagnostics": compiled.diagnostics,
        "places": [word.place for each in graph.models.values() for word in (*each.model.key, *each.model.inputs)],
    }


def write(root: Path, path: str, text: str | None) -> None:
    if text is None:
        (root / path).unlink(missing_ok=True)
    else:
        write_files(root, {path: text})


edits = st.sampled_from(sorted(EDITS)).flatmap(
    lambda path: st.tuples(st.just(path), st.sampled_from([*EDITS[path], FILES.get(path)]))
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.lists(edits, min_size=1, max_size=3), min_size=1, max_size=6))
def test_after_any_edits_the_cache_gives_what_would_be_found_out_anew(tmp_path_factory, steps):
    root = write_files(tmp_path_factory.mktemp("edited"), FILES)
    for step in steps:
        for path, text in step:
            write(root, path, text)
        with Cache(root / "cache.sqlite") as cache:
            remembered = everything(*understood(root, cache))
        assert remembered == everything(*understood(root, None))
        with Cache(root / "cache.sqlite") as cache:
            assert everything(*understood(root, cache)) == remembered


def test_a_function_counts_for_those_who_call_it_and_so_do_the_tables_that_it_reads(tmp_path):
    steps: list[dict[str, str | None]] = [
        {"models/marts/alone.sql": model("SELECT tools.total() AS one")},
        {"aggregator.yml": PROJECT + TOTAL},
        {"models/marts/new.sql": model("SELECT day, n FROM marts.seen")},
        {"aggregator.yml": PROJECT + TOTAL.replace("SUM", "MAX")},
        {"models/marts/new.sql": None},
        {"models/marts/new.sql": model("SELECT tools.total() AS n")},
        {"aggregator.yml": PROJECT},
    ]
    root = write_files(tmp_path, FILES)
    for step in steps:
        for path, text in step.items():
            write(root, path, text)
        with Cache(root / "cache.sqlite") as cache:
            assert everything(*understood(root, cache)) == everything(*understood(root, None))


CHANGES = {
    "nothing": ({}, []),
    "only a description": (
        {"models/marts/by_day.sql": FILES["models/marts/by_day.sql"].replace("A m", "The m")},
        ["marts.by_day"],
    ),
    "SQL with the same columns": (
        {"models/staging/facts.sql": model("SELECT day, k, n + 0 AS n FROM lake.facts", partition=DAY)},
        ["staging.facts"],
    ),
    "a column more, which its readers could see": (
        {"models/staging/facts.sql": EDITS["models/staging/facts.sql"][0]},
        ["staging.facts", "staging.big"],
    ),
    "another type, as far as it is passed on": (
        {"models/lake/facts.yml": EDITS["models/lake/facts.yml"][0]},
        ["staging.facts", "staging.big", "marts.by_day", "marts.seen", "marts.all_time"],
    ),
    "the description of a source": ({"models/lake/facts.yml": EDITS["models/lake/facts.yml"][3]}, []),
    "a macro, for those that may call it": ({"macros/over.sql": MACROS.replace(">", ">=")}, ["staging.big"]),
    "a macro that nobody calls": ({"macros/other.sql": "{% macro unused(x) %}1{% endmacro %}"}, []),
    "a variable, for templates": ({"aggregator.yml": PROJECT.replace("least: 1", "least: 3")}, ["staging.big"]),
    "a function that nobody calls": ({"aggregator.yml": PROJECT + TOTAL}, ["staging.big"]),
    "a view, whose logic is that of its readers": (
        {"models/marts/seen.sql": model("SELECT day, 2 * n AS n FROM marts.by_day", kind="view")},
        ["marts.seen", "marts.all_time"],
    ),
    "a new model": ({"models/marts/new.sql": model("SELECT day FROM marts.by_day")}, ["marts.new"]),
}


def looked_at(root: Path, cache: Cache | None) -> list[str]:
    seen: list[str] = []

    def inspect(subject: Subject) -> Iterable[Diagnostic]:
        seen.append(str(subject.model.name))
        return ()

    loaded = load_project(root, None, cache)
    assert loaded.project is not None
    compile_project(loaded.project, inspect, cache)
    return seen


@pytest.mark.parametrize(("files", "expected"), CHANGES.values(), ids=CHANGES)
def test_only_what_may_have_changed_is_looked_at_again(tmp_path, files, expected):
    root = write_files(tmp_path, FILES)
    with Cache(root / "cache.sqlite") as cache:
        assert len(looked_at(root, cache)) == 6

    write_files(root, files)
    with Cache(root / "cache.sqlite") as cache:
        assert looked_at(root, cache) == expected


def test_going_back_to_another_branch_costs_nothing(tmp_path):
    root = write_files(tmp_path, FILES)
    with Cache(root / "cache.sqlite") as cache:
        looked_at(root, cache)
        write(root, "models/staging/facts.sql", EDITS["models/staging/facts.sql"][0])
        looked_at(root, cache)
        write(root, "models/staging/facts.sql", FILES["models/staging/facts.sql"])
        assert looked_at(root, cache) == []


def wide(count: int) -> dict[str, str]:
    """A project of many models in a chain of layers, with one in a circle and one broken."""
    files = dict(FILES)
    for number in range(count):
        below = f"wide.m{number - 40}" if number >= 40 else "staging.facts"
        files[f"models/wide/m{number}.sql"] = model(f"SELECT day, n FROM {below}", partition=DAY)
    files["models/wide/m60.sql"] = model("SELECT day, m FROM wide.m20", partition=DAY)
    files["models/wide/m81.sql"] = model("SELECT day, n FROM wide.m121", partition=DAY)
    return files


def test_several_processes_find_what_one_finds(tmp_path):
    root = write_files(tmp_path, wide(130))

    assert everything(*understood(root, None, processes=3)) == everything(*understood(root, None))


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_may_be_started_in_any_way(tmp_path, method, monkeypatch):
    root = write_files(tmp_path, wide(60))
    expected = everything(*understood(root, None))
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: [method])

    assert everything(*understood(root, None, processes=2)) == expected


def test_guesses_that_contradict_each_other_are_replaced_by_knowledge(tmp_path):
    """Comments name the tables that read them, so that a look at the words makes a circle."""
    files = {
        **FILES,
        "models/staging/facts.sql": model(
            "SELECT day, k, n FROM lake.facts -- for marts.by_day, staging.big", partition=DAY
        ),
        "models/staging/big.sql": model(
            "SELECT day, k, n FROM {{ 'staging' }}.{{ 'facts' }} -- for marts.seen", partition=DAY
        ),
    }
    compiled = understood(write_files(tmp_path, files), None)[1]

    assert not any(errors(compiled.diagnostics))
    assert len(compiled.graph.models) == 6


DAMAGE = {
    "no file": lambda path: path.unlink(),
    "an empty file": lambda path: path.write_bytes(b""),
    "half of the file": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "something else": lambda path: path.write_bytes(b"hello " * 1000),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "another format": lambda path: sqlite3.connect(path).execute("PRAGMA user_version = 99"),
    "without bodies": lambda path: sqlite3.connect(path, isolation_level=None).execute("DELETE FROM bodies"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_cache_that_is_damaged_is_made_anew(tmp_path, damage):
    root = write_files(tmp_path / "project", FILES)
    path = root / "cache.sqlite"
    with Cache(path) as cache:
        expected = everything(*understood(root, cache))
    damage(path)
    for leftover in root.glob("cache.sqlite-*"):
        leftover.unlink()

    for _ in range(2):
        with Cache(path) as cache:
            assert everything(*understood(root, cache)) == expected


def test_rows_that_are_thrown_away_while_we_look_are_found_out_anew(tmp_path):
    root = write_files(tmp_path, FILES)
    with Cache(root / "cache.sqlite") as cache:
        understood(root, cache)
    with Cache(root / "cache.sqlite") as cache:
        results = understood(root, cache)
        with sqlite3.connect(root / "cache.sqlite") as other:
            other.execute("DELETE FROM bodies")
        assert everything(*results) == everything(*understood(root, None))


def test_a_cache_in_a_folder_that_cannot_be_made(tmp_path):
    root = write_files(tmp_path, {**FILES, "file": ""})
    with Cache(root / "file" / "cache.sqlite") as cache:
        assert everything(*understood(root, cache)) == everything(*understood(root, None))


def remember(root: Path, barrier: Any) -> None:
    with Cache(root / "cache.sqlite") as cache:
        barrier.wait()
        understood(root, cache)


def test_a_cache_that_is_only_read_stays_as_it_is(tmp_path):
    root = write_files(tmp_path, FILES)
    path = root / "cache.sqlite"
    with Cache(path, writes=False) as cache:
        assert len(looked_at(root, cache)) == 6
    assert not path.exists()

    with Cache(path) as cache:
        looked_at(root, cache)
    write(root, "models/marts/alone.sql", model("SELECT 2 AS two"))
    for _ in range(2):
        with Cache(path, writes=False) as cache:
            assert looked_at(root, cache) == ["marts.alone"]
            assert looked_at(root, cache) == []


def test_processes_that_run_at_once_share_a_cache(tmp_path):
    root = write_files(tmp_path, FILES)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    processes = [context.Process(target=remember, args=(root, barrier)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0, 0]
    with Cache(root / "cache.sqlite") as cache:
        assert looked_at(root, cache) == looked_at(root, None)  # another inspection, so all are looked at
        assert len(understood(root, cache)[1].graph.models) == 6


def test_what_nobody_used_for_two_weeks_goes(tmp_path, monkeypatch):
    from aggregator.cache import Row, rows

    day = 86_400.0
    path = tmp_path / "cache.sqlite"
    clock = [20_000 * day]
    monkeypatch.setattr(rows.time, "time", lambda: clock[0])
    with Cache(path) as cache:
        cache.put("used", Row("a", "b"))
        cache.put("unused", Row("c", "d"))
    for _ in range(4):
        clock[0] += 5 * day
        with Cache(path) as cache:
            assert cache.head("used") == "a"

    with Cache(path) as cache:
        assert (cache.body("used"), cache.head("unused"), cache.body("unused")) == ("b", None, None)


def test_progress_ends_with_all(tmp_path):
    told: list[tuple[int, int]] = []
    loaded = load_project(write_files(tmp_path, wide(50)))
    assert loaded.project is not None
    compile_project(loaded.project, progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (len(loaded.project.models), len(loaded.project.models))
    assert told == sorted(told)
    assert len(told) > 5
