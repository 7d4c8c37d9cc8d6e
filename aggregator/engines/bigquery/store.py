"""Datasets and tables as things: looked up, made, changed and dropped. Whoever writes only touches what is its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.engines.bigquery.connection import Connection
from aggregator.engines.bigquery.guard import may_write, must
from aggregator.engines.bigquery.layout import Layout
from aggregator.engines.bigquery.pace import Paces
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.refusals import Refused

NOT_FOUND, EXISTS, PRECONDITION = 404, 409, 412


class Store:
    """Resources as the API has them: dictionaries. Its methods raise :class:`Refused` and ``WarehouseError``."""

    def __init__(self, connection: Connection, layout: Layout, paces: Paces) -> None:
        self._connection = connection
        self._layout = layout
        self._paces = paces
        self._lock = threading.Lock()
        self._datasets: set[tuple[str, str]] = set()

    def table(self, address: Address) -> Mapping[str, Any] | None:
        """A table as it stands; None if it is not there."""
        try:
            found: Mapping[str, Any] = self._connection.ask(
                lambda client, how: client.get_table(str(address), **how).to_api_repr()
            )
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise
        return found

    def create(self, address: Address, resource: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Make a table, and its dataset if need be; None if it is there already."""
        self._check(address)
        try:
            try:
                return self._insert(resource)
            except Refused as refused:
                if refused.status != NOT_FOUND:
                    raise
                self.create_dataset(address)
                return self._insert(resource)
        except Refused as refused:
            if refused.status == EXISTS:
                return None
            raise

    def _insert(self, resource: Mapping[str, Any]) -> Mapping[str, Any]:
        def ask(client: Any, how: dict[str, Any]) -> Mapping[str, Any]:
            from google.cloud import bigquery  # noqa: PLC0415  (heavy; only when used)

            made: Mapping[str, Any] = client.create_table(
                bigquery.Table.from_api_repr(dict(resource)), **how
            ).to_api_repr()
            return made

        return self._connection.ask(ask)

    def change(
        self, address: Address, resource: Mapping[str, Any], fields: list[str], *, etag: str = ""
    ) -> Mapping[str, Any]:
        """Change some fields of a table; with ``etag`` only if nobody else did since. Gives the table as it is now.

        ``fields`` are the names that Google's client has for them. Raises :class:`Refused` with status 412 when
        somebody else was first.
        """
        self._check(address)
        self._paces.metadata(address)

        def ask(client: Any, how: dict[str, Any]) -> Mapping[str, Any]:
            from google.cloud import bigquery  # noqa: PLC0415  (heavy; only when used)

            table = bigquery.Table.from_api_repr({**resource, **({"etag": etag} if etag else {})})
            changed: Mapping[str, Any] = client.update_table(table, fields, **how).to_api_repr()
            return changed

        return self._connection.ask(ask)

    def drop(self, address: Address) -> None:
        """Drop a table, if it is there."""
        self._check(address)
        self._connection.ask(lambda client, how: client.delete_table(str(address), not_found_ok=True, **how))

    def create_dataset(self, address: Address) -> None:
        """Make the dataset of a table, if it is not there."""
        self._check(address)
        with self._lock:
            if (address.project, address.dataset) in self._datasets:
                return
        reference = {"projectId": address.project, "datasetId": address.dataset}
        resource: dict[str, Any] = {"datasetReference": reference, "labels": {"made_by": "aggregator"}}
        if self._layout.environment.location:
            resource["location"] = self._layout.environment.location

        def ask(client: Any, how: dict[str, Any]) -> object:
            from google.cloud import bigquery  # noqa: PLC0415  (heavy; only when used)

            return client.create_dataset(bigquery.Dataset.from_api_repr(resource), exists_ok=True, **how)

        self._connection.ask(ask)
        with self._lock:
            self._datasets.add((address.project, address.dataset))

    def tables(self, dataset: Address) -> Iterator[Address]:
        """All tables of a dataset; none if there is no such dataset."""
        name = f"{dataset.project}.{dataset.dataset}"
        try:
            listed = self._connection.ask(
                lambda client, how: [each.table_id for each in client.list_tables(name, **how)]
            )
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return
            raise
        yield from (Address(dataset.project, dataset.dataset, each) for each in listed)

    def _check(self, address: Address) -> None:
        must(may_write(address, self._layout), f"{address} is not a table of this environment")
