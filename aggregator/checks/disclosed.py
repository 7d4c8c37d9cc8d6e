"""What a SELECT of an author's own would show of sensitive columns, under other names or inside other values.

Names are followed, not rows: where one name stands for two things, both are hidden if one must be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlglot import exp

from aggregator.compile.pipes import tree_of

_COUNTS = (exp.Count, exp.CountIf, exp.ApproxDistinct)
"""They tell how many, and nothing of the values."""


def hidden_names(query: str, sensitive: Collection[str], known: Collection[str], given: Collection[str]) -> set[str]:
    """Which of the columns that a query gives must not be shown, in lower case.

    ``sensitive`` and ``known`` are columns of the tables that it reads, in lower case: those that must not, and all.
    A column without a name of its own is shown only if nothing is sensitive.
    """
    names = {each.casefold() for each in given}
    if not sensitive:
        return set()
    tree = tree_of(query)
    hidden, rows = set(sensitive), set(_rows(tree))
    made = [(each.alias.casefold(), each.this) for each in tree.find_all(exp.Alias)]
    made += [(each.alias.casefold(), part) for each in tree.find_all(exp.Unnest) for part in each.expressions]
    before = -1
    while before < len(hidden):
        before = len(hidden)
        hidden |= {name for name, value in made if name not in hidden and _tells(value, hidden, rows)}
    return names - (({name for name, _ in made} | {each.casefold() for each in known}) - hidden)


def _rows(tree: exp.Expr) -> Iterator[str]:
    """Names that stand for whole rows."""
    for each in tree.find_all(exp.Table, exp.Subquery, exp.CTE):
        yield each.alias_or_name.casefold()


def _tells(value: exp.Expr, hidden: set[str], rows: set[str]) -> bool:
    """Whether an expression shows something of what is hidden."""
    for node in value.walk(prune=lambda each: isinstance(each, _COUNTS)):
        if isinstance(node, exp.Star) and not isinstance(node.parent, _COUNTS):
            return True
        if isinstance(node, exp.Column):
            parts = [part.name.casefold() for part in node.parts]
            if not hidden.isdisjoint(parts) or (len(parts) == 1 and parts[0] in rows):
                return True
    return False
