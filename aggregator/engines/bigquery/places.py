"""Where the tables of an environment live: logical names to projects and datasets."""

from __future__ import annotations

import dataclasses
import getpass
import re

from aggregator.core.names import TableName
from aggregator.core.project import Environment
from aggregator.engines.protocol import WarehouseError


@dataclasses.dataclass(frozen=True, order=True)
class Address:
    """A table as BigQuery knows it."""

    project: str
    dataset: str
    table: str

    def __str__(self) -> str:
        """As the client wants it."""
        return f"{self.project}.{self.dataset}.{self.table}"

    @property
    def sql(self) -> str:
        """As a query wants it; each part in its own quotes, so that the table's name is still its alias."""
        return f"`{self.project}`.`{self.dataset}`.`{self.table}`"


def address_of(name: TableName, environment: Environment) -> Address:
    """Where an environment has a table, whether it is there or not."""
    dataset = environment.datasets
    if "{user}" in dataset:
        dataset = dataset.replace("{user}", user_name())
    return Address(environment.project, dataset.replace("{dataset}", name.dataset), name.table)


def addresses_of(name: TableName, environment: Environment, read_from: Environment | None) -> tuple[Address, ...]:
    """Where a table is looked for: the environment's own place goes before that of the one that it reads from."""
    places = (address_of(name, each) for each in (environment, read_from) if each is not None)
    return tuple(dict.fromkeys(places))


def user_name() -> str:
    """What ``{user}`` stands for: the user's name on this machine, as far as a dataset may be called so."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        raise WarehouseError(
            "`datasets:` has {user}, and this machine has no name for its user", "set the environment variable USER"
        ) from None
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "user"
