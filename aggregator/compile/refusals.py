"""Why a hand-written column can't be rolled up, and which measure to declare in its place."""

from __future__ import annotations

from sqlglot import exp

from aggregator.compile.additivity import Grouped, Role, named
from aggregator.compile.linear import TOTALS, is_linear, is_never_null
from aggregator.compile.nodes import copy_of
from aggregator.core.aggregate import Refusal

_WHAT = {Role.WINDOW: "made by a window function", Role.UNKNOWN: "not understood", Role.STATE: "a sketch"}
"""What to call a column that is neither algebraic nor holistic."""

_SPREADS: dict[type[exp.Expr], str] = {
    exp.Stddev: "stddev",
    exp.StddevSamp: "stddev",
    exp.Variance: "variance",
}
_BY_ROLE = {
    Role.ALGEBRAIC: (
        "it is made from several numbers of its group, each of which has to be merged first",
        "keep what it is made from in columns of their own, and compute it where it is read",
    ),
    Role.HOLISTIC: (
        "it depends on all values of its group, not on a few numbers",
        "declare it under `measures:`, or aggregate the rows once more",
    ),
    Role.STATE: ("sketches are merged, and not added up", "declare the measure that it is kept for"),
    Role.WINDOW: ("it looks at other groups, which a roll-up merges", "compute it behind the roll-up"),
    Role.UNKNOWN: (
        "it is computed after grouping, or by a function of which it is not known what it does",
        "declare it under `measures:`, or compute it behind the roll-up",
    ),
}
"""Reason and fix where there is nothing more exact to say."""


def refusal(column: Grouped) -> Refusal:
    """What to say to whoever would roll a column up."""
    reason, fix = _exact(column.node) or _BY_ROLE[column.role]
    return Refusal(column.name, _WHAT.get(column.role, str(column.role)), reason, fix)


def plain_sql(node: exp.Expr) -> str:
    """An expression as its author may have written it: no table before a column."""
    if isinstance(node, exp.Column):
        return str(node.this.sql("bigquery", comments=False, copy=False))
    copy = copy_of(node)
    for column in list(copy.find_all(exp.Column)):
        column.set("table", None)
        column.set("db", None)
    return str(copy.sql("bigquery", comments=False, copy=False))


def _exact(node: exp.Expr) -> tuple[str, str] | None:
    """Reason and fix for what is known well."""
    for look in (_distinct, _mean, _ratio, _picked, _quantile, _list, _sketch, _difference, _wrapped):
        found = look(node)
        if found is not None:
            return found
    return None


def _distinct(node: exp.Expr) -> tuple[str, str] | None:
    if isinstance(node, exp.ApproxDistinct):
        value = node.this
    elif isinstance(node, exp.AggFunc) and isinstance(node.this, exp.Distinct) and len(node.this.expressions) == 1:
        value = node.this.expressions[0]
    else:
        return None
    if isinstance(node, (exp.Sum, exp.Avg)):
        reason = "a value that is in several groups would be added up several times"
        return reason, "leave out what is there twice in a model of its own, and aggregate that"
    if not isinstance(node, (exp.Count, exp.ApproxDistinct)):
        return None
    sql = plain_sql(value)
    fix = f"declare {{distinct: {sql}, method: hll}} (±1.2 % at 95 %), or exact_set"
    return "what is in several groups would be counted several times", fix


def _mean(node: exp.Expr) -> tuple[str, str] | None:
    if isinstance(node, exp.Avg):
        return "a mean of means weighs small groups like large ones", f"declare {{avg: {plain_sql(node.this)}}}"
    word = _SPREADS.get(type(node))
    if word is None:
        return None
    return "the spread between the groups would be missing", f"declare {{{word}: {plain_sql(node.this)}}}"


def _ratio(node: exp.Expr) -> tuple[str, str] | None:
    if not isinstance(node, (exp.Div, exp.SafeDivide)):
        return None
    sides = [_without_zero(side) for side in (node.this, node.expression)]
    if not all(isinstance(side, TOTALS) and is_linear(side) for side in sides):
        return None
    numerator, denominator = map(plain_sql, sides)
    fix = f"declare {{ratio: {{num: {numerator}, den: {denominator}}}}}"
    return "a mean of ratios weighs small groups like large ones", fix


def _without_zero(node: exp.Expr) -> exp.Expr:
    """A denominator without what keeps it from being 0."""
    inner = node.unnest()
    return inner.this.unnest() if isinstance(inner, exp.Nullif) else inner


