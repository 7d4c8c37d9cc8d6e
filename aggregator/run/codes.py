"""The findings of a run."""

from __future__ import annotations

from aggregator.core.diagnostics import Code, Layer, Severity


def _code(number: int, name: str, page: str, severity: Severity = Severity.ERROR) -> Code:
    return Code(f"R{number}", name, page, Layer.RUN, severity)


QUERY_FAILED = _code(
    501,
    "query-failed",
    """The warehouse refused or could not finish the query of a model.

The message is the warehouse's own. The partition keeps the rows that it had.""",
)
STRAY_ROWS = _code(
    502,
    "stray-rows",
    """The query gave rows that do not belong to the partitions that were being built.

Every row must lie in the interval from `@start` to `@end`, by the partition column, and none may have NULL there:
otherwise building the same day twice could give a row twice. Nothing was written. Filter such rows out, or compute
the partition column so that each row falls into the partition that it is built in.""",
)
CHECK_FAILED = _code(
    503,
    "check-failed",
    """The rows of a partition break a promise of the model (`key:` or `checks:`).

The rows were not published: the partition keeps those that it had, and what reads it was not built.
`aggregator explain MODEL@PARTITION` shows some of the rows; `severity: warn` lets them be published.""",
)
CHECK_WARNING = _code(
    511,
    "check-warning",
    """The rows of a partition break a promise that has `severity: warn`, or it could not be evaluated.

They were published all the same. `aggregator explain MODEL@PARTITION` shows the promise, and some of the rows.""",
    Severity.WARNING,
)
CHECK_FAULT = _code(
    512,
    "check-not-evaluated",
    """A check could not be evaluated: the warehouse refused its SQL, or could not finish it.

Nothing is known of the rows then, so they were not published. Mend the check; the message is the warehouse's own.""",
)
BLOCKED = _code(
    504,
    "blocked",
    """A partition was not built because one that it reads failed.

Mend the cause, which is reported above, and run again.""",
)
COLUMNS_CHANGED = _code(
    505,
    "columns-changed",
    """A column was removed or has another type, so that new rows do not fit beside the old ones.

New columns are added by themselves. For any other change rebuild the table from nothing with
`aggregator run --full --select MODEL`, or give the new columns new names.""",
)
NOTHING_TO_READ = _code(
    506,
    "nothing-to-read",
    """No partition that an input may be read from has any rows: `{latest: 7 days}` reads the newest of seven days.

Built from nothing, the rows would look as if the table had been empty. The partition keeps the rows that it had, and is
tried again in the next run. If the table is late, wait for it. If it has partitions less often than that, let the map
look further back. If it begins later than the model, let `from:` of the model say so.""",
)
NOT_ROLLED_BACK = _code(
    513,
    "not-rolled-back",
    """A partition could not be taken back to the rows that it had before its last build.

It has the rows that it had. There is a way back to what the ledger has as built, for as long as the warehouse keeps
earlier rows. Otherwise go back to the earlier SQL, and build the partition anew.""",
)
