"""Numbers: what overflows, what is NUMERIC and exact, and where mathematics ends."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from aggregator.engines.duckdb.dialect import overflow
from aggregator.engines.duckdb.dialect.typing import is_numeric, kind_of
from aggregator.engines.duckdb.failures import failing
from aggregator.engines.duckdb.trees import bound, call
from aggregator.engines.protocol import QueryError

_OVER_ROWS = (exp.AggFunc, exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.Window)
_STRAY = "starts_with(typeof(x), 'DECIMAL(38') OR starts_with(typeof(y), 'DECIMAL(38')"
_STRAY_SAID = failing("'the type of a NUMERIC could not be told; cast it where it is divided or averaged'", "DOUBLE")
_BY_ZERO = "'division by zero'"
_BAD_NUMERIC = "'Invalid NUMERIC value: ' || text"
_DIGITS = r"(\d[\d,]*(\.\d*)?|,[\d,]*\d[\d,]*(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
_NUMERIC_TEXT = rf"\s*([+-]\s*)?{_DIGITS}\s*|\s*{_DIGITS}\s*[+-]\s*"  # a sign before or behind, commas anywhere
_NEGATIVE = "'Argument to SQRT cannot be negative'"
_BAD_INTEGER, _BAD_BOOL = (f"'Bad {each} value: ' || CAST(x AS VARCHAR)" for each in ("int64", "bool"))


def _floating(function: str) -> str:
    return failing(f"'Floating point error in function: {function}'", "DOUBLE")


MACROS = (
    # All digits of the float, of which the cast behind it rounds halves away from zero.
    "_all_digits(x) AS printf('%.60f', x)",
    # typeof() is known when a query is planned, so that this costs nothing where the types are others.
    (
        f"_divide(x, y) AS CASE WHEN y = 0 AND x IS NOT NULL THEN {failing(_BY_ZERO, 'DOUBLE')}"
        f" WHEN {_STRAY} THEN {_STRAY_SAID} ELSE x / y END"
    ),
    f"_div(x, y) AS CASE WHEN y = 0 AND x IS NOT NULL THEN {failing(_BY_ZERO, 'BIGINT')} ELSE x // y END",
    "_quotient(a, b) AS a // b + CASE WHEN 2 * abs(a % b) >= abs(b) THEN sign(a) * sign(b) ELSE 0 END",
    (
        "_numeric_ratio(x, y) AS CAST(_quotient(CAST(CAST(x AS DECIMAL(38, 9)) * 1000000000 AS HUGEINT) * 1000000000,"
        " CAST(CAST(y AS DECIMAL(38, 9)) * 1000000000 AS HUGEINT)) AS DECIMAL(38, 0))"
        " * CAST('0.000000001' AS DECIMAL(10, 9))"
    ),
    (
        f"_numeric_divide(x, y) AS CASE WHEN y = 0 AND x IS NOT NULL THEN {failing(_BY_ZERO, 'DECIMAL(38, 9)')}"
        " ELSE _numeric_ratio(x, y) END"
    ),
    "_numeric_safe_divide(x, y) AS CASE WHEN y <> 0 THEN _numeric_ratio(x, y) END",
    "_numeric_multiply(x, y) AS round(CAST(x AS DECIMAL(38, 9)) * CAST(y AS DECIMAL(38, 9)), 9)",
    (
        f"_parse_numeric(text) AS CASE WHEN regexp_full_match(text, '{_NUMERIC_TEXT}') THEN CAST(regexp_replace("
        "regexp_replace(text, '[\\s,]', '', 'g'), '^(.*)([+-])$', '\\2\\1') AS DECIMAL(38, 9))"
        f" WHEN text IS NOT NULL THEN {failing(_BAD_NUMERIC, 'DECIMAL(38, 9)')} END"
    ),
    (
        f"_safe_parse_numeric(text) AS CASE WHEN regexp_full_match(text, '{_NUMERIC_TEXT}') THEN TRY_CAST("
        "regexp_replace(regexp_replace(text, '[\\s,]', '', 'g'), '^(.*)([+-])$', '\\2\\1') AS DECIMAL(38, 9)) END"
    ),
    f"_averaged(x) AS CASE WHEN starts_with(typeof(x), 'DECIMAL(38') THEN {_STRAY_SAID} ELSE x END",
    (
        "_ieee_divide(x, y) AS CASE WHEN y = 0 AND x IS NOT NULL THEN CASE WHEN x = 0 OR isnan(CAST(x AS DOUBLE))"
        " THEN CAST('nan' AS DOUBLE) WHEN (x > 0) = (printf('%g', CAST(y AS DOUBLE)) = '0')"
        " THEN CAST('inf' AS DOUBLE) ELSE CAST('-inf' AS DOUBLE) END"
        " ELSE CAST(x AS DOUBLE) / CAST(y AS DOUBLE) END"
    ),
    "_safe_add(x, y) AS list_transform([{'x': x, 'y': y}], lambda _of: TRY(_of.x + _of.y))[1]",
    "_safe_subtract(x, y) AS list_transform([{'x': x, 'y': y}], lambda _of: TRY(_of.x - _of.y))[1]",
    "_safe_multiply(x, y) AS list_transform([{'x': x, 'y': y}], lambda _of: TRY(_of.x * _of.y))[1]",
    "_safe_negate(x) AS list_transform([x], lambda _of: TRY(-_of))[1]",  # TRY(x) could hold no aggregate
    (
        "_range_bucket(x, bounds) AS CASE WHEN list_sort(bounds) IS DISTINCT FROM bounds THEN"
        " error('Elements in input array to RANGE_BUCKET must be in ascending order') WHEN x IS NOT NULL THEN"
        " len(list_filter(bounds, lambda _one: _one <= x)) END"
    ),
    (
        "_steps(first, last, step) AS"
        " range(0, CAST(greatest(floor(CAST(last - first AS DOUBLE) / CAST(step AS DOUBLE)), -2) AS BIGINT) + 2)"
    ),
    (
        "_generate_array(first, last, step) AS CASE WHEN step = 0 THEN error('Sequence step cannot be 0.')"
        " WHEN first IS NOT NULL AND last IS NOT NULL AND step IS NOT NULL THEN"
        " list_filter(list_transform(_steps(first, last, step),"
        " lambda _place: first + CAST(_place AS INTEGER) * step), lambda _one:"
        " CASE WHEN step > 0 THEN _one <= last ELSE _one >= last END) END"
    ),
    "_is_beyond(y, x) AS NOT isfinite(y) AND isfinite(CAST(x AS DOUBLE))",
    f"_sqrt(x) AS CASE WHEN x < 0 THEN {failing(_NEGATIVE, 'DOUBLE')} ELSE sqrt(x) END",
    f"_ln(x) AS CASE WHEN x <= 0 THEN {_floating('LN')} ELSE ln(x) END",
    (
        f"_log(base, x) AS CASE WHEN x <= 0 OR base <= 0 OR base = 1 THEN {_floating('LOG')}"
        " WHEN base = 10 THEN log10(x) WHEN base = 2 THEN log2(x) ELSE ln(x) / ln(base) END"
    ),
    (f"_pow(x, y) AS CASE WHEN _is_beyond(pow(x, y), x) THEN {_floating('POW')} ELSE pow(x, y) END"),
    f"_exp(x) AS CASE WHEN _is_beyond(exp(x), x) THEN {_floating('EXP')} ELSE exp(x) END",
    "_safe_sqrt(x) AS CASE WHEN x >= 0 THEN sqrt(x) END",
    "_safe_ln(x) AS CASE WHEN x > 0 THEN ln(x) END",
    "_safe_log(base, x) AS CASE WHEN x > 0 AND base > 0 AND base <> 1 THEN ln(x) / ln(base) END",
    "_safe_pow(x, y) AS CASE WHEN NOT _is_beyond(pow(x, y), x) THEN pow(x, y) END",
    "_safe_exp(x) AS CASE WHEN NOT _is_beyond(exp(x), x) THEN exp(x) END",
    "_safe_div(x, y) AS CASE WHEN y <> 0 THEN x // y END",
    "_coth(x) AS 1 / tanh(x)",
    "_csc(x) AS 1 / sin(x)",
    "_sec(x) AS 1 / cos(x)",
    "_csch(x) AS 1 / sinh(x)",
    "_sech(x) AS 1 / cosh(x)",
    # Only floats must be rounded: as one, a great integer would lose digits. A text is digits, or hexadecimal.
    (
        "_integer(x) AS CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)"
        " WHEN typeof(x) = 'VARCHAR' AND NOT _is_integer_text(CAST(x AS VARCHAR)) THEN"
        f" {failing(_BAD_INTEGER, 'BIGINT')} ELSE CAST(x AS BIGINT) END"
    ),
    (
        "_safe_integer(x) AS CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT')"
        " THEN TRY_CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)"
        " WHEN typeof(x) = 'VARCHAR' AND NOT _is_integer_text(CAST(x AS VARCHAR)) THEN NULL"
        " ELSE TRY_CAST(x AS BIGINT) END"
    ),
    "_is_integer_text(text) AS regexp_full_match(text, '\\s*[+-]?(\\d+|0[xX][0-9a-fA-F]+)\\s*')",
    (
        "_bool(x) AS CASE WHEN typeof(x) = 'VARCHAR' AND lower(CAST(x AS VARCHAR)) NOT IN ('true', 'false') THEN"
        f" {failing(_BAD_BOOL, 'BOOLEAN')} ELSE CAST(x AS BOOLEAN) END"
    ),
    (
        "_safe_bool(x) AS CASE WHEN typeof(x) = 'VARCHAR' AND lower(CAST(x AS VARCHAR)) NOT IN ('true', 'false')"
        " THEN NULL ELSE TRY_CAST(x AS BOOLEAN) END"
    ),
)
"""Functions that the rewritten SQL calls."""

SAFE_FORMS = frozenset(
    {
        *("_sqrt", "_ln", "_log", "_pow", "_exp", "_div"),
        "_parse_numeric",
        *("_date_of", "_time_of", "_datetime_of", "_timestamp_of"),
        *("_json_integer", "_json_float", "_json_bool", "_string"),
    }
)
"""Of these there is a form that gives NULL instead of an error: DuckDB's TRY takes no call that may raise one."""


