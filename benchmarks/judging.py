"""What an analyzer's process costs, measured: ``python -m benchmarks.judging WORK``, where the extra is installed.

``start`` starts a process and waits for its first verdict. ``statements`` judges, in this process, a small query and
one of about a hundred lines, each time over tables that were not asked for before: that is the most that it can cost.
"""

from __future__ import annotations

import dataclasses
import functools
import resource
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.process import Process
from aggregator.analyzers.protocol import Field, Relation, Statement, Verdict
from benchmarks.generate import Design, design
from benchmarks.measure import PEAK_UNIT, answer, cost_of
from benchmarks.tables import SOURCE_COLUMNS, Model

if TYPE_CHECKING:
    from aggregator.analyzers.googlesql.judge import Judge

PATIENCE_SECONDS = 60.0
_DAY = (Field("start", "DATE"), Field("end", "DATE"))
_COLUMNS = tuple(Field(each.name, each.type) for each in SOURCE_COLUMNS)
_SMALL = """\
SELECT
  event_date,
  country,
  COUNT(DISTINCT customer_id) AS customers,
  COUNTIF(status = 'P') AS paid,
  SUM(amount - discount) AS revenue,
  SAFE_DIVIDE(SUM(tax), SUM(amount)) AS tax_share
FROM $table
WHERE event_date >= @start AND event_date < @end AND NOT is_test
GROUP BY event_date, country
"""
_MODELS, _ROUNDS = 1000, 25


def small(number: int) -> Statement:
    """A query of a few lines over a table of its own."""
    table = f"lake.events_{number}"
    return Statement("small", _SMALL.replace("$table", table), (Relation(table, _COLUMNS),), _DAY)


def larges(project: Design) -> list[Statement]:
    """Queries of about a hundred lines: generated models, with the generated model that they read written into them."""
    of_sources = {model.name: model for model in project.models if set(model.inputs) <= set(project.sources)}
    readers = (model for model in project.models if len(model.inputs) == 1 and model.inputs[0] in of_sources)
    return [_large(of_sources[model.inputs[0]], model) for model in readers]


def start() -> dict[str, Any]:
    """From nothing to the first verdict, and the peak of the process."""
    compiled = module.compile_module(module.source_path())

    def first() -> Process:
        process = Process(compiled)
        _accepted(process.ask("verdicts", [small(0)], PATIENCE_SECONDS))
        return process

    cost, process = cost_of(first)
    for listed in _statements().values():
        _accepted(process.ask("verdicts", listed, PATIENCE_SECONDS))
    process.close()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"first": dataclasses.replace(cost, peak=usage.ru_maxrss * PEAK_UNIT)}


def statements() -> dict[str, Any]:
    """What a statement costs once the process is warm."""
    from aggregator.analyzers.googlesql.client import Instances  # noqa: PLC0415  (as below)
    from aggregator.analyzers.googlesql.judge import Judge  # noqa: PLC0415  (the peak of `start` would be ours)

    judge = Judge(Instances(module.compile_module(module.source_path())))
    found: dict[str, Any] = {}
    for size, listed in _statements().items():
        _judged(judge, listed[0])
        costs = [cost_of(functools.partial(_judged, judge, each))[0] for each in listed[1:]]
        lines = sorted(len(each.sql.splitlines()) for each in listed)
        found[size] = {"costs": costs, "lines": lines[len(lines) // 2]}
    return found


WORKS: dict[str, Callable[[], dict[str, Any]]] = {"start": start, "statements": statements}


def _statements() -> dict[str, list[Statement]]:
    return {"small": [small(number) for number in range(_ROUNDS)], "large": larges(design(_MODELS))[:_ROUNDS]}


def _large(above: Model, below: Model) -> Statement:
    inner = below.sql(lambda _: "above")
    sql = f"WITH above AS (\n{above.sql()}\n)\nSELECT * FROM (\n{inner}\n)\n"
    return Statement(below.name, sql, tuple(Relation(name, _COLUMNS) for name in above.inputs))


def _judged(judge: Judge, statement: Statement) -> None:
    _accepted(judge.verdicts([statement]))


def _accepted(verdicts: list[Verdict]) -> None:
    """A refusal would cost something else."""
    for each in verdicts:
        if each.mistake or each.unchecked:
            sys.exit(f"not judged: {each.mistake or each.unchecked}")


if __name__ == "__main__":
    answer(WORKS[sys.argv[1]]())
