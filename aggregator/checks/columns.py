"""What is known of the columns of a table without a row of it."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.checks.arguments import base_type, read_column
from aggregator.checks.codes import NEVER_HOLDS
from aggregator.checks.protocol import BadArgumentsError, Named
from aggregator.core.graph import CompiledModel


def has_column(model: CompiledModel, name: str) -> None:
    """Refuse a column that the output does not have."""
    read_column(name, "", {}, model)


def read_by_people(model: CompiledModel) -> list[str]:
    """The columns of a table, without those that are only kept for roll-ups."""
    return [each.name for each in model.columns if not each.state_of]


def never(message: str, advice: str = "") -> BadArgumentsError:
    """What is promised of the columns of a table is not so."""
    return BadArgumentsError(message, advice, code=NEVER_HOLDS)


def refuse_type(column: Named, wanted: Sequence[str]) -> None:
    """Refuse a column that is known to be of another type; parameters of types do not count."""
    if column.type and column.type not in [base_type(each) for each in wanted]:
        advice = "CAST it in the SELECT, or name the type that it has"
        raise BadArgumentsError(f"{column.name} is of type {column.type}", advice, at=column, code=NEVER_HOLDS)
