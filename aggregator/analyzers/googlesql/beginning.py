"""An instance at work for the first time, so that its memory can be kept for those after it: see :mod:`memory`.

``python -m aggregator.analyzers.googlesql.beginning COMPILED`` writes that memory to standard output.
"""

from __future__ import annotations

import sys
from pathlib import Path

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.client import Instance
from aggregator.analyzers.googlesql.judge import Judge
from aggregator.analyzers.protocol import Field, Relation, Statement

_VISITS = Relation(
    "lake.visits",
    (
        Field("day", "DATE"),
        Field("at", "TIMESTAMP"),
        Field("page", "STRING"),
        Field("seconds", "INT64"),
        Field("price", "NUMERIC"),
        Field("tags", "ARRAY<STRUCT<name STRING, weight FLOAT64>>"),
    ),
)
_SQL = """\
WITH daily AS (
  SELECT day, LOWER(page) AS page, COUNT(*) AS visits, SUM(IF(seconds > 9, price, 0)) AS price, MAX(at) AS newest
  FROM `lake.visits` WHERE day >= @start AND day < @end GROUP BY day, page
)
SELECT a.*, b.visits - a.visits AS more, ROW_NUMBER() OVER (PARTITION BY a.day ORDER BY a.visits DESC) AS place,
  CASE WHEN a.price IS NULL THEN 'none' ELSE CAST(a.price AS STRING) END AS text,
  ARRAY(SELECT tag.name FROM UNNEST([STRUCT('x' AS name)]) AS tag) AS names
FROM daily AS a LEFT JOIN daily AS b ON a.page = b.page AND b.day = DATE_SUB(a.day, INTERVAL 1 DAY)
WHERE a.page IN (SELECT page FROM daily) UNION ALL SELECT NULL, '', 0, 0, NULL, 0, 0, '', []
"""
_FIRST = Statement("first", _SQL, (_VISITS,), (Field("start", "DATE"), Field("end", "DATE")))
"""Something of everything: what is used for the first time is made ready then."""


class _One:
    """The only instance that there is."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def take(self) -> Instance:
        return self._instance


def memory_at_work(compiled: Path) -> bytes:
    """The memory of an instance that has given a verdict and waits for the next question, as it is kept."""
    engine = module.engine()
    instance = Instance(engine, module.load(compiled, engine))
    judge = Judge(_One(instance))
    for _ in range(2):
        judge.verdicts([_FIRST])
    judge.forget()
    return instance.image()


if __name__ == "__main__":
    sys.stdout.buffer.write(memory_at_work(Path(sys.argv[1])))
