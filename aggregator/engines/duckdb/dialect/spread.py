"""Variances and correlations: of numbers that are large beside their spread DuckDB loses the digits that matter."""

from __future__ import annotations

from sqlglot import exp

from aggregator.engines.duckdb.failures import failing
from aggregator.engines.duckdb.trees import call, is_pivoted, lambda_

_LOST = "'the values are so large beside their spread that digits are lost: subtract a constant from them'"

MACROS = (
    # Of pairs, each less the first: then nothing is large beside its spread, and the sums keep their digits.
    (
        "_sums_of_pairs(pairs) AS list_transform([list_transform(pairs, lambda _pair:"
        " {'x': CAST(_pair.x - pairs[1].x AS DOUBLE), 'y': CAST(_pair.y - pairs[1].y AS DOUBLE)})], lambda _near:"
        " {'n': len(_near), 'x': list_sum(list_transform(_near, lambda _one: _one.x)),"
        " 'y': list_sum(list_transform(_near, lambda _one: _one.y)),"
        " 'xx': list_sum(list_transform(_near, lambda _one: _one.x * _one.x)),"
        " 'yy': list_sum(list_transform(_near, lambda _one: _one.y * _one.y)),"
        " 'xy': list_sum(list_transform(_near, lambda _one: _one.x * _one.y))})"
    ),
    (
        "_covar_pop(pairs) AS list_transform(_sums_of_pairs(pairs),"
        " lambda _of: CASE WHEN _of.n >= 1 THEN (_of.xy - _of.x * _of.y / _of.n) / _of.n END)[1]"
    ),
    (
        "_covar_samp(pairs) AS list_transform(_sums_of_pairs(pairs),"
        " lambda _of: CASE WHEN _of.n >= 2 THEN (_of.xy - _of.x * _of.y / _of.n) / (_of.n - 1) END)[1]"
    ),
    (
        "_corr(pairs) AS list_transform(_sums_of_pairs(pairs), lambda _of: CASE WHEN _of.n >= 2 THEN"
        " (_of.xy - _of.x * _of.y / _of.n)"
        " / (sqrt(greatest(_of.xx - _of.x * _of.x / _of.n, 0)) * sqrt(greatest(_of.yy - _of.y * _of.y / _of.n, 0)))"
        " END)[1]"
    ),
    # Half of the digits are lost where the mean is 10^8 times the deviation, and a quarter where it is 10^4 times.
    (
        f"_if_spread(value, mean, deviation) AS CASE WHEN deviation > 0 AND abs(mean) > 1e4 * deviation THEN"
        f" {failing(_LOST, 'DOUBLE')} ELSE value END"
    ),
)
"""Functions that the rewritten SQL calls."""

_VARIANCES: dict[type[exp.Expr], str] = {
    exp.Variance: "list_var_samp",
    exp.VariancePop: "list_var_pop",
    exp.Stddev: "list_stddev_samp",
    exp.StddevSamp: "list_stddev_samp",
    exp.StddevPop: "list_stddev_pop",
}
_OF_PAIRS: dict[type[exp.Expr], str] = {exp.Corr: "_corr", exp.CovarPop: "_covar_pop", exp.CovarSamp: "_covar_samp"}


def variance(node: exp.Expr) -> exp.Expr:
    """From what values differ by from one of them: of great numbers DuckDB loses the digits that matter."""
    if isinstance(node.parent, (exp.Window, exp.Filter)) or is_pivoted(node):
        return node
    item = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    shifted = exp.Sub(this=exp.column("_one"), expression=exp.AnyValue(this=item.copy()))
    return call(
        _VARIANCES[type(node)], call("list_transform", call("list", node.this.copy()), lambda_("_one", shifted))
    )


def together(node: exp.Expr) -> exp.Expr:
    """From what pairs differ by from one of them, as variances are; CORR of what does not vary is NaN."""
    if isinstance(node.parent, (exp.Window, exp.Filter)) or is_pivoted(node):
        return node
    pairs = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name), expression=each.copy())
            for name, each in (("x", node.this), ("y", node.expression))
        ]
    )
    collected = exp.Filter(this=call("list", pairs), expression=exp.Where(this=_are_known(node)))
    return call(_OF_PAIRS[type(node)], collected)


def _are_known(node: exp.Expr) -> exp.Expr:
    return exp.and_(
        *(exp.Not(this=exp.Is(this=exp.paren(each.copy()), expression=exp.null())) for each in node.args.values())
    )


def windowed(node: exp.Expr) -> exp.Expr:
    """Variances and correlations over a window fail where digits would be lost."""
    aggregate = node.this
    if isinstance(aggregate, exp.Distinct) or type(aggregate) not in {*_VARIANCES, *_OF_PAIRS}:
        return node
    found: exp.Expr = node
    for each in aggregate.args.values():
        if isinstance(each, exp.Expr):
            mean, deviation = node.copy(), node.copy()
            mean.set("this", exp.Avg(this=each.copy()))
            deviation.set("this", exp.StddevPop(this=each.copy()))
            found = call("_if_spread", found.copy(), mean, deviation)
    return found
