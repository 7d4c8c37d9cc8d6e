"""Rows against what their model promises: which partitions may be published, and what is remembered of it."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from aggregator.checks import promises_of
from aggregator.checks.drift import MAX_VALUES, is_too_long
from aggregator.checks.samples import kept, sample_query
from aggregator.checks.verdicts import MASK, Verdict, asked, judged, over_nothing, plain, result_json, split
from aggregator.core.diagnostics import Diagnostic, Severity
from aggregator.core.names import TableName
from aggregator.core.sensitive import sensitive_columns
from aggregator.core.warehouse import WHOLE
from aggregator.core.writes import Batch, Expectation
from aggregator.engines.protocol import QueryError
from aggregator.run import codes
from aggregator.run.memory import Memory

if TYPE_CHECKING:
    from aggregator.checks import Promise
    from aggregator.core.diagnostics import Place
    from aggregator.core.graph import CompiledModel, Graph
    from aggregator.core.warehouse import LedgerRow
    from aggregator.engines import Engine
    from aggregator.engines.protocol import Rows

MAX_SAMPLES = 20
"""Of so many partitions at most are bad rows asked for, for each promise in a run: more of them tell nothing new."""


def counting(model: CompiledModel) -> Expectation:
    """How many rows there are, whatever the number: who expects nothing may get rows that are staged nowhere."""
    return Expectation("rows", "", model.place, number="COUNT(*)", minimum=None, maximum=None)


Verdicts: TypeAlias = "list[Verdict]"
Look: TypeAlias = "Callable[[str, Mapping[str, date | datetime]], Rows]"
"""Asks a query in BigQuery's SQL of rows under test, which it calls by the name of their table."""


