"""Subqueries over one array, computed by functions of lists.

DuckDB joins what a correlated subquery reads to the outer rows by the array itself, so it hashes all of the array, and
again for each element. A lambda reads it in place. It is not called either where the query would not be reached, while
a join computes it, and fails, for all rows. What is not known to give the same stays a subquery.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from aggregator.compile.nodes import copy_of
from aggregator.engines.duckdb.lambdas import Element, bound, each, is_plain, refers
from aggregator.engines.duckdb.trees import call, one

MACROS = (
    (
        "_sorted_set(items, direction, nulls) AS list_sort(list_transform(list_distinct(list_transform(items,"
        # NULL is no value to list_distinct, but a list of it is.
        " lambda _one: [_one])), lambda _one: _one[1]), direction, nulls)"
    ),
    # In step n each sum takes in the one 2^n places before: after log2(length) steps, all that are before.
    (
        "_prefix_sums(items) AS list_reduce(list_concat([{'sums': items, 'step': 0}],"
        " list_transform(range(CAST(ceil(log2(greatest(len(items), 1))) AS BIGINT)),"
        " lambda _n: {'sums': NULL, 'step': 1 << _n})),"
        " lambda _all, _next: {'sums': list_transform(_all.sums, lambda _sum, _i: CASE WHEN _i > _next.step"
        " THEN list_sum([_sum, _all.sums[_i - _next.step]]) ELSE _sum END), 'step': 0}).sums"
    ),
    (
        "_by_key(rows) AS list_sort(list_transform(rows, lambda _row, _i:"
        " {'has_key': _row.key IS NOT NULL, 'key': _row.key, 'i': _i, 'amount': _row.amount, 'row': _row.row}))"
    ),
    (
        "_first_peers(sorted) AS list_filter(range(1, len(sorted) + 1),"
        " lambda _i: _i = 1 OR sorted[_i].key IS DISTINCT FROM sorted[_i - 1].key)"
    ),
    (
        "_with_sums(sorted, sums, firsts) AS flatten(list_transform(firsts, lambda _first, _n: list_transform("
        "range(_first, coalesce(firsts[_n + 1], len(sorted) + 1)), lambda _i: {'row': sorted[_i].row,"
        " 'sum': sums[coalesce(firsts[_n + 1], len(sorted) + 1) - 1]})))"
    ),
    # A list of one item gives a name to what would be computed again wherever it is read.
    (
        "_running_sums(rows) AS list_transform(list_transform([_by_key(rows)], lambda _sorted: {'rows': _sorted,"
        " 'sums': _prefix_sums(list_transform(_sorted, lambda _each: list_sum([_each.amount]))),"
        " 'firsts': _first_peers(_sorted)}), lambda _known: _with_sums(_known.rows, _known.sums, _known.firsts))[1]"
    ),
)
"""Functions that the rewritten SQL calls.

