"""ARRAYs: how they are collected, put together, taken apart, and made of a query."""

from __future__ import annotations

from sqlglot import exp

from aggregator.engines.duckdb.failures import failing
from aggregator.engines.duckdb.trees import call, one

_NO_POSITIONS, _BEYOND = "'JSON has no positions here; use JSON_QUERY'", "'array index out of bounds'"

MACROS = (
    (
        f"_item(items, n) AS CASE WHEN typeof(items) = 'JSON' THEN items[{failing(_NO_POSITIONS, 'BIGINT')}]"
        f" WHEN n < 1 OR n > len(items) THEN items[{failing(_BEYOND, 'BIGINT')}] ELSE items[n] END"
    ),
    (
        "_without_nulls(items, name) AS CASE WHEN len(items) > list_count(items) THEN"
        " error('Array cannot have a null element; error in writing field ' || name) ELSE items END"
    ),
    "_safe_item(items, n) AS CASE WHEN n >= 1 THEN items[n] END",
    "_end(items, n) AS CASE WHEN n < 0 THEN len(items) + n + 1 ELSE n + 1 END",
    (
        "_array_slice(items, first, last) AS"
        " list_slice(items, greatest(_end(items, first), 1), greatest(_end(items, last), 0))"
    ),
    (
        "_array_first(items) AS CASE WHEN len(items) = 0 THEN"
        " error('ARRAY_FIRST cannot get the first element of an empty array') ELSE items[1] END"
    ),
    (
        "_array_last(items) AS CASE WHEN len(items) = 0 THEN"
        " error('ARRAY_LAST cannot get the last element of an empty array') ELSE items[len(items)] END"
    ),
    (
        "_bytes_of_code_points(codes) AS"
        " from_hex(array_to_string(list_transform(codes, lambda _one: printf('%02x', _one)), ''))"
    ),
    "_present(items) AS CASE WHEN list_count(items) > 0 THEN list_filter(items, lambda _one: _one IS NOT NULL) END",
)
"""Functions that the rewritten SQL calls."""


def item(node: exp.Expr) -> exp.Expr:
    """A position that is out of range is an error, not NULL. Without a word it counts from 0, as an OFFSET does."""
    if len(node.expressions) != 1 or node.expressions[0].is_string:
        return node
    position = node.expressions[0]
    if node.this.type is not None and node.this.type.this is exp.DataType.Type.JSON:
        return call("json_extract", node.this, exp.cast(position, "BIGINT", dialect="duckdb"))
    if not node.args.get("offset"):
        position = exp.Add(this=exp.paren(position), expression=one())
    return call("_safe_item" if node.args.get("safe") else "_item", node.this, position)


def sliced(node: exp.Expr) -> exp.Expr:
    """Positions count from 0, and backwards from -1."""
    return call("_array_slice", node.this, node.args["start"], node.args["end"])


def unnest(node: exp.Expr) -> exp.Expr:
    """WITH OFFSET counts from 0, and without a name for the items their fields are columns.

    DuckDB's WITH ORDINALITY counts from 1, and it makes one column of a STRUCT. What has no name and no fields can't be
    called in BigQuery, so it does not matter what it is called.
    """
    offset, alias = node.args.get("offset"), node.args.get("alias")
    if len(node.expressions) != 1:
        return node
    items, parent = node.expressions[0], node.parent
    if isinstance(parent, exp.Join) and parent.side and not parent.args.get("on"):
        parent.set("on", exp.true())
    if not offset and alias is None and isinstance(parent, (exp.From, exp.Join)):
        depth = exp.PropertyEQ(this=exp.to_identifier("max_depth"), expression=exp.Literal.number(2))
        return exp.select(call("unnest", items, depth)).subquery()
    if not isinstance(offset, exp.Expr):
        return node
    name = alias.columns[0].copy() if alias and alias.columns else exp.to_identifier("_item")
    subscripts = call("generate_subscripts", items.copy(), one())
    position = exp.alias_(exp.Sub(this=subscripts, expression=one()), offset.name)
    return exp.select(exp.alias_(call("unnest", items), name), position).subquery(f"_of_{name.name}")


def collected(node: exp.Expr) -> exp.Expr:
    """ARRAY_AGG with LIMIT; DuckDB's has none, so the rest is cut off."""
    return node if isinstance(node.parent, exp.IgnoreNulls) else _cut(node)


def collected_without_nulls(node: exp.Expr) -> exp.Expr:
    """ARRAY_AGG with IGNORE NULLS: DuckDB's takes them, unless they are filtered out before."""
    aggregate = node.this
    if not isinstance(aggregate, exp.ArrayAgg):
        return node
    return _cut(aggregate, is_filtered=True)


def concatenated(node: exp.Expr) -> exp.Expr:
    """ARRAY_CONCAT_AGG passes over arrays that are NULL, and its LIMIT counts arrays.

    They are collected, too, and left out then: to ask before, what may be long to compute would be computed twice.
    """
    limit = node.this if isinstance(node.this, exp.Limit) else None
    present = call("_present", exp.ArrayAgg(this=limit.this if limit else node.this))
    return call("flatten", call("list_slice", present, one(), limit.expression) if limit else present)


def _argument(aggregate: exp.Expr) -> exp.Expr:
    inner: exp.Expr = aggregate.this
    while isinstance(inner, (exp.Limit, exp.Order)):
        inner = inner.this
    return inner.expressions[0] if isinstance(inner, exp.Distinct) else inner


def _cut(aggregate: exp.Expr, *, is_filtered: bool = False) -> exp.Expr:
    """An aggregate, as it should be, or of what is not NULL; LIMIT leaves the first items of it."""
    limit = aggregate.this if isinstance(aggregate.this, exp.Limit) else None
    if limit is None and not is_filtered:
        return aggregate
    present = exp.Not(this=exp.Is(this=_argument(aggregate).copy(), expression=exp.null()))
    found: exp.Expr = exp.ArrayAgg(this=limit.this if limit else aggregate.this)
    if is_filtered:
        found = exp.Filter(this=found, expression=exp.Where(this=present))
    return call("list_slice", found, one(), limit.expression) if limit else found