def _picked(node: exp.Expr) -> tuple[str, str] | None:
    reason = "which group's value counts, depends on a column that is not kept"
    if isinstance(node, (exp.ArgMax, exp.ArgMin)):
        word = "arg_max" if isinstance(node, exp.ArgMax) else "arg_min"
        return reason, f"declare {{{word}: {plain_sql(node.this)}, by: {plain_sql(node.expression)}}}"
    if not isinstance(node, exp.AggFunc):
        return None
    if isinstance(node.this, exp.HavingMax):
        word, value, by = "arg_max" if node.this.args.get("max") else "arg_min", node.this.this, node.this.expression
        return reason, f"declare {{{word}: {plain_sql(value)}, by: {plain_sql(by)}}}"
    if isinstance(node, exp.AnyValue):
        value = plain_sql(node.this)
        return "it is the value of any row", f"declare {{min: {value}}}, or {{arg_max: {value}, by: …}}"
    return None


def _quantile(node: exp.Expr) -> tuple[str, str] | None:
    call = node.this if isinstance(node, exp.Bracket) else node
    if not isinstance(call, (exp.ApproxQuantiles, exp.ApproxQuantile, exp.Median)):
        return None
    share = "0.5" if isinstance(call, exp.Median) else _share(node, call) or "…"
    fix = f"declare {{quantile: {plain_sql(call.this)}, phi: {share}, method: histogram}}"
    return "a quantile of quantiles is none of the whole", fix


def _share(node: exp.Expr, call: exp.Expr) -> str:
    """Which share of the values lies below one of many quantiles."""
    index = node.expressions[0] if isinstance(node, exp.Bracket) and len(node.expressions) == 1 else None
    number = call.args.get("expression")
    if not (isinstance(index, exp.Literal) and index.is_int and isinstance(number, exp.Literal) and number.is_int):
        return ""
    return f"{(int(index.name) - (node.args.get('offset') or 0)) / max(int(number.name), 1):g}"


def _list(node: exp.Expr) -> tuple[str, str] | None:
    if isinstance(node, exp.ApproxTopK):
        number = node.args["expression"].name if node.args.get("expression") is not None else "…"
        fix = f"declare {{top: {plain_sql(node.this)}, n: {number}}}"
        return "what is common over all need not be common in any group", fix
    call = node.this if isinstance(node, exp.Bracket) else node
    inner = call
    while isinstance(inner, (exp.ArrayAgg, exp.IgnoreNulls, exp.RespectNulls, exp.Limit)):
        inner = inner.this
    if not isinstance(call.find(exp.ArrayAgg), exp.ArrayAgg) or not isinstance(node, exp.Bracket):
        return None
    if not isinstance(inner, exp.Order) or len(inner.expressions) != 1:
        return None
    word = "last" if inner.expressions[0].args.get("desc") else "first"
    fix = f"declare {{{word}: {plain_sql(inner.this)}, by: {plain_sql(inner.expressions[0].this)}}}"
    return "which group's value counts, depends on a column that is not kept", fix


def _sketch(node: exp.Expr) -> tuple[str, str] | None:
    calls = [node, *node.find_all(exp.Dot)]
    call = next((each for each in calls if named(each).startswith(("HLL_COUNT.INIT", "KLL_QUANTILES.INIT"))), None)
    if call is None or not call.expression.expressions:
        return None
    value = plain_sql(call.expression.expressions[0])
    is_count = named(call).startswith("HLL_COUNT")
    fix = f"{{distinct: {value}, method: hll}}" if is_count else f"{{quantile: {value}, phi: …, method: kll}}"
    return "sketches are merged, and not added up", f"declare {fix}, which keeps the sketch and merges it"


def _difference(node: exp.Expr) -> tuple[str, str] | None:
    if not isinstance(node, (exp.Add, exp.Sub)):
        return None
    sides = [node.this.unnest(), node.expression.unnest()]
    if not all(map(is_linear, sides)):
        return None
    sign = "+" if isinstance(node, exp.Add) else "-"
    safe = (plain_sql(side) if is_never_null(side) else f"COALESCE({plain_sql(side)}, 0)" for side in sides)
    return "where one side is NULL, the other is lost", f"write {f' {sign} '.join(safe)}"


def _wrapped(node: exp.Expr) -> tuple[str, str] | None:
    if isinstance(node, exp.Coalesce) and isinstance(node.this, (exp.Min, exp.Max)):
        return "what stands for NULL could be the extreme", f"keep {plain_sql(node.this)} as it is"
    if isinstance(node, (exp.Round, exp.Trunc, exp.Ceil, exp.Floor)) and is_linear(node.this):
        fix = f"keep {plain_sql(node.this)} as it is, and round where it is read"
        return "what was rounded adds up to something else", fix
    if isinstance(node, (exp.Cast, exp.TryCast)) and is_linear(node.this):
        return "what was converted may add up to something else", f"keep {plain_sql(node.this)} as it is"
    return None
