"""The tables and functions that a statement may name, as the analyzer's catalog."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from zetasql.wasi._pb2.zetasql.proto import simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import simple_table_pb2

from aggregator.analyzers.googlesql.functions import missing_functions
from aggregator.analyzers.googlesql.language import builtin_functions, described
from aggregator.analyzers.googlesql.types import parsed
from aggregator.analyzers.protocol import Field, Relation

Folder: TypeAlias = Any
"""A ``SimpleCatalogProto``; what is generated has no types."""

_serials = itertools.count(1)


def catalog(relations: Iterable[Relation]) -> Folder:
    """A catalog of tables, each under ``dataset.table`` however the backticks are put, and of all functions."""
    root = simple_catalog_pb2.SimpleCatalogProto(name="root", builtin_function_options=builtin_functions())
    _, extra = missing_functions()
    root.MergeFrom(extra)
    for alias, type_ in described()["aliases"].items():
        root.named_type.add(name=alias).type.CopyFrom(parsed(type_))
    for relation in relations:
        add_table(root, relation)
    return root


def add_table(root: Folder, relation: Relation) -> None:
    """Put a table where names can find it; all names of it are one table to the analyzer.

    One whose name begins with a project is also found without.
    """
    table = _table(relation)
    known_as = [relation.name, *([relation.name.partition(".")[2]] if relation.name.count(".") > 1 else [])]
    for *folders, last in (spelt for name in known_as for spelt in spellings(name)):
        named = simple_table_pb2.SimpleTableProto()
        named.CopyFrom(table)
        named.name = last
        place = folder(root, folders)
        if all(each.name != last for each in place.table):
            place.table.append(named)


def spellings(name: str) -> Iterator[tuple[str, ...]]:
    """The identifiers that a name may be written as: ```p.d.t```, ```p.d`.t``, ``p.`d.t``` and ``p.d.t``."""
    first, dot, rest = name.partition(".")
    if not dot:
        yield (name,)
        return
    for head, *tail in spellings(rest):
        yield first, head, *tail
        yield f"{first}.{head}", *tail


def folder(root: Folder, path: Iterable[str]) -> Folder:
    """The folder at a path, made if it is not there."""
    for name in path:
        there = next((each for each in root.catalog if each.name == name), None)
        root = there if there is not None else root.catalog.add(name=name)
    return root


def information_schema(name: str) -> Relation | None:
    """The view of an INFORMATION_SCHEMA that a name means, if it means one."""
    before, _, view = name.upper().partition("INFORMATION_SCHEMA.")
    columns = _views().get(view) if before.endswith(".") or not before else None
    return Relation(name, tuple(Field(*column) for column in columns.items())) if columns else None


@functools.cache
def _views() -> Mapping[str, Mapping[str, str]]:
    text = Path(__file__).with_name("information_schema.json").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, str]] = json.loads(text)
    return found


def _table(relation: Relation) -> simple_table_pb2.SimpleTableProto:
    found = simple_table_pb2.SimpleTableProto(serialization_id=next(_serials), full_name=relation.name)
    for field in relation.columns:
        found.column.add(name=field.name, is_writable_column=True).type.CopyFrom(parsed(field.type))
    for field in relation.pseudo:
        found.column.add(name=field.name, is_pseudo_column=True).type.CopyFrom(parsed(field.type))
    return found
