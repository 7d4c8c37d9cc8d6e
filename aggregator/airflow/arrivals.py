"""DAGs that start when the partitions have come that they read: which they are, and who tells them. Light to import."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aggregator.export.manifest.file import ManifestError

_UNKNOWN = {"why_not": "its manifest was written by an earlier aggregator"}


@dataclasses.dataclass(frozen=True)
class Announced:
    """What one DAG has to tell another.

    That builds ``models`` from ``tables``, of which those that ``came`` are built here, by the tasks ``after`` which
    it is told.
    """

    models: Sequence[str]
    tables: Sequence[str]
    came: Sequence[str]
    after: Sequence[str]


@dataclasses.dataclass(frozen=True)
class Arrivals:
    """``dags`` start by partitions, by their names; ``refused`` would, if they could, and why they can't."""

    dags: Mapping[str, Mapping[str, Any]]
    refused: Mapping[str, str]

    def by(self, said: Mapping[str, Any]) -> dict[str, Announced]:
        """What a DAG has to tell others, by their names."""
        builds = [each for each in said["tasks"] if each["kind"] == "build"] if self.dags else []
        found = {}
        for name, other in self.dags.items():
            tables = other["arrivals"]["tables"]
            telling = [each for each in builds if not set(tables).isdisjoint(each["models"])]
            if telling:
                came = [model for task in telling for model in task["models"] if model in tables]
                found[name] = Announced(_built_by(other), tables, came, [each["id"] for each in telling])
        return found

    def all(self) -> dict[str, Announced]:
        """What any of them is told of, whoever brought it."""
        return {
            name: Announced(_built_by(each), each["arrivals"]["tables"], each["arrivals"]["tables"], [])
            for name, each in self.dags.items()
        }

    def told(self, said: Mapping[str, Any]) -> list[str]:
        """How a DAG starts, for people."""
        if said["id"] in self.refused:
            return ["", f"It starts by the clock, and not when partitions arrive: {self.refused[said['id']]}."]
        if said["id"] in self.dags:
            tables = ", ".join(f"`{each}`" for each in said["arrivals"]["tables"])
            return ["", f"It starts when all is there that a partition reads of {tables}."]
        return []


def arrivals_of(dags: Sequence[Mapping[str, Any]], wanted: Collection[str], never: str = "") -> Arrivals:
    """Of the DAGs of a manifest, those that are to start by partitions; ``never`` says why none can.

    Raises :class:`ManifestError`.
    """
    known = {each["id"]: each for each in dags}
    for name in wanted:
        if name not in known:
            raise ManifestError(f"there is no DAG {name} that could start on arrival", f"there are {', '.join(known)}")
    refused = {name: why for name in wanted if (why := never or known[name].get("arrivals", _UNKNOWN)["why_not"])}
    return Arrivals({name: known[name] for name in wanted if name not in refused}, refused)


def _built_by(said: Mapping[str, Any]) -> list[str]:
    return [model for task in said["tasks"] if task["kind"] == "build" for model in task["models"]]
