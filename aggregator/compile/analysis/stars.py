"""Stars: the columns that each stands for, spelt out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile.analysis.lineage import Field, Value, field_of
from aggregator.compile.analysis.names import Level, Source, no_such_column, no_table, nothing_left
from aggregator.compile.analysis.types import set_type
from aggregator.compile.nodes import copy_of

if TYPE_CHECKING:
    from aggregator.compile.analysis.reader import Reader
    from aggregator.compile.query import Query

Column = tuple[exp.Expr, Field]
"""An item of a SELECT list and what it gives."""


def spelt_out(item: exp.Expr, level: Level, reader: Reader, query: Query) -> list[Column] | None:
    """What a star stands for; None where that is not known, and the star stays."""
    star, columns = item, None
    if isinstance(item, exp.Star):
        columns = _of_all(level, is_implied="start" not in item.meta)
    elif isinstance(item, exp.Column):
        star, columns = item.this, _of_one(item, level, reader, query)
    elif isinstance(item, exp.Dot):
        star = item.expression
        columns = _of_struct(item.this, reader.value(item.this, level))
    if columns is None:
        return None
    changes = _Changes(star)
    changes.refuse(frozenset(field.name.casefold() for _, field in columns), reader, query)
    found = [each for node, field in columns for each in changes.applied(node, field, level, reader)]
    if columns and not found:
        reader.findings.append(nothing_left(query, star.args["except_"][-1]))
    return found


class _Changes:
    """What a star leaves out, replaces or, in a pipe, renames: by the folded names of columns."""

    def __init__(self, star: exp.Expr) -> None:
        self._star = star
        self._without = {each.name.casefold(): each for each in star.args.get("except_") or ()}
        self._replaced = {each.alias.casefold(): each for each in star.args.get("replace") or ()}
        self._renamed = {each.this.name.casefold(): each for each in star.args.get("rename") or ()}

    def refuse(self, names: frozenset[str], reader: Reader, query: Query) -> None:
        """Say which of the columns there are not."""
        named = [*self._without.values(), *(each.args.get("alias") or each for each in self._replaced.values())]
        for node in (*named, *(each.this for each in self._renamed.values())):
            if node.name.casefold() not in names:
                is_written = query.text[self._star.meta.get("start", 0)] == "*"
                reader.findings.append(no_such_column(query, node, names, is_written=is_written))

    def applied(self, node: exp.Expr, field: Field, level: Level, reader: Reader) -> Iterator[Column]:
        """What becomes of a column."""
        key = field.name.casefold()
        if key in self._replaced:
            value = reader.value(self._replaced[key], level)
            yield self._replaced[key], Field(field.name, value)
        elif key in self._renamed:
            name = self._renamed[key].alias
            yield exp.alias_(node, name, copy=False), Field(name, field.value)
        elif key not in self._without:
            yield node, field


def _of_all(level: Level, *, is_implied: bool) -> list[Column] | None:
    """The columns of all FROM items; a step of a pipe, which writes no star, hands on elements as they are."""
    if not level.sources or any(source.is_open for source in level.sources.values()):
        return None
    found: list[Column] = []
    for name in level.joined:
        joint = level.joint(name)
        nodes = [_column(name, side, joint.value) for side in joint.sides]
        first = level.sources[joint.sides[0]].get(name)
        shown = first.name if first is not None else name
        found.append((exp.Coalesce(this=nodes[0], expressions=nodes[1:]), Field(shown, joint.value)))
    for source in level.sources.values():
        joined = {name for name, sides in level.joined.items() if source.alias in sides}
        columns = _of_source(source, source.rows if is_implied else source.fields)
        found += [column for column in columns if column[1].name.casefold() not in joined]
    return found


def _of_source(source: Source, fields: list[Field]) -> list[Column]:
    return [(_column(field.name.casefold(), source.alias, field.value), field) for field in fields]


def _of_one(item: exp.Column, level: Level, reader: Reader, query: Query) -> list[Column] | None:
    """``alias.*``, or the fields of a column: ``column.*`` and ``alias.column.*``."""
    parts = item.parts[:-1]
    names = [part.name.casefold() for part in parts]
    source = next((each.sources[names[0]] for each in level.around() if names[0] in each.sources), None)
    if source is not None and len(parts) == 1:
        parts[0].args["this"] = names[0]
        return None if source.is_open else _of_source(source, source.fields)
    if level.find(names) is None:
        if level.is_known:
            reader.findings.append(no_table(query, item, names[0], level))
        return None
    column = exp.Column(this=parts[-1], table=parts[-2] if len(parts) > 1 else None)
    holder = exp.Paren(this=column)
    value = reader.value(column, level)
    return _of_struct(holder.this, value)


def _of_struct(node: exp.Expr, value: Value) -> list[Column] | None:
    names = [name for name, _ in value.type.fields] if value.type is not None else []
    if not names:
        return None
    fields = [Field(name, field_of(value, name)) for name in names]
    return [(exp.Dot(this=copy_of(node), expression=exp.to_identifier(each.name)), each) for each in fields]


def _column(name: str, table: str, value: Value) -> exp.Column:
    node = exp.Column(this=exp.Identifier(this=name, quoted=False), table=exp.Identifier(this=table, quoted=False))
    set_type(node, value.type)
    return node
