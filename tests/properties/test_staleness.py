"""What is called fresh is what building anew would give, whatever happened; and a run makes everything fresh."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import hypothesis
import zoo
from hypothesis import strategies as st
from lab import Lab, Rows, graph_of, same_rows, write_files

from aggregator.core.graph import Graph
from aggregator.core.plan import Plan
from aggregator.core.warehouse import WHOLE

START = datetime.fromisoformat("2013-10-28")
PARTITIONED = [
    *("marts.by_day", "marts.joined", "marts.last_three", "marts.day_before", "marts.so_far", "marts.shares"),
    *("marts.by_month", "marts.of_month", "marts.days_of_new_york", "marts.guarded", "marts.behind_guard"),
]
TABLES = [*PARTITIONED, "marts.whole", "marts.labelled"]
MODELS = [*TABLES, "marts.totals"]
POISON = 10 * zoo.GUARD
LOGIC = {
    "as it is": {},
    "a sum is other": {"marts/by_day.sql": ("SUM(n) AS total", "SUM(n) + 1 AS total")},
    "a sum is written otherwise": {"marts/by_day.sql": ("SUM(n) AS total", "sum( n ) AS total /* the sum */")},
    "a view is other": {"marts/totals.sql": ("SUM(total)", "MAX(total)")},
    "a map is other": {"marts/last_three.sql": ('"3 days"', '"2 days"')},
    "a column more": {"marts/shares.sql": ("names.label", "names.label, d.c")},
    "a model that reads itself is other": {
        "marts/so_far.sql": ("k, SUM(total) AS total", "k, SUM(total) + 1 AS total")
    },
    "a zone is other": {"marts/days_of_new_york.sql": ("America/New_York", "America/Los_Angeles")},
}


@functools.cache
def graph(logic: str) -> Graph:
    folder = Path(tempfile.mkdtemp(prefix="zoo-"))
    files = zoo.files(START, MODELS)
    for path, (before, after) in LOGIC[logic].items():
        text = files[f"models/{path}"]
        assert before in text
        write_files(folder, {})
        files[f"models/{path}"] = text.replace(before, after)
    return graph_of(folder, files)


@functools.cache
def built_once() -> Lab:
    """A warehouse in which everything is fresh, to be copied."""
    lab = Lab.at(Path(tempfile.mkdtemp(prefix="zoo-")), graph("as it is"))
    random = Random(3)
    days = [(START + timedelta(days=each)).isoformat()[:10] for each in range(zoo.DAYS)]
    kinds, numbers = ["a", "b", "", None], [-2, 0, 1, 5, None]
    facts = [(day, random.choice(kinds), random.choice(numbers), 0.5) for day in days for _ in range(3)]
    other = [(day, random.choice(kinds), random.choice(numbers)) for day in days[::2] for _ in range(2)]
    events = [(f"{day} {random.randrange(24):02}:30+00", random.choice(kinds), 1) for day in days for _ in range(4)]
    zoo.fill(lab, {"lake.facts": facts, "lake.other": other, "lake.events": events, "lake.names": [("a", "first")]})
    assert lab.run().is_clean
    return lab


Event = Callable[[Lab], Lab]
"""Something that happens to a warehouse or its project; gives the lab from then on."""


def _sql(statement: str) -> Event:
    def happen(lab: Lab) -> Lab:
        with contextlib.suppress(duckdb.CatalogException):  # what an event before dropped
            lab.execute(statement)
        return lab

    return happen


days = st.integers(0, zoo.DAYS - 1).map(lambda each: f"DATE '{(START + timedelta(days=each)).isoformat()[:10]}'")
kinds = st.sampled_from(["'a'", "'b'", "NULL"])
numbers = st.integers(-5, 5)

source_changes = st.one_of(
    st.builds("INSERT INTO lake.facts VALUES ({}, {}, {}, 0.25)".format, days, kinds, numbers),
    st.builds("INSERT INTO lake.other VALUES ({}, {}, {})".format, days, kinds, numbers),
    st.builds(
        "INSERT INTO lake.events VALUES ({}::TIMESTAMPTZ + INTERVAL 3 HOUR, {}, {})".format, days, kinds, numbers
    ),
    st.builds("DELETE FROM lake.facts WHERE day = {}".format, days),
    st.builds("UPDATE lake.facts SET n = n + 1 WHERE day = {}".format, days),
    st.builds("UPDATE lake.facts SET x = x + 1 WHERE day = {}".format, days),
    st.builds("UPDATE lake.facts SET day = {} WHERE day = {}".format, days, days),
    st.builds("UPDATE lake.names SET label = label || {}".format, st.sampled_from(["''", "'!'"])),
    st.just("DELETE FROM lake.other"),
).map(_sql)
output_changes = st.one_of(
    st.builds(
        "UPDATE {} SET k = 'edited' WHERE rowid % 2 = 0".format, st.sampled_from(["marts.by_day", "marts.so_far"])
    ),
    st.builds("DELETE FROM {} WHERE rowid % 2 = 0".format, st.sampled_from(TABLES)),
    st.builds("DELETE FROM {}".format, st.sampled_from(TABLES)),
    st.builds("INSERT INTO {0} SELECT * FROM {0} LIMIT 1".format, st.sampled_from(TABLES)),
    st.builds("DROP TABLE {}".format, st.sampled_from(TABLES)),
    st.just("DROP VIEW marts.totals"),
    st.just("CREATE OR REPLACE VIEW marts.totals AS SELECT k, 0 AS total FROM marts.by_day"),
    st.builds("DELETE FROM _aggregator.ledger WHERE model = '{}'".format, st.sampled_from(MODELS)),
).map(_sql)
poison = days.map(lambda day: _sql(f"INSERT INTO lake.facts VALUES ({day}, 'a', {POISON}, 0.25)"))
logic = st.sampled_from(sorted(LOGIC)).map(lambda text: lambda lab: lab.on(graph(text)))


@dataclasses.dataclass(frozen=True)
class PartialRun:
    """A run over some models and days, which may fail."""

    models: frozenset[str]
    days: tuple[int, int]

    def __call__(self, lab: Lab) -> Lab:
        interval = START + timedelta(days=self.days[0]), START + timedelta(days=self.days[1])
        lab.run(select=self.models, interval=interval)
        return lab


runs = st.builds(
    PartialRun, st.frozensets(st.sampled_from(MODELS), min_size=2), st.tuples(st.integers(0, 4), st.integers(5, 9))
)
events = st.lists(
    st.one_of(source_changes, source_changes, output_changes, logic, runs, poison), min_size=1, max_size=4
)


def by_partition(lab: Lab) -> dict[tuple[str, str], Rows]:
    """The rows of each partition."""
    found: dict[tuple[str, str], Rows] = {}
    for table, rows in lab.tables().items():
        model = next(model for each, model in lab.graph.models.items() if str(each) == table)
        for row in rows:
            partition = row[0].isoformat()[: model.calendar.grain.id_length] if model.calendar else WHOLE
            found.setdefault((table, partition), []).append(row)
    return found


def fresh(plan: Plan) -> set[tuple[str, str]]:
    return {(str(name), each) for name, due in plan.due.items() for each in due if each not in plan.stale[name]}


def wrongly_fresh(lab: Lab, scratch: Lab) -> set[tuple[str, str]]:
    """Partitions that planning calls fresh although building them anew gives other rows, or another view."""
    have, want = by_partition(lab), by_partition(scratch)
    with lab.engine() as engine, scratch.engine() as anew:
        views = engine.versions()
        wrong = {name for name, model in lab.graph.models.items() if model.model.kind == "view"}
        wrong = {name for name in wrong if views.get(name) != anew.versions()[name]}
    called_fresh = fresh(lab.plan())
    differ = {key for key in called_fresh if not same_rows(have.get(key, []), want.get(key, []))}
    return {key for key in differ if key[0] != "marts.totals"} | {
        key for key in called_fresh if key[0] in {str(name) for name in wrong}
    }


@hypothesis.settings(
    max_examples=20,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.reuse, hypothesis.Phase.generate],
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
@hypothesis.given(happening=events)
def test_fresh_is_what_building_anew_gives(happening):
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab.at(Path(folder, "old"), built_once().graph)
        shutil.copy(built_once().path, lab.path)
        for happen in happening:
            lab = happen(lab)
        scratch = Lab.at(Path(folder, "new"), lab.graph)
        zoo.copy_sources(lab, scratch)
        poisoned = not scratch.run().is_clean

        unsound = wrongly_fresh(lab, scratch)
        first = lab.run()
        unsound_after = wrongly_fresh(lab, scratch)
        for each in (lab, scratch):
            each.execute(f"DELETE FROM lake.facts WHERE n >= {POISON}")  # an event may have added to it
            last = each.run()
        remaining = lab.plan().steps
        have, want = by_partition(lab), by_partition(scratch)

    assert unsound == set()
    assert unsound_after == set()
    assert first.is_clean != poisoned
    assert last.is_clean
    assert remaining == ()
    assert {key for key in have.keys() | want.keys() if not same_rows(have.get(key, []), want.get(key, []))} == set()
