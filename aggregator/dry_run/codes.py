"""The findings of a dry run."""

from __future__ import annotations

from aggregator.core.diagnostics import Code, Layer

REFUSED_OFFLINE = Code(
    "D601",
    "refused-by-googlesql",
    """Google's own analyzer of BigQuery's language refuses the SELECT of a model.

The message is the analyzer's, and the one that BigQuery would give. It sees the tables as this change would make them:
a column that is added, dropped or retyped upstream counts at once. The analyzer stops at the first mistake, so there
may be another one behind it.""",
    Layer.GOOGLESQL,
)
REFUSED_BY_BIGQUERY = Code(
    "D602",
    "refused-by-bigquery",
    """BigQuery refuses the SELECT of a model in a dry run.

The message is BigQuery's. What the offline layers let pass and BigQuery does not is a difference between them that is
worth a report.""",
    Layer.BIGQUERY,
)
REFUSALS = {"googlesql": REFUSED_OFFLINE, "bigquery": REFUSED_BY_BIGQUERY}
"""The code of each layer's refusals."""
