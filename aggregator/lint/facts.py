"""The rows that declared measures are made from must not be repeated by a join."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.aggregates.codes import FAN_OUT
from aggregator.compile.analysis import Scope
from aggregator.core.diagnostics import Diagnostic
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import bound_columns, only_source, place_of_item

_FACTS = "facts"


def fan_out_of_facts(subject: Inspected) -> Iterator[Diagnostic]:
    """One finding for each join in the author's SELECT that may repeat the facts of an aggregate."""
    root = subject.analysis.root
    if subject.model.facts is None or root is None:
        return
    facts = next((scope for scope in root.cte_scopes if _name(scope) == _FACTS), None)
    for scope in _whole(facts) if facts is not None else ():
        bound = bound_columns(scope)
        for join in scope.expression.args.get("joins") or ():
            alias = join.this.alias_or_name
            node, source = scope.selected_sources.get(alias, (None, None))
            if source is None or not isinstance(node, (exp.Table, exp.Query)):
                continue  # an unnested array, whose elements are then the facts
            if not subject.relations.has_one_row(alias, source, bound):
                yield _finding(subject, join, alias, source, sorted(bound.get(alias, ())))


def _name(scope: Scope) -> str:
    parent = scope.expression.parent
    return parent.alias if isinstance(parent, exp.CTE) else ""


def _whole(scope: Scope) -> Iterator[Scope]:
    """The SELECTs whose rows are facts, each as it is joined; behind a GROUP BY or DISTINCT there are other rows."""
    if scope.set_operation_scopes:
        for side in scope.set_operation_scopes:
            yield from _whole(side)
        return
    current: Scope | None = scope
    while current is not None and isinstance(current.expression, exp.Select):
        select = current.expression
        if select.args.get("group") or select.args.get("distinct"):
            return
        yield current
        current = only_source(current) or _first_source(current)


def _first_source(scope: Scope) -> Scope | None:
    """The query that a SELECT with joins begins with."""
    first = scope.expression.args.get("from_")
    _, source = scope.selected_sources.get(first.this.alias_or_name, (None, None)) if first else (None, None)
    return source if isinstance(source, Scope) else None


def _finding(subject: Inspected, join: exp.Join, alias: str, source: exp.Table | Scope, bound: list[str]) -> Diagnostic:
    keys = [sorted(key) for key in subject.relations.keys(source)]
    message = f"this join may repeat facts, and every measure with them: several rows of {alias} may fit one"
    if keys:
        advice = f"join on the whole key of {alias} ({', '.join(keys[0])}), or aggregate it first"
    elif bound and isinstance(source, exp.Table):
        advice = (
            f"declare `key: [{', '.join(bound)}]` in {source.db}.{source.name}, if that is so, or aggregate it first"
        )
    else:
        advice = f"aggregate {alias} first, by what it is joined on"
    advice += "; the facts themselves come first, after FROM"
    return Diagnostic(place_of_item(subject.query, join.this), FAN_OUT, message, advice)
