"""What a language model says is not the same twice."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected


class ModelFunction:
    """``AI.GENERATE`` and its kin."""

    code = Code(
        "L018",
        "model-function",
        """The SQL asks a model (`AI.GENERATE`, `AI.CLASSIFY`, `AI.SCORE` and so on) for each row.

The same question has another answer tomorrow, and the model behind the name is replaced without notice, so a partition
that is built again differs from its neighbours for no reason in the data; each row is paid for, again in every
backfill. Ask once, outside, keep the answers in a table that is declared as a source, and join it.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT flight_date, AI.GENERATE(CONCAT('Which airline is ', carrier)).result AS airline FROM staging.flights"
    good = """SELECT flights.flight_date, airlines.name AS airline
FROM staging.flights AS flights
LEFT JOIN lake.airlines AS airlines ON airlines.carrier = flights.carrier"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per call."""
        for dot in subject.written.of(exp.Dot):
            if dot.this.name.casefold() == "ai" and isinstance(dot.expression, exp.Func):
                name = dot.expression.name if isinstance(dot.expression, exp.Anonymous) else dot.expression.sql_name()
                message = f"AI.{name.upper().removeprefix('AI_')} gives another answer each time"
                yield Diagnostic(
                    subject.query.place_of(dot), self.code, message, "keep the answers in a table, and join it"
                )
