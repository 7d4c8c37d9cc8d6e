"""The findings of engines."""

from __future__ import annotations

from aggregator.core.diagnostics import Code, Layer

LOCAL_FILE = Code(
    "R401",
    "local-file",
    """The local file of a source can't be loaded.

`local:` of a source names a CSV (plain, .gz or .zip), Parquet or JSON file, in the project or in an installed package,
whose columns are the declared ones. `null: NA` says which text stands for NULL in a CSV file.""",
    Layer.RUN,
)

NOT_AS_BIGQUERY = Code(
    "R402",
    "not-as-bigquery",
    """The embedded engine can't compute a model as BigQuery would, so it does not compute it at all.

The message names the construct, and the place where it stands. Which functions, operators and types agree has been
found out by comparing them with Google's reference engine and with recorded answers of BigQuery; what was not shown to
agree is refused, because rows that are silently wrong are worse than none. Write it with a construct that agrees
(docs/local-engine.md lists them), or build the model on BigQuery.

What reads the model is not built either, the other models are. `aggregator run --allow-inexact` builds it all the
same.""",
    Layer.RUN,
)

NOT_SAMPLED = Code(
    "R403",
    "not-sampled",
    """No sample of a source could be copied from BigQuery; if there was one before, it is still there.

The table, or the partitions that were asked for, may not be there; BigQuery may have refused the query, in the words of
the message; or a column can't be copied: the embedded engine holds no GEOGRAPHY, INTERVAL and RANGE, and a partition
column with `sensitive: true` would be masked, so that nobody could tell the partitions of rows.""",
    Layer.RUN,
)
