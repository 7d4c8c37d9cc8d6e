"""What ten checks of a million rows cost: the query that they are compiled to, and the whole of a command.

The query is compared with one that somebody would write by hand for the same numbers. Great Expectations is asked the
same of a data frame of the same rows, in a process of its own; beside it stand processes that run the query and nothing
else, and the command, which also reads the project, the ledger and the versions of all tables.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.figures import Figure, Goal, Row, Workshop, aggregator
from benchmarks.measure import ChildError, Cost, ask_module, median, run_module

ROWS = 1_000_000
COUNTRIES = ("BR", "DE", "FR", "JP", "US")
EXPECTATIONS: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("expect_table_row_count_to_be_between", {"min_value": 1}),
    ("expect_column_values_to_not_be_null", {"column": "id"}),
    ("expect_column_values_to_be_unique", {"column": "id"}),
    ("expect_column_values_to_be_in_set", {"column": "country", "value_set": list(COUNTRIES)}),
    ("expect_column_values_to_be_between", {"column": "amount", "min_value": 0, "max_value": 1000}),
    ("expect_column_value_lengths_to_be_between", {"column": "email", "min_value": 5, "max_value": 60}),
    ("expect_column_values_to_match_regex", {"column": "email", "regex": "@example"}),
    ("expect_column_mean_to_be_between", {"column": "amount", "min_value": 100, "max_value": 900}),
    ("expect_column_max_to_be_between", {"column": "quantity", "min_value": 5, "max_value": 9}),
    ("expect_column_sum_to_be_between", {"column": "quantity", "min_value": 1000}),
)
BY_HAND = """
SELECT
  count(*),
  count(*) FILTER (WHERE id IS NULL),
  count(id) - count(DISTINCT id),
  count(*) FILTER (WHERE country NOT IN ('BR', 'DE', 'FR', 'JP', 'US')),
  count(*) FILTER (WHERE amount NOT BETWEEN 0 AND 1000),
  count(*) FILTER (WHERE length(email) NOT BETWEEN 5 AND 60),
  count(*) FILTER (WHERE NOT regexp_matches(email, '@example')),
  avg(amount),
  max(quantity),
  sum(quantity)
FROM marts.orders
"""

_MADE = """
COPY (
  SELECT
    i AS id,
    ['BR', 'DE', 'FR', 'JP', 'US'][1 + CAST(hash(i) % 5 AS INTEGER)] AS country,
    CAST(hash(i + 1) % 100000 AS DOUBLE) / 100 AS amount,
    1 + CAST(hash(i + 2) % 9 AS BIGINT) AS quantity,
    'user' || (hash(i + 3) % 100000) || '@example.com' AS email
  FROM range({rows}) AS numbers(i)
) TO 'orders.parquet'
"""
_QUERIES, _COMMANDS = 15, 3


def project(checks: str) -> dict[str, str]:
    """A table of orders, copied from a file, with these checks, as JSON."""
    said = "description: Orders.\nowner: a@example.com\n"
    columns = "{id: INT64, country: STRING, amount: FLOAT64, quantity: INT64, email: STRING}"
    indented = f"source:\n  {said.strip().replace(chr(10), chr(10) + '  ')}"
    return {
        "aggregator.yml": "project: orders\n"
        "environments: {local: {engine: duckdb, path: orders.duckdb}}\ndefault_environment: local\n",
        "models/lake/orders.yml": f"{indented}\n  columns: {columns}\n  local: orders.parquet\n",
        "models/marts/orders.sql": f"/*---\n{said}checks: {checks}\n---*/\n"
        "SELECT id, country, amount, quantity, email FROM lake.orders\n",
    }


def checks(rows: int, workshop: Workshop, commands: int = _COMMANDS) -> Figure:
    """Ten expectations of so many rows; commands and processes are run so many times."""
    folder = _built(rows, workshop)
    found = ask_module("benchmarks.inside", "numbers", "marts.orders", folder=folder)
    bare, compiled = (_asked(folder, sql, found["prepare"]) for sql in (BY_HAND, found["query"]))
    alone = median([_process(folder, found["query"], found["prepare"]) for _ in range(commands)])
    command = median([aggregator("check", "--quiet", folder=folder) for _ in range(commands)])
    measured = [
        Row("the query by hand", bare, f"{len(EXPECTATIONS)} numbers of {rows:,} rows", 1.0),
        Row("the compiled query", compiled, ratio=compiled.cpu / bare.cpu),
        Row("the compiled query, a process", alone, "DuckDB imported, the file opened", 1.0),
        Row("aggregator check", command, ratio=command.cpu / alone.cpu),
    ]
    goals = [Goal("CPU of the query over that by hand", compiled.cpu / bare.cpu, 1.3, "×")]
    notes: tuple[str, ...] = ()
    if importlib.util.find_spec("great_expectations") is None:
        notes = ("Great Expectations is not installed: pip install 'aggregator[gx]'",)
    else:
        peer = median([_peer(folder) for _ in range(commands)])
        measured.append(Row("Great Expectations, a process", peer, ratio=peer.cpu / alone.cpu))
        goals.append(Goal("CPU of Great Expectations over a process", peer.cpu / alone.cpu, 10, "×", is_least=True))
        notes = (f"Great Expectations takes {peer.cpu / command.cpu:.1f} times the CPU of aggregator check",)
    return Figure("ten expectations", tuple(measured), tuple(goals), notes)


def _built(rows: int, workshop: Workshop) -> Path:
    folder = workshop.folder()
    declared = json.dumps([{name: arguments} for name, arguments in EXPECTATIONS])
    for path, text in project(declared).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    _asked(folder, _MADE.format(rows=rows), [], runs=1, database="scratch.duckdb")
    aggregator("run", "--quiet", folder=folder)
    return folder


def _asked(folder: Path, sql: str, prepare: list[str], runs: int = _QUERIES, database: str = "orders.duckdb") -> Cost:
    """The median cost of a query in a process of its own, after it was run once."""
    script = _script(folder, sql, [*prepare, *([sql] if runs > 1 else [])], runs)
    return Cost(**ask_module("benchmarks.asking", script, database, folder=folder)["cost"])


def _process(folder: Path, sql: str, prepare: list[str]) -> Cost:
    """The cost of a process that runs a query once."""
    return run_module("benchmarks.asking", _script(folder, sql, prepare, 1), "orders.duckdb", folder=folder)[0]


def _script(folder: Path, sql: str, prepare: list[str], runs: int) -> Path:
    script = folder / "script.json"
    asked = {"prepare": prepare, "statements": [(sql, {})], "runs": runs, "sizes": False, "fetch": ""}
    script.write_text(json.dumps(asked))
    return script


def _peer(folder: Path) -> Cost:
    cost, printed = run_module("benchmarks.expecting", "orders.duckdb", "marts.orders", folder=folder)
    if json.loads(printed) != {"successful": len(EXPECTATIONS)}:
        raise ChildError(f"Great Expectations finds otherwise: {printed}")
    return cost


CHECKS: Mapping[str, Callable[[Workshop], Figure]] = {"checks": functools.partial(checks, ROWS)}
