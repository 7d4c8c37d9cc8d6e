r"""Regular expressions: both engines have RE2, and look for a second match in two ways.

BigQuery looks no further where a text has ended; DuckDB finds an empty text there once more: ``REGEXP_EXTRACT_ALL('ab',
'b*')`` is ``['', 'b']`` to one, and ``['', 'b', '']`` to the other. So it matters whether a pattern can be empty.
"""

from __future__ import annotations

import re
import warnings
from typing import NoReturn

from sqlglot import exp

from aggregator.engines.duckdb.trees import bound, call, is_long
from aggregator.engines.protocol import QueryError

MACROS = ("_before_end(found, text) AS CASE WHEN text = '' THEN found ELSE found[:-2] END",)
"""Functions that the rewritten SQL calls."""

_PARTS = re.compile(r"\\[pP](?:\{\^?\w+\}|\w)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]", re.DOTALL)
"""What stands for one character: a class, in its two forms; and what is no more than it seems, behind a backslash."""

_LOOKS_AROUND = re.compile(r"\\[bBAzZ]")
"""What is there or not, and is no character."""

SEARCHING = (exp.RegexpExtract, exp.RegexpExtractAll, exp.RegexpInstr)
"""What may look for a second match."""


def variant(node: exp.Expr) -> str:
    """What the pattern makes of a search; empty for what both engines do alike."""
    if isinstance(node, exp.RegexpExtract) and not _looks_on(node):
        return ""
    pattern = _written(node)
    if pattern is None:
        return "computed"
    try:
        return _variant(pattern)
    except re.error:
        return "unread"


def extracted(node: exp.Expr) -> exp.Expr:
    """A pattern with two groups is an error."""
    pattern = _written(node)
    if pattern is not None and len(re.findall(r"\((?!\?)", _PARTS.sub("x", pattern))) > 1:
        raise QueryError(
            "Regular expressions passed into extraction functions must not have more than 1 capturing group"
        )
    return _refused(node) if variant(node) else node


def all_extracted(node: exp.Expr) -> exp.Expr:
    """Without the empty text behind the end, which is there if a pattern can be empty wherever it stands."""
    found = variant(node)
    if found != "empty":
        return _refused(node) if found else node
    if not is_long(node.this):
        return call("_before_end", node, node.this.copy())
    text = node.this
    node.set("this", exp.column("_text"))
    return bound(text, "_text", call("_before_end", node, exp.column("_text")))


def position(node: exp.Expr) -> exp.Expr:
    """Where a pattern is found; never in an empty text."""
    return _refused(node) if variant(node) else node


def _refused(node: exp.Expr) -> NoReturn:
    how = "is computed" if _written(node) is None else "may be empty"
    raise QueryError(f"a pattern that {how} is looked for by DuckDB otherwise than by BigQuery")


def _looks_on(node: exp.RegexpExtract) -> bool:
    occurrence = node.args.get("occurrence")
    return occurrence is not None and occurrence.name != "1"


def _written(node: exp.Expr) -> str | None:
    """The pattern, if it is written out."""
    pattern = node.expression
    return str(pattern.name) if isinstance(pattern, (exp.Literal, exp.RawString)) else None


def _variant(pattern: str) -> str:
    """Raises :class:`re.error` where Python can't read what RE2 can."""
    plain = _PARTS.sub(lambda part: "^" if _LOOKS_AROUND.fullmatch(part[0]) else "x", pattern)
    with warnings.catch_warnings(action="ignore"):
        is_never_empty = re.fullmatch(plain.replace("^", "").replace("$", ""), "") is None
    if is_never_empty:
        return ""
    return "empty here and there" if "^" in plain or "$" in plain else "empty"
