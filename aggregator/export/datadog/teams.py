"""Who owns which tables, and how Datadog is asked for them."""

from __future__ import annotations

import dataclasses
import hashlib
import re

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.project import Model, Source
from aggregator.monitoring.dogstatsd import tag_value


@dataclasses.dataclass(frozen=True)
class Team:
    """An owner with what is owned. ``slug`` is the owner in names of files, ``handle`` what Datadog notifies."""

    owner: str
    slug: str
    handle: str
    sources: tuple[Source, ...]
    models: tuple[Model, ...]

    @property
    def tables(self) -> tuple[Source | Model, ...]:
        """All of them, sources first."""
        return (*self.sources, *self.models)


def teams(graph: Graph) -> list[Team]:
    """The owners by name. Owners whose names Datadog can't tell apart are one."""
    sources: dict[str, list[Source]] = {}
    models: dict[str, list[Model]] = {}
    owners: dict[str, str] = {}
    for source in graph.sources.values():
        sources.setdefault(owners.setdefault(tag_value(source.owner), source.owner), []).append(source)
    for compiled in graph.models.values():
        model = compiled.model
        models.setdefault(owners.setdefault(tag_value(model.owner), model.owner), []).append(model)
    slugs: dict[str, str] = {}
    found = []
    for owner in sorted(owners.values()):
        slug = re.sub("[^a-z0-9]+", "-", owner.lower()).strip("-")
        if not slug or slugs.setdefault(slug, owner) != owner:
            slug = f"{slug}-{hashlib.sha256(owner.encode()).hexdigest()[:6]}".strip("-")
        monitoring = graph.project.monitoring
        handle = monitoring.contact(owner).datadog if monitoring is not None else ""
        mine = sorted(sources.get(owner, ()), key=_name), sorted(models.get(owner, ()), key=_name)
        found.append(Team(owner, slug, handle, tuple(mine[0]), tuple(mine[1])))
    return found


def _name(table: Source | Model) -> TableName:
    return table.name


def prefix(graph: Graph) -> str:
    """With which all ids of a project and an environment begin; no name of either has a dash."""
    return f"{graph.project.name}-{graph.project.environment.name}-"


def scope(graph: Graph, **tags: str) -> str:
    """Which series are meant: ``env:prod,project:flights,model:marts.sums``."""
    said = {"env": graph.project.environment.name, "project": graph.project.name, **tags}
    return ",".join(f"{key}:{tag_value(value)}" for key, value in said.items())
