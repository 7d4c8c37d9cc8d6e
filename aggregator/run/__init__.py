"""Doing a plan."""

from aggregator.run.execute import Progress, run_plan

__all__ = ["Progress", "run_plan"]
