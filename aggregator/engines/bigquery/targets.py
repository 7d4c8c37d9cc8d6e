"""The tables of models: made, and kept up with what their authors say, without losing what others added."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from aggregator.core.graph import CompiledModel
from aggregator.core.names import TableName
from aggregator.core.writes import ReplaceTable, Write
from aggregator.engines.bigquery.layout import Layout
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.schemas import (
    EXPIRES,
    Field,
    Shape,
    changes,
    cut_differently,
    described,
    is_same,
    reference,
    settings,
    widened,
)
from aggregator.engines.bigquery.store import Store
from aggregator.engines.protocol import ColumnsChangedError

_CLIENTS = {
    "schema": "schema",
    "clustering": "clustering_fields",
    "description": "description",
    "labels": "labels",
    "requirePartitionFilter": "require_partition_filter",
    "timePartitioning": "time_partitioning",
}
"""What Google's client calls the parts of a table that may be changed."""


class Targets:
    """The tables that are written here. Each is looked up once: whoever holds its lease alone may change it."""

    def __init__(self, store: Store, layout: Layout) -> None:
        self._store = store
        self._layout = layout
        self._lock = threading.Lock()
        self._known: dict[Address, Mapping[str, Any] | None] = {}

    def found(self, table: TableName) -> Mapping[str, Any] | None:
        """A model's own table as it stands; None if it is not there."""
        address = self._layout.own(table)
        with self._lock:
            if address in self._known:
                return self._known[address]
        found = self._store.table(address)
        with self._lock:
            self._known[address] = found
        return found

    def forget(self, table: TableName) -> None:
        """Look a table up anew."""
        with self._lock:
            self._known.pop(self._layout.own(table), None)

    def drop(self, table: TableName) -> None:
        """Drop a table, if it is there."""
        self._store.drop(self._layout.own(table))
        self.forget(table)

    def fields(self, table: TableName) -> tuple[Field, ...]:
        """The columns of a table; none if it is not there, or is a view."""
        found = self.found(table)
        return _fields(found) if found is not None and _is_table(found) else ()

    def fits(self, write: Write, shape: Shape) -> bool:
        """Whether the table is there and has the columns of a query; one that is replaced whole, in their order."""
        found = self.found(write.table)
        if found is None or not _is_table(found) or cut_differently(found, shape):
            return False
        return is_same(_fields(found), shape.fields, in_order=isinstance(write, ReplaceTable))

    def staged(self, write: Write, shape: Shape) -> Shape:
        """The shape of rows that are to go into a table: its own, if they fit in, with what is new behind."""
        current = self.fields(write.table)
        if isinstance(write, ReplaceTable) or not current or changes(current, shape.fields):
            return shape
        return Shape(widened(current, shape.fields), shape.calendar, shape.clustering)

    def make_ready(self, model: CompiledModel, shape: Shape) -> None:
        """Let a table have what a query gives: it is made, or new columns are added to it.

        Raises :class:`ColumnsChangedError` if it is cut in another way or, where old rows are to stay beside new ones,
        columns went or changed, unless no rows are in the way.
        """
        found = self.found(model.name)
        if found is not None and _is_table(found):
            changed = changes(_fields(found), shape.fields) if shape.calendar is not None else []
            wrong = [each for each in (cut_differently(found, shape), *changed) if each]
            if not wrong and shape.calendar is None:
                return  # its columns are those of the query that replaces it
            if not wrong:
                self._keep_up(model, found, Shape(widened(_fields(found), shape.fields), None, shape.clustering))
                return
            self.forget(model.name)  # rows may have come since
            found = self.found(model.name)
            if found is not None and int(found.get("numRows") or 0):
                raise ColumnsChangedError("; ".join(wrong))
        if found is not None:
            self.drop(model.name)
        self.make(model, shape)

    def make(self, model: CompiledModel, shape: Shape) -> None:
        """A new table, unless there is one."""
        address = self._layout.own(model.name)
        self._store.create(address, shape.resource(address, **settings(model, self._layout.environment.name)))
        self.forget(model.name)

    def describe(self, model: CompiledModel, shape: Shape) -> None:
        """Let a table that has these columns say of itself what its author says."""
        found = self.found(model.name)
        if found is not None:
            self._keep_up(model, found, Shape(widened(_fields(found), shape.fields), None, shape.clustering))

    def publish_view(self, model: CompiledModel, query: str) -> Mapping[str, Any]:
        """Let a name stand for a query; gives the view as it stands."""
        address, found = self._layout.own(model.name), self.found(model.name)
        said = {key: value for key, value in settings(model, self._layout.environment.name).items() if key in _CLIENTS}
        view = {"view": {"query": query, "useLegacySql": False}, **said, "tableReference": reference(address)}
        if found is not None and found.get("type") == "VIEW":
            changed = self._store.change(address, view, ["view_query", *said])
        else:
            if found is not None:
                self.drop(model.name)
            changed = self._store.create(address, view) or self._store.table(address) or {}
        self.forget(model.name)
        self._describe_view(model, changed)
        return changed

    def _describe_view(self, model: CompiledModel, view: Mapping[str, Any]) -> None:
        """Say what the columns of a view mean: BigQuery finds out what columns there are, and forgets the rest."""
        address, current = self._layout.own(model.name), _fields(view)
        if not current and any(each.description for each in model.columns):
            current = _fields(self._store.table(address) or {})
        fields = widened(current, described(current, model.columns))
        if not _same_columns(current, fields):
            schema = {"tableReference": reference(address), "schema": {"fields": [dict(each) for each in fields]}}
            self._store.change(address, schema, ["schema"])

    def _keep_up(self, model: CompiledModel, found: Mapping[str, Any], shape: Shape) -> None:
        """Change what is said of a table where it says something else; labels of others stay."""
        wanted = {**shape.layout(), **settings(model, self._layout.environment.name)}
        if found.get("requirePartitionFilter"):
            wanted.setdefault("requirePartitionFilter", False)
        wanted["labels"] = {**found.get("labels", {}), **wanted["labels"]}
        _keep_expiration(found, wanted)
        if not _same_columns(_fields(found), shape.fields):
            wanted["schema"] = {"fields": [dict(each) for each in shape.fields]}
        different = {key: value for key, value in wanted.items() if found.get(key) != value}
        if not different:
            return
        address = self._layout.own(model.name)
        self._store.change(
            address, {"tableReference": reference(address), **different}, [_CLIENTS[key] for key in different]
        )
        self.forget(model.name)


def _keep_expiration(found: Mapping[str, Any], wanted: dict[str, Any]) -> None:
    """Change when partitions go where it is declared, or was; what somebody else has set stays."""
    there = found.get("timePartitioning") or {}
    if "timePartitioning" in wanted:
        if str(there.get("expirationMs")) == wanted["timePartitioning"]["expirationMs"]:
            del wanted["timePartitioning"]
    elif found.get("labels", {}).get(EXPIRES):
        wanted["timePartitioning"] = {**there, "expirationMs": None}
        wanted["labels"][EXPIRES] = None  # the client's word for removing it


def _is_table(resource: Mapping[str, Any]) -> bool:
    return bool(resource.get("type", "TABLE") == "TABLE")


def _fields(resource: Mapping[str, Any]) -> tuple[Field, ...]:
    return tuple((resource.get("schema") or {}).get("fields", ()))


def _same_columns(current: tuple[Field, ...], wanted: tuple[Field, ...]) -> bool:
    """Whether columns are the same, descriptions included."""

    def said(fields: tuple[Field, ...]) -> list[str]:
        return [each.get("description", "") for each in fields]

    return is_same(current, wanted, in_order=True) and said(current) == said(wanted)
