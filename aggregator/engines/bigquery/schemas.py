"""Tables as they should stand in BigQuery: what is sent to make one, and whether one that stands there fits."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from aggregator.core.graph import CompiledModel, OutputColumn
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.types import field_of, type_from, type_of_field
from aggregator.engines.protocol import QueryError

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar
    from aggregator.core.names import TableName
    from aggregator.core.writes import Write

Field: TypeAlias = Mapping[str, Any]
"""A column as the API has it."""

EXPIRES = "expires"
"""The label of a table whose partitions expire because its author said so, and not somebody else."""

MAX_LABEL = 63
MAX_DESCRIPTION = 1024
"""How long BigQuery lets the description of a column be."""


@dataclasses.dataclass(frozen=True)
class Shape:
    """What a table is made of: columns, and how it is cut and sorted."""

    fields: tuple[Field, ...]
    calendar: Calendar | None = None
    clustering: tuple[str, ...] = ()

    def layout(self) -> dict[str, Any]:
        """Partitioning and clustering, as the API wants them."""
        cut: dict[str, Any] = {}
        if self.calendar is not None:
            cut["timePartitioning"] = {"type": self.calendar.grain.stored.upper(), "field": self.calendar.column}
        if self.clustering:
            cut["clustering"] = {"fields": list(self.clustering)}
        return cut

    def resource(self, address: Address, **more: Any) -> dict[str, Any]:
        """A new table of this shape."""
        return {
            "tableReference": reference(address),
            "schema": {"fields": [dict(each) for each in self.fields]},
            **self.layout(),
            **more,
        }


def shape_of(model: CompiledModel, write: Write, fields: Sequence[Field]) -> Shape:
    """The shape of a model's table, given the columns of its query: with what its author says of them."""
    return Shape(described(fields, write.columns), model.calendar, tuple(map(str, model.model.cluster)))


def declared_shape(model: CompiledModel) -> Shape:
    """The shape of a table of which nothing was built yet, as far as it is known without a query."""
    types = {column.name: type_from(column.type) for column in model.columns}
    untyped = [name for name, type_ in types.items() if type_ is None]
    if untyped:
        message = f"{model.name} is not built yet, and the types of {', '.join(untyped)} can't be inferred"
        raise QueryError(f"{message}; declare them: `columns: {{{untyped[0]}: {{type: INT64}}}}`")
    fields = [
        field_of(name, type_) | ({"description": column.description} if column.description else {})
        for (name, type_), column in zip(types.items(), model.columns, strict=True)
        if type_ is not None
    ]
    return Shape(tuple(fields), model.calendar, tuple(map(str, model.model.cluster)))


def described(fields: Iterable[Field], columns: Iterable[OutputColumn]) -> tuple[Field, ...]:
    """Columns as they are stored, with what their author says of them and nothing else."""
    said = {column.name.casefold(): column.description for column in columns}
    return tuple(_described(each, said.get(each["name"].casefold(), "")) for each in fields)


def _described(field: Field, description: str) -> Field:
    """A column as it is stored. No column of a result is required, so that one may come later."""
    kept = {key: value for key, value in field.items() if key != "description"}
    kept["mode"] = "REPEATED" if str(field.get("mode", "")).upper() == "REPEATED" else "NULLABLE"
    return {**kept, "description": description[:MAX_DESCRIPTION]} if description else kept


def settings(model: CompiledModel, environment: str) -> dict[str, Any]:
    """What a table says of itself, besides its columns."""
    declared = model.model
    found: dict[str, Any] = {
        "description": declared.description,
        "labels": {"model": label(str(model.name)), "owner": label(declared.owner), "environment": label(environment)},
    }
    if declared.partition is not None and declared.partition.requires_filter:
        found["requirePartitionFilter"] = True
    if declared.partition is not None and declared.partition.expire is not None and model.calendar is not None:
        cut = Shape((), model.calendar).layout()["timePartitioning"]
        found["timePartitioning"] = {**cut, "expirationMs": str(declared.partition.expire * 1000)}
        found["labels"][EXPIRES] = "declared"
    return found


def label(text: str) -> str:
    """A text as the value of a label: lower case letters, digits, ``-`` and ``_``."""
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:MAX_LABEL]


def reference(address: Address) -> dict[str, str]:
    """A table, as the API names it."""
    return {"projectId": address.project, "datasetId": address.dataset, "tableId": address.table}


def changes(current: Sequence[Field], wanted: Sequence[Field]) -> list[str]:
    """What keeps old rows and new ones from being in one table."""
    before, after = _types(current), _types(wanted)
    gone = [f"{each['name']} is gone" for each in current if each["name"].casefold() not in after]
    retyped = [
        f"{each['name']} was {before[each['name'].casefold()]} and is {after[each['name'].casefold()]}"
        for each in wanted
        if before.get(each["name"].casefold(), "") not in ("", after[each["name"].casefold()])
    ]
    return gone + retyped


def is_same(current: Sequence[Field], wanted: Sequence[Field], *, in_order: bool = False) -> bool:
    """Whether both have the same columns, in whatever case and, unless they are ``in_order``, order."""
    if in_order:
        return list(_types(current).items()) == list(_types(wanted).items())
    return _types(current) == _types(wanted)


def widened(current: Sequence[Field], wanted: Sequence[Field]) -> tuple[Field, ...]:
    """The columns of a table with those that are new behind them, and all with the descriptions of now."""
    new = {each["name"].casefold(): each for each in wanted}
    kept = [{**each, **_description(new.pop(each["name"].casefold(), each))} for each in current]
    return (*kept, *new.values())


def _description(field: Field) -> dict[str, str]:
    return {"description": field["description"]} if field.get("description") else {}


def _types(fields: Sequence[Field]) -> dict[str, str]:
    return {each["name"].casefold(): str(type_of_field(each)) for each in fields}


def cut_differently(resource: Mapping[str, Any], shape: Shape) -> str:
    """How a table that is there is partitioned otherwise than it should be; empty if it is not."""
    there = resource.get("timePartitioning") or {}
    wanted = shape.layout().get("timePartitioning") or {}
    before, after = (_cut(each) for each in (there, wanted))
    return "" if before == after else f"it was {before} and is {after}"


def _cut(partitioning: Mapping[str, Any]) -> str:
    if not partitioning:
        return "without partitions"
    return f"cut by {str(partitioning['type']).lower()} of {partitioning.get('field', '_PARTITIONTIME')}"


def named(name: TableName, partitions: Sequence[str]) -> str:
    """A stretch of partitions, for messages and ids."""
    ends = [each for each in dict.fromkeys((partitions[0], partitions[-1])) if each] if partitions else []
    return f"{name}@{'..'.join(ends)}" if ends else str(name)
