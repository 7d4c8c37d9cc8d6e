"""Models before and after a change, computed over the same inputs and compared row by row."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.diff.comparison import Comparison
from aggregator.diff.needed import Due, needed
from aggregator.diff.pairing import Pairing
from aggregator.diff.question import COUNTS, Rows, count_question, question
from aggregator.diff.report import Example, ModelDiff, PartitionDiff, Value
from aggregator.diff.trials import compute
from aggregator.engines.protocol import QueryError

if TYPE_CHECKING:
    from aggregator.engines import Engine
    from aggregator.engines.protocol import Trial

BEFORE, AFTER = "_aggregator_before", "_aggregator_after"
Progress = Callable[[int, int], object]


@dataclasses.dataclass(frozen=True)
class Version:
    """One version of a project: its graph, and the partitions that its models should have by now."""

    graph: Graph
    due: Due


@dataclasses.dataclass(frozen=True)
class Versions:
    """Both versions, and the models that differ between them: wherever one of these is read, its own version is."""

    before: Version
    after: Version
    affected: frozenset[TableName]

    def needed_before(self, wanted: Sequence[Comparison]) -> dict[TableName, list[str]]:
        """What has to be computed as it was."""
        partitions = {each.after.name: each.old_partitions for each in wanted if each.before is not None}
        return needed(self.before.graph, partitions, self.affected, self.before.due)

    def needed_after(self, wanted: Sequence[Comparison]) -> dict[TableName, list[str]]:
        """What has to be computed as it will be."""
        partitions = {each.after.name: list(each.partitions) for each in wanted}
        return needed(self.after.graph, partitions, self.affected, self.after.due)

    def upstream_partitions(self, wanted: Comparison) -> int:
        """How many partitions of other models have to be computed for one comparison, on the side with more of them."""
        sides = (self.needed_before([wanted]), self.needed_after([wanted]))
        return max(sum(len(found) for name, found in side.items() if name != wanted.after.name) for side in sides)


def compare(
    engine: Engine, versions: Versions, wanted: Sequence[Comparison], progress: Progress
) -> Iterator[ModelDiff]:
    """Compute all that is needed of both versions, then compare model by model. Nothing of it stays."""
    old, new = versions.needed_before(wanted), versions.needed_after(wanted)
    total = sum(len(partitions) for side in (old, new) for partitions in side.values())
    total += sum(len(each.partitions) for each in wanted)
    done, there = 0, engine.versions()

    def advance(partitions: int) -> None:
        nonlocal done
        done += partitions
        progress(done, total)

    with (
        engine.trial(versions.before.graph, BEFORE) as before,
        engine.trial(versions.after.graph, AFTER) as after,
    ):
        failed = {AFTER: compute(after, versions.after.graph, new, there, advance)}
        failed[BEFORE] = compute(before, versions.before.graph, old, there, advance)
        for each in wanted:
            why = _why_failed(failed, each.after.name)
            yield ModelDiff(each.after.name, each.pairing, why=why) if why else _compared(engine, each, before, after)
            advance(len(each.partitions))


def _why_failed(failed: Mapping[str, Mapping[TableName, str]], name: TableName) -> str:
    if name in failed[BEFORE]:
        return f"before the change: {failed[BEFORE][name]}"
    return failed[AFTER].get(name, "")


def _compared(engine: Engine, wanted: Comparison, before: Trial, after: Trial) -> ModelDiff:
    name = wanted.after.name
    new = Rows(after.name(name), _column(wanted.after))
    if wanted.before is None:
        asked = count_question(new)
    else:
        asked = question(Rows(before.name(name), _column(wanted.before)), new, wanted.pairing)
    found = list[PartitionDiff]()
    for partition in wanted.partitions:
        try:
            answer = engine.ask(asked, wanted.parameters(partition))
        except QueryError as error:
            return ModelDiff(name, wanted.pairing, tuple(found), why=str(error), notes=_notes(engine, wanted))
        found.append(_answered(partition, answer, wanted))
    return ModelDiff(name, wanted.pairing, tuple(found), notes=_notes(engine, wanted))


def _column(model: CompiledModel) -> str:
    return model.calendar.column if model.calendar else ""


def _notes(engine: Engine, wanted: Comparison) -> tuple[str, ...]:
    """What is to be known of a comparison."""
    refused = engine.refusal(wanted.after)
    found = [f"computed all the same: {refused.message}"] if refused is not None else []
    if any(edge.table == wanted.after.name for edge in wanted.after.inputs):
        found.append("it reads its own earlier rows as they are in the table now")
    return tuple(found)


def _answered(partition: str, answer: Sequence[Any], wanted: Comparison) -> PartitionDiff:
    """The answer of the engine, understood."""
    if wanted.before is None:
        rows = int(answer[0] or 0)
        return PartitionDiff(partition, before=0, after=rows, added=rows, removed=0, changed=0, unchanged=0)
    numbers = [int(each or 0) for each in answer[:-3]]
    counts = dict(zip(COUNTS, numbers, strict=False))
    changes, additions, removals = (
        tuple(_example(json.loads(text), wanted.pairing) for text in texts or ()) for texts in answer[-3:]
    )
    return PartitionDiff(
        partition,
        **counts,
        differing=tuple(numbers[len(COUNTS) :]),
        changes=changes,
        additions=additions,
        removals=removals,
    )


def _example(row: Mapping[str, Any], pairing: Pairing) -> Example:
    """A row; of one that was changed, the values that differ, and of one that was found by all that it holds, all."""
    key = tuple((pair.after, row[f"k{index}"]) for index, pair in enumerate(pairing.key))
    values = (
        Value(pair.after, row[f"b{index}"], row[f"a{index}"])
        for index, pair in enumerate(pairing.values)
        if row[f"d{index}"] or row["whole"]
    )
    return Example(key, tuple(values))