class Checked:
    """What the rows of one model are held against, in one run."""

    def __init__(self, model: CompiledModel, graph: Graph, engine: Engine, built: Mapping[str, LedgerRow]) -> None:
        self.promises = promises_of(model)
        self._model = model
        self._graph = graph
        self._engine = engine
        self._memory = Memory(model, built)
        self._unasked: dict[int, str] = {}
        self._samples: Counter[Place] = Counter()

    @property
    def expectations(self) -> list[Expectation]:
        """The numbers to ask of staged rows: at least one, if there is something to ask of them at all."""
        numbers = asked(self._asked)
        return numbers or [counting(self._model)] * any(promise.query for promise in self._asked)

    @property
    def _asked(self) -> list[Promise]:
        return [each for index, each in enumerate(self.promises) if index not in self._unasked]

    def leave_out(self, expectation: Expectation, why: str, of: Sequence[Severity] = (Severity.WARNING,)) -> bool:
        """Ask no more for a number that can't be computed; whether it was of a promise of these severities."""
        for index, promise in enumerate(self.promises):
            if expectation in promise.asked and promise.severity in of:
                self._unasked[index] = why
                return True
        return False

    def judge(self, partitions: Sequence[str], batches: Mapping[str, Batch], look: Look) -> dict[str, Verdicts]:
        """Each partition's verdicts, in the order of the promises; the partitions stand in theirs.

        ``batches`` have the rows and the numbers of :attr:`expectations`, ``look`` asks queries of the same rows.
        """
        counted = self._counted(partitions, look)
        found = {}
        for partition in partitions:
            batch = batches.get(partition) or Batch(0, "", tuple(over_nothing_of(self._asked)))
            values = iter(split(self._asked, batch.values))
            verdicts = []
            for index, promise in enumerate(self.promises):
                if index in self._unasked:
                    verdicts.append(Verdict(promise, (), batch.rows, error=self._unasked[index]))
                    continue
                numbers = next(values)
                if promise.query:
                    verdicts.append(dataclasses.replace(counted[index, partition], elements=batch.rows))
                else:
                    verdicts.append(self._judged(promise, numbers, batch.rows, partition))
            found[partition] = [
                each if each.is_kept else self._with_examples(each, partition, look) for each in verdicts
            ]
            if not any(each.is_blocking for each in verdicts):
                self._memory.add(partition, self.values(verdicts), batch.rows)
        return found

    def _judged(self, promise: Promise, values: Sequence[Any], rows: int, partition: str) -> Verdict:
        if promise.drift is not None and promise.drift.is_set:
            if self._is_hidden(promise):
                return Verdict(promise, (None,), rows, error=f"{promise.columns[0]} is sensitive: values are not kept")
            if is_too_long(promise.drift, values[0]):
                return Verdict(promise, (None,), rows, error=f"there are more than {MAX_VALUES:,} different values")
        verdict = judged(promise, values, rows, lambda number, days: self._memory.earlier(partition, number, days))
        tells_value = not promise.counts_rows and "COUNT(" not in promise.expectations[0].number
        if tells_value and self._is_hidden(promise):
            said = promise.expectations[0].complaint.replace("{value}", MASK) if verdict.complaint else ""
            return dataclasses.replace(verdict, complaint=said, values=(MASK,) * len(values))
        return verdict

    def _is_hidden(self, promise: Promise) -> bool:
        return not self._sensitive.isdisjoint(each.casefold() for each in promise.columns)

    # --- promises with a query of their own ---

    def _counted(self, partitions: Sequence[str], look: Look) -> dict[tuple[int, str], Verdict]:
        """How many rows those queries give: if it can be told of all partitions at once, and it is none, in one."""
        found: dict[tuple[int, str], Verdict] = {}
        for index, promise in enumerate(self.promises):
            if not promise.query or index in self._unasked:
                continue
            missing = self._not_built(promise)
            if missing:
                later = dataclasses.replace(promise, severity=Severity.WARNING)
                verdict = Verdict(later, (None,), 0, error=f"{missing} is not built yet")
                found |= dict.fromkeys(((index, each) for each in partitions), verdict)
                continue
            if promise.is_per_row:
                verdict = self._count(promise, partitions[0], partitions[-1], look)
                if verdict.is_kept or len(partitions) == 1:
                    found |= dict.fromkeys(((index, each) for each in partitions), verdict)
                    continue
            found |= {(index, each): self._count(promise, each, each, look) for each in partitions}
        return found

    def _not_built(self, promise: Promise) -> str:
        versions = self._engine.versions()
        tables = (TableName.parse(table) for table, _ in promise.reads)
        return next((str(each) for each in tables if each in self._graph.models and each not in versions), "")

    def _count(self, promise: Promise, first: str, last: str, look: Look) -> Verdict:
        query = f"SELECT COUNT(*) FROM ({promise.query})"
        try:
            _, rows = look(query, parameters(self._model, first, last))
        except QueryError as error:
            return Verdict(promise, (None,), 0, error=str(error))
        return judged(promise, rows[0], 0, lambda _number, _days: ())

    # --- what is remembered ---

    def _with_examples(self, verdict: Verdict, partition: str, look: Look) -> Verdict:
        if verdict.error or self._samples[verdict.promise.place] >= MAX_SAMPLES:
            return verdict
        query = sample_query(verdict.promise, self._model)
        if not query:
            return verdict
        self._samples[verdict.promise.place] += 1
        try:
            names, rows = look(query, parameters(self._model, partition, partition))
        except QueryError:
            return verdict  # what is wrong is known; only examples are missing
        return dataclasses.replace(verdict, examples=kept(names, rows, self._hidden(verdict.promise, names)))

    def _hidden(self, promise: Promise, names: Sequence[str]) -> Collection[str]:
        """Which columns of examples must not be kept. A SELECT of its author's may give them other names."""
        if not promise.query or promise.is_per_row:
            return self._sensitive
        others = [name for table, _ in promise.reads if (name := TableName.parse(table)) is not None]
        sensitive = self._sensitive.union(*(sensitive_columns(self._graph, each) for each in others))
        if not sensitive:
            return ()
        from aggregator.checks.disclosed import hidden_names  # noqa: PLC0415  (sqlglot: few examples are of such)

        known = [column for name in (self._model.name, *others) for column in _columns_of(self._graph, name)]
        return hidden_names(promise.query, sensitive, known, names)

    @functools.cached_property
    def _sensitive(self) -> frozenset[str]:
        return sensitive_columns(self._graph, self._model.name)

    @staticmethod
    def values(verdicts: Verdicts) -> dict[str, Any]:
        """Numbers that later partitions are compared with, by their SQL."""
        drifting = [each for each in verdicts if each.promise.drift is not None and each.values]
        numbers = {each.promise.expectations[0].number: plain_text(each.values[0]) for each in drifting}
        return {number: value for number, value in numbers.items() if number != "COUNT(*)" and value is not None}


