"""One step: read versions, stage, look, publish, record, in this order.

The order is what makes a crash harmless: versions are read before the query, so the ledger never claims to know newer
inputs than the query saw; rows are looked at before anyone else can see them; the ledger row comes last, so it may lag
behind the rows but never run ahead of them.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.plan import Step
from aggregator.core.report import Status, StepResult
from aggregator.core.warehouse import ABSENT, NULL_PARTITION, WHOLE, Ledger, LedgerRow, Outcome
from aggregator.core.writes import Batch, Published, ReplaceView, Staged, Write
from aggregator.engines import Engine
from aggregator.engines.protocol import CheckError, ColumnsChangedError, Culprit, QueryError
from aggregator.plan.inputs import Inputs
from aggregator.plan.latest import Latest
from aggregator.plan.texts import Texts
from aggregator.run import codes
from aggregator.run.checked import Checked, Verdicts, problem, remembered, results, warnings, whole_name
from aggregator.strategies import write_for

MAX_BAD_PARTITIONS = 20
"""A batch that fails is halved to find the partitions to blame; with so many found, the rest is not searched."""


@dataclasses.dataclass(frozen=True)
class Attempt:
    """The run that building belongs to. ``may_replace``: the table may be dropped when its columns changed."""

    run_id: str
    ledger: Ledger
    may_replace: bool = False


@dataclasses.dataclass(frozen=True)
class _Seen:
    """What was read before the query ran."""

    read_at: datetime
    inputs: Mapping[str, str]
    began: float


@dataclasses.dataclass(frozen=True)
class _Sound:
    """Partitions whose rows may be published, those among them whose rows are new, and what was said of all."""

    partitions: list[str]
    changed: list[str]
    verdicts: Mapping[str, Verdicts]


class Builder:
    """Builds partitions of one model."""

    def __init__(self, model: CompiledModel, graph: Graph, engine: Engine, attempt: Attempt) -> None:
        self.model = model
        self._graph = graph
        self._engine = engine
        self._attempt = attempt
        self._previous = attempt.ledger.built.get(model.name, {})
        self._checked = Checked(model, graph, engine, self._previous)
        self._inputs = Inputs(model, graph, Texts(engine.versions()))
        self._may_replace = attempt.may_replace
        self._bad = 0

    def build(self, step: Step) -> Iterator[StepResult]:
        """Build a step; partitions that end differently are reported apart."""
        seen = _Seen(
            self._engine.now(), {each: self._inputs.recorded(each) for each in step.partitions}, time.monotonic()
        )
        lacking = self._inputs.lacking(step.first)
        if lacking is not None:
            yield self._failed(step, self._nothing_to_read(lacking, step), seen)
            return
        write = write_for(self.model, step, self._inputs.chosen(step.first))
        if isinstance(write, ReplaceView):
            yield self._view(write, step, seen)
            return
        try:
            staged = self._engine.stage(write, self._checked.expectations)
        except CheckError as error:
            if self._checked.leave_out(error.expectation, str(error)):
                yield from self.build(step)
                return
            yield from self._halve(step, self._check_problem(error), seen)
            return
        except QueryError as error:
            is_last = len(step.partitions) == 1 or self._bad >= MAX_BAD_PARTITIONS
            problem = self._query_problem(
                error, self._engine.culprit(write, error) if error.in_rows and is_last else None
            )
            yield from self._halve(step, problem, seen) if error.in_rows else [self._failed(step, problem, seen)]
            return
        stray = self._stray(staged, step)
        yield from self._publish(write, staged, step, seen) if stray is None else self._halve(step, stray, seen)

    def _view(self, write: ReplaceView, step: Step, seen: _Seen) -> StepResult:
        try:
            with self._engine.publishing():
                version = self._engine.publish_view(write)
                row = self._row(WHOLE, Outcome.BUILT, seen)
                # A view shows its inputs as they are at any time: none of their versions is its own.
                self._engine.record([dataclasses.replace(row, inputs="[]", version=version.token)])
        except QueryError as error:
            return self._failed(step, self._query_problem(error), seen)
        return StepResult(step.model, step.partitions, Status.BUILT, seconds=time.monotonic() - seen.began)

    def _stray(self, staged: Staged, step: Step) -> Diagnostic | None:
        """Rows that belong to none of the partitions of the step."""
        due = set(step.partitions)
        outside = {each: batch for each, batch in staged.batches.items() if each not in due}
        if not outside:
            return None
        nulls = outside.pop(NULL_PARTITION, None)
        column = self.model.calendar.column if self.model.calendar else ""
        parts = [f"{nulls.rows} rows have NULL in {column}"] if nulls else []
        if outside:
            rows = sum(batch.rows for batch in outside.values())
            parts.append(f"{rows} rows lie outside {_stretch(step)}, for example in {min(outside)}")
        message = f"{self.model.name}: {' and '.join(parts)}; nothing was written"
        advice = f"`{column} >= @start AND {column} < @end` must hold for every row"
        place = self.model.model.partition.by.place if self.model.model.partition else self.model.place
        return Diagnostic(place, codes.STRAY_ROWS, message, advice)

    def _halve(self, step: Step, problem: Diagnostic, seen: _Seen) -> Iterator[StepResult]:
        """Find the partitions to blame, so that the others are built as they would be one by one."""
        middle = len(step.partitions) // 2
        if middle == 0 or self._bad >= MAX_BAD_PARTITIONS:
            self._bad += 1
            yield self._failed(step, problem, seen)
            return
        for half in (step.partitions[:middle], step.partitions[middle:]):
            yield from self.build(dataclasses.replace(step, partitions=half))

    def _publish(self, write: Write, staged: Staged, step: Step, seen: _Seen) -> Iterator[StepResult]:
        look = functools.partial(self._engine.staged_rows, self.model.name, staged)
        verdicts = self._checked.judge(step.partitions, staged.batches, look)
        complaints = {each: problem(found, whole_name(self.model, each)) for each, found in verdicts.items()}
        sound = [each for each in step.partitions if complaints[each] is None]
        unchanged = {each for each in sound if self._is_unchanged(each, staged)}
        changed = [each for each in sound if each not in unchanged]
        try:
            published = self._write(write, staged, _Sound(sound, changed, verdicts), seen)
        except (QueryError, ColumnsChangedError) as error:
            self._inputs = Inputs(self.model, self._graph, Texts(self._engine.versions()))  # the published is undone
            yield self._failed(step, self._query_problem(error), seen)
            return
        seconds, size = time.monotonic() - seen.began, _bytes(staged, published)
        for partitions, status in ((changed, Status.BUILT), (sorted(unchanged), Status.UNCHANGED)):
            if partitions:
                rows = sum(_rows(each, staged, published) for each in partitions)
                said = [(each, verdicts[each]) for each in partitions]
                warned = tuple(w for each, found in said for w in warnings(found, whole_name(self.model, each)))
                result = StepResult(
                    step.model, tuple(partitions), status, rows, seconds, size, None, warned, results(said)
                )
                yield dataclasses.replace(
                    result, job_id=staged.job_id or published.job_id, checksum=_checksum(partitions, staged)
                )
                size = None if size is None else 0  # paid once
        for partition, complaint in complaints.items():
            if complaint is not None:
                one = dataclasses.replace(step, partitions=(partition,))
                yield self._failed(one, complaint, seen, verdicts[partition])

    def _write(self, write: Write, staged: Staged, sound: _Sound, seen: _Seen) -> Published:
        """Publish what changed and record all that is sound, together."""
        published = Published({})
        if not sound.partitions:
            return published
        with self._engine.publishing():
            if sound.changed:
                published = self._published(write, staged, sound.changed)
            done = (self._done(each, staged, published, seen) for each in sound.partitions)
            rows = [dataclasses.replace(row, checks=remembered(sound.verdicts[row.partition])) for row in done]
            self._engine.record(rows)
        return published

    def _done(self, partition: str, staged: Staged, published: Published, seen: _Seen) -> LedgerRow:
        """What there is to be said of a partition that is as it should be."""
        is_built, batch = partition in published.versions, staged.batches.get(partition)
        version = published.versions[partition].token if is_built else self._previous[partition].version
        return dataclasses.replace(
            self._row(partition, Outcome.BUILT if is_built else Outcome.UNCHANGED, seen),
            rows=_rows(partition, staged, published),
            version=version,
            checksum=batch.checksum if batch else "",
            bytes=_bytes(staged, published),
            job_id=published.job_id or staged.job_id,
            seconds=time.monotonic() - seen.began,
        )

    def _published(self, write: Write, staged: Staged, changed: list[str]) -> Published:
        try:
            return self._engine.publish(write, staged, changed)
        except ColumnsChangedError:
            if not self._may_replace:
                raise
            self._engine.forget(write.table)
            return self._engine.publish(write, staged, changed)
        finally:
            self._may_replace = False

    def _row(self, partition: str, outcome: Outcome, seen: _Seen, message: str = "") -> LedgerRow:
        return LedgerRow(
            model=self.model.name,
            partition=partition,
            run_id=self._attempt.run_id,
            outcome=outcome,
            fingerprint=self.model.fingerprint,
            inputs=seen.inputs[partition],
            read_at=seen.read_at,
            written_at=self._engine.now(),
            message=message,
        )

    def _is_unchanged(self, partition: str, staged: Staged) -> bool:
        """Whether the staged rows are those that the partition was last built with, and still has."""
        row = self._previous.get(partition)
        if row is None or not staged.fits:
            return False
        batch = staged.batches.get(partition) or Batch(0, "")
        version = self._engine.versions().get(self.model.name, {}).get(partition, ABSENT)
        return (row.rows, row.checksum, row.version) == (batch.rows, batch.checksum, version.token)

    def _failed(self, step: Step, problem: Diagnostic, seen: _Seen, verdicts: Verdicts | None = None) -> StepResult:
        rows = [self._row(each, Outcome.FAILED, seen, message=problem.message) for each in step.partitions]
        kept = remembered(verdicts or [])
        self._engine.record([dataclasses.replace(row, checks=kept) for row in rows])
        seconds = time.monotonic() - seen.began
        found = results([(each, verdicts or []) for each in step.partitions])
        status = Status.FAILED
        return StepResult(self.model.name, step.partitions, status, seconds=seconds, problem=problem, results=found)

    def _nothing_to_read(self, lacking: Latest, step: Step) -> Diagnostic:
        place = next(each.place for each in self.model.inputs if (each.table, each.map) == (lacking.table, lacking.map))
        message = f"{whole_name(self.model, step.first)}: {lacking.lacking(step.first)}; nothing was written"
        return Diagnostic(place, codes.NOTHING_TO_READ, message, lacking.advice)

    def _check_problem(self, error: CheckError) -> Diagnostic:
        name = error.expectation.name
        message = f"{self.model.name}: {name} could not be evaluated: {error}; the rows were not published"
        return Diagnostic(error.expectation.place, codes.CHECK_FAULT, message)

    def _query_problem(self, error: QueryError | ColumnsChangedError, culprit: Culprit | None = None) -> Diagnostic:
        if isinstance(error, ColumnsChangedError):
            message = f"{self.model.name}: old and new rows do not fit into one table: {error}"
            advice = f"rebuild it from nothing: `aggregator run --full --select {self.model.name}`"
            return Diagnostic(self.model.place, codes.COLUMNS_CHANGED, message, advice)
        if culprit is None:
            return Diagnostic(self.model.place, codes.QUERY_FAILED, f"{self.model.name}: {error}")
        from aggregator.compile.locate import Locator  # noqa: PLC0415  (where all is well, no place is looked for)

        place = Locator(self._graph.project).place(self.model, culprit.start)
        return Diagnostic(place, codes.QUERY_FAILED, f"{self.model.name}: {culprit.message}, in {culprit.text}")


def _stretch(step: Step) -> str:
    return step.first if step.first == step.last else f"{step.first} to {step.last}"


def _rows(partition: str, staged: Staged, published: Published) -> int:
    """How many rows a partition was built with. What was not staged is only counted where it stands."""
    if partition in published.versions:
        return published.versions[partition].rows
    return staged.batches[partition].rows if partition in staged.batches else 0


def _checksum(partitions: Sequence[str], staged: Staged) -> str:
    """The digest of the rows of one partition, where rows were looked at."""
    batch = staged.batches.get(partitions[0]) if len(partitions) == 1 else None
    return batch.checksum if batch is not None else ""


def _bytes(staged: Staged, published: Published) -> int | None:
    """What a batch cost, where anything does."""
    known = [each for each in (staged.bytes, published.bytes) if each is not None]
    return sum(known) if known else None
