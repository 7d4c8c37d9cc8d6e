"""Columns, fields and elements: what they are, and their qualified form.

A column gets the alias of its FROM item, both in lower case; what follows becomes fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlglot import exp

from aggregator.compile.analysis.aggregates import is_aggregate
from aggregator.compile.analysis.lineage import NOTHING, Value, element_of, field_of, made_from
from aggregator.compile.analysis.names import (
    FILE_NAME,
    Found,
    Level,
    aggregated_before,
    no_elements,
    unknown_field,
    unknown_names,
)
from aggregator.compile.analysis.types import JSON, STRING, set_type
from aggregator.compile.nodes import copy_of
from aggregator.core.graph import Derivation

if TYPE_CHECKING:
    from aggregator.compile.analysis.reader import Reader


def column(reader: Reader, node: exp.Expr, level: Level) -> Value:
    """A column, with or without its table and fields."""
    node = cast("exp.Column", node)
    if isinstance(node.this, exp.Star):
        return NOTHING
    parts = node.parts
    names = [part.name.casefold() for part in parts]
    if len(names) == 1 and names[0] in level.aliases:
        found = level.find(names) if level.columns_first else None
        if found is None:
            return _output_column(reader, node, names[0], level)
    elif _is_output_field(names, level):
        return _output_field(node, parts, level)
    else:
        found = level.find(names)
    if found is None or found.value is NOTHING:
        return _unknown(reader, node, names, level, found)
    if reader.touched is not None:
        reader.touched |= found.value.origins
    return _qualified(node, parts, names, found, reader)


def bracket(reader: Reader, node: exp.Expr, level: Level) -> Value:
    """An element of an array, or a part of a JSON value."""
    this = reader.value(node.this, level)
    index = made_from(reader.values(node.expressions, level), None)
    if this.type == JSON:
        return made_from([this, index], JSON)
    reader.findings += no_elements(reader.query, node, this)
    found = element_of(this, Derivation.TRANSFORMATION)
    return found._replace(origins=found.origins | index.origins, is_path=found.is_path and not index.origins)


def _output_column(reader: Reader, node: exp.Column, name: str, level: Level) -> Value:
    """An output column that a later clause names; HAVING and QUALIFY get what it stands for in its place."""
    projection, value = level.aliases[name]
    if level.aggregates and is_aggregate(projection):
        reader.findings.append(aggregated_before(reader.query, node, "inside an aggregate"))
    node.this.args["this"] = name
    if level.replaces_aliases:
        meant = copy_of(projection.unalias())
        stands_alone = isinstance(node.parent, (exp.Ordered, exp.Window, exp.Func, exp.Paren))
        node.replace(meant if stands_alone or not isinstance(meant, exp.Binary) else exp.Paren(this=meant))
    return value


def _is_output_field(names: list[str], level: Level) -> bool:
    """Whether a name with dots begins with that of an output column, which is a STRUCT of an expression's."""
    if len(names) == 1 or names[0] not in level.aliases or level.columns_first:
        return False
    projection, value = level.aliases[names[0]]
    meant = projection.unalias()
    is_itself = isinstance(meant, exp.Column) and meant.name.casefold() == names[0]
    return not is_itself and value.type is not None and value.type.field(names[1]) is not None


def _output_field(node: exp.Column, parts: list[exp.Expr], level: Level) -> Value:
    """A field of an output column that a later clause names."""
    projection, value = level.aliases[parts[0].name.casefold()]
    meant = exp.Paren(this=copy_of(projection.unalias())) if level.replaces_aliases else exp.Column(this=parts[0])
    whole: exp.Expr = meant
    for part in parts[1:]:
        value = field_of(value, part.name)
        whole = exp.Dot(this=whole, expression=part)
        set_type(whole, value.type)
    node.replace(whole)
    return value


def _unknown(reader: Reader, node: exp.Column, names: list[str], level: Level, found: Found | None) -> Value:
    """A column of which nothing is known; ``found`` tells at least where it comes from."""
    if found is not None:
        _qualified(node, node.parts, names, found, reader)
    elif names[-1] != FILE_NAME:
        reader.findings += unknown_names(reader.query, level, node)
    return Value(STRING if names[-1] == FILE_NAME else None)


def _qualified(node: exp.Column, parts: list[exp.Expr], names: list[str], found: Found, reader: Reader) -> Value:
    value = found.value
    base = parts[found.used - 1]
    base.args["this"] = names[found.used - 1]
    if found.is_row:
        row = exp.TableColumn(this=base)
        set_type(row, value.type)
        node.replace(row)
        return value
    if found.sides:
        node.replace(_coalesced(names[0], found))
        return value
    table = parts[0] if found.used > 1 else None
    if table is not None:
        table.args["this"] = names[0]
    elif found.source:
        table = exp.Identifier(this=found.source, quoted=False)
    rest = parts[found.used :]
    if not rest:
        if table is None or table.parent is not node:
            node.set("table", table)
        return value
    whole: exp.Expr = exp.Column(this=base, table=table)
    set_type(whole, value.type)
    for part in rest:
        reader.findings += unknown_field(reader.query, part, value)
        value = field_of(value, part.name)
        whole = exp.Dot(this=whole, expression=part)
        set_type(whole, value.type)
    node.replace(whole)
    return value


def _coalesced(name: str, found: Found) -> exp.Expr:
    """A column that USING made of several."""
    columns = [exp.column(name, table=side) for side in found.sides]
    for each in columns:
        set_type(each, found.value.type)
    coalesced = exp.Coalesce(this=columns[0], expressions=columns[1:])
    set_type(coalesced, found.value.type)
    return coalesced
