"""Jobs that are run once: each has an id that follows from what it does, so BigQuery itself refuses a second one."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from aggregator.engines.bigquery.connection import Connection, Patience
from aggregator.engines.bigquery.guard import guarded
from aggregator.engines.bigquery.layout import Layout
from aggregator.engines.bigquery.pace import Paces
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.protocol import Leaving, LeftRunningError, QueryError, WarehouseError

MAX_ATTEMPTS = 5
"""How often a job is begun anew that BigQuery could not finish for reasons of its own."""

MAX_EARLIER = 50
"""How many jobs of the same id, by an earlier process, are passed over."""

_MAX_NAME = 900
"""BigQuery takes ids of 1,024 characters."""

_AGAIN = frozenset({"backendError", "internalError", "jobBackendError", "jobInternalError"})
_AGAIN |= {"rateLimitExceeded", "jobRateLimitExceeded", "tableUnavailable"}
_FEWER = frozenset({"resourcesExceeded", "bytesBilledLimitExceeded", "responseTooLarge"})
"""Why a query fails that may succeed with fewer partitions."""


@dataclasses.dataclass(frozen=True)
class Work:
    """What a job is to do. ``name`` is its id without the number of the attempt.

    ``accept_from`` is the moment (UTC) since when a finished job of this id, found instead of begun, counts: what it
    did before may have been undone since. ``paced`` is the table of which the job changes a partition. One that
    ``may_be_left`` need not be waited for: nothing is lost while nobody looks.
    """

    name: str
    configuration: Mapping[str, Any]
    accept_from: datetime
    paced: Address | None = None
    may_be_left: bool = False


@dataclasses.dataclass(frozen=True)
class Job:
    """A job as it was seen last: its id, what it billed, when it began and ended (UTC), and why it failed, if it did.

    ``began`` tells that a query got as far as having a plan. ``handle`` is what Google's client has of it.
    """

    id: str
    is_over: bool
    bytes: int
    started: datetime | None
    ended: datetime | None
    reason: str
    message: str
    began: bool
    handle: Any


def job_name(*parts: str) -> str:
    """Parts as the id of a job: letters, digits, ``-`` and ``_``. What is too long ends in a digest."""
    name = "_".join(re.sub(r"[^A-Za-z0-9_-]+", "-", part) for part in ("agg", *parts))
    return name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}_{digest(*parts)}"


def digest(*parts: str) -> str:
    """A short name of a text."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


