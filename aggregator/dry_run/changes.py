"""The difference between two versions of a project: what is new, what is wider, what breaks, and whom; its price."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from aggregator.core.change import Affected, Change, ChangeKind, CostChange, Effect, Fate
from aggregator.core.graph import Derivation, Graph, Measure, Origin
from aggregator.core.lineage import Lineage
from aggregator.core.project import Kind
from aggregator.dry_run.retype import retyping
from aggregator.dry_run.type_tree import type_tree

if TYPE_CHECKING:
    from aggregator.analyzers.protocol import Field
    from aggregator.core.estimate import Estimate
    from aggregator.core.names import TableName

Schemas = Mapping["TableName", "tuple[Field, ...]"]


def changes(
    before: Graph,
    after: Graph,
    schemas_before: Schemas,
    schemas_after: Schemas,
    refused: Collection[TableName] = (),
) -> tuple[Change, ...]:
    """What is different, table by table.

    The schemas are those of the strictest analyzer; tables that are not there have the columns that the compiler found.
    ``refused`` are models with errors after the change, beside those that could not be compiled.
    """
    reach = _Reach(before, after, frozenset(refused))
    old, new = _tables(before, schemas_before), _tables(after, schemas_after)
    found: list[Change] = []
    for name in sorted({*old, *new}):
        if name not in new:
            if not _is_declared(name, after):
                found.append(reach.over_table(Change(name, ChangeKind.TABLE_REMOVED, Effect.BREAKING)))
        elif name not in old:
            if not _is_declared(name, before):
                found.append(Change(name, ChangeKind.TABLE_ADDED, Effect.ADDITIVE))
        else:
            found += (reach.over_table(each) for each in _of_table(old[name], new[name]))
            found += (reach.over_column(each) for each in _of_columns(old[name], new[name]))
    return tuple(found)


def compare(before: Mapping[TableName, Estimate], after: Mapping[TableName, Estimate]) -> tuple[CostChange, ...]:
    """The models that read or cost something else than before."""
    both = (CostChange(name, before.get(name), after.get(name)) for name in sorted({*before, *after}))
    return tuple(each for each in both if _cost(each.before) != _cost(each.after))


def _cost(estimate: Estimate | None) -> tuple[float | None, ...]:
    return () if estimate is None else (estimate.bytes, estimate.billed, estimate.runs_per_day, estimate.price)


@dataclasses.dataclass(frozen=True)
class _Column:
    name: str
    type: str
    position: int
    made_of: tuple[Derivation, Measure, tuple[Origin, ...]] | None


@dataclasses.dataclass(frozen=True)
class _Table:
    """A table as its readers know it."""

    name: TableName
    kind: str
    cut: str
    clustering: str
    columns: Mapping[str, _Column]


def _tables(graph: Graph, schemas: Schemas) -> dict[TableName, _Table]:
    found = {}
    for name, model in graph.models.items():
        typed = [(field.name, field.type) for field in schemas.get(name, ())]
        typed = typed or [(column.name, column.type) for column in model.columns]
        made = {column.name.casefold(): (column.derivation, column.measure, column.origins) for column in model.columns}
        columns = [_Column(each, type_, i, made.get(each.casefold())) for i, (each, type_) in enumerate(typed)]
        cluster = ", ".join(map(str, model.model.cluster))
        found[name] = _table(graph, name, model.model.kind, cluster, columns)
    for name, source in graph.sources.items():
        columns = [_Column(str(each.name), each.type, i, None) for i, each in enumerate(source.columns)]
        found[name] = _table(graph, name, Kind.TABLE, "", columns)
    return found


def _table(graph: Graph, name: TableName, kind: str, clustering: str, columns: list[_Column]) -> _Table:
    calendar = graph.calendars.get(name)
    cut = "no partitions" if calendar is None else f"{calendar.grain} of {calendar.column}"
    if calendar is not None and calendar.wall != "UTC":
        cut += f" in {calendar.wall}"
    return _Table(name, str(kind), cut, clustering, {each.name.casefold(): each for each in columns})


def _is_declared(name: TableName, graph: Graph) -> bool:
    """Whether a table is there, though its mistakes may leave it without meaning."""
    project = graph.project
    return name in project.models or name in project.sources or name in project.broken


def _of_table(old: _Table, new: _Table) -> Iterator[Change]:
    """What is different about a table as a whole."""
    if old.kind != new.kind:
        yield Change(old.name, ChangeKind.KIND, Effect.BREAKING, before=old.kind, after=new.kind)
        return
    if old.cut != new.cut:
        yield Change(old.name, ChangeKind.PARTITIONING, Effect.BREAKING, before=old.cut, after=new.cut)
    if old.clustering != new.clustering:
        sides = (old.clustering or "none", new.clustering or "none")
        yield Change(old.name, ChangeKind.CLUSTERING, Effect.BREAKING, before=sides[0], after=sides[1])


def _of_columns(old: _Table, new: _Table) -> Iterator[Change]:
    """What is different about the columns of a table; nothing where they are not known on one side."""
    if not old.columns or not new.columns:
        return
    dropped = [column for name, column in old.columns.items() if name not in new.columns]
    added = [column for name, column in new.columns.items() if name not in old.columns]
    for column in dropped:
        heir = next((each for each in added if _is_renamed(column, each)), None)
        if heir is None:
            yield Change(old.name, ChangeKind.COLUMN_DROPPED, Effect.BREAKING, column.name)
            continue
        added.remove(heir)
        kind = ChangeKind.COLUMN_RENAMED
        yield Change(old.name, kind, Effect.BREAKING, column.name, before=column.name, after=heir.name)
    for column in added:
        yield Change(old.name, ChangeKind.COLUMN_ADDED, Effect.ADDITIVE, column.name, after=column.type)
    for name in [name for name in old.columns if name in new.columns]:
        yield from _of_type(old.name, old.columns[name], new.columns[name])


def _is_renamed(old: _Column, new: _Column) -> bool:
    """Whether a new column is made as an old one was; of sources, whether it stands in its place."""
    if old.type != new.type:
        return False
    if old.made_of is not None and old.made_of[-1]:
        return old.made_of == new.made_of
    return old.position == new.position


def _of_type(table: TableName, old: _Column, new: _Column) -> Iterator[Change]:
    effect, narrower = retyping(type_tree(old.type), type_tree(new.type))
    if effect is not None:
        kind = ChangeKind.COLUMN_NARROWED if narrower else ChangeKind.COLUMN_RETYPED
        yield Change(table, kind, effect, old.name, before=old.type, after=new.type)


class _Reach:
    """Whom a breaking change affects, by the lineage of the version before it."""

    def __init__(self, before: Graph, after: Graph, refused: frozenset[TableName]) -> None:
        self._before = before
        self._after = after
        self._refused = refused
        self._lineage = Lineage(before)
        self._names = {str(name): name for name in before.models}
        self._words: dict[TableName, frozenset[str]] = {}

    def over_column(self, change: Change) -> Change:
        """With the models that read a column, and the columns made from it, at any distance."""
        if change.effect is not Effect.BREAKING:
            return change
        found = self._made_from(Origin(str(change.table), change.column))
        for reader in self._before.downstream(change.table):
            if change.column.casefold() in self._mentioned(reader):
                found.setdefault(reader, set())
        return dataclasses.replace(change, affected=self._affected(found))

    def over_table(self, change: Change) -> Change:
        """With all models that read a table, at any distance. How a table is sorted on disk, no reader notices."""
        if change.effect is not Effect.BREAKING or change.kind is ChangeKind.CLUSTERING:
            return change
        found: dict[TableName, set[str]] = {}
        for column in self._lineage.columns(str(change.table)).values():
            for model, columns in self._made_from(Origin(str(change.table), column.name)).items():
                found.setdefault(model, set()).update(columns)
        for reader in self._downstream(change.table):
            found.setdefault(reader, set())
        return dataclasses.replace(change, affected=self._affected(found))

    def _made_from(self, place: Origin) -> dict[TableName, set[str]]:
        """The columns made from a column, by model."""
        found: dict[TableName, set[str]] = {}
        seen, waiting = {place}, [place]
        while waiting:
            for step in self._lineage.downstream(waiting.pop()):
                if step.column in seen:
                    continue
                seen.add(step.column)
                waiting.append(step.column)
                found.setdefault(self._names[step.column.table], set()).add(step.column.column)
        return {model: columns for model, columns in found.items() if str(model) != place.table}

    def _downstream(self, table: TableName) -> set[TableName]:
        """The models that read a table, at any distance, without itself."""
        seen, waiting = {table}, [table]
        while waiting:
            readers = set(self._before.downstream(waiting.pop())) - seen
            seen |= readers
            waiting += readers
        return seen - {table}

    def _mentioned(self, model: TableName) -> frozenset[str]:
        """All words of a model's SQL, in lower case."""
        if model not in self._words:
            self._words[model] = frozenset(re.findall(r"\w+", self._before.models[model].sql.casefold()))
        return self._words[model]

    def _affected(self, found: Mapping[TableName, set[str]]) -> tuple[Affected, ...]:
        order = [name for name in self._before.models if name in found]
        return tuple(Affected(name, tuple(sorted(found[name])), self._fate(name)) for name in order)

    def _fate(self, name: TableName) -> Fate:
        if not _is_declared(name, self._after):
            return Fate.REMOVED
        return Fate.BREAKS if name in self._refused or name not in self._after.models else Fate.COMPILES
