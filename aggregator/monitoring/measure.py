"""What happened, in numbers. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aggregator.core.estimate import price, price_per_tib
from aggregator.core.freshness import Level
from aggregator.core.report import Report, Status
from aggregator.monitoring.metrics import (
    BYTES,
    CHECKS,
    COMPILE,
    FAILED,
    LAG,
    LEVEL,
    MISSING,
    PARTITIONS,
    PRICE,
    ROWS,
    RUN,
    STEP,
    Measurement,
)

if TYPE_CHECKING:
    from aggregator.core.freshness import TableFreshness
    from aggregator.core.graph import Graph
    from aggregator.core.names import TableName
    from aggregator.core.report import StepResult
    from aggregator.core.warehouse import Ledger

_LEVELS = {Level.FRESH: 0, Level.WARN: 1, Level.ERROR: 2}
_TAG = re.compile(r"([a-z][a-z0-9_]*):(\S+)")
_SEVERITIES = {"critical": "error", "warning": "warning"}
"""Great Expectations' words, and ours."""


class Ruler:
    """Measures what happens to the tables of one project."""

    def __init__(self, graph: Graph) -> None:
        project = graph.project
        self._graph = graph
        self._per_tib = price_per_tib(project.environment)
        declared = project.monitoring.tags if project.monitoring is not None else {}
        self.base = {**declared, "env": project.environment.name, "project": project.name}
        self._tags: dict[TableName, dict[str, str]] = {}

    def tags(self, name: TableName) -> dict[str, str]:
        """Those of a table: where it is, what it is called, whose it is, and what its author calls it."""
        if name not in self._tags:
            source = self._graph.sources.get(name)
            owner = source.owner if source is not None else self._graph.models[name].model.owner
            own = {"model": str(name), "owner": owner}
            self._tags[name] = {**self._said(name), **self.base, **own}
        return self._tags[name]

    def _said(self, name: TableName) -> dict[str, str]:
        """Of the words under ``tags:`` those with a colon."""
        words = self._graph.models[name].model.tags if name in self._graph.models else ()
        return {found[1]: found[2] for word in words if (found := _TAG.fullmatch(word))}

    def step(self, result: StepResult) -> Iterator[Measurement]:
        """The end of a step, or of a part of one."""
        tags = self.tags(result.model)
        yield Measurement(PARTITIONS, len(result.partitions), {**tags, "status": str(result.status)})
        if result.status is Status.BUILT:
            yield Measurement(ROWS, result.rows, tags)
        if result.bytes is not None:
            yield Measurement(BYTES, result.bytes, tags)
        paid = price(result.bytes, self._per_tib)
        if paid is not None:
            yield Measurement(PRICE, paid, tags)
        if result.status in (Status.BUILT, Status.UNCHANGED):
            yield Measurement(STEP, result.seconds, tags)
        broken = Counter(_SEVERITIES[each["expectation_config"]["severity"]] for each in result.results)
        for severity, number in sorted(broken.items()):
            yield Measurement(CHECKS, number, {**tags, "severity": severity})

    def compiled(self, seconds: float) -> Iterator[Measurement]:
        """The project was read and compiled."""
        yield Measurement(COMPILE, seconds, self.base)

    def run(self, report: Report) -> Iterator[Measurement]:
        """A whole run."""
        status = "clean" if report.is_clean else "failed"
        yield Measurement(RUN, report.seconds, {**self.base, "status": status})

    def test(self) -> Iterator[Measurement]:
        """A run of no length, by which somebody sees that metrics arrive."""
        yield Measurement(RUN, 0, {**self.base, "status": "test"})

    def freshness(self, tables: Iterable[TableFreshness]) -> Iterator[Measurement]:
        """How fresh tables are. Where nothing tells, nothing is said: that is told from the silence."""
        for each in tables:
            tags = self.tags(each.table)
            if each.lag_seconds is not None:
                yield Measurement(LAG, each.lag_seconds, tags)
            if each.level in _LEVELS:
                yield Measurement(LEVEL, _LEVELS[each.level], tags)
            yield Measurement(MISSING, len(each.missing), tags)

    def failures(self, names: Iterable[TableName], ledger: Ledger) -> Iterator[Measurement]:
        """How many partitions of some models failed when they were last built; none is a number, too."""
        for name in names:
            yield Measurement(FAILED, len(ledger.failed.get(name, {})), self.tags(name))
