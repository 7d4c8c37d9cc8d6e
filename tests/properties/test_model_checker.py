"""Random graphs, random events, and the question after each: is what is called fresh what building it would give?

The real plan and run, on a simulated warehouse that tells versions by a coarse clock. ``pytest -s`` prints how much is
built in vain.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from lab import Quiet
from random_graphs import DAY_IDS, FACTS, NAMES, OTHER, START, changed, random_graph
from simulated import CrashError, Key, Knobs, Rows, SimulatedEngine, World, computed, is_view, latest

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.plan import Plan, Policy
from aggregator.core.warehouse import WHOLE
from aggregator.plan import make_plan
from aggregator.run import run_plan

ROUNDS = 12


@dataclasses.dataclass
class Checker:
    """One world with its project, and what was found wrong in it."""

    graph: Graph
    world: World
    knobs: Knobs
    random: Random
    wrong: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    count: Counter[str] = dataclasses.field(default_factory=Counter)
    built_by: dict[Key, tuple[CompiledModel, Rows]] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, seed: int, *, has_policies: bool = False, **knobs: bool) -> Checker:
        random = Random(seed)
        world = World(random)
        checker = cls(random_graph(random, has_policies=has_policies), world, Knobs(**knobs), random)
        checker.knobs.meanwhile = checker.change_meanwhile
        for _ in range(3 * len(DAY_IDS)):
            checker.insert(checker.anywhere())
        return checker

    def anywhere(self) -> Key:
        if self.random.random() < 0.1:
            return NAMES, WHOLE
        return self.random.choice((FACTS, FACTS, OTHER)), self.random.choice(DAY_IDS)

    def insert(self, key: Key) -> None:
        self.world.put(key, (*self.world.rows.get(key, ()), self.random.randint(1, 4)))

    def update(self, key: Key) -> None:
        if key in self.world.rows:
            first, *others = self.world.rows[key]
            self.world.put(key, (first + 1, *others))

    def delete(self, key: Key) -> None:
        if key in self.world.rows:
            self.world.put(key, self.world.rows[key][1:], moves_time=False)

    def expire(self, key: Key) -> None:
        if key in self.world.rows:
            self.world.put(key, ())

    def stream(self, key: Key) -> None:
        self.world.buffered[key] = (*self.world.buffered.get(key, ()), self.random.randint(1, 4))

    def flush(self, _key: Key) -> None:
        for key in list(self.world.buffered):
            self.world.put(key, self.world.rows.get(key, ()) + self.world.buffered.pop(key))

    def change(self, key: Key) -> None:
        often, seldom = (self.insert, self.update, self.delete), (self.expire, self.stream, self.flush)
        self.random.choice((*often, *often, *seldom))(key)

    def change_meanwhile(self) -> None:
        """Somebody commits while we read. Not the first rows of a partition: see "what is not noticed" of the docs."""
        there = sorted((key for key in self.world.rows if key[0] in self.graph.sources), key=str)
        if there:
            self.change(self.random.choice(there))

    def touch(self) -> None:
        """Somebody edits a table that we build; not in the tick in which we write it, which nobody could notice."""
        built = [key for key in self.world.rows if key[0] in self.graph.models]
        if built:
            self.world.seconds += 2 * self.world.tick
            key = self.random.choice(built)
            self.world.put(key, self.random.choice(((), (9,))))
            self.world.seconds += 2 * self.world.tick

    def round(self) -> None:
        for _ in range(self.random.randint(0, 3)):
            self.change(self.anywhere())
        if self.random.random() < 0.2:
            self.graph = changed(self.graph, self.random)
        if self.random.random() < 0.1:
            self.touch()
        if self.random.random() < 0.5:
            self.flush((NAMES, WHOLE))
            self.world.seconds += 3 * self.world.tick
        self.run()
        self.judge()

    def run(self) -> None:
        engine = SimulatedEngine(self.world, self.graph, self.knobs)
        models = list(self.graph.models)
        selected = models if self.random.random() < 0.7 else self.random.sample(models, 2)
        first = START + timedelta(days=self.random.randint(-40, 10))
        plan = make_plan(self.graph, engine.snapshot(), selected=selected, interval=(first, None))
        ledger = latest(self.world.ledger)
        with contextlib.suppress(CrashError):
            run_plan(plan, self.graph, engine, ledger, run_id="test", progress=Quiet())  # type: ignore[arg-type]
        self.count.update(built=engine.built, needed=engine.needed)

    def judge(self) -> None:
        """Compare all that is called fresh with what building it now would give."""
        engine = SimulatedEngine(self.world, self.graph, self.knobs)
        plan = make_plan(self.graph, engine.snapshot(), selected=self.graph.models)
        for name, due in plan.due.items():
            for partition in due:
                if partition not in plan.stale[name]:
                    self._compare(plan, self.graph.models[name], partition)

    def gives(self, model: CompiledModel, partition: str) -> Rows | None:
        """What building a partition now would give; None if it can't be built."""
        try:
            return computed(self.world, self.graph, model, partition)
        except LookupError:
            return None

    def _compare(self, plan: Plan, model: CompiledModel, partition: str) -> None:
        key, exempt = (model.name, partition), plan.exempt[model.name].get(partition)
        self.count.update([str(exempt.policy) if exempt else "fresh"])
        there = self.world.rows.get(key, ())
        if is_view(model):
            is_right = self.world.views[model.name].fingerprint == model.fingerprint
        elif exempt is None:
            self.built_by[key] = model, there
            is_right = there == self.gives(model, partition)
        elif exempt.policy is Policy.KEPT:
            is_right = bool(there) or key not in self.built_by or not self.built_by[key][1]
        else:  # accepted: what the logic gives with which it was built
            by = self.built_by.get(key)
            is_right = by is None or there == self.gives(by[0], partition)
        if not is_right:
            self.wrong.append((f"{model.name}@{partition}", str(exempt)))


def check(seeds: range, prepare: Callable[[int], Checker], what: str) -> tuple[int, Counter[str]]:
    """How many partitions were wrongly called fresh, in as many worlds; and what else was counted."""
    wrong, count = 0, Counter[str]()
    for seed in seeds:
        checker = prepare(seed)
        for _ in range(ROUNDS):
            checker.round()
        wrong += len(checker.wrong)
        count += checker.count
    built, needed = count["built"], count["needed"]
    sys.stdout.write(f"\n{what}: {dict(count)}; {built / needed:.2f} built for each that had to be; {wrong} wrong\n")
    return wrong, count


def test_what_is_called_fresh_is_fresh():
    wrong, count = check(range(24), Checker.of, "time versions, coarse clock, crashes, others who commit")

    assert wrong == 0
    assert count["fresh"] > count["built"] / 3
    assert count["built"] < 1.5 * count["needed"]


def test_what_is_accepted_or_kept_is_what_was_built():
    wrong, count = check(range(200, 222), lambda seed: Checker.of(seed, has_policies=True), "with policies")

    assert wrong == 0
    assert min(count[each] for each in ("fresh", "accepted", "kept")) > 20


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param({"is_certain": True}, id="that trusts a version of the present tick"),
        pytest.param({"reads_late": True}, id="that reads versions after the query"),
    ],
)
def test_the_checker_finds_an_engine(mistake):
    """If it found nothing wrong here, it would find nothing anywhere."""
    wrong, _ = check(range(8), lambda seed: Checker.of(seed, **mistake), str(mistake))

    assert wrong > 0
