"""Which of our functions a translated query calls: making all of them takes as long as opening a database.

What they are is looked up when one is called: they come with the translation, and sqlglot with that.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

_CALL = re.compile(r"\b_(?!t\d+\()[a-z0-9_]+(?=\()", re.IGNORECASE)
"""All begin with an underscore, as do names that sqlglot gives to what is unnested: ``_t0(each)``."""


def macros_in(sql: str, told: Mapping[str, str]) -> list[str]:
    """What has to be made before a query can run, each before those that call it. Too many do no harm.

    ``told`` are functions by their names, with those that they call: if they are enough, no others are looked up.
    """
    called = _called(sql)
    if not called:
        return []
    macros = told if called <= told.keys() else _by_name()
    names: set[str] = set()
    while called:
        names |= called
        called = set[str]().union(*(_called(macros[each]) for each in called if each in macros)) - names
    return [macro for name, macro in macros.items() if name in names]


def name_of(macro: str) -> str:
    """What a function is called by."""
    return macro.partition("(")[0]


@functools.cache
def _by_name() -> Mapping[str, str]:
    """All of them, each before those that call it."""
    from aggregator.engines.duckdb.dialect.rewrites import MACROS  # noqa: PLC0415  (sqlglot; see above)

    return {name_of(macro): macro for macro in MACROS}


def _called(sql: str) -> set[str]:
    return {name.lower() for name in _CALL.findall(sql)}