def division(node: exp.Expr) -> exp.Expr:
    """X / 0 is an error, not infinity; NUMERIC by NUMERIC is NUMERIC, of nine digits."""
    if is_numeric(node.this, node.expression):
        return call("_numeric_divide", node.this, node.expression)
    if overflow.is_calculated(node):
        return overflow.arithmetic(node)
    return call("_divide", node.this, node.expression)


def safe_division(node: exp.Expr) -> exp.Expr:
    """NUMERIC by NUMERIC is NUMERIC, of nine digits."""
    if not is_numeric(node.this, node.expression):
        return overflow.or_null(node)
    return call("_numeric_safe_divide", node.this, node.expression)


def whole_division(node: exp.Expr) -> exp.Expr:
    """By a macro: sqlglot writes an operator, without parentheses around what was an argument."""
    return call("_div", node.this, node.expression)


def product(node: exp.Expr) -> exp.Expr:
    """NUMERIC by NUMERIC is rounded to nine digits. Two integers that are written out are INT64, and not of 32 bits."""
    if is_numeric(node.this) and is_numeric(node.expression):
        return call("_numeric_multiply", node.this, node.expression)
    return wide(node)


def wide(node: exp.Expr) -> exp.Expr:
    """Integers that are written out are INT64; DuckDB computes them in 32 bits, which overflow."""
    if _is_whole(node.this) and _is_whole(node.expression):
        node.set("this", exp.cast(node.this, "BIGINT", dialect="duckdb"))
    return node


