"""STRING and BYTES: how values are written, cut, searched and encoded."""

from __future__ import annotations

from sqlglot import exp

from aggregator.engines.duckdb.dialect import cast_formats
from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.failures import failing
from aggregator.engines.duckdb.trees import bound, call, is_long
from aggregator.engines.protocol import QueryError

_SPACES = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(133) || chr(160) || chr(5760)" + "".join(
    f" || chr({code})" for code in (*range(8192, 8203), 8232, 8233, 8239, 8287, 12288)
)

_NEGATIVE = "'a length, or a number of times, cannot be negative'"

MACROS = (
    f"_length(n) AS CASE WHEN n < 0 THEN {failing(_NEGATIVE, 'BIGINT')} ELSE n END",
    # 15 digits, if they stand for the same number, else 17, as Google's libraries write it.
    (
        "_float_text(x) AS CASE WHEN x = 0 THEN '0' WHEN CAST(printf('%.15g', x) AS DOUBLE) = x THEN printf('%.15g', x)"
        " WHEN isfinite(x) THEN printf('%.17g', x) ELSE CAST(x AS VARCHAR) END"
    ),
    "_decimal_text(text) AS CASE WHEN contains(text, '.') THEN rtrim(rtrim(text, '0'), '.') ELSE text END",
    # Fractions of seconds are written with three or six digits, and none where there is none.
    (
        "_moment_text(text) AS regexp_replace(regexp_replace(regexp_replace(text, '\\.(\\d)(\\D|$)', '.\\100\\2'),"
        " '\\.(\\d\\d)(\\D|$)', '.\\10\\2'), '\\.(\\d{4,5})(\\D|$)', '.' || rpad(regexp_extract(text,"
        " '\\.(\\d{4,5})', 1), 6, '0') || '\\2')"
    ),
    (
        "_text(x) AS CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN _float_text(TRY_CAST(x AS DOUBLE))"
        " WHEN starts_with(typeof(x), 'DECIMAL') THEN _decimal_text(CAST(x AS VARCHAR))"
        " WHEN starts_with(typeof(x), 'TIME') THEN _moment_text(CAST(x AS VARCHAR))"
        " WHEN typeof(x) = 'INTERVAL' THEN _interval_text(TRY_CAST(CAST(x AS VARCHAR) AS INTERVAL))"
        " WHEN typeof(x) = 'BLOB' THEN decode(TRY_CAST(x AS BLOB))"
        " ELSE CAST(x AS VARCHAR) END"
    ),
    # sqlglot writes ESCAPE for nothing; a backslash takes the meaning from what follows it.
    "_like(text, pattern) AS text LIKE pattern ESCAPE '\\'",
    "_upper(text) AS upper(replace(text, 'ß', 'SS'))",
    f"_spaces() AS {_SPACES}",
    "_split(text, separator) AS CASE WHEN text = '' THEN [''] ELSE string_split(text, separator) END",
    (
        "_ascii(text) AS CASE WHEN text = '' THEN 0 WHEN unicode(text) > 127 THEN"
        " error('Argument to ASCII is not a structurally valid ASCII string') ELSE ascii(text) END"
    ),
    "_unicode(text) AS CASE WHEN text = '' THEN 0 ELSE unicode(text) END",
    "_chr(code) AS CASE WHEN code = 0 THEN '' ELSE chr(CAST(code AS INTEGER)) END",
    (
        "_code_points(text) AS CASE WHEN text = '' THEN [] ELSE list_transform(string_split(text, ''),"
        " lambda _one: CAST(unicode(_one) AS BIGINT)) END"
    ),
    (
        "_from_code_points(codes) AS CASE WHEN len(codes) = 0 THEN '' ELSE"
        " array_to_string(list_transform(codes, lambda _one: chr(CAST(_one AS INTEGER))), '') END"
    ),
)
"""Functions that the rewritten SQL calls."""


def cast_to_text(node: exp.Expr) -> exp.Expr:
    """Floats in 15 or 17 digits, NUMERIC without zeros at its end, fractions of seconds in threes, BYTES as UTF-8."""
    if node.args.get("format"):
        return cast_formats.as_text(node)
    if isinstance(node, exp.TryCast) and kind_of(node.this) is exp.DataType.Type.BINARY:
        return call("TRY", call("decode", node.this))
    return call("_text", node.this)


def cast_to_bytes(node: exp.Expr) -> exp.Expr:
    """A STRING becomes its UTF-8; DuckDB takes only ASCII."""
    return cast_formats.as_bytes(node) if node.args.get("format") else call("_as_bytes", node.this)


def like(node: exp.Expr) -> exp.Expr:
    """A backslash takes the meaning from the character after it."""
    several = node.expression
    if isinstance(several, (exp.Any, exp.All)):
        patterns = several.this.expressions if isinstance(several.this, exp.Tuple) else [several.this.unnest()]
        is_bound = is_long(node.this) and not any(map(_has_query, patterns))
        text = exp.column("_text") if is_bound else node.this
        each = [_like(text.copy(), pattern, is_negated=bool(node.args.get("negate"))) for pattern in patterns]
        found = exp.paren((exp.or_ if isinstance(several, exp.Any) else exp.and_)(*each))
        return bound(node.this, "_text", found) if is_bound else found
    return _like(node.this, node.expression, is_negated=bool(node.args.get("negate")))


