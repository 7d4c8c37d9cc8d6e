"""``expect_column_values_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.protocol import BadArgumentsError, flag, known_column, named_arguments, number
from aggregator.core.graph import CompiledModel
from aggregator.core.plain import Plain
from aggregator.core.project import CheckDeclaration
from aggregator.core.writes import Expectation

_NUMERIC = frozenset({"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", ""})
"""Where a type is unknown, the warehouse will say."""


class ValuesBetween:
    """Every value of a column that is not NULL lies between two bounds, which are included unless ``strict``."""

    name = "expect_column_values_to_be_between"
    _ARGUMENTS = ("column", "min_value", "max_value", "strict_min", "strict_max")

    def expectations(self, declared: CheckDeclaration, model: CompiledModel) -> tuple[Expectation, ...]:
        """The number of values outside."""
        arguments = named_arguments(declared, self._ARGUMENTS, ("column",))
        column = known_column(arguments["column"], model)
        self._refuse_text(arguments["column"], model)
        low = number(arguments.get("min_value"), "min_value")
        high = number(arguments.get("max_value"), "max_value")
        if low is None and high is None:
            raise BadArgumentsError(f"{self.name} needs min_value: or max_value:")
        if low is not None and high is not None and low > high:
            raise BadArgumentsError(f"min_value {low} is above max_value {high}", "swap them")
        too_low = f"{column} {'<=' if flag(arguments.get('strict_min'), 'strict_min') else '<'} {low}"
        too_high = f"{column} {'>=' if flag(arguments.get('strict_max'), 'strict_max') else '>'} {high}"
        outside = " OR ".join(test for test, bound in ((too_low, low), (too_high, high)) if bound is not None)
        bounds = f"{'-inf' if low is None else low} and {'inf' if high is None else high}"
        return (
            Expectation(
                name=f"{self.name}: {arguments['column']}",
                violation=outside,
                complaint=f"{arguments['column']} is not between {bounds} in {{value}} rows",
                place=getattr(arguments["column"], "place", declared.place),
            ),
        )

    def _refuse_text(self, name: Plain, model: CompiledModel) -> None:
        """A column that is known not to hold numbers can't be compared with one."""
        types = {column.name.casefold(): column.type for column in model.columns}
        type_ = types.get(str(name).casefold(), "")
        if type_.partition("(")[0] not in _NUMERIC:
            raise BadArgumentsError(f"{name} is of type {type_}, which has no numbers to compare", at=name)