Rows of a running sum are structs of ``key``, ``amount`` and ``row``; those with equal keys have the sum of all of them.
Sums of floats are added in another order than by a window, so their last digits can be others.
"""

_VALUES = (exp.Alias, exp.Between, exp.Binary, exp.Case, exp.Func, exp.Select, exp.Unary, exp.Where)
_NOT_VALUES = (exp.Array, exp.SubqueryPredicate, exp.UDTF)
"""In which nodes a query in parentheses is a value, and in which of them it is rows."""

_FUNCTIONS: dict[type[exp.Expr], str] = {exp.Sum: "list_sum", exp.Min: "list_min", exp.Max: "list_max"}
_AGGREGATES: tuple[type[exp.Expr], ...] = (exp.Filter, exp.Count, *_FUNCTIONS)
_ROWS = (exp.From, exp.Join, exp.Exists, exp.Array, exp.SetOperation, exp.CTE, exp.Subquery, exp.Lateral)
_ONLY_FROM = frozenset({"expressions", "from_"})
_NOT_IN_LAMBDA = (exp.Query, exp.AggFunc, exp.Window, exp.Unnest)
_SUMMED = Element("_summed")


@dataclass(frozen=True)
class _Rows:
    """A list of what a query reads, as far as its WHERE lets it, and what it calls each of them."""

    items: exp.Expr
    element: Element

    def where(self, condition: exp.Expr | None) -> _Rows | None:
        """Those that meet a condition; NULL is not met."""
        if condition is None:
            return self
        found = each("list_filter", self.items, condition, self.element)
        return None if found is None else _Rows(found, self.element)

    def of(self, body: exp.Expr) -> exp.Expr | None:
        """What an expression is for each of them."""
        return each("list_transform", self.items, body, self.element)


def scalar(node: exp.Expr) -> exp.Expr:
    """``(SELECT SUM(x) FROM UNNEST(xs) AS x WHERE x > 1)``, where it is a value; or an expression of such sums."""
    select = node.this
    if not _is_value(node) or not isinstance(select, exp.Select) or len(select.expressions) != 1:
        return node
    rows = None if select.args.get("kind") else _read(select)
    if rows is None:
        return node
    holder = exp.Paren(this=copy_of(select.expressions[0].unalias()))
    found = [node for node in holder.find_all(*_AGGREGATES) if not node.find_ancestor(*_AGGREGATES)]
    slots = [(node.replace(exp.null()), _aggregated(node, rows)) for node in found]
    if not found or not is_plain(holder) or refers(holder, rows.element):
        return node
    for slot, better in slots:
        if better is None:
            return node
        slot.replace(better)
    return holder.this if isinstance(holder.this, exp.Func) else holder


def named(node: exp.Expr) -> exp.Expr:
    """``(SELECT x + x FROM UNNEST([f(y)]) AS x)``: an expression in which another one has a name."""
    select = node.this
    if not isinstance(select, exp.Select) or isinstance(node.parent, _ROWS) or node.arg_key == "query":
        return node
    if len(select.expressions) != 1 or any(value for key, value in select.args.items() if key not in _ONLY_FROM):
        return node
    source, body = select.find(exp.Unnest), select.expressions[0].unalias()
    alias = source.args.get("alias") if source is not None and isinstance(source.parent, exp.From) else None
    if (
        source is None
        or alias is None
        or len(alias.columns) != 1
        or len(source.expressions) != 1
        or source.args.get("offset")
    ):
        return node
    items, name = source.expressions[0], alias.columns[0].name
    if not isinstance(items, exp.Array) or len(items.expressions) != 1 or body.find(*_NOT_IN_LAMBDA):
        return node
    named = bound(body, Element(name), exp.column(name))
    function = exp.Lambda(this=named, expressions=[exp.to_identifier(name)])
    return call("list_extract", call("list_transform", copy_of(items), function), one())


def array(node: exp.Expr) -> exp.Expr:
    """``ARRAY(SELECT … FROM UNNEST(xs) AS x)``, or of elements in order, all or each once; [] without rows."""
    select = node.expressions[0] if len(node.expressions) == 1 else None
    if not isinstance(select, exp.Select):
        return node
    found = _sorted(select) if select.args.get("order") else _projected(select)
    return node if found is None else _or(found, exp.Array(expressions=[]))


def _is_value(node: exp.Expr) -> bool:
    parent = node.parent
    has_more = any(value for key, value in node.args.items() if key != "this")
    if has_more or not isinstance(parent, _VALUES) or isinstance(parent, _NOT_VALUES):
        return False
    return not isinstance(parent, exp.Select) or node.arg_key == "expressions"


def _read(select: exp.Select, *also: str) -> _Rows | None:
    """What a query reads, if it is one array and has no clauses but WHERE and what is said."""
    known = {"expressions", "from_", "where", "kind", *also}
    if any(value for key, value in select.args.items() if key not in known) or not select.args.get("from_"):
        return None
    source, where = select.args["from_"].this, select.args.get("where")
    rows = None
    if isinstance(source, exp.Unnest):
        rows = _unnested(source)
    elif isinstance(source, exp.Subquery):
        rows = _derived(source)
    return rows and rows.where(where and where.this)


def _unnested(source: exp.Unnest) -> _Rows | None:
    """Elements without a name can't be told from columns; their positions are not known to a lambda."""
    alias = source.args.get("alias")
    if not alias or len(alias.columns) != 1 or len(source.expressions) != 1 or source.args.get("offset"):
        return None
    items = source.expressions[0]
    return _Rows(copy_of(items), Element(alias.columns[0].name)) if is_plain(items) else None


def _derived(source: exp.Subquery) -> _Rows | None:
    """A query in FROM is a list of structs of its columns, which can be called without the name of the query."""
    select = source.this
    has_more = any(value for key, value in source.args.items() if key not in {"this", "alias"})
    if has_more or not isinstance(select, exp.Select) or select.args.get("kind") or source.alias_column_names:
        return None
    fields = frozenset(item.alias_or_name.casefold() for item in select.expressions)
    structs = None if source.alias.casefold() in fields else _projected(select, is_struct=True)
    return None if structs is None else _Rows(structs, Element(source.alias, fields))