def _columns_of(graph: Graph, name: TableName) -> list[str]:
    if name in graph.models:
        return [each.name for each in graph.models[name].columns]
    return [str(each.name) for each in graph.sources[name].columns] if name in graph.sources else []


def parameters(model: CompiledModel, first: str, last: str) -> dict[str, date | datetime]:
    """``@start`` and ``@end`` of some partitions; none of a table that has no partitions."""
    calendar = model.calendar
    if calendar is None:
        return {}
    end = calendar.next(calendar.parse(last))
    return {"start": calendar.value(calendar.parse(first)), "end": calendar.value(end)}


def plain_text(value: Any) -> Any:
    """A number or a text as JSON, uncut."""
    return value if isinstance(value, str) else plain(value)


def over_nothing_of(promises: Sequence[Promise]) -> Iterator[Any]:
    """The numbers of a partition without rows."""
    return (value for promise in promises for value in over_nothing(promise))


def remembered(verdicts: Verdicts) -> str:
    """What the ledger keeps: promises that were not kept, and numbers to compare with later; empty without either."""
    results = [result_json(each) for each in verdicts if not each.is_kept]
    values = Checked.values(verdicts)
    found = {name: value for name, value in (("results", results), ("values", values)) if value}
    return json.dumps(found, ensure_ascii=False) if found else ""


def results(said: Sequence[tuple[str, Verdicts]]) -> tuple[Mapping[str, Any], ...]:
    """What was not kept, partition by partition, in Great Expectations' form."""
    return tuple(
        {"partition": partition or None, **result_json(each)}
        for partition, verdicts in said
        for each in verdicts
        if not each.is_kept
    )


def problem(verdicts: Verdicts, name: str) -> Diagnostic | None:
    """Why rows must not be published: the first promise that forbids it, and how many others do."""
    blocking = [each for each in verdicts if each.is_blocking]
    if not blocking:
        return None
    first, more = blocking[0], len(blocking) - 1
    others = f" (and {more} more {'promise is' if more == 1 else 'promises are'} broken)" if more else ""
    if first.error:
        return not_evaluated(first, name)
    advice = f"`aggregator explain {name}` shows them" if first.examples else ""
    message = f"{name}: {first.complaint}{others}; the rows were not published"
    return Diagnostic(first.promise.place, codes.CHECK_FAILED, message, advice)


def not_evaluated(verdict: Verdict, name: str) -> Diagnostic:
    """A promise about which nothing can be said."""
    promise = verdict.promise
    code = codes.CHECK_FAULT if verdict.is_blocking else codes.CHECK_WARNING
    return Diagnostic(promise.place, code, f"{name}: {promise.check} could not be evaluated: {verdict.error}")


def warnings(verdicts: Verdicts, name: str) -> tuple[Diagnostic, ...]:
    """What does not keep rows from being published."""
    return tuple(
        not_evaluated(each, name)
        if each.error
        else Diagnostic(each.promise.place, codes.CHECK_WARNING, f"{name}: {each.complaint}; the rows were published")
        for each in verdicts
        if not each.is_kept and not each.is_blocking
    )


def published_findings(model: CompiledModel, found: Mapping[str, Verdicts]) -> Iterator[Diagnostic]:
    """What is wrong with partitions that are there already."""
    for partition, verdicts in found.items():
        name = whole_name(model, partition)
        for each in verdicts:
            if each.error:
                yield not_evaluated(each, name)
            elif not each.is_kept:
                code = codes.CHECK_FAILED if each.is_blocking else codes.CHECK_WARNING
                yield Diagnostic(each.promise.place, code, f"{name}: {each.complaint}")


def whole_name(model: CompiledModel, partition: str) -> str:
    """A partition in messages."""
    return f"{model.name}@{partition}" if partition != WHOLE else str(model.name)
