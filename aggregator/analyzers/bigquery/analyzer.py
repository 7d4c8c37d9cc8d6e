"""Asks BigQuery itself: a dry run of each statement, over the tables as a change would make them."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.analyzers.bigquery.answers import is_missing_function, verdict_of
from aggregator.analyzers.bigquery.questions import Question, question_of
from aggregator.analyzers.protocol import Field, Statement, Verdict
from aggregator.core.names import TableName
from aggregator.engines.bigquery.connection import NOT_INSTALLED, PARALLEL, Connection, Patience, is_installed
from aggregator.engines.bigquery.places import Address, addresses_of
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.protocol import WarehouseError

if TYPE_CHECKING:
    from aggregator.core.project import Environment
    from aggregator.engines.bigquery.tables import Deployed


def why_unavailable(environment: Environment) -> str:
    """Why BigQuery can't be asked about an environment, as far as that is known without asking; empty if it can be."""
    if environment.engine != "bigquery":
        return f"the environment {environment.name} is not on BigQuery but on {environment.engine}"
    return "" if is_installed() else NOT_INSTALLED


class BigQueryAnalyzer:
    """Dry runs on BigQuery. A statement costs nothing, and nothing is run or stored.

    Tables are those of the environment, else those of the one that it reads from. One that is not there yet, or whose
    columns are to become others, is replaced by a query without rows that has the columns of ``Statement.tables``.
    Parameters without a value are NULL.
    """

    name = "bigquery"
    parallel = PARALLEL
    judges_functions = False

    def __init__(
        self,
        environment: Environment,
        read_from: Environment | None = None,
        *,
        patience: Patience | None = None,
    ) -> None:
        self._environment = environment
        self._read_from = read_from
        self._connection = Connection(environment, patience)
        self._begun = datetime.now(UTC)

    def version(self) -> str:
        """What is asked, with what, and in which hour: what stands in BigQuery changes, and so does BigQuery."""
        places = [(each.project, each.location, each.datasets) for each in (self._environment, self._read_from) if each]
        client = importlib.metadata.version("google-cloud-bigquery")
        return f"google-cloud-bigquery {client}, {places}, {self._begun:%Y-%m-%dT%H}"

    def analyse(self, statements: Sequence[Statement]) -> Sequence[Verdict]:
        """A verdict for each statement, in order. Without an answer from BigQuery, the verdict says why."""
        return self._connection.each(self._analyse, statements)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._connection.close()

    def _analyse(self, statement: Statement) -> Verdict:
        try:
            question = question_of(statement, self._find)
            return Verdict(unchecked=question) if isinstance(question, str) else self._verdict(statement, question)
        except WarehouseError as error:
            return Verdict(unchecked=f"{error}; {error.advice}" if error.advice else str(error))
        except Refused as refused:  # a question about a table
            return verdict_of(refused, "", {})

    def _verdict(self, statement: Statement, question: Question) -> Verdict:
        try:
            found = self._connection.dry_run(question.rewritten.text, question.parameters)
        except Refused as refused:
            if statement.routines and is_missing_function(refused):
                return Verdict(unchecked="it calls a function of the project that is not there yet")
            verdict = verdict_of(refused, question.rewritten.text, question.names)
            mistake = verdict.mistake
            if mistake is None or mistake.start is None:
                return verdict
            start = question.rewritten.original(mistake.start)
            return dataclasses.replace(verdict, mistake=dataclasses.replace(mistake, start=start))
        columns = tuple(Field(name, str(type_)) for name, type_ in found.columns)
        return Verdict(columns=columns, bytes=found.bytes if question.is_whole else None)

    def _find(self, name: str) -> Deployed | Address | None:
        """The table that has a name, where it is looked for first; of several tables, only where they would be."""
        dataset, _, table = name.partition(".")
        places = addresses_of(TableName(dataset, table), self._environment, self._read_from)
        if table.endswith("*"):
            return places[-1]
        return next((found for found in map(self._connection.table, places) if found is not None), None)
