"""PIVOT and UNPIVOT: the names and the order of the columns that they give."""

from __future__ import annotations

from sqlglot import exp

from aggregator.compile.pivot_names import pivot_names
from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.protocol import QueryError


def turned(node: exp.Expr) -> exp.Expr:
    """PIVOT names columns by aggregate and value, UNPIVOT gives value and name; DuckDB turns both around."""
    pivots = node.args.get("pivots") or []
    if len(pivots) != 1 or not isinstance(node.parent, (exp.From, exp.Join)):
        return node
    return _unpivoted(node, pivots[0]) if pivots[0].args.get("unpivot") else _pivoted(node, pivots[0])


def _pivoted(node: exp.Expr, pivot: exp.Expr) -> exp.Expr:
    names = pivot_names(pivot, of_date=any(kind_of(each.this) is exp.DType.DATE for each in pivot.args["fields"]))
    if not names:
        raise QueryError("a value, or an aggregate, of this PIVOT needs an alias")
    aggregates = pivot.expressions
    if len(aggregates) == 1:
        _call_values(pivot, names)
        pivot.set("expressions", [aggregates[0].unalias()])
        return node
    places = range(len(names) // len(aggregates))
    _call_values(pivot, [f"_{place}" for place in places])
    made = [f"_{place}_{each.alias}" for place in places for each in aggregates]
    renamed = [exp.alias_(exp.column(old), new, quoted=True) for old, new in zip(made, names, strict=True)]
    return exp.select(exp.Star(rename=renamed)).from_(node.copy()).subquery(pivot.alias or None)


def _call_values(pivot: exp.Expr, names: list[str]) -> None:
    found = iter(names)
    for field in pivot.args["fields"]:
        values = [each.this if isinstance(each, exp.PivotAlias) else each for each in field.expressions]
        aliases = [exp.to_identifier(next(found), quoted=True) for _ in values]
        pairs = zip(values, aliases, strict=True)
        field.set("expressions", [exp.PivotAlias(this=value, alias=alias) for value, alias in pairs])


def _unpivoted(node: exp.Expr, pivot: exp.Expr) -> exp.Expr:
    if len(pivot.expressions) != 1:
        return node
    fields = pivot.args.get("fields") or []
    target = pivot.expressions[0]
    values = target.expressions if isinstance(target, exp.Tuple) else [target]
    if len(fields) != 1 or not all(isinstance(value, (exp.Column, exp.Identifier)) for value in values):
        return node
    name = fields[0].this.name
    is_row = not pivot.args.get("include_nulls") and len(values) > 1
    if is_row:  # a row is left out if all is NULL in it, by DuckDB if anything is
        pivot.set("include_nulls", exp.true())
    last = [*(exp.column(value.name) for value in values), _called_otherwise(fields[0])]
    star = exp.Star(except_=[exp.column(name), *(exp.column(value.name) for value in values)])
    query = exp.select(star, *last).from_(node.copy())
    if is_row:
        query = query.where(exp.or_(*(exp.Not(this=exp.column(each.name).is_(exp.null())) for each in values)))
    return query.subquery(pivot.alias or None)


def _called_otherwise(field: exp.Expr) -> exp.Expr:
    """The name of an unpivoted column, or what it is called instead; DuckDB knows no such words, and they go."""
    name = exp.column(field.this.name)
    called = [each for each in field.expressions if isinstance(each, exp.PivotAlias)]
    if not called:
        return name
    ifs = [
        exp.If(
            this=exp.EQ(this=name.copy(), expression=exp.Literal.string(_name_of(each.this))), true=each.args["alias"]
        )
        for each in called
    ]
    field.set("expressions", [each.this if isinstance(each, exp.PivotAlias) else each for each in field.expressions])
    is_text = any(each.args["alias"].is_string for each in called)
    return exp.alias_(exp.Case(ifs=ifs, default=name.copy() if is_text else None), field.this.name)


def _name_of(columns: exp.Expr) -> str:
    """What DuckDB and BigQuery call a row that is made of one column, or of several in parentheses."""
    return "_".join(each.name for each in columns.expressions) if isinstance(columns, exp.Tuple) else columns.name
