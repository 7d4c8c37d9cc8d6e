"""``catalog.json``: what stands in a warehouse, committed so that checks without credentials can know of it.

``export/catalog.py`` writes it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from aggregator.core.calendar import Grain
from aggregator.core.catalog import Catalog, Size, StoredColumn, StoredTable
from aggregator.core.diagnostics import Diagnostic, Document, Place
from aggregator.core.names import TableName
from aggregator.load import codes
from aggregator.load.yaml_nodes import Mapping as MappingNode
from aggregator.load.yaml_nodes import Node, Sequence
from aggregator.load.yaml_reader import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

CATALOG_FILE = "catalog.json"
"""In the project's folder, beside ``aggregator.yml``."""

Steps: TypeAlias = "tuple[str | int, ...]"
T = TypeVar("T")
_ADVICE = "write it anew with `aggregator catalog pull`"


class _WrongError(Exception):
    """A value is not what the format asks for; ``steps`` lead to it."""

    def __init__(self, steps: Steps, message: str) -> None:
        super().__init__(message)
        self.steps = steps


def load_catalog(path: Path) -> Catalog | tuple[Diagnostic, ...]:
    """The catalog in a file, or all that is wrong with the file; that there is none is wrong, too."""
    document = _read(path)
    if isinstance(document, Diagnostic):
        return (document,)
    try:
        value = json.loads(document.text)
    except json.JSONDecodeError as error:
        return (_damaged(document.place(error.pos), f"this is not JSON: {error.msg.lower()}"),)
    except RecursionError:
        return (_damaged(Place(path.name), "the file is nested too deeply"),)
    wrong: list[_WrongError] = []
    catalog = _catalog(value, wrong)
    if catalog is not None and not wrong:
        return catalog
    return tuple(_damaged(_place(document, each.steps), str(each)) for each in wrong)


def _read(path: Path) -> Document | Diagnostic:
    place = Place(path.name)
    try:
        return Document(path.name, path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return _damaged(place, "there is no such file", "make it with `aggregator catalog pull`")
    except OSError as error:
        return _damaged(place, f"the file cannot be read: {error.strerror}", "")
    except UnicodeDecodeError as error:
        return _damaged(place, f"byte {error.start + 1} is not UTF-8")


def _damaged(place: Place, message: str, advice: str = _ADVICE) -> Diagnostic:
    return Diagnostic(place, codes.BAD_CATALOG, message, advice)


def _catalog(value: Any, wrong: list[_WrongError]) -> Catalog | None:
    """All that can be understood; what can't is added to ``wrong``, one finding for each table."""
    try:
        environment = _get(value, "environment", str, ())
        taken_at = _moment(value, "taken_at", ())
        listed = _get(value, "tables", dict, ())
    except _WrongError as error:
        wrong.append(error)
        return None
    tables = {}
    for text, table in listed.items():
        try:
            name = _name(text)
            tables[name] = _table(name, table, ("tables", text))
        except _WrongError as error:
            wrong.append(error)
    return Catalog(environment, taken_at, tables)


def _name(text: str) -> TableName:
    name = TableName.parse(text)
    if name is None:
        raise _WrongError(("tables", text), f"{text} does not name a table: names are dataset.table")
    return name


def _table(name: TableName, value: Any, steps: Steps) -> StoredTable:
    columns = _get(value, "columns", list, steps)
    partition = _get(value, "partition", dict, steps, {})
    inner = (*steps, "partition")
    partitions = _get(value, "partitions", dict, steps, {})
    clustering = _get(value, "clustering", list, steps, [])
    if not all(isinstance(each, str) for each in clustering):
        raise _WrongError((*steps, "clustering"), "clustering must be a list of columns")
    return StoredTable(
        name=name,
        columns=tuple(_column(each, (*steps, "columns", number)) for number, each in enumerate(columns)),
        size=_size(value, steps),
        partition_column=_get(partition, "by", str, inner) if partition else "",
        grain=_grain(partition, inner) if partition else None,
        partitions={id_: _size(each, (*steps, "partitions", id_)) for id_, each in partitions.items()},
        clustering=tuple(clustering),
        requires_partition_filter=_get(value, "requires_partition_filter", bool, steps, default=False),
        modified=_moment(value, "modified", steps),
    )


def _column(value: Any, steps: Steps) -> StoredColumn:
    name, type_ = _get(value, "name", str, steps), _get(value, "type", str, steps)
    size = _count(value, "bytes", steps) if isinstance(value, dict) and "bytes" in value else None
    return StoredColumn(name, type_, _get(value, "description", str, steps, ""), size)


def _size(value: Any, steps: Steps) -> Size:
    return Size(_count(value, "rows", steps), _count(value, "bytes", steps))


def _count(value: Any, key: str, steps: Steps) -> int:
    number = _get(value, key, int, steps)
    if number < 0 or isinstance(number, bool):
        raise _WrongError((*steps, key), f"{key} must be a number, 0 or more")
    return number


def _grain(value: Any, steps: Steps) -> Grain:
    text = _get(value, "grain", str, steps)
    stored = [each for each in Grain if each.stored is each]
    if text not in stored:
        raise _WrongError((*steps, "grain"), f"grain must be one of {', '.join(stored)}")
    return Grain(text)


def _moment(value: Any, key: str, steps: Steps) -> datetime | None:
    text = _get(value, key, str, steps, "")
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None
    except ValueError:
        raise _WrongError((*steps, key), f"{key} must be a time such as 2026-01-31T05:00:00Z") from None


_NAMES = {str: "a text", int: "a number", bool: "true or false", dict: "an object", list: "a list"}


def _get(value: Any, key: str, type_: type[T], steps: Steps, default: T | None = None) -> T:
    """The value of a key, which is of a type."""
    if not isinstance(value, dict):
        raise _WrongError(steps, f"{steps[-1] if steps else 'the file'} must be an object")
    found = value.get(key, default)
    if found is None:
        raise _WrongError(steps, f"{key} is missing")
    if not isinstance(found, type_):
        raise _WrongError((*steps, key), f"{key} must be {_NAMES[type_]}")
    return found


def _place(document: Document, steps: Steps) -> Place:
    """Where in the text a value stands. JSON is YAML, whose reader tells places; it is too slow for more than this."""
    node = _root(document)
    for step in steps:
        children: Mapping[str | int, Node] = {}
        if isinstance(node, MappingNode):
            children = {key.text: each for key, each in node.entries}
        elif isinstance(node, Sequence):
            children = dict(enumerate(node.items))
        if step not in children:
            break
        node = children[step]
    return document.place(document.offset(node.place.line, node.place.column)) if node else Place(document.path)


@functools.lru_cache(maxsize=1)
def _root(document: Document) -> Node | None:
    return read_yaml(document, 0, len(document.text))[0]
