"""What an analyst's own environment left behind in BigQuery: found, and dropped."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.engines.bigquery.connection import NOT_INSTALLED, Connection, Patience, is_installed
from aggregator.engines.bigquery.places import user_name
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.protocol import WarehouseError

if TYPE_CHECKING:
    from aggregator.core.project import Environment


T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class LeftBehind:
    """A dataset that runs in an environment have made, and how many tables are in it."""

    dataset: str
    tables: int


class Cleaning:
    """Finds and drops the datasets of one user in one environment; raises ``WarehouseError`` for any other.

    A dataset counts if its name is one that ``datasets:`` gives for this user, and it has the label of those that
    aggregator makes.
    """

    def __init__(self, environment: Environment, patience: Patience | None = None) -> None:
        if environment.engine != "bigquery":
            advice = "delete its file, and what was built is gone" if environment.engine == "duckdb" else ""
            raise WarehouseError(f"the environment {environment.name} is on {environment.engine}", advice)
        if "{user}" not in environment.datasets:
            message = f"the datasets of {environment.name} are not those of one user: nothing is dropped"
            raise WarehouseError(
                message, "`clean` is for environments with `datasets: dev_{user}_{dataset}` or the like"
            )
        if not is_installed():
            raise WarehouseError(NOT_INSTALLED)
        self._environment = environment
        self._connection = Connection(environment, patience)

    def find(self) -> tuple[LeftBehind, ...]:
        """The datasets that are there."""
        named = re.escape(self._environment.datasets.replace("{user}", user_name()))
        pattern = re.compile(named.replace(re.escape("{dataset}"), r"\w+"))
        project = self._environment.project

        def ask(client: Any, how: dict[str, Any]) -> list[str]:
            return [
                each.dataset_id
                for each in client.list_datasets(project, include_all=True, filter="labels.made_by:aggregator", **how)
                if pattern.fullmatch(each.dataset_id) and each.labels.get("made_by") == "aggregator"
            ]

        return tuple(LeftBehind(name, self._count(name)) for name in self._ask(ask))

    def drop(self, found: Sequence[LeftBehind]) -> None:
        """Drop datasets with all that is in them."""
        for each in found:
            name = self._full(each.dataset)
            self._ask(partial(_drop, name))

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _count(self, dataset: str) -> int:
        name = self._full(dataset)
        return self._ask(lambda client, how: sum(1 for _ in client.list_tables(name, **how)))

    def _full(self, dataset: str) -> str:
        return f"{self._environment.project}.{dataset}"

    def _ask(self, question: Callable[[Any, dict[str, Any]], T]) -> T:
        try:
            return self._connection.ask(question)
        except Refused as refused:
            raise WarehouseError(f"BigQuery refuses: {refused}") from refused


def _drop(name: str, client: Any, how: dict[str, Any]) -> None:
    client.delete_dataset(name, delete_contents=True, not_found_ok=True, **how)
