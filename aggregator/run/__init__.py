"""Doing a plan."""

from aggregator.run.execute import Hearers, Progress, run_plan

__all__ = ["Hearers", "Progress", "run_plan"]
