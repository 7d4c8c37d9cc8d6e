"""Set operations BY NAME and CORRESPONDING, but for the plain UNION BY NAME, which DuckDB has, too."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from aggregator.engines.protocol import QueryError


def by_position(nodes: Sequence[exp.Expr]) -> bool:
    """Let the sides of each such operation have the same columns in the same order; what a side lacks is NULL.

    Tells whether nodes of the tree may be others now. Raises :class:`QueryError`.
    """
    found = [each for each in nodes if isinstance(each, exp.SetOperation) and _is_meant(each)]
    for operation in reversed(found):
        lefts, rights = (_columns(side) for side in (operation.left, operation.right))
        names = _names(operation, lefts, rights)
        for key, columns in (("this", lefts), ("expression", rights)):
            operation.set(key, _arranged(operation.args[key], names, columns))
        for key in ("by_name", "side", "kind", "on"):
            operation.set(key, None)
    return bool(found)


def _is_meant(operation: exp.SetOperation) -> bool:
    is_plain = isinstance(operation, exp.Union) and not (operation.side or operation.kind or operation.args.get("on"))
    return bool(operation.args.get("by_name")) and not is_plain


def _columns(side: exp.Expr) -> dict[str, exp.Expr]:
    """The outputs of a side, by their names in lower case."""
    assert isinstance(side, exp.Query)  # noqa: S101
    items = {each.alias_or_name.casefold(): each for each in side.selects}
    if "" in items or any(each.is_star for each in side.selects):
        raise QueryError("columns are brought together by name only where both SELECTs list them by name")
    return items


def _names(operation: exp.SetOperation, lefts: dict[str, exp.Expr], rights: dict[str, exp.Expr]) -> list[str]:
    on = operation.args.get("on")
    if on:
        return [each.name.casefold() for each in on]
    if operation.side == "FULL":
        return list(lefts | rights)
    return [name for name in lefts if name in rights] if operation.kind == "INNER" else list(lefts)


def _arranged(side: exp.Expr, names: Sequence[str], columns: dict[str, exp.Expr]) -> exp.Expr:
    items: list[exp.Expr] = []
    for name in names:
        column = exp.column(columns[name].alias_or_name) if name in columns else exp.null()
        if name in columns:
            column._type = columns[name].unalias()._type  # noqa: SLF001  (the setter parses)
        items.append(exp.alias_(column, columns[name].alias_or_name if name in columns else name))
    inner = side.unnest() if isinstance(side, exp.Subquery) else side
    return exp.select(*items).from_(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("_side"))))
