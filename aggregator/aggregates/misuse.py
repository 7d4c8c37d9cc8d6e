"""How wrong it would be: a number that can't be rolled up, rolled up nevertheless, beside what its rows say."""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot
from sqlglot import exp

_DIALECT = "bigquery"


def misuse(written: str, time: str, bucket: str, dimensions: Sequence[str], column: str, wrong: str) -> str | None:
    """The question for a column of a SELECT that groups by hand; None if the SELECT can't be taken apart.

    ``written`` is the compiled SQL, ``time`` its column that becomes ``bucket``, SQL over that column; ``wrong`` is the
    aggregate that someone would take.
    """
    select = sqlglot.parse_one(written, read=_DIALECT)
    if not isinstance(select, exp.Select) or not select.args.get("group"):
        return None
    items = {item.alias_or_name.casefold(): item.unalias() for item in select.selects}
    if not {time.casefold(), column.casefold(), *(name.casefold() for name in dimensions)} <= items.keys():
        return None
    keys = [_with(bucket, time, items[time.casefold()]), *(items[name.casefold()].copy() for name in dimensions)]
    names = [f"key_{number}" for number in range(len(keys))]
    right = select.copy()
    for clause in ("having", "qualify", "order", "limit", "distinct"):
        right.set(clause, None)
    aliased = [exp.alias_(key, name) for key, name in zip(keys, names, strict=True)]
    right.set("expressions", [*aliased, exp.alias_(items[column.casefold()].copy(), "truth")])
    right.set("group", exp.Group(expressions=[exp.Literal.number(number + 1) for number in range(len(keys))]))
    listed = ", ".join(names)
    parts = ", ".join(f"{sql} AS {name}" for sql, name in zip((bucket, *dimensions), names, strict=True))
    ordinals = ", ".join(str(number + 1) for number in range(len(keys)))
    return (
        f"WITH parts AS (\n{written}\n),\n"
        f"taken AS (SELECT {parts}, {wrong}({column}) AS taken FROM parts GROUP BY {ordinals}),\n"
        f"right_ones AS (\n{right.sql(_DIALECT)}\n),\n"
        f"both_sides AS (\n  SELECT {listed}, taken, NULL AS truth FROM taken\n  UNION ALL\n"
        f"  SELECT {listed}, NULL AS taken, truth FROM right_ones\n),\n"
        f"pairs AS (SELECT MAX(taken) AS taken, MAX(truth) AS truth FROM both_sides GROUP BY {listed})\n"
        "SELECT COUNT(*) AS all_groups, COUNTIF(ABS(taken - truth) > 1e-9 * ABS(truth)) AS wrong_groups,\n"
        "  SUM(taken) AS all_taken, SUM(truth) AS all_truth, MAX(ABS(taken - truth)) AS largest\nFROM pairs"
    )


def _with(bucket: str, time: str, value: exp.Expr) -> exp.Expr:
    """The bucket of an expression, in place of the column."""
    tree = sqlglot.parse_one(bucket, read=_DIALECT)
    if isinstance(tree, exp.Column):
        return value.copy()
    for column in list(tree.find_all(exp.Column)):
        if column.name.casefold() == time.casefold():
            column.replace(value.copy())
    return tree
