"""Two runs at once: one waits for the other, or says who holds the warehouse; nothing is there twice."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab, daily, load_graph, model, project_file, source, write_files

from aggregator.engines import WarehouseError
from aggregator.engines.duckdb.engine import DuckDbEngine

HOLDER = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {root!r}]
from lab import Lab, load_graph
with Lab(load_graph(Path({project!r}))).engine():
    print("held", flush=True)
    sys.stdin.read()
"""
TESTS = Path(__file__).resolve().parent.parent


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of which nothing is built: every partition is filled for the first time."""
    rows = "".join(f"2013-01-{day:02},{k},{n}\n" for day in range(1, 9) for k, n in (("a", 1), ("b", 2), ("a", 3)))
    by_day = daily("day", "2013-01-01", "2013-01-09")
    files = {
        "aggregator.yml": project_file(),
        "facts.csv": "day,k,n\n" + rows,
        "models/lake/facts.yml": source(
            {"day": "DATE", "k": "STRING", "n": "INT64"}, partition=by_day, local="facts.csv"
        ),
        "models/marts/by_day.sql": model(
            "SELECT day, k, SUM(n) AS total FROM lake.facts GROUP BY day, k", partition=daily("day", "2013-01-01")
        ),
        "models/marts/last_three.sql": model(
            "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(total) AS total FROM marts.by_day HAVING COUNT(*) > 0",
            partition=daily("day", "2013-01-01"),
            inputs={"marts.by_day": {"last": "3 days"}},
        ),
        "models/marts/whole.sql": model("SELECT k, SUM(total) AS total FROM marts.by_day GROUP BY k"),
    }
    return write_files(tmp_path / "project", files)


@pytest.fixture
def alone(root: Path, tmp_path: Path) -> Lab:
    """What one run builds."""
    lab = Lab.at(tmp_path / "alone", load_graph(root))
    assert lab.run().is_clean
    return lab


@pytest.fixture
def holder(root: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the warehouse open until its standard input is closed."""
    code = HOLDER.format(tests=str(TESTS), root=str(TESTS.parent), project=str(root))
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("command", ["run", "plan", "status"])
def test_says_who_holds_the_warehouse(root, holder, aggregator_process, command):
    process = aggregator_process(root, command, "--wait", "0")
    out, err = process.communicate()

    assert f"error: local.duckdb is held by process {holder.pid} (" in err
    assert "help: wait until it is done, or stop it; `--wait SECONDS` waits longer" in err
    assert (process.returncode, out) == (2, "")


def test_waits_and_then_works(root, holder, alone, aggregator_process):
    process = aggregator_process(root, "run", "--wait", "60")
    said = iter(process.stderr.readline, "")  # on a busy machine, how far it has compiled, too
    assert any(line.startswith(f"waiting for local.duckdb: process {holder.pid} (") for line in said)
    holder.communicate("")
    process.communicate()

    assert process.returncode == 0
    assert Lab(load_graph(root)).tables() == alone.tables()


def test_processes_at_once_fill_an_empty_warehouse(root, alone, aggregator_process):
    processes = [aggregator_process(root, "run", "--wait", "60") for _ in range(3)]
    outputs = [process.communicate() for process in processes]
    lab = Lab(load_graph(root))

    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert lab.tables() == alone.tables()
    assert lab.recorded() == alone.recorded()
    assert sorted(out.startswith("Everything is fresh") for out, _ in outputs) == [False, True, True]
    assert lab.query("SELECT count(*), count(DISTINCT run_id) FROM _aggregator.ledger") == [(17, 1)]


def test_threads_at_once_fill_an_empty_warehouse(root, alone):
    lab = Lab(load_graph(root))
    reports, together = [], threading.Barrier(4)

    def run() -> None:
        together.wait()
        reports.append(lab.run())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [report.is_clean for report in reports] == [True] * 4
    assert sorted(len(report.results) for report in reports)[:3] == [0, 0, 0]
    assert lab.tables() == alone.tables()
    assert lab.query("SELECT count(*) FROM _aggregator.ledger") == [(17,)]


def test_thread_says_that_this_process_holds_it(root):
    lab = Lab(load_graph(root))
    with lab.engine(), pytest.raises(WarehouseError) as caught:
        DuckDbEngine(lab.graph, wait=0, say=lambda _: None)

    assert str(caught.value) == "local.duckdb is held by another run in this process; waited 0 s"


def test_a_failure_to_open_lets_the_next_one_in(root):
    """The lock within the process is released when the file can't be opened."""
    lab = Lab(load_graph(root))
    lab.path.write_text("not a database, but longer than a header")
    for _ in range(2):
        with pytest.raises(WarehouseError, match="is not a DuckDB database"):
            DuckDbEngine(lab.graph, wait=0, say=lambda _: None)
    lab.path.unlink()

    assert lab.run().is_clean
