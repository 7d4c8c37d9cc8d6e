"""What no analyzer says of a table: BigQuery's limits, and what stands in the warehouse. One file per rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.dry_run.rules.clustering import Clustering
from aggregator.dry_run.rules.deployed_schema import DeployedSchema
from aggregator.dry_run.rules.duplicate_column import DuplicateColumn
from aggregator.dry_run.rules.names import Names
from aggregator.dry_run.rules.partition_churn import PartitionChurn
from aggregator.dry_run.rules.partition_filter import PartitionFilter
from aggregator.dry_run.rules.partitions_run_out import PartitionsRunOut
from aggregator.dry_run.rules.protocol import Candidate, Rule
from aggregator.dry_run.rules.table_limits import TableLimits
from aggregator.dry_run.rules.too_many_partitions import TooManyPartitions

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Code, Diagnostic, Place

RULES: tuple[Rule, ...] = (
    PartitionFilter(),
    TooManyPartitions(),
    PartitionsRunOut(),
    PartitionChurn(),
    Clustering(),
    Names(),
    DuplicateColumn(),
    DeployedSchema(),
    TableLimits(),
)
"""All rules, by code."""

CODES: tuple[Code, ...] = tuple(rule.code for rule in RULES)


def examine(candidate: Candidate) -> tuple[Diagnostic, ...]:
    """What every rule says about a model, by place."""
    return tuple(sorted((found for rule in RULES for found in rule.check(candidate)), key=_order))


def _order(finding: Diagnostic) -> tuple[Place, str]:
    return finding.place, finding.code.id


__all__ = ["CODES", "RULES", "Candidate", "Rule", "examine"]