def _has_query(node: exp.Expr) -> bool:
    return node.find(exp.Query, exp.AggFunc) is not None


def _like(text: exp.Expr, pattern: exp.Expr, *, is_negated: bool) -> exp.Expr:
    if isinstance(pattern, exp.Literal) and pattern.is_string and "\\" not in pattern.name:
        found: exp.Expr = exp.Like(this=text, expression=pattern)  # the same to both, and quicker than with ESCAPE
    else:
        found = call("_like", text, pattern)
    return exp.paren(exp.Not(this=found)) if is_negated else found


def upper(node: exp.Expr) -> exp.Expr:
    """An ß becomes SS; DuckDB makes it ẞ."""
    return call("_upper", node.this)


def trim(node: exp.Expr) -> exp.Expr:
    """Without characters all white space is cut off; DuckDB cuts off blanks."""
    if node.expression is None or not node.args.get("expression"):
        node.set("expression", call("_spaces"))
    return node


def byte_length(node: exp.Expr) -> exp.Expr:
    """Of a STRING, the length of its UTF-8."""
    is_bytes = kind_of(node.this) is exp.DataType.Type.BINARY
    return call("octet_length" if is_bytes else "strlen", node.this)


def pad(node: exp.Expr) -> exp.Expr:
    """DuckDB takes the length as INTEGER, and lets it be negative."""
    if node.args.get("is_left") and kind_of(node.this) is exp.DataType.Type.BINARY:
        raise QueryError("LPAD of BYTES is not translated for the embedded engine")
    node.set("expression", exp.cast(checked("expression", node).expression, "INT", dialect="duckdb"))
    return node


def end(node: exp.Expr) -> exp.Expr:
    """A negative length of LEFT or RIGHT is an error; DuckDB leaves out so many characters."""
    return checked("expression", node)


def repeat(node: exp.Expr) -> exp.Expr:
    """A negative number of times is an error; DuckDB gives an empty text."""
    return checked("times", node)


def checked(key: str, node: exp.Expr) -> exp.Expr:
    """A function of which an argument, a length, must not be negative."""
    length = node.args.get(key)
    if length is not None and not (isinstance(length, exp.Literal) and length.is_int):
        node.set(key, call("_length", length))
    return node


def position(node: exp.Expr) -> exp.Expr:
    """INSTR may begin anywhere, also from the end, and look for another occurrence than the first."""
    begin, occurrence = node.args.get("position"), node.args.get("occurrence")
    if not begin and not occurrence:
        return node
    one = exp.Literal.number(1)
    return call("_py_instr", node.this, node.args["substr"], begin or one, occurrence or one.copy())


def split(node: exp.Expr) -> exp.Expr:
    """An empty text has one part, which is empty."""
    return call("_split", node.this, node.expression)


def normalize(node: exp.Expr) -> exp.Expr:
    """The four forms of Unicode."""
    form = exp.Literal.string(node.text("form").upper() or "NFC")
    return call("_py_normalize", node.this, form, exp.convert(bool(node.args.get("is_casefold"))))


def sha2(node: exp.Expr) -> exp.Expr:
    """SHA512; sqlglot writes SHA256 for both."""
    return call("_py_sha512", call("_as_bytes", node.this)) if node.text("length") == "512" else node


def fingerprint(node: exp.Expr) -> exp.Expr:
    """Of BYTES, or of the UTF-8 of a STRING."""
    return call("_py_fingerprint", call("_as_bytes", node.expressions[0]))


def of_net(node: exp.Expr) -> exp.Expr:
    """NET.HOST of what is no URL is its best guess, and NULL if there is none."""
    if not isinstance(node.this, exp.Host):
        return node
    return call("nullif", call("_py_host", node.this.this), exp.Literal.string(""))


def joined(node: exp.Expr) -> exp.Expr:
    """STRING_AGG with LIMIT takes the first items; DuckDB's has none, so they are collected and cut."""
    if not isinstance(node.this, exp.Limit):
        return node
    limit = node.this
    inner = limit.this
    item = inner.this if isinstance(inner, exp.Order) else inner
    value = item.expressions[0] if isinstance(item, exp.Distinct) else item
    present = exp.Where(this=exp.Not(this=exp.Is(this=value.copy(), expression=exp.null())))
    collected = exp.Filter(this=exp.ArrayAgg(this=inner), expression=present)
    first = call("list_slice", collected, exp.Literal.number(1), limit.expression)
    return call("array_to_string", first, node.args.get("separator") or exp.Literal.string(","))


def contains(node: exp.Expr) -> exp.Expr:
    """CONTAINS_SUBSTR, of a STRING: whatever the case, and however the characters are put together."""
    sides = [each.this if isinstance(each, exp.Lower) else each for each in (node.this, node.expression)]
    if not isinstance(sides[1], exp.Literal):
        raise QueryError("CONTAINS_SUBSTR looks for a text that is written out")
    return call("contains", *(call("_py_normalize", each, exp.Literal.string("NFKC"), exp.true()) for each in sides))
