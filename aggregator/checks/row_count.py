"""``expect_table_row_count_to_be_between``, as in Great Expectations, for each partition by itself."""

from __future__ import annotations

from aggregator.checks.protocol import BadArgumentsError, named_arguments, number
from aggregator.core.graph import CompiledModel
from aggregator.core.project import CheckDeclaration
from aggregator.core.writes import Expectation


class RowCountBetween:
    """A partition (a whole table, where there are none) has so many rows; a partition without rows has 0."""

    name = "expect_table_row_count_to_be_between"

    def expectations(self, declared: CheckDeclaration, _model: CompiledModel) -> tuple[Expectation, ...]:
        """The number of rows."""
        arguments = named_arguments(declared, ("min_value", "max_value"), ())
        low = number(arguments.get("min_value"), "min_value")
        high = number(arguments.get("max_value"), "max_value")
        if low is None and high is None:
            raise BadArgumentsError(f"{self.name} needs min_value: or max_value:")
        bounds = f"{0 if low is None else low} and {'any number' if high is None else high}"
        return (
            Expectation(
                name=self.name,
                number="COUNT(*)",
                complaint=f"there are {{value}} rows, not between {bounds}",
                place=declared.place,
                minimum=low,
                maximum=high,
            ),
        )
