"""Two processes at once, killed ones, and interrupted ones; leases; and what the command line says."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack

import pytest
from lab import write_files
from one_table import QUICK, assert_whole, files, graph_of, stamps, successes

from aggregator.core.names import TableName
from aggregator.core.plan import Reason, Stale, Step
from aggregator.engines.bigquery.leases import Terms
from aggregator.engines.protocol import WarehouseError
from aggregator.strategies import write_for

DAILY = TableName("marts", "daily")
FIVE_DAYS = files("2024-01-01", "2024-01-06")
PATIENCE = 100


def ended(process):
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_processes_backfill_the_same_table(warehouse, start):
    """The second waits, looks again, and finds nothing left to do."""
    warehouse.slow = 3
    first, second = (start(FIVE_DAYS, "run", "--wait", "90") for _ in range(2))

    codes = {ended(first)[0], ended(second)[0]}

    assert codes == {0}
    assert_whole(warehouse, partitions=5)
    assert len(warehouse.runs("build")) == 1
    assert set(successes(warehouse).values()) == {1}


def test_two_processes_of_one_run_share_a_job(warehouse, make_engine, tmp_path):
    """As when a scheduler starts a task again whose worker is lost: the job that still runs is taken over."""
    graph = graph_of(write_files(tmp_path / "project", FIVE_DAYS))
    warehouse.slow = 10**6
    model = graph.models[DAILY]
    with make_engine(graph, run_key="task-1", terms=Terms(length=0.2, renewal=9.0, look=0.02)) as engine:
        step = Step(DAILY, ("2024-01-01", "2024-01-02"), Stale(Reason.MISSING))
        engine._jobs._pause = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)  # it dies while it waits
        engine._jobs.cancel = lambda: None
        with pytest.raises(KeyboardInterrupt):
            engine.stage(write_for(model, step, {}), [])
        engine._publishing.clean = lambda: None
    warehouse.slow = 0
    job = next(job for job in warehouse.jobs.values() if job["configuration"]["labels"]["purpose"] == "build")
    job["looks"] = 0
    with make_engine(graph, run_key="task-1") as engine:
        engine.snapshot()
        staged = engine.stage(write_for(model, step, {}), [])

    assert sorted(staged.batches) == ["2024-01-01", "2024-01-02"]
    assert len(warehouse.runs("build")) == 1
    assert len([job for job in warehouse.jobs if "_stage_" in job]) == 1


@pytest.mark.parametrize(
    ("purpose", "fault"),
    [
        pytest.param("build", "after reset", id="while rows are staged"),
        pytest.param("check", "after reset", id="when they were looked at"),
        pytest.param("publish", "reset", id="before they are published"),
        pytest.param("publish", "after reset", id="when one partition was published"),
        pytest.param("ledger", "reset", id="before the ledger is written"),
        pytest.param("ledger", "after reset", id="when the ledger was written"),
    ],
)
def test_killed_and_started_again(warehouse, start, build, purpose, fault):
    process = []

    def die(method, path, body):
        labels = body["configuration"].get("labels", {}) if method == "POST" and path.endswith("/jobs") else {}
        if process and labels.get("purpose") == purpose:
            process.pop().kill()
            return fault
        return None

    warehouse.fault_on = die
    started = start(FIVE_DAYS, "run")
    process.append(started)
    started.communicate(timeout=PATIENCE)
    expire_leases(warehouse)
    report = build(FIVE_DAYS)
    nothing = build(FIVE_DAYS)

    assert started.returncode == -signal.SIGKILL
    assert report.is_clean
    assert_whole(warehouse, partitions=5)
    assert set(successes(warehouse)) == {f"2024-01-0{day}" for day in range(1, 6)}
    assert nothing.results == ()


def test_interrupted_while_a_job_runs(warehouse, start):
    warehouse.slow = 10**6
    process = start(FIVE_DAYS, "run")
    wait_for(lambda: warehouse.posted_jobs("build"))
    wait_for(lambda: any(method == "GET" and "_stage_" in path for method, path, _ in warehouse.requests))

    process.send_signal(signal.SIGINT)
    code, _, err = ended(process)

    cancelled = [path for _, path, _ in warehouse.requests if path.endswith("/cancel")]
    assert code == 130
    assert "goes on from here" in err
    assert len(cancelled) == 1
    assert warehouse.stored["acme._aggregator.lease_marts__daily"].resource["labels"]["state"] == "free"
    assert stamps(warehouse) == {}


def test_a_table_that_another_process_writes(warehouse, make_engine, tmp_path):
    graph = graph_of(write_files(tmp_path / "project", FIVE_DAYS))
    with make_engine(graph, run_key="first") as first, make_engine(graph, run_key="second", wait=0.1) as second:
        assert first.hold(DAILY) is False
        with pytest.raises(WarehouseError, match=r"marts\.daily is being written by run first on .*, process \d+"):
            second.hold(DAILY)


def test_a_lease_is_renewed_while_it_is_used(warehouse, make_engine, tmp_path):
    graph = graph_of(write_files(tmp_path / "project", FIVE_DAYS))
    short = Terms(length=3.0, renewal=0.1, look=0.02)
    with make_engine(graph, terms=short) as first, make_engine(graph, wait=0.1) as second, ExitStack() as stack:
        stack.enter_context(first._leases.using(DAILY))
        time.sleep(4.0)
        with pytest.raises(WarehouseError):
            second.hold(DAILY)
        first._leases.check(DAILY)


def test_a_lease_of_the_dead_runs_out(warehouse, make_engine, tmp_path):
    graph = graph_of(write_files(tmp_path / "project", FIVE_DAYS))
    with make_engine(graph, terms=Terms(length=0.5, renewal=100.0, look=0.02)) as dead:
        dead.hold(DAILY)
        with make_engine(graph, wait=30.0) as heir:
            assert heir.hold(DAILY) is True  # it waited, so somebody may have written
            with pytest.raises(WarehouseError, match=r"the lease of marts\.daily has run out"):
                dead._leases.check(DAILY)


def test_a_lease_that_was_given_back_tells_of_a_writer(warehouse, make_engine, tmp_path):
    graph = graph_of(write_files(tmp_path / "project", FIVE_DAYS))
    with make_engine(graph) as second:
        second.snapshot()
        with make_engine(graph) as first:
            first.hold(DAILY)

        assert second.hold(DAILY) is True


def test_answers_about_leases_that_are_lost(warehouse, make_engine, tmp_path):
    """The one that asked holds it all the same."""
    graph = graph_of(write_files(tmp_path / "project", FIVE_DAYS))
    left = {"POST": 1, "PATCH": 1}

    def lose(method, path, _body):
        if "/_aggregator/tables" not in path or not left.get(method):
            return None
        left[method] -= 1
        return "after reset"

    with make_engine(graph, terms=QUICK) as engine:
        engine.snapshot()
        warehouse.datasets.add("acme._aggregator")
        warehouse.fault_on = lose
        with engine._leases.using(DAILY):
            wait_for(lambda: not left["PATCH"])
            time.sleep(0.5)
            engine._leases.check(DAILY)

    assert left == {"POST": 0, "PATCH": 0}


def test_cleaning(warehouse, start):
    warehouse.datasets |= {"acme.dev_bob_marts", "acme.dev_ann_old"}
    assert ended(start(FIVE_DAYS, "run", "--env", "dev"))[0] == 0

    refused = ended(start(FIVE_DAYS, "clean", "--env", "prod", "--yes"))
    cleaned = ended(start(FIVE_DAYS, "clean", "--env", "dev", "--yes"))
    again = ended(start(FIVE_DAYS, "clean", "--env", "dev", "--yes"))

    assert refused[0] == 2
    assert "the datasets of prod are not those of one user" in refused[2]
    assert (cleaned[0], cleaned[1].splitlines()[-1]) == (0, "Dropped 3 datasets.")
    assert warehouse.datasets == {"acme.lake", "acme.dev_bob_marts"}
    assert again[1] == "There is nothing of yours in dev.\n"


def expire_leases(warehouse):
    """The dead don't renew theirs: so much time has passed."""
    for name, table in warehouse.stored.items():
        if ".lease_" in name:
            table.resource["expirationTime"] = "1"
