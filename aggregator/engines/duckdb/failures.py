"""How macros of ours fail, and what their failures say: see docs/decisions/0095-a-failure-is-a-cast-that-fails.md."""

from __future__ import annotations

_MARK, _BEFORE_TYPE = "mistake: ", " to "


def failing(message: str, type_: str) -> str:
    """An expression in a macro that fails with a message, and has a type; the message is an expression, too.

    DuckDB's own error() is taken for chance, and so refused in the keys of windows and after SAFE.
    """
    return f"CAST('{_MARK}' || {message} AS {type_})"


def said_by(error: str) -> str:
    """The first line of an error of DuckDB's, without what such a cast puts around its message."""
    _, is_ours, said = error.partition(_MARK)
    return f"Invalid Input Error: {said.rpartition(_BEFORE_TYPE)[0][:-1]}" if is_ours else error  # without its quote
