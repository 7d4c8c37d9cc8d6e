"""Why partitions are not fresh, each cause once: what is downstream of it is folded into it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Plan, Reason, Stale
from aggregator.core.status import Affected, Cause
from aggregator.core.warehouse import WHOLE, Ledger
from aggregator.plan.inputs import address

_GRAVEST = (
    Reason.FAILED,
    Reason.TOUCHED,
    Reason.UNRECORDED,
    Reason.INPUT,
    Reason.LOGIC,
    Reason.MISSING,
    Reason.UNSETTLED,
    Reason.EXPIRED,
    Reason.FULL,
)
_TO_BE_REBUILT = " is to be rebuilt"
_MOST_NAMED = 3

Key = tuple[TableName, str]
"""A partition: its table and its id."""


@dataclasses.dataclass(frozen=True)
class Root:
    """Where a chain begins: what happened, to which partition of which table. Without a table it was never built."""

    kind: str
    table: str
    partition: str
    what: str


class Chains:
    """The chain from each partition of a plan that is not fresh to what made it so."""

    def __init__(self, plan: Plan, ledger: Ledger) -> None:
        self._stale = plan.stale
        self._failed = ledger.failed
        self._roots: dict[Key, Root] = {}

    def chain(self, name: TableName, partition: str) -> list[tuple[Key, Stale]]:
        """This partition, the one upstream that it waits for, and so on; all of them are to be rebuilt."""
        found: dict[Key, Stale] = {}
        key: Key | None = (name, partition)
        while key is not None and key not in found:
            found[key] = self._stale[key[0]][key[1]]
            key = self._upstream(found[key])
        return list(found.items())

    def root(self, name: TableName, partition: str) -> Root:
        """What made a partition stale in the end: a failure on the way there is the cause of what waits for it."""
        walked: list[Key] = []
        key = (name, partition)
        while key not in self._roots:
            walked.append(key)
            stale = self._stale[key[0]][key[1]]
            following = self._upstream(stale)
            failure = self._failure(key)
            if failure is not None or following is None or following in walked:
                self._roots[key] = failure or self.own(key, stale)
            else:
                key = following
        self._roots.update(dict.fromkeys(walked, self._roots[key]))
        return self._roots[key]

    def _upstream(self, stale: Stale) -> Key | None:
        """A partition that is to be rebuilt before this one: it is read, or is of a table that is read whole."""
        name_of = stale.detail.removesuffix(_TO_BE_REBUILT) if stale.pending else stale.upstream
        table, _, partition = name_of.partition("@")
        name = TableName.parse(table)
        found = self._stale.get(name, {}) if name is not None else {}
        if name is None or not found:
            return None
        if partition == WHOLE:
            return name, next(iter(found))
        return (name, partition) if partition in found else None

    def _failure(self, key: Key) -> Root | None:
        name, partition = key
        row = self._failed.get(name, {}).get(partition)
        if row is None:
            return None
        message = row.message.removeprefix(f"{address(name, partition)}: ").removeprefix(f"{name}: ")
        return Root(str(Reason.FAILED), str(name), partition, f"failed: {message}")

    @staticmethod
    def own(key: Key, stale: Stale) -> Root:
        """What happened to a partition itself, or to what it reads."""
        if stale.upstream:
            table, _, id_ = stale.upstream.partition("@")
            return Root(str(stale.reason), table, id_, stale.detail.removeprefix(stale.upstream).strip())
        if stale.reason is Reason.MISSING and not stale.detail:
            return Root(str(stale.reason), "", "", "never built")
        return Root(str(stale.reason), str(key[0]), key[1], stale.detail)


def causes_of(graph: Graph, plan: Plan, ledger: Ledger) -> tuple[Cause, ...]:
    """The causes of all that is not fresh in a plan, failures first."""
    chains = Chains(plan, ledger)
    groups: dict[tuple[str, str, bool], dict[TableName, list[str]]] = {}
    roots: dict[tuple[str, str, bool], dict[str, Root]] = {}
    for name, found in plan.stale.items():
        for partition in found:
            root = chains.root(name, partition)
            key = (root.kind, root.table, root.partition == WHOLE)
            groups.setdefault(key, {}).setdefault(name, []).append(partition)
            roots.setdefault(key, {})[root.partition] = root
    behind = _behind(graph, plan)
    causes = [_cause(graph, list(roots[key].values()), affected, behind) for key, affected in groups.items()]
    return tuple(sorted(causes, key=lambda cause: _GRAVEST.index(Reason(cause.kind))))


def _behind(graph: Graph, plan: Plan) -> set[TableName]:
    """The models that read, at any distance, one that is not fresh."""
    found: set[TableName] = set()
    for name in graph.models:
        if any(table in found or plan.stale.get(table) for table in graph.upstream(name)):
            found.add(name)
    return found


def _cause(
    graph: Graph,
    roots: Sequence[Root],
    affected: Mapping[TableName, Sequence[str]],
    behind: Collection[TableName],
) -> Cause:
    first, *others = sorted(roots, key=lambda root: root.partition)
    tops = [name for name in affected if not any(table in affected for table in graph.upstream(name))]
    return Cause(
        kind=first.kind,
        table=first.table,
        partitions=(first.partition, *(root.partition for root in others)),
        what=first.what,
        is_same=all(root.what == first.what for root in others),
        affected=tuple(
            Affected(name, graph.models[name].model.owner, tuple(partitions)) for name, partitions in affected.items()
        ),
        mend=" ".join(("aggregator run", *_options(first, tops, behind, is_alone=len(affected) == 1))),
    )


def _options(root: Root, tops: Sequence[TableName], behind: Collection[TableName], *, is_alone: bool) -> Iterator[str]:
    """What is to be selected: the topmost models, with what reads them; everything, if these are many.

    With what they read, too, if that is not fresh: otherwise they would be built twice.
    """
    if root.kind == Reason.FAILED and is_alone:
        yield "--retry-failed"
        yield from (f"--select {name}" for name in tops)
    elif root.table and len(tops) <= _MOST_NAMED:
        yield from (f"--select {'+' if name in behind else ''}{name}+" for name in tops)
