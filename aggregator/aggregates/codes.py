"""What is wrong with declared aggregates and roll-ups."""

from __future__ import annotations

from aggregator.core.diagnostics import Code, Layer


def _code(number: int, name: str, page: str) -> Code:
    return Code(f"A{number}", name, page, Layer.COMPILE)


BAD_MEASURE = _code(
    401,
    "bad-measure",
    """A measure can't be declared like this: its kind is unknown, or an argument is missing, unknown or out of bounds.

`aggregator explain sum`, or any other kind, says what it takes and what is kept of it.""",
)
BAD_EXPRESSION = _code(
    402,
    "bad-expression",
    """What a measure or a condition is made of must be one SQL expression: over the columns of a row for a measure,
over dimensions for the `where:` of a roll-up. Aggregate functions are what the measure's kind is for.""",
)
BAD_DIMENSIONS = _code(
    403,
    "bad-dimensions",
    """`dimensions:` are the columns that rows are grouped by; together they are the key of the table.

They are columns of the SELECT. The partition column is one of them, as a row belongs to one partition. No measure may
have the name of a dimension, and two measures may not keep columns of one name.""",
)
NO_MEASURES = _code(
    404,
    "roll-up-of-rows",
    """A roll-up needs to know how each number of a table was made, or it could not tell which may be added up.

That is declared: a table with `dimensions:` and `measures:`, or a roll-up of one. Of a table whose SELECT groups by
hand, columns can be rolled up that are counts, sums and extremes, if its `key:` is what it groups by and the partition
column is part of it. Behind a join or a UNION, nothing can be seen of the groups.""",
)
BAD_CALENDAR = _code(
    405,
    "buckets-do-not-nest",
    """Each bucket of a roll-up has to consist of whole partitions of the table that it is made from.

Hours make days, days make weeks and months, months make quarters, quarters make years. Weeks straddle months, so a
month is made from days; so are weeks that begin on another day. A day of another time zone is made from hours, if the
zones are whole hours apart. What rolls along overlaps: its rows share days, and can't be added up.""",
)
UNKNOWN_DIMENSION = _code(
    406,
    "unknown-dimension",
    """A roll-up keeps some of the dimensions of its table, under their names; it can't bring others in.

What was not grouped by is not there any more: add the dimension to the table, or aggregate the rows themselves.""",
)
BAD_FILTER = _code(
    407,
    "roll-up-filter",
    """The `where:` of a roll-up may look at the dimensions of its table, and at its time column.

A group is in or out as a whole. A condition on a measure would leave out groups by their size; then the totals are of
what happened to be large.""",
)
NOT_ADDITIVE = _code(
    408,
    "measure-does-not-roll-up",
    """A number can't be made from the same number of smaller groups.

- *distributive* numbers can: counts, sums, extremes. A count of counts is their sum.
- *algebraic* ones can, from a few numbers beside them: a mean from total and count, a ratio from its two sides.
- *holistic* ones need as much as there are values, or a sketch: different values, quantiles, the commonest.

Declare it as a measure, and what it needs is kept beside it.""",
)
FILTERED = _code(
    409,
    "roll-up-of-what-is-left",
    """The table leaves out groups after they were aggregated: by HAVING, QUALIFY, LIMIT or DISTINCT.

What was too small on each day is missing from the month, however large it is over the month. Roll up a table that has
all groups, and leave them out of the result.""",
)
FAN_OUT = _code(
    410,
    "fan-out-of-facts",
    """In a model with `measures:`, the SELECT gives the facts, each once. A join of which several rows may fit one fact
repeats it, and every measure counts it as often: a flight that meets 24 hours of weather has flown 24 times.

What is joined to the facts must have a key, and the join must use all of it. `key:` says so of models, where it is a
check, and of sources, where it is believed; the groups of a GROUP BY have one. Join a table that has several rows for a
fact only after it was aggregated to one, in WITH. The table whose rows are the facts stands first, after FROM; elements
of an array that is unnested are facts themselves.""",
)
