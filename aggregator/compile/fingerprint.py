"""The identity of a model's logic: changes when its rows could, and not when only its text does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from sqlglot import exp

from aggregator.compile.parse import DIALECT
from aggregator.compile.query import Query
from aggregator.core.calendar import Calendar
from aggregator.core.graph import Input
from aggregator.core.project import Kind

SEMANTICS = 1
"""Raised when the framework itself begins to build other rows from the same SQL."""


def fingerprint(
    query: Query, kind: Kind, calendar: Calendar | None, inputs: Iterable[Input], upstream_views: Iterable[str]
) -> str:
    """16 hexadecimal digits over the rendered query without comments and layout, its maps and its partitioning.

    Whatever only describes (owner, checks, descriptions) or only lays out (clustering) is left out. Views have no
    rows of their own, so the logic of those that are read is part of the reader's.
    """
    tree = _unquoted(query.tree) if "`" in query.text else query.tree
    canonical = tree.sql(dialect=DIALECT, comments=False, normalize_functions="upper")
    maps = sorted(f"{edge.alias}={edge.table}:{edge.map}" for edge in inputs)
    cut = [calendar.column, calendar.type, calendar.grain, calendar.zone] if calendar else None
    logic = json.dumps([SEMANTICS, kind, canonical, cut, maps, sorted(upstream_views)])
    return hashlib.sha256(logic.encode()).hexdigest()[:16]


def _unquoted(tree: exp.Query) -> exp.Query:
    """A copy without backticks, which mean nothing around a plain name."""
    tree = tree.copy()
    for node in tree.walk():
        if isinstance(node, exp.Identifier):
            node.set("quoted", None)
        elif isinstance(node, exp.Table):
            node.meta.pop("quoted_table", None)
    return tree
