"""Which of our functions a translated query calls: making all of them takes as long as opening a database.

What they are is looked up when one is called: they come with the translation, and sqlglot with that.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

_CALL = re.compile(r"\b_[a-z0-9_]+(?=\()", re.IGNORECASE)


def macros_in(sql: str) -> list[str]:
    """What has to be made before a query can run, each before those that call it. Too many do no harm."""
    called = _called(sql)
    if not called:
        return []
    names, macros = set().union(*map(_with_callees, called)), _by_name()
    return [macro for name, macro in macros.items() if name in names]


@functools.cache
def _by_name() -> Mapping[str, str]:
    """All of them, each before those that call it."""
    from aggregator.engines.duckdb.dialect.rewrites import MACROS  # noqa: PLC0415  (sqlglot; see above)

    return {macro.partition("(")[0]: macro for macro in MACROS}


@functools.cache
def _with_callees(name: str) -> frozenset[str]:
    macro = _by_name().get(name)
    return frozenset({name}).union(*map(_with_callees, _called(macro) - {name})) if macro else frozenset()


def _called(sql: str) -> set[str]:
    return {name.lower() for name in _CALL.findall(sql)}
