"""A checksum of rows must notice a row that is there twice."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected

_HASHES = (exp.FarmFingerprint, exp.MD5, exp.MD5Digest, exp.SHA, exp.SHA2)


class XorChecksum:
    """``BIT_XOR`` of hashes of rows."""

    code = Code(
        "L085",
        "xor-checksum",
        """`BIT_XOR` of hashes is used as a checksum of rows.

Two equal rows cancel each other: a table in which every row is there twice has the checksum 0, like an empty one, and
that is the very mistake that a checksum is to find. Add the hashes up, as NUMERIC, since INT64 overflows, and count the
rows beside it: `SUM(CAST(FARM_FINGERPRINT(…) AS NUMERIC))`, `COUNT(*)`.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flight_date, BIT_XOR(FARM_FINGERPRINT(CONCAT(carrier, origin, dest))) AS checksum
FROM staging.flights
GROUP BY flight_date"""
    good = """SELECT
  flight_date, SUM(CAST(FARM_FINGERPRINT(CONCAT(carrier, origin, dest)) AS NUMERIC)) AS checksum, COUNT(*) AS flights
FROM staging.flights
GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per BIT_XOR."""
        for node in subject.aggregates(exp.BitwiseXorAgg):
            if node.find(*_HASHES) is not None and not isinstance(node.this, exp.Distinct):
                advice = "SUM(CAST(… AS NUMERIC)) of the hashes, and COUNT(*) beside it"
                yield Diagnostic(subject.query.place_of(node), self.code, "equal rows cancel each other out", advice)