class Jobs:
    """Begins jobs, waits for them, and begins anew those that BigQuery could not finish."""

    def __init__(
        self,
        connection: Connection,
        layout: Layout,
        paces: Paces,
        patience: Patience,
        leaving: Leaving | None = None,
    ) -> None:
        self._connection = connection
        self._layout = layout
        self._paces = paces
        self._patience = patience
        self._lock = threading.Lock()
        self._leaving = leaving
        self._running: set[str] = set()
        self._left: set[str] = set()
        self._stopped = threading.Event()

    def run(self, work: Work) -> Job:
        """Run a job, once.

        Raises :class:`QueryError` if it can't be finished, and :class:`LeftRunningError` if it was not waited for.
        """
        guarded(work.configuration, self._layout)
        configuration = self._bounded(work.configuration)
        failures = earlier = 0
        while True:
            if work.paced is not None:
                self._paces.update(work.paced)
            job_id = f"{work.name}_{failures + earlier + 1}"
            job, is_ours = self._begun(job_id, configuration)
            job = self._finished(job_id, job, may_be_left=work.may_be_left)
            if not job.reason and (is_ours or _ended_since(job, work.accept_from)):
                return job
            has_failed_us = bool(job.reason) and self._leaving is not None and job_id in self._leaving.left
            if not is_ours and not has_failed_us and earlier < MAX_EARLIER:
                earlier += 1
                continue
            failures += 1
            if job.reason not in _AGAIN or failures >= MAX_ATTEMPTS:
                raise _failure(job.reason, job.message, began=job.began)
            self._pause(failures)

    def _bounded(self, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
        """A query with what it may bill at most, and whose slots it uses; what copies tables costs nothing."""
        environment = self._layout.environment
        if "query" not in configuration:
            return configuration
        limit = {"maximumBytesBilled": str(environment.max_bytes_billed)} if environment.max_bytes_billed else {}
        reserved = {"reservation": environment.reservation} if environment.reservation else {}
        return {**configuration, "query": {**limit, **configuration["query"]}, **reserved}

    def run_all(self, works: Sequence[Work]) -> list[Job]:
        """Run jobs that do not depend on each other, several at once."""
        return self._connection.each(self.run, works) if len(works) > 1 else [self.run(each) for each in works]

    @property
    def left(self) -> tuple[str, ...]:
        """The jobs that were left running."""
        with self._lock:
            return tuple(sorted(self._left))

    def is_running(self, job_id: str) -> bool:
        """Whether a job that was left is not over yet."""
        try:
            return not self._looked_up(job_id).is_over
        except Refused as refused:
            if refused.status != _NOT_FOUND:
                raise
            return False

    def rows(self, job: Job) -> list[tuple[Any, ...]]:
        """The rows of a query that was run."""
        return self._connection.ask(lambda _, how: [row.values() for row in job.handle.result(**how, job_retry=None)])

    def cancel(self) -> None:
        """Stop what still runs, and begin nothing more."""
        self._stopped.set()
        with self._lock:
            running, self._running = sorted(self._running), set()
        self.end(running)

    def end(self, jobs: Iterable[str]) -> None:
        """Stop jobs, whoever began them."""
        for job_id in jobs:
            with contextlib.suppress(Refused, WarehouseError):  # it is over, or nobody hears us: then it ends by itself
                self._cancel(job_id)

    def _cancel(self, job_id: str) -> None:
        self._connection.ask(lambda client, how: client.cancel_job(job_id, location=self._location, **how))

    @property
    def _location(self) -> str | None:
        return self._layout.environment.location or None

    def _begun(self, job_id: str, configuration: Mapping[str, Any]) -> tuple[Job, bool]:
        """A job, and whether it was begun by this request: one whose answer was lost may have been, or another process.

        That is the difference: who begins a job knows what was there before.
        """
        with self._lock:
            self._refuse_when_stopped()
            self._running.add(job_id)
        try:
            begun = self._connection.ask(
                lambda client, how: _seen(_insert(client, configuration, job_id, self._location, how))
            )
        except Refused as refused:
            if refused.status != _CONFLICT:
                self._over(job_id)
                raise _failure(refused.reason, str(refused)) from refused
            return self._found(job_id), False
        return begun, True

    def _found(self, job_id: str) -> Job:
        """A job that is there. One that was begun a moment ago may not be found at once."""
        for number in range(1, MAX_ATTEMPTS):
            try:
                return self._looked_up(job_id)
            except Refused as refused:
                if refused.status != _NOT_FOUND:
                    raise
                self._pause(number)
        return self._looked_up(job_id)

    def _looked_up(self, job_id: str) -> Job:
        return self._connection.ask(lambda client, how: _seen(client.get_job(job_id, location=self._location, **how)))

    def _finished(self, job_id: str, job: Job, *, may_be_left: bool) -> Job:
        """The job when it is over."""
        number, began = 0, time.monotonic()
        while not job.is_over:
            if may_be_left and self._leaving is not None and time.monotonic() - began >= self._leaving.after:
                self._leave(job_id)
            number += 1
            self._pause(number, _FIRST_LOOK)
            self._refuse_when_stopped()
            job = self._looked_up(job_id)
        self._over(job_id)
        return job

    def _leave(self, job_id: str) -> NoReturn:
        with self._lock:
            self._refuse_when_stopped()
            self._running.discard(job_id)
            self._left.add(job_id)
        raise LeftRunningError(job_id)

    def _over(self, job_id: str) -> None:
        with self._lock:
            self._running.discard(job_id)

    def _pause(self, number: int, part: float = 1.0) -> None:
        """Wait the longer, the more often it was in vain."""
        pause = self._patience.first_pause * part * _GROWTH**number
        self._stopped.wait(min(pause, self._patience.longest_pause))

    def _refuse_when_stopped(self) -> None:
        if self._stopped.is_set():
            raise WarehouseError("the run was stopped", "`aggregator run` goes on from here")


_CONFLICT, _NOT_FOUND = 409, 404
_GROWTH = 1.5
_FIRST_LOOK = 0.3
"""How much sooner one looks whether a job is over than one tries again after an error."""


def _insert(client: Any, configuration: Mapping[str, Any], job_id: str, location: str | None, how: Any) -> Any:
    """Send a job."""
    from google.cloud import bigquery  # noqa: PLC0415  (heavy; only when used)

    if "copy" in configuration:
        copying = bigquery.CopyJobConfig.from_api_repr(dict(configuration))
        target = bigquery.TableReference.from_api_repr(configuration["copy"]["destinationTable"])
        return client.copy_table([], target, job_id=job_id, location=location, job_config=copying, **how)
    if "extract" in configuration:
        extracting = bigquery.ExtractJobConfig.from_api_repr(dict(configuration))
        extract = configuration["extract"]
        table = bigquery.TableReference.from_api_repr(extract["sourceTable"])
        uris = extract["destinationUris"]
        return client.extract_table(table, uris, job_id=job_id, location=location, job_config=extracting, **how)
    asking = bigquery.QueryJobConfig.from_api_repr(dict(configuration))
    sql = configuration["query"]["query"]
    return client.query(sql, asking, job_id=job_id, location=location, job_retry=None, **how)


def _ended_since(job: Job, moment: datetime) -> bool:
    """Whether a job ended at a moment or later. BigQuery tells the end in milliseconds, and cuts the rest off."""
    return job.ended is not None and job.ended >= moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _seen(handle: Any) -> Job:
    """A job of Google's client in our terms."""
    error = handle.error_result or {}
    return Job(
        id=handle.job_id,
        is_over=handle.state == "DONE",
        bytes=int(getattr(handle, "total_bytes_billed", None) or 0),
        started=handle.started,
        ended=handle.ended,
        reason=str(error.get("reason") or ("unknown" if error else "")),
        message=str(error.get("message") or ""),
        began=bool(getattr(handle, "query_plan", None)),
        handle=handle,
    )


def _failure(reason: str, message: str, *, began: bool = False) -> QueryError:
    """Why a job failed. If it got as far as having a plan, rows are to blame, or their number, and not the text."""
    in_rows = reason in _FEWER or (reason == "invalidQuery" and began)
    return QueryError(message or reason or "another job of this name stands in the way", in_rows=in_rows)