def _aggregated(aggregate: exp.Expr, rows: _Rows) -> exp.Expr | None:
    """COUNT of nothing is 0; the others are NULL of nothing and of NULLs only, as functions of lists are, too."""
    if isinstance(aggregate, exp.Filter):
        met = rows.where(aggregate.expression.this)
        return None if met is None else _aggregated(aggregate.this, met)
    value, name = aggregate.this, _FUNCTIONS.get(type(aggregate))
    if aggregate.expressions:
        return None
    if isinstance(aggregate, exp.Count):
        is_value = not isinstance(value, exp.Star)
        met = rows.where(exp.Not(this=exp.Is(this=copy_of(value), expression=exp.null())) if is_value else None)
        return None if met is None else _or(call("len", met.items), exp.Literal.number(0))
    values = rows.of(value) if name else None
    return None if name is None or values is None else call(name, values)


def _projected(select: exp.Select, *, is_struct: bool = False) -> exp.Expr | None:
    """The rows that a query gives, as a list."""
    rows, items = _read(select), select.expressions
    is_struct = is_struct or select.args.get("kind") == "STRUCT"
    if rows is None or (not is_struct and len(items) != 1):
        return None
    body = _struct([(item.alias_or_name, item.unalias()) for item in items]) if is_struct else items[0].unalias()
    if body is None:
        return None
    return _summed(body, rows) if body.find(exp.Window) else rows.of(body)


def _struct(values: list[tuple[str, exp.Expr]]) -> exp.Expr | None:
    """A struct, if each value has a name of its own."""
    names = {name.casefold() for name, _ in values}
    if "" in names or len(names) < len(values):
        return None
    return exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.to_identifier(name), expression=copy_of(value)) for name, value in values]
    )


def _sorted(select: exp.Select) -> exp.Expr | None:
    """ORDER BY the element itself, so that equal ones need no other order."""
    rows, items, order = _read(select, "order", "distinct"), select.expressions, select.args["order"]
    distinct = select.args.get("distinct")
    if rows is None or select.args.get("kind") or len(items) != 1 or len(order.expressions) != 1:
        return None
    ordered = order.expressions[0]
    is_element = all(
        isinstance(node, exp.Column) and rows.element.path(node) == [] for node in (items[0].unalias(), ordered.this)
    )
    if not is_element or (distinct and distinct.args.get("on")):
        return None
    direction = exp.Literal.string("DESC" if ordered.args.get("desc") else "ASC")
    nulls = exp.Literal.string("NULLS FIRST" if ordered.args.get("nulls_first") else "NULLS LAST")
    return call("_sorted_set" if distinct else "list_sort", rows.items, direction, nulls)


def _summed(body: exp.Expr, rows: _Rows) -> exp.Expr | None:
    """With ``SUM(n) OVER (ORDER BY value)``: sorted once, for comparing each with each takes the square of the time."""
    holder = exp.Paren(this=copy_of(body))
    windows = list(holder.find_all(exp.Window))
    key = _key(windows[0])
    if len(windows) > 1 or key is None or rows.element.fields:
        return None
    whole = exp.column(rows.element.name)
    keyed = _struct([("key", key), ("amount", windows[0].this.this), ("row", whole)])
    found = keyed and rows.of(keyed)
    if found is None:
        return None
    windows[0].replace(exp.column("sum", table=_SUMMED.name))
    with_row = bound(holder.this, rows.element, exp.column("row", table=_SUMMED.name))
    return each("list_transform", call("_running_sums", found), with_row, _SUMMED)


def _key(window: exp.Expr) -> exp.Expr | None:
    """What a running sum is ordered by, if it is one: of all rows, upwards, those with the same key at once."""
    order = window.args.get("order")
    has_more = any(value for key, value in window.args.items() if key not in {"this", "order", "over"})
    is_sum = isinstance(window.this, exp.Sum) and not isinstance(window.this.this, exp.Distinct)
    if has_more or not is_sum or not order or len(order.expressions) != 1 or window.text("over").upper() != "OVER":
        return None
    ordered = order.expressions[0]
    is_upwards = ordered.args.get("nulls_first") and not ordered.args.get("desc")
    return ordered.this if is_upwards else None


def _or(value: exp.Expr, otherwise: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=value, expressions=[otherwise])