def _is_whole(node: exp.Expr) -> bool:
    inner = node.unnest() if isinstance(node, exp.Paren) else node
    return isinstance(inner, exp.Literal) and not inner.is_string and inner.name.isdigit()


def average(node: exp.Expr) -> exp.Expr:
    """AVG of NUMERIC is NUMERIC; DuckDB computes it as a float."""
    item = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    if kind_of(item) is exp.DataType.Type.INTERVAL:
        return node
    if not is_numeric(item):
        if not isinstance(node.this, exp.Distinct):
            node.set("this", call("_averaged", node.this))
        return node
    parent = node.parent
    if isinstance(parent, (exp.Window, exp.Filter)):
        return node
    return call("_numeric_divide", exp.Sum(this=node.this.copy()), exp.Count(this=node.this.copy()))


def window(node: exp.Expr) -> exp.Expr:
    """AVG of NUMERIC over a window: the sum over it by the count over it."""
    aggregate = node.this
    if not isinstance(aggregate, exp.Avg) or not is_numeric(aggregate.this):
        return node
    total, number = node.copy(), node.copy()
    total.set("this", exp.Sum(this=aggregate.this.copy()))
    number.set("this", exp.Count(this=aggregate.this.copy()))
    return call("_numeric_divide", total, number)


def safe(node: exp.Expr) -> exp.Expr:
    """SAFE.F(x) is NULL where F(x) is an error. What is computed over rows is so before, as TRY can't hold it."""
    inner = node.this
    if isinstance(inner, exp.Anonymous) and inner.name in SAFE_FORMS:
        return call(f"_safe{inner.name}", *inner.expressions)
    tried, over_rows = (
        call("TRY", inner),
        [each for each in inner.walk(prune=_is_apart) if isinstance(each, _OVER_ROWS)],
    )
    for number, each in enumerate(over_rows):
        name = f"_safe{number}"
        each.replace(exp.column(name))
        tried = bound(each, name, tried)
    return tried


