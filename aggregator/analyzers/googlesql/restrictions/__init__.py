"""Restrictions of BigQuery's that the open analyzer does not have: what it accepts and BigQuery would refuse.

A rule looks at the statement as parsed or as resolved, and only where a word in the text says that it could apply, so
most statements cost nothing. No rule may refuse what BigQuery accepts: where its limits are not known, it says nothing
(decision 25).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from aggregator.analyzers.googlesql.restrictions import calls, history, joins, names, syntax
from aggregator.analyzers.googlesql.restrictions.protocol import Broken, Rule
from aggregator.analyzers.googlesql.restrictions.trees import Node, Tree, span
from aggregator.analyzers.protocol import Mistake

_PARSED = syntax.RULES
_RESOLVED = (*calls.RULES, *joins.RULES, *history.RULES)


def broken_restriction(
    sql: str, known: Collection[str], resolved: Node, parsed: Callable[[], Node], located: Callable[[], Node]
) -> Mistake | None:
    """The first restriction that a statement breaks, if any.

    ``known`` are the names of the tables and routines that there are. ``parsed`` gives the statement's syntax, and
    ``located`` the resolved statement again, with the places of its nodes; neither is asked without need.
    """
    lowered = sql.casefold()
    text = sql.encode()
    found: list[Broken] = []
    syntactic = _applicable(_PARSED, lowered)
    is_suspicious = names.is_suspicious(sql, lowered, known)
    if syntactic or is_suspicious:
        tree = Tree(parsed())
        found += _broken(syntactic, tree)
        found += names.miswritten(tree, text, known) if is_suspicious else ()
    rules = _applicable(_RESOLVED, lowered)
    if rules and any(True for _ in _broken(rules, Tree(resolved))):
        found += _broken(rules, Tree(located()))
    places = [(len(text[: span(each.node).start + each.shift].decode()), each.message) for each in found]
    return Mistake(min(places)[1], min(places)[0]) if places else None


def declared_names(routines: Iterable[Node]) -> frozenset[str]:
    """The names of routines, from their parsed ``CREATE`` statements."""
    return frozenset(name for parsed in routines for name in names.declared(Tree(parsed)))


def _applicable(rules: Iterable[Rule], lowered: str) -> list[Rule]:
    return [rule for rule in rules if any(lowered.count(word) >= rule.times for word in rule.words)]


def _broken(rules: Iterable[Rule], tree: Tree) -> Iterator[Broken]:
    for rule in rules:
        if not rule.kind or any(True for _ in tree.of(rule.kind)):
            yield from rule.check(tree)
