"""Which partitions of which models are compared, and why others are not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from aggregator.core.graph import CompiledModel
from aggregator.core.names import TableName
from aggregator.core.warehouse import WHOLE
from aggregator.core.warehouse import Versions as Stock
from aggregator.diff.affected import How
from aggregator.diff.compare import Versions
from aggregator.diff.comparison import Comparison, comparison, sample
from aggregator.diff.pairing import Pairing
from aggregator.diff.report import ModelDiff
from aggregator.plan.inputs import Inputs
from aggregator.plan.plan import Interval, within
from aggregator.plan.texts import Texts

MOST = 1000
"""So many partitions of what a model reads are computed for its sake, unless all was asked for."""

NOT_THERE = {
    How.DELETED: "it is deleted; its table stays in the warehouse until someone drops it",
    How.BROKEN: "it can't be compiled",
    How.MENDED: "it could not be compiled before the change",
}


@dataclasses.dataclass(frozen=True)
class Wish:
    """What was asked for: one partition or a sample of those in an interval, or all of them; and another key."""

    partition: str = ""
    interval: Interval = (None, None)
    everything: bool = False
    key: tuple[str, ...] = ()


def choose(
    versions: Versions,
    models: Mapping[TableName, How],
    wish: Wish,
    stock: Stock,
    renamed: Mapping[TableName, Mapping[str, str]],
) -> Iterator[Comparison | ModelDiff]:
    """How each model is compared, or what is said instead."""
    for name, how in models.items():
        found = NOT_THERE[how] if how in NOT_THERE else _comparison(versions, name, wish, stock, renamed.get(name, {}))
        yield ModelDiff(name, Pairing(), why=found) if isinstance(found, str) else found


def _comparison(
    versions: Versions, name: TableName, wish: Wish, stock: Stock, renamed: Mapping[str, str]
) -> Comparison | str:
    model = versions.after.graph.models[name]
    inputs = Inputs(model, versions.after.graph, Texts(stock))
    partitions = _partitions(model, versions.after.due[name], wish, sorted(stock.get(name, {})), inputs)
    if not partitions:
        return "it has no such partition" if wish.partition else "no partition of it is due"
    found = comparison(versions.before.graph.models.get(name), model, partitions, renamed, wish.key)
    if isinstance(found, str) or wish.everything:
        return found
    number = versions.upstream_partitions(found)
    return f"{number:,} partitions that it reads have to be computed first; --all does that" if number > MOST else found


def _partitions(
    model: CompiledModel, due: Sequence[str], wish: Wish, built: Sequence[str], inputs: Inputs
) -> list[str]:
    """The partitions to compare; of those that have rows, if any has: inputs of the others may be missing."""
    calendar = model.calendar
    if calendar is None:
        return [WHOLE]
    if wish.partition:
        holding = calendar.id(calendar.grain.floor(calendar.parse(wish.partition)))
        return [holding] if holding in due else []
    wanted = list(within(model, due, wish.interval))
    there = set(built)
    wanted = [each for each in wanted if each in there] or wanted
    wanted = [each for each in wanted if inputs.lacking(each) is None] or wanted
    return wanted if wish.everything else sample(wanted)
