"""The findings of the compile stage."""

from __future__ import annotations

from aggregator.core.diagnostics import Code, Layer, Severity


def _code(number: int, name: str, page: str) -> Code:
    return Code(f"A{number}", name, page, Layer.COMPILE)


TEMPLATE = _code(
    201,
    "template",
    """The Jinja template of a model can't be rendered.

Templates see the project's variables as `vars.NAME` and the macros in `macros/`, nothing else: no files, no
environment, no partition. An unknown name is an error, never an empty text.""",
)
SYNTAX = _code(
    202,
    "syntax",
    """The SQL of a model can't be parsed as BigQuery SQL.""",
)
NOT_ONE_SELECT = _code(
    203,
    "not-one-select",
    """A model is exactly one SELECT.

The framework writes the table, so that every write is atomic and can be repeated. INSERT, MERGE, CREATE, DROP and
scripts of several statements are refused. Put preparatory steps into models of their own, or into WITH.""",
)
UNKNOWN_TABLE = _code(
    204,
    "unknown-table",
    """The SELECT reads a table that is neither a model nor a source of this project.

Tables are written `dataset.table`, without a project: the environment says where they live. A table that nobody here
builds is declared as a source in `models/<dataset>/<table>.yml`.""",
)
CYCLE = _code(
    205,
    "cycle",
    """Models read each other in a circle, so that none of them can be built first.

Move what they share into a model that both read.""",
)
SELF_REFERENCE = _code(
    206,
    "self-reference",
    """A model reads its own table without saying which partition.

A model may read its own preceding partition: `inputs: {marts.totals: previous}`. Its partitions are then built one
after the other.""",
)
BAD_MAP = _code(
    207,
    "bad-map",
    """A partition map can't be what it says.

`last` and `offset` need partitions on both sides and a length in whole partitions of the model's clock (days or longer
for a DATE column); `previous` is only for a model that reads its own table; every name under `inputs:` is a table or
alias that the SELECT reads.""",
)
MISSING_COLUMN = _code(
    208,
    "missing-column",
    """A column that the front matter names is not in the SELECT's output.

`partition.by`, `cluster`, `key`, `columns` and the arguments of checks name output columns.""",
)
PARTITION_TYPE = _code(
    209,
    "partition-type",
    """The partition column is not of a type by which a table can be partitioned.

It must be DATE (not by the hour), DATETIME or TIMESTAMP. Where the type can't be inferred, declare it:
`columns: {flight_date: {type: DATE}}`.""",
)
UNKNOWN_COLUMN = _code(
    210,
    "unknown-column",
    """A column is in none of the tables that the SELECT reads, or in several of them.

Or no table of the SELECT has the alias that stands before it. Or the STRUCT has no such field; an ARRAY of them has
none before it is unnested.""",
)
OUTPUT_NAME = _code(
    211,
    "output-name",
    """Every output column needs a name of its own.

BigQuery refuses a table with two columns of the same name (in any case) or with a column that has none. Give the
expression an alias: `COUNT(*) AS flights`. Names are letters, digits and underscores, so that they need no quotes
anywhere, and do not begin with what BigQuery keeps for itself, such as `_PARTITION`.""",
)
VIEW = _code(
    212,
    "view",
    """A view can't do this.

A view stores no rows, so it has no partitions, no order on disk, no key and no checks: put them into the models that
read it.""",
)
PARAMETER = _code(
    213,
    "parameter",
    """A parameter that no model has, or that this one hasn't.

A partitioned model may use `@start` and `@end`, the bounds of the interval that is being built. A view and a table that
is rebuilt whole have no interval. Other parameters do not exist: make a project variable, `{{ vars.NAME }}`.""",
)
TABLE_CLAUSE = _code(
    214,
    "table-clause",
    """`FOR SYSTEM_TIME AS OF` or `TABLESAMPLE` stands behind a table.

Both make the same build give other rows another day, and the partition filter would have to stand where they do.""",
)
MISPLACED = _code(
    216,
    "misplaced",
    """An aggregate or a window function stands where there are no groups or windows yet.

Rows are filtered by WHERE and joined, then grouped, then filtered by HAVING; then windows are computed, and QUALIFY
filters by them. An aggregate may stand in the SELECT list, HAVING, QUALIFY and ORDER BY, a window function in the
SELECT list, QUALIFY and ORDER BY. A window function may be of an aggregate (`SUM(COUNT(*)) OVER ()`), nothing else may
be nested. Compute the inner one in a query of its own in WITH.""",
)
UNGROUPED = _code(
    217,
    "ungrouped",
    """A SELECT that groups or aggregates has an output column that is neither.

For each group there is one row, and the column has many values in it: which one is meant? Add it to GROUP BY, or say
which value: `MAX(name)`, `ANY_VALUE(name HAVING MAX updated_at)`.""",
)
OPERANDS = _code(
    218,
    "operands",
    """An operator or aggregate gets something of a type that it can't work with.

BigQuery compares numbers with numbers, texts with texts and so on, and turns only literals into what they meet: a text
in quotes into a DATE or TIMESTAMP, but never into a number. A DATE is not compared with a TIMESTAMP. WHERE, HAVING and
QUALIFY want a condition, SUM and AVG want numbers. Convert with CAST, SAFE_CAST, DATE or TIMESTAMP.""",
)
SHAPE = _code(
    219,
    "shape",
    """A query inside the SELECT has not as many columns as are wanted there.

Both sides of UNION, INTERSECT and EXCEPT have the same columns in the same order. A query that stands for one value,
for the list of IN or for an ARRAY has one column. Of INTERSECT and EXCEPT, BigQuery has only the form with DISTINCT,
and different ones need parentheses.""",
)
CAST = _code(
    220,
    "cast",
    """A type can't be turned into another one.

BigQuery has no cast between numbers and times, none of JSON, and of ARRAYs and STRUCTs only into their own kind. Use
the functions that say what is meant: `UNIX_SECONDS`, `DATE_FROM_UNIX_DATE`, `STRING(json)`, `TO_JSON_STRING`.""",
)
INCOMPARABLE = _code(
    221,
    "incomparable",
    """Values of a type that can't be compared are grouped, ordered or made distinct.

JSON and GEOGRAPHY are never equal or unequal to BigQuery; ARRAY and STRUCT have no order, and a window is not
partitioned by FLOAT64. Take a part that can be compared, or `TO_JSON_STRING` of the whole.""",
)
WINDOW = _code(
    222,
    "window",
    """A window is not such that the function over it can be computed.

RANK, LAG and their like need ORDER BY in OVER; numbering functions have no frame; aggregates with DISTINCT have no
order; approximate aggregates have no window at all.""",
)
JOIN = _code(
    223,
    "join",
    """A join without its condition, or with one that it can't have.

INNER, LEFT, RIGHT and FULL need ON or USING; CROSS has none. BigQuery has no NATURAL, SEMI, ANTI or ASOF join.""",
)
DATE_PART = _code(
    224,
    "date-part",
    """A date or time has no such part, or is not counted in such units.

A DATE has no hours and a TIME no days. DATE_ADD and DATE_DIFF count days or longer, TIMESTAMP_ADD and TIMESTAMP_DIFF
days or shorter, as a month is not as long everywhere. Convert with DATE, DATETIME or TIMESTAMP first.""",
)
PSEUDO_COLUMN = _code(
    225,
    "pseudo-column",
    """A pseudo-column, such as `_PARTITIONTIME`, would become an ordinary column where nobody names it.

Tables are read through partition filters, which hand on the pseudo-columns that the SELECT mentions. A star leaves them
out by itself; a step of a pipe that hands on all columns can't, nor can a whole row that is used as a value. Give the
pseudo-column another name in WITH, and read that.""",
)
SKETCH_INPUT = _code(
    230,
    "sketch-input",
    """A sketch is made of a type that it can't be made of.

`HLL_COUNT.INIT` takes INT64, NUMERIC, BIGNUMERIC, STRING and BYTES; no dates, times, floats or truths. Cast to one of
them, always to the same: sketches of different types can't be merged. `KLL_QUANTILES.INIT_INT64` takes INT64, and
`INIT_FLOAT64` numbers.""",
)
SKETCH_PRECISION = _code(
    231,
    "sketch-precision",
    """The precision of a sketch is out of range.

Of `HLL_COUNT.INIT` it is from 10 to 24, and 15 if it is not said: a sketch is then at most 32 KiB, and the count is
within 1.2% in 95 of 100 cases. Of `KLL_QUANTILES` it is from 1 to 100,000, and 1,000 if it is not said.""",
)
NOT_THIS_SKETCH = _code(
    232,
    "not-this-sketch",
    """A function gets what is no sketch, or a sketch of another kind.

What `HLL_COUNT.INIT` made can only be merged and counted by `HLL_COUNT`, and what `KLL_QUANTILES.INIT_INT64` made can
only be read by those functions of `KLL_QUANTILES` that end in `_INT64`. BigQuery takes all of them for BYTES, and finds
the mistake when the query runs.""",
)
MIXED_SKETCHES = Code(
    "A233",
    "mixed-sketches",
    """A column of a UNION holds sketches of several types or kinds.

BigQuery refuses to merge them when the query runs: a sketch of INT64 and one of STRING have nothing in common, even if
they count the same. Cast what is counted to one type, or keep the sketches in different columns.""",
    Layer.COMPILE,
    Severity.WARNING,
)
UNUSED_MAP = Code(
    "A215",
    "unused-map",
    """`inputs:` has a line for a table that the SELECT does not read.

It does nothing, and whoever reads it believes that the table is an input. Remove the line.""",
    Layer.COMPILE,
    Severity.WARNING,
)
