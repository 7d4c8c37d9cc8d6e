"""UNPIVOT: the order of what it gives, and other names for columns."""

from __future__ import annotations

from sqlglot import exp


def unpivoted(node: exp.Expr) -> exp.Expr:
    """UNPIVOT gives the value before its name; DuckDB gives them the other way round."""
    pivots = node.args.get("pivots") or []
    pivot = pivots[0] if len(pivots) == 1 and pivots[0].args.get("unpivot") else None
    if pivot is None or len(pivot.expressions) != 1 or not isinstance(node.parent, (exp.From, exp.Join)):
        return node
    value = pivot.expressions[0]
    fields = pivot.args.get("fields") or []
    if len(fields) != 1 or not isinstance(value, (exp.Column, exp.Identifier)):
        return node
    name = fields[0].this.name
    both = [exp.column(value.name), _called_otherwise(fields[0])]
    alias = pivot.alias
    star = exp.Star(except_=[exp.column(name), exp.column(value.name)])
    return exp.select(star, *both).from_(node.copy()).subquery(alias or None)


def _called_otherwise(field: exp.Expr) -> exp.Expr:
    """The name of an unpivoted column, or what it is called instead; DuckDB knows no such words, and they go."""
    name = exp.column(field.this.name)
    called = [each for each in field.expressions if isinstance(each, exp.PivotAlias)]
    if not called:
        return name
    ifs = [
        exp.If(this=exp.EQ(this=name.copy(), expression=exp.Literal.string(each.this.name)), true=each.args["alias"])
        for each in called
    ]
    field.set("expressions", [each.this if isinstance(each, exp.PivotAlias) else each for each in field.expressions])
    is_text = any(each.args["alias"].is_string for each in called)
    return exp.alias_(exp.Case(ifs=ifs, default=name.copy() if is_text else None), field.this.name)
