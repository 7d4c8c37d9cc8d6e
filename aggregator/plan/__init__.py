"""Which partitions are stale, why, and in which steps to make them fresh."""

from aggregator.plan.plan import make_plan, retry_plan

__all__ = ["make_plan", "retry_plan"]
