"""What is expected of the recorded answers: how many there are of each group, and what is known to differ."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Group:
    """How many answers a group has; those that no check of SQL can decide, and errors that come from values."""

    recorded: int
    outside: int = 0
    run_time: int = 0

    @property
    def population(self) -> int:
        """How many a check of SQL can decide."""
        return self.recorded - self.outside - self.run_time


GROUPS = {
    "api_configuration": Group(43, outside=15),
    "export_data": Group(9),
    "information_schema": Group(12),
    "partitioning_clustering": Group(13),
    "rest_crud": Group(110),
    "routines_scripting": Group(47, run_time=1),
    "row_access": Group(12, outside=11),
    "specialized_types": Group(89),
    "standard_functions": Group(419, run_time=11),
    "versioning": Group(15),
}

AGREEING = {
    "api_configuration": (9, 12),
    "partitioning_clustering": (7, 7),
    "rest_crud": (73, 73),
    "routines_scripting": (1, 1),
    "specialized_types": (10, 85),
    "standard_functions": (414, 417),
}
"""Of each group: in how many SELECTs the embedded engine agrees, and of how many."""

_GEOGRAPHY = "the reference engine has no values of GEOGRAPHY, so their sizes are not known"
_VARIABLES = "rows that variables of a script decide are not replayed"
_APPROXIMATE = "the reference engine has no such aggregate"
_NO_FUNCTION = "the reference engine has no such function"

KNOWN = {
    ("geography_column_basic", "bytes"): _GEOGRAPHY,
    ("geography_column_insert", "bytes"): _GEOGRAPHY,
    ("mv_refresh_after_dml", "bytes"): "what a refresh reads depends on what had changed",
    ("script_for_iterate_into_table", "bytes"): _VARIABLES,
    ("txn_in_exception_block", "bytes"): _VARIABLES,
    ("agg_approx_count_distinct", "rows"): _APPROXIMATE,
    ("agg_approx_top_count", "rows"): _APPROXIMATE,
    ("agg_hll_count_init_basic", "rows"): _APPROXIMATE,
    ("agg_hll_count_merge_basic", "rows"): _APPROXIMATE,
    ("str_contains_substr", "rows"): _NO_FUNCTION,
    ("str_from_base32_basic", "rows"): _NO_FUNCTION,
    ("str_from_base32_padding", "rows"): _NO_FUNCTION,
    ("str_to_base32_empty", "rows"): _NO_FUNCTION,
}
"""By name and measure: why it differs, or can't be told. Nothing else may, and all of these must."""
