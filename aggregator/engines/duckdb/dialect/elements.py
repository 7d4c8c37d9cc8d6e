"""Format strings of dates and times, element by element."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqlglot import exp

from aggregator.engines.duckdb.trees import bound, call, is_long
from aggregator.engines.protocol import QueryError

_ELEMENT = re.compile(r"%(?:E[0-9*]?[A-Za-z]|-[A-Za-z]|.)|[^%]+|%$", re.DOTALL)

_SHORT = {
    "%F": "%Y-%m-%d",
    "%T": "%H:%M:%S",
    "%R": "%H:%M",
    "%D": "%m/%d/%y",
    "%x": "%m/%d/%y",
    "%X": "%H:%M:%S",
    "%c": "%a %b %e %H:%M:%S %Y",
    "%h": "%b",
}
"""Elements that stand for several."""

_SAME = frozenset(
    {
        *("%m", "%d", "%H", "%M", "%S", "%j", "%b", "%B", "%a", "%A", "%U"),
        *("%W", "%V", "%u", "%w", "%y", "%G", "%I", "%p", "%%"),
    }
)
"""Elements that DuckDB writes as BigQuery does."""

_WRITTEN = {
    "%Y": "CAST(year(x) AS VARCHAR)",
    "%E4Y": "lpad(CAST(year(x) AS VARCHAR), 4, '0')",
    "%e": "lpad(CAST(day(x) AS VARCHAR), 2, ' ')",
    "%k": "lpad(CAST(hour(x) AS VARCHAR), 2, ' ')",
    "%l": "lpad(CAST((hour(x) + 11) % 12 + 1 AS VARCHAR), 2, ' ')",
    "%P": "lower(strftime(x, '%p'))",
    "%g": "right(strftime(x, '%G'), 2)",
    "%-d": "CAST(day(x) AS VARCHAR)",
    "%-m": "CAST(month(x) AS VARCHAR)",
    "%-j": "CAST(dayofyear(x) AS VARCHAR)",
    "%-H": "CAST(hour(x) AS VARCHAR)",
    "%-I": "CAST((hour(x) + 11) % 12 + 1 AS VARCHAR)",
    "%-M": "CAST(minute(x) AS VARCHAR)",
    "%-S": "CAST(second(x) AS VARCHAR)",
    "%Q": "CAST(quarter(x) AS VARCHAR)",
    "%C": "lpad(CAST(year(x) // 100 AS VARCHAR), 2, '0')",
    "%n": "CASE WHEN x IS NOT NULL THEN chr(10) END",
    "%t": "CASE WHEN x IS NOT NULL THEN chr(9) END",
    "%E1S": "strftime(x, '%S.') || left(strftime(x, '%f'), 1)",
    "%E2S": "strftime(x, '%S.') || left(strftime(x, '%f'), 2)",
    "%E3S": "strftime(x, '%S.') || left(strftime(x, '%f'), 3)",
    "%E4S": "strftime(x, '%S.') || left(strftime(x, '%f'), 4)",
    "%E5S": "strftime(x, '%S.') || left(strftime(x, '%f'), 5)",
    "%E6S": "strftime(x, '%S.%f')",
    "%E*S": "rtrim(rtrim(strftime(x, '%S.%f'), '0'), '.')",
    "%s": "CAST(epoch_us(x) // 1000000 AS VARCHAR)",
}
"""Elements that DuckDB lacks, or writes otherwise, as SQL; ``x`` is the moment on the clock that is meant."""

_READ = frozenset(["%Y", "%m", "%d", "%H", "%M", "%S", "%j", "%b", "%B", "%y", "%I", "%p", "%%"])
"""Elements that DuckDB reads as BigQuery does."""

_READ_SHORT = {
    "%F": "%Y-%m-%d",
    "%T": "%H:%M:%S",
    "%R": "%H:%M",
    "%D": "%m/%d/%y",
    "%x": "%m/%d/%y",
    "%e": "%d",
    "%h": "%b",
    "%E4Y": "%Y",
}


def elements(format_: str) -> Iterator[str]:
    """The elements of a format string, and the texts between them, as they are written."""
    return (found[0] for found in _ELEMENT.finditer(format_))


def written(format_: exp.Expr | None, moment: exp.Expr, special: dict[str, exp.Expr]) -> exp.Expr:
    """A moment as a text. ``special`` has the elements that depend on more than a clock, such as its zone."""
    listed = list(_spelt_out(_literal(format_)))
    if len(listed) > 1 and is_long(moment):
        return bound(moment, "_moment", _written(listed, exp.column("_moment"), special))
    return _written(listed, moment, special)


def _written(listed: Iterable[str], moment: exp.Expr, special: dict[str, exp.Expr]) -> exp.Expr:
    parts: list[exp.Expr] = []
    run = ""
    for each in listed:
        if not each.startswith("%") or each in _SAME:
            run += each
            continue
        if run:
            parts.append(_run(run, moment))
            run = ""
        if each in special:
            parts.append(special[each].copy())
        elif each in _WRITTEN:
            parts.append(_expression(_WRITTEN[each], moment))
        else:
            raise QueryError(f"the format element {each} is not translated for the embedded engine")
    if run or not parts:
        parts.append(_run(run, moment))
    found = parts[0]
    for each_part in parts[1:]:
        found = exp.DPipe(this=found, expression=each_part)
    return found if len(parts) == 1 else exp.paren(found)


def readable(format_: exp.Expr | None) -> exp.Expr:
    """A format string for DuckDB's ``strptime``."""
    found = ""
    for each in elements(_literal(format_)):
        better = _READ_SHORT.get(each, each)
        if better.startswith("%") and better not in _READ and each not in _READ_SHORT:
            raise QueryError(f"the format element {each} is not translated for the embedded engine")
        found += better
    return exp.Literal.string(found)


def _literal(format_: exp.Expr | None) -> str:
    if not isinstance(format_, (exp.Literal, exp.RawString)) or not format_.is_string:
        raise QueryError("a format string that is not written out is not translated for the embedded engine")
    return format_.name


def _spelt_out(format_: str) -> Iterator[str]:
    for each in elements(format_):
        if each in _SHORT:
            yield from elements(_SHORT[each])
        else:
            yield each


def _run(run: str, moment: exp.Expr) -> exp.Expr:
    return call("strftime", moment.copy(), exp.Literal.string(run)) if "%" in run else text_of(run, moment)


def text_of(text: str, moment: exp.Expr) -> exp.Expr:
    """A text, unless there is no moment."""
    is_there = exp.Not(this=exp.Is(this=moment.copy(), expression=exp.null()))
    return exp.Case(ifs=[exp.If(this=is_there, true=exp.Literal.string(text))])


def _expression(sql: str, moment: exp.Expr) -> exp.Expr:
    tree: exp.Expr = exp.maybe_parse(sql, dialect="duckdb")
    for column in list(tree.find_all(exp.Column)):
        column.replace(moment.copy())
    return tree