def _is_apart(node: exp.Expr) -> bool:
    return isinstance(node, (*_OVER_ROWS, exp.Query))


def named(name: str) -> Callable[[exp.Expr], exp.Expr]:
    """A correction that calls a macro with what a function takes."""

    def rewrite(node: exp.Expr) -> exp.Expr:
        arguments = [
            each for each in (node.args.get("this"), node.args.get("expression")) if isinstance(each, exp.Expr)
        ]
        return call(name, *(arguments or node.expressions))

    rewrite.__doc__ = f"By the macro {name}."
    return rewrite


def from_text(node: exp.Expr) -> exp.Expr:
    """A text with ``_`` between its digits is no number, but to DuckDB; a NUMERIC is made of all digits of a float."""
    is_float = kind_of(node.this) is exp.DType.DOUBLE and not node.this.is_number
    if is_float and node.args["to"].this is not exp.DType.DOUBLE:
        node.set("this", call("_all_digits", node.this))
    if kind_of(node.this) in exp.DataType.TEXT_TYPES and not isinstance(node.this, exp.Literal):
        node.set("this", call("replace", node.this, exp.Literal.string("_"), exp.Literal.string("?")))
    return node


def to_places(node: exp.Expr) -> exp.Expr:
    """A number of places that is computed is an INTEGER to DuckDB; that of a NUMERIC must be written out."""
    places = node.args.get("decimals")
    if places is None or places.is_number or kind_of(places) is None:
        return node
    if kind_of(node.this) is exp.DType.DECIMAL:
        raise QueryError("a NUMERIC is rounded to a number of places that is written out only")
    node.set("decimals", exp.cast(places, "INT", dialect="duckdb"))
    return node


def generated(node: exp.Expr) -> exp.Expr:
    """GENERATE_ARRAY of FLOAT64 and NUMERIC: each by its place, so that nothing adds up."""
    first, last, step = (node.args.get(each) or exp.Literal.number(1) for each in ("start", "end", "step"))
    kinds = {kind_of(each) for each in (first, last, step)}
    if not isinstance(step, (exp.Literal, exp.Neg)) or step.name == "0":  # DuckDB's makes nothing of a step of 0
        return call("_generate_array", first, last, step)
    for kind, type_ in ((exp.DataType.Type.DOUBLE, "DOUBLE"), (exp.DataType.Type.DECIMAL, "DECIMAL(38, 9)")):
        if kind in kinds:
            return call("_generate_array", *(exp.cast(each, type_, dialect="duckdb") for each in (first, last, step)))
    return node
