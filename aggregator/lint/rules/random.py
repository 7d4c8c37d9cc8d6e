"""A model must not roll dice."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.analysis import found_in_bodies
from aggregator.compile.nodes import name_of
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.lint.protocol import Inspected

_ENCRYPTING = frozenset({"keys.new_keyset", "aead.encrypt"})
"""Each call draws a new key, or a new nonce."""


class Random:
    """``RAND()``, ``GENERATE_UUID()`` and functions that draw a random number themselves."""

    code = Code(
        "L010",
        "random",
        """The SQL draws random numbers (`RAND`, `GENERATE_UUID`, `KEYS.NEW_KEYSET`, `AEAD.ENCRYPT`).

Every build gives other rows, so that a repaired day differs from the one that it repairs: ids that a dashboard or
another table has kept point to nothing, and a sample changes under those who compare it. Make the id from what
identifies the row, `FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(carrier, flight)))`, and the sample from such a number:
`WHERE MOD(ABS(FARM_FINGERPRINT(tailnum)), 100) < 5` keeps the same five percent each time.""",
        Layer.LINT,
    )
    bad = "SELECT flight_date, GENERATE_UUID() AS id, carrier FROM staging.flights"
    good = "SELECT flight_date, FARM_FINGERPRINT(CONCAT(carrier, flight, origin)) AS id, carrier FROM staging.flights"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per call."""
        for node in subject.written.of(exp.Rand, exp.Uuid):
            yield self._finding(subject, node, name_of(node))
        for call, name in found_in_bodies(subject.analysis.called, (exp.Rand, exp.Uuid), ("Math.random()",)):
            yield self._finding(subject, call.at, f"{name} in {call.routine.name}")
        for dot in subject.written.of(exp.Dot):
            name = f"{dot.this.name}.{dot.expression.name}"
            if name.casefold() in _ENCRYPTING:
                yield self._finding(subject, dot, name.upper())

    def _finding(self, subject: Inspected, node: exp.Expr, name: str) -> Diagnostic:
        advice = "make it from columns that identify the row, with FARM_FINGERPRINT"
        return Diagnostic(subject.query.place_of(node), self.code, f"{name} gives another answer each time", advice)
