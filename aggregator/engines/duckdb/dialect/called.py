"""Which of our functions a translated query calls: making all of them takes as long as opening a database."""

from __future__ import annotations

import functools
import re

from aggregator.engines.duckdb.dialect.rewrites import MACROS

_CALL = re.compile(r"\b_[a-z0-9_]+(?=\()", re.IGNORECASE)
_BY_NAME = {macro.partition("(")[0]: macro for macro in MACROS}
_ORDER = {name: index for index, name in enumerate(_BY_NAME)}


def macros_in(sql: str) -> list[str]:
    """What has to be made before a query can run, each before those that call it. Too many do no harm."""
    names = set().union(*map(_with_callees, _called(sql)))
    return [_BY_NAME[name] for name in sorted(names, key=_ORDER.__getitem__)]


@functools.cache
def _with_callees(name: str) -> frozenset[str]:
    if name not in _BY_NAME:
        return frozenset()
    return frozenset({name}).union(*map(_with_callees, _called(_BY_NAME[name]) - {name}))


def _called(sql: str) -> set[str]:
    return {name.lower() for name in _CALL.findall(sql)}
