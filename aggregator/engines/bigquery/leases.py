"""Who writes a table: one process at a time, on whatever machine.

A lease is an empty table of ours with the written one's name. BigQuery makes a table once and refuses the second; what
is changed with the tag of what was seen is changed once; and a table with an expiration goes by itself when its holder
does not renew it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from aggregator.core.names import TableName
from aggregator.engines.bigquery.layout import LEASE, Layout, table_id
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.bigquery.schemas import label, reference
from aggregator.engines.bigquery.store import NOT_FOUND, PRECONDITION, Store
from aggregator.engines.protocol import WarehouseError

FREE, HELD = "free", "held"
_FOREGONE = 3600.0
"""How long a lease is remembered that was given back, in seconds: who takes it then knows that somebody wrote."""


@dataclasses.dataclass(frozen=True)
class Terms:
    """In seconds: how long a lease is for, after how long it is renewed, and how often one looks whether it is free."""

    length: float = 60.0
    renewal: float = 20.0
    look: float = 2.0


@dataclasses.dataclass
class _Held:
    """A lease of ours: the table as it was seen last, until when it holds by our own clock, and who works under it."""

    resource: Mapping[str, Any]
    until: float
    users: int = 0
    used: float = 0.0


class Leases:
    """The leases of one process, renewed in the background while they are used."""

    def __init__(  # noqa: PLR0913  (what it works with, and how long)
        self,
        store: Store,
        layout: Layout,
        now: Callable[[], datetime],
        say: Callable[[str], None],
        *,
        run_key: str,
        wait: float,
        terms: Terms | None = None,
    ) -> None:
        self._store, self._layout, self._now, self._say = store, layout, now, say
        self._run_key, self._wait, self._terms = run_key, wait, terms or Terms()
        self._holder = label(f"{run_key}-{secrets.token_hex(4)}")
        self._lock = threading.RLock()
        self._held: dict[TableName, _Held] = {}
        self._closed = threading.Event()
        self._renewing: threading.Thread | None = None

    def hold(self, table: TableName, since: datetime) -> bool:
        """Take the lease of a table, if it is not held; tells whether somebody else may have written since a moment.

        Waits while another process holds it, and raises ``WarehouseError`` when that takes too long.
        """
        with self._lock:
            if self._is_held(table):
                return False
        resource, until, taken_over = self._take(table, since)
        with self._lock:
            held = self._held.setdefault(table, _Held(resource, 0.0))
            held.resource, held.until, held.used = resource, until, time.monotonic()
            if self._renewing is None:
                self._renewing = threading.Thread(target=self._renew_all, daemon=True, name="leases")
                self._renewing.start()
        return taken_over

    @contextlib.contextmanager
    def using(self, table: TableName) -> Iterator[None]:
        """Work under the lease of a table: it is renewed as long as this takes."""
        held = None
        while held is None:
            self.hold(table, self._now())
            with self._lock:
                held = self._held.get(table)  # it may have been given back just now
                if held is not None:
                    held.users += 1
        try:
            yield
        finally:
            with self._lock:
                held.users -= 1
                held.used = time.monotonic()

    def check(self, table: TableName) -> None:
        """Raise ``WarehouseError`` if a lease is not ours any more: then nothing may be written."""
        with self._lock:
            if not self._is_held(table):
                message = f"the lease of {table} has run out: BigQuery could not be reached in time to renew it"
                raise WarehouseError(message, "nothing was written under it; run again")

    def close(self) -> None:
        """Give all leases back."""
        self._closed.set()
        if self._renewing is not None:
            self._renewing.join()
        for table in list(self._held):
            with contextlib.suppress(Refused, WarehouseError):  # it runs out by itself
                self._give_back(table)

    def _is_held(self, table: TableName) -> bool:
        held = self._held.get(table)
        return held is not None and time.monotonic() < held.until

    def _end(self) -> float:
        """Until when a lease holds for certain that is asked for now: our idea of BigQuery's clock is a bit late."""
        return time.monotonic() + self._terms.length / 2

    def _take(self, table: TableName, since: datetime) -> tuple[Mapping[str, Any], float, bool]:
        address = self._address(table)
        deadline, waited = time.monotonic() + self._wait, False
        while True:
            until = self._end()
            made = self._store.create(address, self._resource(table, HELD))
            if made is not None:
                return made, until, waited
            current = self._store.table(address) or {}  # it may have run out just now
            is_ours = self._is_ours(current, HELD)
            if current and (is_ours or self._is_free(current)):
                taken = self._changed(table, HELD, str(current.get("etag", "")))
                if taken is not None:
                    return taken, until, waited or not (is_ours or _was_free_before(current, since))
            if time.monotonic() >= deadline:
                raise _in_use(table, current)
            if not waited:
                self._say(f"waiting: {table} is being written by {_holder(current)}")
            waited = True
            self._closed.wait(self._terms.look)

    def _is_free(self, current: Mapping[str, Any]) -> bool:
        is_over = _moment(current, "expirationTime") <= self._now()
        return is_over or current.get("labels", {}).get("state") == FREE

    def _is_ours(self, current: Mapping[str, Any], state: str) -> bool:
        """Whether we made it so, by a request whose answer was lost."""
        labels = current.get("labels", {})
        return (labels.get("holder"), labels.get("state")) == (self._holder, state)

    def _changed(self, table: TableName, state: str, etag: str) -> Mapping[str, Any] | None:
        """The lease in another state; None if somebody else was first."""
        fields = ["expires", "labels", "description"]
        try:
            return self._store.change(self._address(table), self._resource(table, state), fields, etag=etag)
        except Refused as refused:
            if refused.status not in (NOT_FOUND, PRECONDITION):
                raise
        current = self._store.table(self._address(table))
        return current if current is not None and self._is_ours(current, state) else None

    def _resource(self, table: TableName, state: str) -> dict[str, Any]:
        length = self._terms.length if state == HELD else _FOREGONE
        expiration = int((self._now().timestamp() + length) * 1000)
        return {
            "tableReference": reference(self._address(table)),
            "expirationTime": str(expiration),
            "labels": {"holder": self._holder, "state": state},
            "description": f"run {self._run_key} on {platform.node()}, process {os.getpid()}",
        }

    def _address(self, table: TableName) -> Address:
        return self._layout.internal(f"{LEASE}{table_id(table)}")

    def _renew_all(self) -> None:
        while not self._closed.wait(self._terms.renewal):
            for table, held in list(self._held.items()):
                is_idle = not held.users and time.monotonic() - held.used > self._terms.length / 2
                with contextlib.suppress(Refused, WarehouseError):  # the next time, or it runs out and `check` says so
                    self._give_back(table) if is_idle else self._renew(table, held)

    def _renew(self, table: TableName, held: _Held) -> None:
        until = self._end()
        renewed = self._changed(table, HELD, str(held.resource.get("etag", "")))
        with self._lock:
            if renewed is None:
                held.until = 0.0
            else:
                held.resource, held.until = renewed, until

    def _give_back(self, table: TableName) -> None:
        with self._lock:  # all the time, lest another thread takes it again before it is free
            held = self._held[table]
            if held.users and not self._closed.is_set():
                return
            del self._held[table]
            if time.monotonic() < held.until:
                self._changed(table, FREE, str(held.resource.get("etag", "")))


def _moment(resource: Mapping[str, Any], key: str) -> datetime:
    return datetime.fromtimestamp(int(resource.get(key) or 0) / 1000, UTC)


def _was_free_before(lease: Mapping[str, Any], moment: datetime) -> bool:
    """Whether a lease was given back before a moment, and nobody has had it since."""
    is_free = lease.get("labels", {}).get("state") == FREE
    return is_free and _moment(lease, "lastModifiedTime") < moment


def _holder(lease: Mapping[str, Any]) -> str:
    return str(lease.get("description") or "another run")


def _in_use(table: TableName, current: Mapping[str, Any]) -> WarehouseError:
    message = f"{table} is being written by {_holder(current)}"
    return WarehouseError(message, "wait for it, with `--wait SECONDS`; if it is dead, its lease ends within a minute")
