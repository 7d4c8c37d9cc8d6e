"""Nothing equals NULL."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.lint.protocol import Inspected

_SIGNS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip


class NullComparison:
    """``x = NULL`` and ``x <> NULL``."""

    code = Code(
        "L059",
        "null-comparison",
        """Something is compared with NULL by `=`, `<>` or another sign, or by `CASE x WHEN NULL`.

The answer is NULL whatever stands on the other side, never true: a WHERE with it gives no rows, and a CASE never takes
that branch. Write `x IS NULL` or `x IS NOT NULL`.""",
        Layer.LINT,
    )
    bad = "SELECT flight_date, carrier FROM staging.flights WHERE dep_delay <> NULL"
    good = "SELECT flight_date, carrier FROM staging.flights WHERE dep_delay IS NOT NULL"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per comparison."""
        for null in subject.written.of(exp.Null):
            parent = null.parent
            sign = _SIGNS.get(type(parent)) if parent is not None else None
            if sign is not None and parent is not None:
                message = f"a comparison with NULL by {sign} is never true"
                advice = "IS NOT NULL" if sign == "<>" else "IS NULL"
                yield Diagnostic(subject.query.place_of(parent), self.code, message, advice)
            elif _is_simple_case(null):
                message, advice = "CASE … WHEN NULL is never taken", "CASE WHEN … IS NULL"
                yield Diagnostic(subject.query.place_of(parent or null), self.code, message, advice)


def _is_simple_case(null: exp.Null) -> bool:
    branch = null.parent
    if not isinstance(branch, exp.If) or branch.this is not null:
        return False
    return isinstance(branch.parent, exp.Case) and branch.parent.this is not None
