"""By what a translated query is known to call functions that are made when they are needed."""

from __future__ import annotations

MARK = "_PY_"
"""What is in a translated query that calls a function in Python: they are made when the first such query comes."""

IN_FAILURES = "mistake: "
"""What stands in DuckDB's error before the words of a macro of ours that fails."""


def failing(message: str, type_: str) -> str:
    """An expression in a macro that fails with a message, and has a type; the message is an expression, too.

    DuckDB's own error() is taken for chance, and so refused in the keys of windows and after SAFE.
    """
    return f"CAST('{IN_FAILURES}' || {message} AS {type_})"


IN_JAVASCRIPT = "_JS_"
"""What the names of functions begin with that a project declares in JavaScript."""
