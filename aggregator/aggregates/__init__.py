"""Measures: which aggregate merges, and how. One file per kind in ``kinds/``."""

from __future__ import annotations

from aggregator.aggregates.kinds import KINDS, algebra_of, kind_of
from aggregator.aggregates.protocol import Algebra, BadMeasureError, Bucket, Kind

__all__ = ["KINDS", "Algebra", "BadMeasureError", "Bucket", "Kind", "algebra_of", "kind_of"]
