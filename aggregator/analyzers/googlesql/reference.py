"""Google's reference engine: what a query gives on small tables, with BigQuery's semantics, and without BigQuery.

It is there for tests: each row is a value that is handed over, and joins are nested loops. What it does not know it
says; it never gives a value of its own invention.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.analyzers.googlesql.analyzer import GoogleSql
from aggregator.analyzers.googlesql.process import LateError, LostError
from aggregator.analyzers.googlesql.tables import Answer, Parameter, Question, Table, Unchecked
from aggregator.analyzers.protocol import NotAvailableError

_SECONDS = 20.0


class ReferenceEngine:
    """Computes queries in the analyzer's processes, which are ended where a query takes too long or too much memory."""

    def __init__(self, analyzer: GoogleSql, seconds: float = _SECONDS) -> None:
        self._analyzer = analyzer
        self._seconds = seconds

    def evaluate(
        self,
        sql: str,
        tables: Sequence[Table] = (),
        parameters: Sequence[Parameter] = (),
        routines: Sequence[str] = (),
    ) -> Answer:
        """The rows of a query, or the mistake that BigQuery would find in it or in its values."""
        question = Question(sql, tuple(tables), tuple(parameters), tuple(routines))
        try:
            answer: Answer = self._analyzer.ask("evaluate", question, self._seconds)
        except (LostError, NotAvailableError) as error:
            return Unchecked(str(error), is_late=isinstance(error, LateError))
        return answer
