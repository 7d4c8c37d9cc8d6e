"""NaN where it is ordered: BigQuery takes it for the least of all numbers, DuckDB for the greatest."""

from __future__ import annotations

from sqlglot import exp

from aggregator.engines.duckdb.dialect.floats import may_be_nan, without_nan
from aggregator.engines.duckdb.trees import call
from aggregator.engines.protocol import QueryError


def ordered(node: exp.Expr) -> exp.Expr:
    """ORDER BY of a FLOAT64 in a window or an aggregate: downwards by its negative, so that NaN is the least."""
    order = node.parent
    if order is None or isinstance(order.parent, exp.Query) or not may_be_nan(node.this):
        return node
    if isinstance(order.this, exp.Distinct):  # DuckDB orders what is different by itself alone
        order.this.set("expressions", [without_nan(each) for each in order.this.expressions])
        node.set("this", without_nan(node.this))
        return node
    return turned(node, node.this)


def turned(ordered: exp.Expr, key: exp.Expr) -> exp.Expr:
    """The other direction, by the negative of the key; NULL stays where it is."""
    negative = exp.Neg(this=key if isinstance(key, (exp.Column, exp.Func)) else exp.paren(key, copy=False))
    ordered.set("this", negative)
    ordered.set("desc", not ordered.args.get("desc"))
    return ordered


def of_rows(query: exp.Expr) -> exp.Expr:
    """ORDER BY of a SELECT, or of several put together."""
    assert isinstance(query, exp.Query)  # noqa: S101
    order = query.args.get("order")
    if order is None or not any(may_be_nan(_meant(query, each.this)) for each in order.expressions):
        return query
    if isinstance(query, exp.SetOperation) or query.args.get("distinct"):
        return _wrapped(query, order)
    for each in order.expressions:
        meant = _meant(query, each.this)
        if may_be_nan(meant):
            turned(each, meant.copy() if meant is not each.this else meant)
    return query


def _meant(query: exp.Query, key: exp.Expr) -> exp.Expr:
    """The output of a query that a key of its order stands for: by its number, or by its name; or else the key."""
    items = query.selects
    if isinstance(key, exp.Literal) and key.is_int:
        place = int(key.name) - 1
        return items[place].unalias() if place < len(items) and not any(each.is_star for each in items) else key
    if isinstance(key, exp.Column) and not key.table:
        for each in items:
            if each.alias_or_name.casefold() == key.name.casefold():
                return each.unalias()
    return key


def _wrapped(query: exp.Query, order: exp.Expr) -> exp.Expr:
    """What DuckDB orders by its outputs alone is put into FROM first."""
    names = [each.alias_or_name for each in query.selects]
    outer = exp.select("*").from_(exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier("_rows"))))
    for each in order.expressions:
        meant = _meant(query, each.this)
        name = next((name for name, item in zip(names, query.selects, strict=True) if item.unalias() is meant), "")
        name = name or (each.this.name if each.this.name in names else "")
        if not name:
            raise QueryError("ORDER BY of a FLOAT64 that is no output by name is not translated after DISTINCT")
        each.set("this", exp.column(name, quoted=True))
        if may_be_nan(meant):
            turned(each, each.this)
    for key in ("order", "limit", "offset"):
        clause = query.args.get(key)
        if clause is not None:
            query.set(key, None)
            outer.set(key, clause)
    return outer


def percentile(node: exp.Expr) -> exp.Expr:
    """Percentiles of what is never NaN, which would be the least."""
    node.set("this", without_nan(node.this))
    return node


def quantiles(node: exp.Expr) -> exp.Expr:
    """APPROX_QUANTILES: the least value, those at equal steps and the greatest; DuckDB's own are only near."""
    item, number = node.this, node.args.get("expression")
    if isinstance(item, exp.Distinct):  # sqlglot reads the number as one more item
        *items, number = item.expressions
        item.set("expressions", list(map(without_nan, items)))
    else:
        item = without_nan(item)
    if not isinstance(number, exp.Literal) or not number.is_int:
        raise QueryError("APPROX_QUANTILES of a number that is not written out is not translated")
    steps = int(number.name)
    places = exp.Array(expressions=[exp.convert(place / steps) for place in range(steps + 1)])
    return call("quantile_disc", item, places)


def greatest(node: exp.Expr) -> exp.Expr:
    """MAX_BY gives the value of the row that has the greatest key, also if it is NULL; no key may be NaN."""
    name = "arg_max_null" if isinstance(node, exp.ArgMax) else "arg_min_null"
    return call(name, node.this, without_nan(node.expression))


def having(node: exp.Expr) -> exp.Expr:
    """ANY_VALUE of the rows that have the greatest key, which must not be NaN."""
    if not isinstance(node.parent, exp.AnyValue):
        raise QueryError("HAVING MAX is translated in ANY_VALUE alone")
    node.set("expression", without_nan(node.expression))
    return node
