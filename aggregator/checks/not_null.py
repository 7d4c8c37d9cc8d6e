"""``not_null: [columns]``, short for ``expect_column_values_to_not_be_null``."""

from __future__ import annotations

from aggregator.checks.protocol import BadArgumentsError, known_column
from aggregator.core.graph import CompiledModel
from aggregator.core.plain import Plain
from aggregator.core.project import CheckDeclaration
from aggregator.core.writes import Expectation


class NotNull:
    """No row has NULL in any of the columns."""

    name = "not_null"

    def expectations(self, declared: CheckDeclaration, model: CompiledModel) -> tuple[Expectation, ...]:
        """One count per column."""
        columns = declared.arguments if isinstance(declared.arguments, list) else [declared.arguments]
        if not columns or columns == [None]:
            raise BadArgumentsError("not_null needs the names of columns", "write `- not_null: [carrier, origin]`")
        found, errors = [], []
        for column in columns:
            try:
                found.append(_expectation(column, known_column(column, model), declared))
            except BadArgumentsError as error:
                errors.append(error)
        if errors:
            raise ExceptionGroup(self.name, errors)
        return tuple(found)


def _expectation(column: Plain, sql: str, declared: CheckDeclaration) -> Expectation:
    return Expectation(
        name=f"not_null: {column}",
        violation=f"{sql} IS NULL",
        complaint=f"{column} is NULL in {{value}} rows",
        place=getattr(column, "place", declared.place),
    )
