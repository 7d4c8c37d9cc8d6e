"""Whatever is built in whatever pieces and order, the tables come out as if built once, and as the oracles say."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import hypothesis
import zoo
from hypothesis import strategies as st
from lab import Lab, graph_of, same_rows, shuffled

from aggregator.core.graph import Graph

STARTS = {
    "over a change to summer time in New York and Havana, a 23-hour day": "2013-03-06",
    "over a change to winter time in Paris, a 25-hour day": "2013-10-22",
    "over a change to winter time in New York and Havana, and a month's end": "2013-10-28",
    "over a leap day": "2012-02-25",
    "over a year's end": "2012-12-28",
}
NO_SHRINKING = [hypothesis.Phase.explicit, hypothesis.Phase.reuse, hypothesis.Phase.generate]
"""An example takes a second: shrinking one would take minutes."""
KINDS = [None, "", "a", "b"]
NUMBERS = st.one_of(st.none(), st.integers(-3, 3), st.just(10**15))
FLOATS = st.sampled_from([None, 0.1, -2.5, 1e10, 0.0, 1 / 3])


@functools.cache
def graph(start: str) -> Graph:
    folder = Path(tempfile.mkdtemp(prefix="zoo-"))
    return graph_of(folder, zoo.files(datetime.fromisoformat(start)))


@st.composite
def source_rows(draw: st.DrawFn, start: str) -> dict[str, list[tuple[Any, ...]]]:
    """Rows with NULLs, duplicates, negative numbers and days without any."""
    first = datetime.fromisoformat(start)
    day = st.integers(0, zoo.DAYS - 1).map(lambda days: (first + timedelta(days=days)).isoformat()[:10])
    half_hours = st.integers(0, zoo.DAYS * 48 - 1)
    moment = half_hours.map(lambda halves: f"{(first + timedelta(minutes=30 * halves)).isoformat(' ')}+00")
    kind = st.sampled_from(KINDS)
    rows = {
        "lake.facts": draw(st.lists(st.tuples(day, kind, NUMBERS, FLOATS), max_size=20)),
        "lake.other": draw(st.lists(st.tuples(day, kind, NUMBERS), max_size=10)),
        "lake.events": draw(st.lists(st.tuples(moment, kind, NUMBERS), max_size=25)),
        "lake.names": [("a", "first"), ("b", "second")],
    }
    twice = draw(st.sampled_from(["lake.facts", "lake.other", "lake.events"]))
    return rows | {twice: rows[twice] * 2}


@dataclasses.dataclass(frozen=True)
class Pass:
    """One run over some models and days, in some manner."""

    models: frozenset[str] | None
    days: tuple[int, int] | None
    manner: str
    seed: int

    def do(self, lab: Lab, start: datetime) -> None:
        lab = lab.one_by_one() if self.manner == "one by one" else lab
        rearrange: Callable[..., Any] = shuffled(lab.graph, Random(self.seed))
        days = tuple(start + timedelta(days=each) for each in self.days) if self.days else (None, None)
        full = self.manner == "again"
        lab.run(rearrange, select=self.models, interval=(days[0], days[1]), full=full)


def passes(names: list[str]) -> st.SearchStrategy[list[Pass]]:
    some_models = st.one_of(st.none(), st.frozensets(st.sampled_from(names), min_size=3))
    some_days = st.one_of(st.none(), st.tuples(st.integers(0, 4), st.integers(5, 9)))
    manners = st.sampled_from(["as planned", "one by one", "again"])
    return st.lists(st.builds(Pass, some_models, some_days, manners, st.integers(0, 99)), min_size=1, max_size=2)


@hypothesis.settings(max_examples=14, phases=NO_SHRINKING, suppress_health_check=[hypothesis.HealthCheck.too_slow])
@hypothesis.given(data=st.data(), start=st.sampled_from(sorted(STARTS.values())))
def test_built_in_pieces_is_built_at_once(data, start):
    rows = data.draw(source_rows(start))
    first = datetime.fromisoformat(start)
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab.at(Path(folder, "pieces"), graph(start))
        zoo.fill(lab, rows)
        for each in data.draw(passes([str(name) for name in lab.graph.models])):
            each.do(lab, first)

        last = lab.run()
        after, tables, oracles = lab.plan(), lab.tables(), zoo.expected(lab, first)
        again = lab.run(full=True)

    assert last.is_clean
    assert after.steps == ()
    assert {name: rows for name, rows in tables.items() if not same_rows(rows, oracles[name])} == {}
    assert {name for name, rows in oracles.items() if rows} <= tables.keys()
    assert {each.status for each in again.results if str(each.model) != "marts.totals"} == {"unchanged"}
