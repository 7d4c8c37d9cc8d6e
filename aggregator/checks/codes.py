"""The findings about declared checks."""

from __future__ import annotations

from aggregator.core.diagnostics import Code, Layer, Severity

UNKNOWN_CHECK = Code(
    "A301",
    "unknown-check",
    """There is no check of this name.

Most checks are called and configured as in Great Expectations; `not_null`, `unique`, `accepted_values`, `between` and
others are short names. docs/checks.md lists them all.""",
    Layer.COMPILE,
)
BAD_ARGUMENTS = Code(
    "A302",
    "bad-check",
    """A check can't be asked like this: an argument is missing, unknown, of the wrong type, or names no column.""",
    Layer.COMPILE,
)
ELSEWHERE = Code(
    "A303",
    "check-of-great-expectations",
    """This check is one of Great Expectations that a query of aggregates can't answer.

It holds back no rows: `aggregator run` leaves it out. `aggregator check --gx` (with the extra `gx`) asks it of
published partitions, by Great Expectations itself. Use a check of docs/checks.md where rows have to be held back.""",
    Layer.COMPILE,
    Severity.WARNING,
)
UNKNOWN_REFERENCE = Code(
    "A305",
    "check-of-nothing",
    """A check compares with a table, or a column of one, that there is not.""",
    Layer.COMPILE,
)
NEVER_HOLDS = Code(
    "A304",
    "check-never-holds",
    """What is promised of the columns of a table is not so.

Columns, their order and their types follow from the SELECT, so this is known without a row: change one of the two.""",
    Layer.COMPILE,
)
