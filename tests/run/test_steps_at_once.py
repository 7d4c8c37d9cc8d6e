"""Several steps at once give what one after the other gives, and only what must wait does."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import zoo
from lab import Lab, Quiet, daily, graph_of, messages, model, source, statuses, write_files
from threaded_duckdb import threaded

from aggregator.core.report import Report, StepResult
from aggregator.engines import WarehouseError
from aggregator.run import run_plan

TESTS = Path(__file__).resolve().parent.parent
START, NOW = "2013-02-26", datetime.fromisoformat("2013-03-07")
MODELS = "by_day whole shares so_far day_before by_month of_month totals labelled guarded behind_guard"
PATIENCE_SECONDS = 60
ROWS = {
    "lake.facts": [
        (f"2013-{day}", k, n, n / 4)
        for day in ("02-26", "02-27", "02-28", "03-01", "03-02", "03-03", "03-04", "03-05", "03-06")
        for n, k in enumerate("abca")
    ],
    "lake.other": [(f"2013-03-0{day}", k, day) for day in range(1, 6) for k in "ab"],
    "lake.events": [(f"2013-02-{27 + hour // 24} {hour % 24:02}:30:00+00", "a", hour) for hour in range(48)],
    "lake.names": [("a", "first"), ("b", "second")],
}


def run_threaded(lab: Lab, parallel: int = 4, before_stage: Any = lambda _: None, progress: Any = None) -> Report:
    with threaded(lab, parallel, before_stage) as engine:
        plan, ledger = lab.plan_on(engine, now=NOW), engine.snapshot().ledger
        progress = progress or Quiet()
        return run_plan(plan, lab.graph, engine, ledger, run_id="test", progress=progress)


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    only = [f"marts.{each}" for each in MODELS.split()]
    return graph_of(tmp_path_factory.mktemp("zoo"), zoo.files(datetime.fromisoformat(START), only))


@pytest.fixture
def lab(graph, tmp_path):
    lab = Lab.at(tmp_path / "at_once", graph)
    zoo.fill(lab, ROWS)
    return lab


@pytest.fixture
def other(graph, tmp_path):
    """The same, for one step after the other."""
    lab = Lab.at(tmp_path / "one_by_one", graph)
    zoo.fill(lab, ROWS)
    return lab


def test_all_kinds_of_models_come_out_the_same(lab, other):
    reports = [run_threaded(lab.one_by_one()), other.one_by_one().run(now=NOW)]

    assert [report.is_clean for report in reports] == [True, True]
    assert lab.tables() == other.tables()
    assert lab.recorded() == other.recorded()
    assert [dataclasses.replace(each, seconds=0) for each in reports[0].results] == [
        dataclasses.replace(each, seconds=0) for each in reports[1].results
    ]
    assert lab.plan(now=NOW).steps == ()


def test_a_failure_blocks_what_reads_it_and_nothing_else(lab, other):
    for each in (lab, other):
        each.execute(f"UPDATE lake.facts SET n = {zoo.GUARD + 1} WHERE day = '2013-03-02' AND k = 'b'")
    report, expected = run_threaded(lab.one_by_one()), other.one_by_one().run(now=NOW)
    ended = statuses(report)

    assert ended == statuses(expected)
    assert messages(report) == messages(expected)
    assert (ended["marts.guarded", "2013-03-02"], ended["marts.guarded", "2013-03-03"]) == ("failed", "built")
    assert (ended["marts.behind_guard", "2013-03-02"], ended["marts.behind_guard", "2013-03-03"]) == (
        "blocked",
        "built",
    )


@pytest.mark.parametrize("parallel", [1, 4])
def test_nothing_is_begun_after_a_result_that_is_enough_and_the_rest_is_built_later(lab, other, parallel):
    seen: list[StepResult] = []

    def enough(result):
        seen.append(result)
        return len(seen) >= 3

    with threaded(lab, parallel) as engine:
        plan, ledger = lab.plan_on(engine, now=NOW), engine.snapshot().ledger
        done = run_plan(plan, lab.graph, engine, ledger, run_id="test", progress=Quiet(), enough=enough)

    assert 3 <= len(seen) <= len(done.results) < len(plan.steps)
    assert lab.run(now=NOW).is_clean
    other.run(now=NOW)
    assert lab.tables() == other.tables()


class Told:
    """Progress that remembers, and who told it."""

    def __init__(self) -> None:
        self.total: dict[Any, int] = {}
        self.done: Counter[Any] = Counter()
        self.threads: set[int] = set()

    def begin(self, partitions: Any) -> None:
        self.total = dict(partitions)

    def advance(self, result: StepResult) -> None:
        self.done[result.model] += len(result.partitions)
        self.threads.add(threading.get_ident())


def test_progress_is_told_by_one_thread_and_of_everything(lab):
    told = Told()
    run_threaded(lab, progress=told)

    assert told.done == told.total
    assert told.threads == {threading.get_ident()}


# --- who waits for whom ---

DAYS = ["2013-01-01", "2013-01-02", "2013-01-03", "2013-01-04"]
BY_DAY = daily("day", "2013-01-01", "2013-01-05")
FACTS = {
    "facts.csv": "day,n\n" + "".join(f"{day},{n}\n" for n, day in enumerate(DAYS)),
    "models/lake/facts.yml": source({"day": "DATE", "n": "INT64"}, partition=BY_DAY, local="facts.csv"),
}
COPY = "SELECT day, n FROM {} GROUP BY day, n"
SO_FAR = """
SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(n) AS n
FROM (SELECT n FROM marts.so_far UNION ALL SELECT n FROM lake.facts)
"""


def small(root: Path, **sql: str) -> Lab:
    inputs = {"inputs": {"marts.so_far": "previous"}, "columns": {"n": {"type": "INT64"}}}
    models = {
        f"models/marts/{name}.sql": model(text, partition=BY_DAY, **(inputs if name == "so_far" else {}))
        for name, text in sql.items()
    }
    return Lab(graph_of(root, FACTS | models))


def key_of(write: Any) -> str:
    return f"{write.table.table}@{write.calendar.id(write.start)}"


def test_steps_of_different_tables_are_done_at_once(tmp_path):
    """Each waits in its query until the other is in its own: one after the other, this would not end."""
    lab = small(tmp_path, one=COPY.format("lake.facts"), two=COPY.format("lake.facts"))
    together = threading.Barrier(2, timeout=PATIENCE_SECONDS)

    assert run_threaded(lab, 2, lambda _: together.wait()).is_clean


def test_partitions_of_one_table_are_done_at_once_when_one_of_them_was_written(tmp_path):
    lab = small(tmp_path, one=COPY.format("lake.facts")).one_by_one()
    together, order = threading.Barrier(3, timeout=PATIENCE_SECONDS), []

    def before_stage(write: Any) -> None:
        order.append(key_of(write))
        if write.calendar.id(write.start) != DAYS[0]:
            together.wait()

    assert run_threaded(lab, 4, before_stage).is_clean
    assert order[0] == "one@2013-01-01"
    assert lab.rows("marts.one") == lab.query("SELECT * FROM lake.facts ORDER BY ALL")


def test_a_partition_does_not_wait_for_others_than_it_reads(tmp_path):
    """The first day of the second table is built while the other days of the first one are."""
    lab = small(tmp_path, one=COPY.format("lake.facts"), two=COPY.format("marts.one")).one_by_one()
    first_of_two = threading.Event()

    def before_stage(write: Any) -> None:
        if key_of(write) == "two@2013-01-01":
            first_of_two.set()
        elif write.table.table == "one" and key_of(write) != "one@2013-01-01":
            assert first_of_two.wait(PATIENCE_SECONDS)

    assert run_threaded(lab, 4, before_stage).is_clean
    assert lab.rows("marts.two") == lab.rows("marts.one")


def test_a_model_that_reads_itself_is_built_in_order(tmp_path):
    lab, order = small(tmp_path, so_far=SO_FAR, one=COPY.format("lake.facts")), []
    run_threaded(lab, 4, lambda write: order.append(key_of(write)))

    assert [each for each in order if each.startswith("so_far")] == [f"so_far@{day}" for day in DAYS]
    assert [n for _, n in lab.rows("marts.so_far")] == [0, 1, 3, 6]


# --- what ends a run ---


def test_a_lost_warehouse_ends_the_run_when_what_was_running_has_ended(tmp_path):
    lab = small(tmp_path, one=COPY.format("lake.facts"), two=COPY.format("lake.facts"), three=COPY.format("marts.two"))
    together, lost = threading.Barrier(2, timeout=PATIENCE_SECONDS), WarehouseError("the line is dead")

    def before_stage(write: Any) -> None:
        together.wait()
        if write.table.table == "one":
            raise lost

    with pytest.raises(WarehouseError) as caught:
        run_threaded(lab, 2, before_stage)
    rest = {str(step.model) for step in lab.plan().steps}

    assert caught.value is lost
    assert "marts.one" in rest
    assert lab.ledger().failed == {}
    assert lab.run().is_clean


LONG = """
WITH numbers AS (SELECT x FROM UNNEST(GENERATE_ARRAY(1, 200000)) AS x),
work AS (SELECT SUM(MOD(one.x * other.x, 7)) AS units FROM numbers AS one CROSS JOIN numbers AS other)
SELECT facts.day, facts.n + work.units AS n FROM lake.facts AS facts CROSS JOIN work
"""
SCRIPT = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {root!r}]
from lab import Lab, Quiet, load_graph
from threaded_duckdb import threaded
from aggregator.run import run_plan

def tell(write):
    print(write.table, flush=True)

lab = Lab(load_graph(Path({project!r})))
with threaded(lab, 3, tell) as engine:
    run_plan(lab.plan_on(engine), lab.graph, engine, engine.snapshot().ledger, run_id="test", progress=Quiet())
"""


def test_an_interrupt_ends_all_queries(tmp_path):
    """Two queries of minutes are running, and nothing after them is begun; what was published stays."""
    quick = COPY.format("lake.facts")
    small(tmp_path, quick=quick, long_one=LONG, long_two=LONG, then=COPY.format("marts.long_one"))
    code = SCRIPT.format(tests=str(TESTS), root=str(TESTS.parent), project=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        begun = {process.stdout.readline().strip() for _ in range(3)}
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    short = {f"models/marts/{name}.sql": model(quick, partition=BY_DAY) for name in ("long_one", "long_two")}
    lab = Lab(graph_of(write_files(tmp_path, short), {}))
    report = lab.run()

    assert begun == {"marts.quick", "marts.long_one", "marts.long_two"}
    assert (process.returncode, out) == (-signal.SIGINT, "")
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert lab.ledger().failed == {}
    assert report.is_clean
    assert {str(each.model) for each in report.results} >= {"marts.long_one", "marts.long_two", "marts.then"}
