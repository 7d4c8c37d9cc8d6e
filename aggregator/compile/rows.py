"""Names that stand for whole rows, because a table is called so."""

from __future__ import annotations

from sqlglot import exp

from aggregator.compile.analysis.types import known_type


def hidden_column(node: exp.Expr) -> str:
    """The column that a name would be, if the table were not called so; empty for what is no row or hides nothing."""
    row = known_type(node) if isinstance(node, exp.TableColumn) else None
    names = [name for name, _ in row.fields] if row is not None else []
    return next((name for name in names if name.casefold() == node.name.casefold()), "")


def advice_for(node: exp.Expr, otherwise: str) -> str:
    """What to do about an expression of which a part has the wrong type: name the column, if a row was taken for it."""
    for part in (node, *node.iter_expressions()):
        column = hidden_column(part)
        if column:
            return (
                f"{part.name} is a whole row here, as a table is called so: write {part.name}.{column} for its column"
            )
    return otherwise
