"""``key:``: the columns that make a row unique."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.checks.protocol import Promise
from aggregator.core.graph import CompiledModel
from aggregator.core.writes import Expectation


def key_promises(model: CompiledModel) -> Iterator[Promise]:
    """No two rows of a partition share a key.

    Rows are counted as structs, so that NULL in a key column is a value like any other, as GROUP BY sees it. A key
    that leaves out the partition column is unique within each partition, not across them.
    """
    key = model.model.key
    if not key:
        return
    columns = ", ".join(f"`{column}`" for column in key)
    expectation = Expectation(
        name=f"key: [{', '.join(key)}]",
        number=f"COUNT(*) - COUNT(DISTINCT TO_JSON_STRING(STRUCT({columns})))",
        complaint=f"{{value}} rows repeat a key ({', '.join(key)})",
        place=key[0].place,
    )
    one = len(key) == 1
    yield Promise(
        check="expect_column_values_to_be_unique" if one else "expect_compound_columns_to_be_unique",
        arguments={"column": str(key[0])} if one else {"column_list": [str(column) for column in key]},
        place=key[0].place,
        expectations=(expectation,),
        columns=tuple(map(str, key)),
        failing=f"COUNT(*) OVER (PARTITION BY {columns}) > 1",
        is_window=True,
    )
