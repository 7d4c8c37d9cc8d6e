"""The columns that each query inside a SELECT gives: WITH, UNION, the SELECT list, and the clauses after it.

The tree is put into its qualified form on the way: every output column gets an alias, stars are spelt out, and what
names an output column says what it stands for.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from sqlglot import exp

from aggregator.compile.analysis.aggregates import is_aggregate
from aggregator.compile.analysis.expressions import Expressions
from aggregator.compile.analysis.from_items import FromItems, Schemas
from aggregator.compile.analysis.lineage import Field, Value
from aggregator.compile.analysis.names import Level, aggregated_before, no_output_column
from aggregator.compile.analysis.relation import (
    UNKNOWN_COLUMNS,
    Relation,
    as_anchor,
    closed,
    cut,
    is_cut,
    paired,
    spread,
    united,
)
from aggregator.compile.analysis.sketches import mixed_sketches
from aggregator.compile.analysis.stars import spelt_out
from aggregator.compile.analysis.types import set_type
from aggregator.compile.nodes import copy_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.compile.analysis.types import Type
    from aggregator.compile.query import Query
    from aggregator.compile.routines import Routines

_Outputs = Mapping[str, tuple[exp.Expr, Value]]
"""Items of the SELECT list with what they give, by their names in lower case."""

_CONTAINERS = (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple, exp.Paren)


class Relations:
    """Reads the queries of one model."""

    def __init__(self, query: Query, schemas: Schemas, parameter: Type | None, routines: Routines) -> None:
        self._query = query
        self._with: dict[str, Relation] = {}
        me: Relations = weakref.proxy(self)  # a circle would keep the trees until garbage is collected
        self.expressions = Expressions(query, parameter, me, routines)
        self._from = FromItems(query, schemas, self.expressions, me)

    def find_with(self, name: str) -> Relation | None:
        """The query in WITH that has a name, in lower case."""
        return self._with.get(name)

    def read(self, node: exp.Expr, outer: Level | None = None) -> Relation:
        """The columns that a query gives; ``outer`` is the SELECT around it, whose columns it may use."""
        before = self._with
        with_ = node.args.get("with_")
        if with_ is not None:
            self._with = dict(before)
            for cte in with_.expressions:
                self._read_with(cte, outer, is_recursive=bool(with_.recursive))
        try:
            if isinstance(node, exp.Select):
                return self._select(node, outer)
            if isinstance(node, exp.SetOperation):
                return self._united(node, self.read(node.this, outer), self.read(node.expression, outer))
            if isinstance(node, exp.Subquery):
                return self.read(node.this, outer)
        finally:
            self._with = before
        return UNKNOWN_COLUMNS

    def _read_with(self, cte: exp.Expr, outer: Level | None, *, is_recursive: bool) -> None:
        alias = cte.args["alias"]
        name = alias.name.casefold()
        alias.this.args["this"] = name
        body = cte.this.unnest()
        if is_recursive and isinstance(body, exp.SetOperation):
            anchor = self.read(body.this, outer)
            self._with[name] = as_anchor(anchor)
            relation = closed(self._united(body, anchor, self.read(body.expression, outer)))
        else:
            relation = self.read(cte.this, outer)
        if alias.columns:
            relation = relation.renamed([column.name for column in alias.columns])
            for item, field in zip(_first(body).selects, relation.fields, strict=False):
                item.args["alias"].args["this"] = field.name.casefold()
            alias.set("columns", None)
        self._with[name] = relation

    def _united(self, node: exp.SetOperation, left: Relation, right: Relation) -> Relation:
        if isinstance(node, exp.Union):
            self.expressions.remarks += mixed_sketches(self._query, node, paired(node, left, right) or ())
        return united(node, left, right)

    # --- SELECT ---

    def _select(self, node: exp.Select, outer: Level | None) -> Relation:
        level, args = Level(outer), node.args
        if args.get("from_") is not None:
            self._from.add(args["from_"].this, level)
        for join in args.get("joins") or ():
            self._from.join(join, level)
        for lateral in args.get("laterals") or ():
            self._from.add(lateral, level)
        for window in args.get("windows") or ():
            level.windows[window.name.casefold()] = self.expressions.window(window, level)
        named = {item.alias.casefold() for item in node.expressions if isinstance(item, exp.Alias)}
        relation = self._projections(node, level)
        if args.get("where") is not None:
            self.expressions.value(args["where"].this, level)
        if any(args.get(clause) is not None for clause in ("group", "having", "qualify", "order")):
            self._later_clauses(node, level, relation, named)
        if is_cut(node):
            relation = cut(relation)
        return spread(relation) if args.get("kind") == "VALUE" else relation

    def _projections(self, node: exp.Select, level: Level) -> Relation:
        fields: list[Field] = []
        items: list[exp.Expr] = []
        is_open = False
        for index, item in enumerate(node.expressions):
            if item.is_star:
                columns = spelt_out(item, level, self.expressions, self._query)
                is_open = is_open or columns is None
                items += [item] if columns is None else [_aliased(each, *field) for each, field in columns]
                fields += [field for _, field in columns or ()]
            else:
                name = _name(item)
                value = self.expressions.value(item, level)
                fields.append(Field(name, value))
                items.append(_aliased(node.expressions[index], name or f"_col_{len(items)}", value))
        node.set("expressions", items)
        return Relation(tuple(fields), is_open=is_open, is_struct=node.args.get("kind") == "STRUCT")

    def _later_clauses(self, node: exp.Select, level: Level, relation: Relation, named: Iterable[str]) -> None:
        """GROUP BY, HAVING, QUALIFY and ORDER BY, which may name output columns."""
        args, expressions = node.args, self.expressions
        items = node.expressions if not relation.is_open else []
        pairs = zip(items, relation.fields, strict=False)
        shown = {field.name.casefold(): (item, field.value) for item, field in pairs if field.name}
        aliases = {name: pair for name, pair in shown.items() if name in named}
        if args.get("group") is not None:
            self._group(args["group"], level, items, (aliases, shown))
        level.aliases, level.replaces_aliases = aliases, True
        for clause in ("having", "qualify"):
            if args.get(clause) is not None:
                expressions.value(args[clause].this, level)
        level.aliases, level.replaces_aliases = shown, False
        for ordered in args["order"].expressions if args.get("order") is not None else ():
            self._ordinal(ordered.this, items, relation)
            expressions.value(ordered, level)

    def _group(self, group: exp.Expr, level: Level, items: list[exp.Expr], outputs: tuple[_Outputs, _Outputs]) -> None:
        """GROUP BY: a name alone is that of an output column, if one was given it; everything else is looked up first.

        ``outputs`` are the columns with a name that they were given, and all of them.
        """
        aliases, shown = outputs
        expressions = self.expressions
        for key in list(group.expressions):
            alias = aliases.get(key.name.casefold()) if isinstance(key, exp.Column) and not key.table else None
            if isinstance(key, _CONTAINERS):
                self._group(key, level, items, outputs) if key.expressions else expressions.value(key, level)
            elif isinstance(key, exp.Literal) and key.is_int:
                self._group_by_number(key, items)
            elif alias is not None and is_aggregate(alias[0]):
                expressions.findings.append(aggregated_before(self._query, key, "in GROUP BY"))
            elif alias is not None and not alias[0].find(exp.AggFunc):
                if not isinstance(alias[0].unalias(), exp.Literal):
                    key.replace(copy_of(alias[0].unalias()))
            else:
                level.aliases, level.columns_first = shown, True
                expressions.value(key, level)
                level.aliases, level.columns_first = {}, False

    def _group_by_number(self, key: exp.Expr, items: list[exp.Expr]) -> None:
        number = int(key.name)
        if items and not 1 <= number <= len(items):
            self.expressions.findings.append(no_output_column(self._query, key))
        elif items and not isinstance(items[number - 1].unalias(), exp.Literal):
            key.replace(copy_of(items[number - 1].unalias()))

    def _ordinal(self, key: exp.Expr, items: list[exp.Expr], relation: Relation) -> None:
        is_number = isinstance(key, exp.Literal) and key.is_int
        if is_number and not relation.is_open and not 1 <= int(key.name) <= len(items):
            self.expressions.findings.append(no_output_column(self._query, key))


def _first(node: exp.Expr) -> exp.Query:
    """The query that names the columns of a UNION."""
    inner = node.unnest()
    return _first(inner.this) if isinstance(inner, exp.SetOperation) else cast("exp.Query", inner)


def _name(item: exp.Expr) -> str:
    """The name of an output column, as it is written; empty where it has none."""
    if isinstance(item, exp.Alias):
        return str(item.alias)
    item = item.unnest()
    if isinstance(item, exp.Dot):
        return item.expression.name if isinstance(item.expression, exp.Identifier) else ""
    return item.name if isinstance(item, exp.Column) else ""


def _aliased(node: exp.Expr, name: str, value: Value) -> exp.Expr:
    if isinstance(node, exp.Alias):
        node.args["alias"].args["this"] = name.casefold()
        return node
    alias = exp.Alias(this=node, alias=exp.Identifier(this=name.casefold(), quoted=False))
    set_type(alias, value.type)
    return alias
