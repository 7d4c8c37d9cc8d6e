"""Money is not added up in floating point."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import columns_in

_MONEY = frozenset(
    {"price", "prices", "amount", "amounts", "revenue", "revenues", "cost", "costs", "fee", "fees", "tax", "taxes"}
    | {"salary", "payment", "payments", "balance", "discount", "discounts", "refund", "refunds", "turnover", "gmv"}
)
_NOT_MONEY = frozenset(
    {"rate", "ratio", "pct", "percent", "percentage", "share", "index", "count", "flag", "id", "score", "factor"}
    | {"rank", "per", "seconds", "minutes", "hours", "days", "miles", "km"}
)
"""Words that make something else of the others: a tax rate, a price index."""


class FloatMoney:
    """``SUM`` of money that is a ``FLOAT64``."""

    code = Code(
        "L045",
        "float-money",
        """Amounts of money are added up as `FLOAT64`.

0.1 has no exact value there, and the sum depends on the order in which the engine takes the rows: the same day gives
1048.57 now and 1048.5700000000002 later. The rows look changed although nothing is new, and the total differs from the
ledger by cents. Use NUMERIC, which is exact: `SUM(CAST(price AS NUMERIC))`, best where the column first comes in. Of
whole cents or micros, divide the sum and not each row: `SUM(price_micros) / 1000000`.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flight_date, SUM(ticket_price) AS revenue
FROM (SELECT flight_date, distance * 0.11 AS ticket_price FROM staging.flights)
GROUP BY flight_date"""
    good = """SELECT flight_date, SUM(ticket_price) AS revenue
FROM (SELECT flight_date, CAST(distance * 0.11 AS NUMERIC) AS ticket_price FROM staging.flights)
GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per SUM."""
        for node in subject.aggregates(exp.Sum):
            if node.this is None or not node.this.is_type(exp.DataType.Type.DOUBLE):
                continue
            money = [each for each in columns_in(node.this) if _is_money(each)]
            name = next((each.name for each in money if each.is_type(exp.DataType.Type.DOUBLE)), None)
            if name is not None:
                message = f"the sum of {name}, a FLOAT64, depends on the order of the rows"
                advice = f"SUM(CAST({name} AS NUMERIC))"
                yield Diagnostic(subject.query.place_of(node), self.code, message, advice)
            elif len(money) == 1 and money == list(columns_in(node.this)):
                message = (
                    f"{money[0].name} is made a FLOAT64 before it is added up: the sum depends on the order of the rows"
                )
                advice = f"SUM({money[0].name}) first, and convert the sum"
                yield Diagnostic(subject.query.place_of(node), self.code, message, advice)


def _is_money(column: exp.Column) -> bool:
    words = column.name.casefold().split("_")
    return not _MONEY.isdisjoint(words) and _NOT_MONEY.isdisjoint(words)
