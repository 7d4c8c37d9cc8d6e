"""The findings of the load stage."""

from __future__ import annotations

from aggregator.core.diagnostics import Code, Layer


def _code(number: int, name: str, page: str) -> Code:
    return Code(f"A{number}", name, page, Layer.LOAD)


NO_PROJECT = _code(
    101,
    "no-project",
    """There is no aggregator.yml in this folder or any above it.

Every command works on a project, a folder with an aggregator.yml. Change into one, name it with
`--project DIR`, or make a new one with `aggregator init DIR`.""",
)
BROKEN_YAML = _code(
    102,
    "broken-yaml",
    """The text is not YAML.

Usual causes: a tab in the indentation; a value that contains `: ` or begins with `@`, `%` or a backtick and
is not in quotes; a bracket or quote that is never closed.""",
)
DUPLICATE_KEY = _code(
    103,
    "duplicate-key",
    """A key is written twice in the same mapping.

YAML parsers silently keep the last one, so one of the two would have no effect. Remove one.""",
)
ALIAS = _code(
    104,
    "alias",
    """Anchors (`&x`), aliases (`*x`) and tags (`!x`) are not allowed.

They hide where a value comes from or what it is, and with aliases a file of a few hundred bytes can expand to
gigabytes. Write the value out, or make it a project variable.""",
)
UNKNOWN_KEY = _code(
    105,
    "unknown-key",
    """A key that means nothing here, most often a misspelt one.

It is an error and not a warning because a misspelt `partition:` would otherwise rebuild a table whole.""",
)
WRONG_VALUE = _code(
    106,
    "wrong-value",
    """A value is not of the type or form that its key asks for.

The message names what is expected, for example `26h` for a duration, `5 GB` for a size, `2013-01-31` for a date.""",
)
MISSING_KEY = _code(
    107,
    "missing-key",
    """A key that must be there is not.

Every model needs a description and an owner: someone reads the first before using the table, and someone hears
from the second when it breaks.""",
)
MISSING_FRONT_MATTER = _code(
    108,
    "missing-front-matter",
    """A model's file does not begin with its front matter.

The first line of `models/<dataset>/<table>.sql` is `/*---`, then YAML, then a line `---*/`, then one SELECT:

    /*---
    description: Flights per day.
    owner: ops@example.com
    ---*/
    SELECT ...""",
)
BAD_FILE = _code(
    109,
    "bad-file",
    """A file cannot be read as a text file of a project.

It is empty, not UTF-8, larger than 1 MB, or cannot be opened. Save it as UTF-8; keep rows out of models.""",
)
BAD_NAME = _code(
    110,
    "bad-name",
    """A dataset, table or column is not called by a plain identifier.

Names are letters, digits and underscores and do not begin with a digit, so that they mean the same in SQL, in
file systems and in Airflow. A model's name is its path: `models/<dataset>/<table>.sql`.""",
)
DUPLICATE_MODEL = _code(
    111,
    "duplicate-model",
    """Two files define the same table.

Names that differ only in upper and lower case count as the same: they would be one file on some systems.""",
)
OUTSIDE_PROJECT = _code(
    112,
    "outside-project",
    """A file or symbolic link leads out of the project.

What is built must be what was committed and reviewed. Copy the file into the project.""",
)
UNKNOWN_ENVIRONMENT = _code(
    113,
    "unknown-environment",
    """The environment is not one of those in aggregator.yml.

Environments are declared under `environments:`; `default_environment:` is used when `--env` is not given.""",
)
BAD_FUNCTION = _code(
    115,
    "bad-function",
    """An item of `functions:` in aggregator.yml does not declare a function of the warehouse.

Each item is one statement, as the function was made with:

    functions:
      - CREATE FUNCTION tools.clean_name(name STRING) AS (UPPER(TRIM(name)))
      - CREATE TABLE FUNCTION tools.days_of(year INT64) AS SELECT ...

The function is named `dataset.function`, without a project, and no two may have the same name. Nothing is made in the
warehouse: the statements tell what is there.""",
)
BAD_CATALOG = _code(
    114,
    "bad-catalog",
    """catalog.json can't be understood.

The file has the sizes of the tables that stand in a warehouse, for estimates of what queries read. It is written by
`aggregator catalog pull`, which also replaces a damaged one: after a merge conflict, pull again.""",
)
