"""The metrics, declared once: what sends them, what draws them and what documents them all read this.

Tags never name a partition or a run: each value of a tag is a series that is kept, and paid for, of its own.
"""

from __future__ import annotations

import dataclasses
from enum import StrEnum

BASE_TAGS = ("env", "project")
"""Tags of every metric."""

TABLE_TAGS = (*BASE_TAGS, "model", "owner")
"""Tags of what is about one table. A word with a colon under ``tags:`` of a model, such as ``tier:1``, is one, too."""


class Kind(StrEnum):
    """How values of one metric are put together."""

    COUNT = "count"
    """They are added up."""
    GAUGE = "gauge"
    """The latest counts."""
    DISTRIBUTION = "distribution"
    """Each counts, for means and percentiles."""


@dataclasses.dataclass(frozen=True)
class Metric:
    """One metric. ``unit`` is as UCUM writes it, which OpenTelemetry asks for; empty for a price or a level."""

    name: str
    kind: Kind
    unit: str
    about: str
    tags: tuple[str, ...] = TABLE_TAGS


@dataclasses.dataclass(frozen=True)
class Measurement:
    """A value of a metric."""

    metric: Metric
    value: float
    tags: dict[str, str]


PARTITIONS = Metric(
    "agg.partition.runs",
    Kind.COUNT,
    "{partition}",
    "Partitions that a run was done with, by how they ended.",
    (*TABLE_TAGS, "status"),
)
ROWS = Metric("agg.partition.rows", Kind.COUNT, "{row}", "Rows that were written.")
BYTES = Metric("agg.partition.bytes_billed", Kind.COUNT, "By", "Bytes that were billed.")
PRICE = Metric("agg.partition.price", Kind.COUNT, "", "What they cost, in the currency of `price_per_tib`.")
STEP = Metric(
    "agg.step.duration", Kind.DISTRIBUTION, "s", "How long it took to build what one query builds, wall time."
)
CHECKS = Metric(
    "agg.check.failures",
    Kind.COUNT,
    "{check}",
    "Checks that did not hold: `error` kept rows from being published, `warning` did not.",
    (*TABLE_TAGS, "severity"),
)
LAG = Metric("agg.freshness.lag_seconds", Kind.GAUGE, "s", "How long ago the newest partition that is there ended.")
LEVEL = Metric("agg.freshness.level", Kind.GAUGE, "", "Whether the promise is kept: 0 yes, 1 a warning, 2 no.")
MISSING = Metric("agg.partitions.missing", Kind.GAUGE, "{partition}", "Partitions that are over and not there.")
FAILED = Metric("agg.partitions.failed", Kind.GAUGE, "{partition}", "Partitions whose last attempt failed.")
RUN = Metric(
    "agg.run.duration", Kind.DISTRIBUTION, "s", "How long a whole run took, by how it ended.", (*BASE_TAGS, "status")
)
COMPILE = Metric(
    "agg.compile.duration", Kind.DISTRIBUTION, "s", "How long it took to read and compile the project.", BASE_TAGS
)

METRICS = (PARTITIONS, ROWS, BYTES, PRICE, STEP, CHECKS, LAG, LEVEL, MISSING, FAILED, RUN, COMPILE)
