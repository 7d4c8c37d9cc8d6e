"""Long arguments of macros, computed once.

DuckDB puts a macro's argument wherever the macro names it, and so with each call inside of it, so that planning a query
of calls in calls takes minutes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from sqlglot import exp

from aggregator.engines.duckdb.trees import call, one, walked

_WORD, _TEXT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), re.compile(r"'[^']*'")


def repeated(macros: Iterable[str]) -> Mapping[str, frozenset[int]]:
    """By macro: which of its arguments, by their places, it names more than once, or hands on to one that does."""
    found: dict[str, frozenset[int]] = {}
    for macro in macros:  # each stands after those that it calls
        name, _, rest = macro.partition("(")
        parameters, _, body = rest.partition(") AS ")
        words = Counter(_WORD.findall(_TEXT.sub("", body)))
        most = 0 if words.keys() & found.keys() else 1
        names = [each.partition(":=")[0].strip() for each in parameters.split(",")]
        places = frozenset(place for place, each in enumerate(names) if words[each] > most)
        if places:
            found[name] = places
    return found


def bound(tree: exp.Expr, macros: Mapping[str, frozenset[int]]) -> exp.Expr:
    """The tree, in which an argument that calls such a macro is given to another one by a name.

    The name tells only how deep it stands: what is written twice, as in GROUP BY, stays the same text.
    """
    depths: dict[int, int] = {}
    calls = [each for each in walked(tree) if type(each) is exp.Anonymous and each.name.casefold() in macros]
    for node in reversed(calls):
        places = [each for each in sorted(macros[node.name.casefold()]) if each < len(node.expressions)]
        long = {place: _depth(node.expressions[place], depths) for place in places}
        long = {place: depth for place, depth in long.items() if depth}
        depth = depths[id(node)] = 1 + max(long.values(), default=0)
        slot = exp.Paren()
        if node is tree:
            tree = slot
        else:
            node.replace(slot)
        found: exp.Expr = node
        for place in long:
            name, argument = f"_once{depth}_{place}", node.expressions[place]
            argument.replace(exp.column(name))
            named = exp.Lambda(this=found, expressions=[exp.to_identifier(name)])
            items = exp.Array(expressions=[argument])
            found = call("list_extract", call("list_transform", items, named), one())
        tree = found if slot is tree else tree
        if slot.parent is not None:
            slot.replace(found)
    return tree


def _depth(argument: exp.Expr, depths: Mapping[int, int]) -> int:
    """How many of the calls that were looked at stand in each other in an argument; 0 if there is none."""
    return max((depths.get(id(each), 0) for each in walked(argument)), default=0)
