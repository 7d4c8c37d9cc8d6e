"""Whether tables keep their promises of freshness, from the versions of their partitions, the ledger and the clock."""

from aggregator.freshness.stage import HISTORY, as_of, freshness_of, promising

__all__ = ["HISTORY", "as_of", "freshness_of", "promising"]
