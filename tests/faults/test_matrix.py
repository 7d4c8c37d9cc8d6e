"""What may go wrong, and where it is shown that nothing else goes wrong with it.

| fault | shown by |
|---|---|
| killed before, during or after a write, or before the ledger | test_kill.py::test_ended_at_any_point |
| killed anywhere, in the middle of a statement | test_kill.py::test_killed_at_random_times |
| killed while the warehouse is made | test_matrix.py::test_a_draft_of_a_killed_first_run_is_not_left_behind |
| the same run started twice | test_two_runs.py::test_processes_at_once_fill_an_empty_warehouse |
| two runs at once over the same partitions, refilled | test_matrix.py::test_two_refills_at_once |
| a backfill beside the daily run | test_matrix.py::test_a_backfill_beside_the_daily_run |
| a backfill of which some partitions fail | test_matrix.py::test_seven_of_thirty_fail |
| a retry is killed | test_kill_retry.py::test_whenever_it_dies_nothing_is_done_twice |
| whoever holds the warehouse dies | test_matrix.py::test_whoever_dies_lets_the_next_one_in |
| the disk is full: the warehouse | test_storage.py::test_disk_full_keeps_what_was_there |
| the disk is full: what is exported | test_matrix.py::test_an_export_without_room_leaves_the_old_file |
| the warehouse is cut off, damaged, or empty | test_storage.py::test_damaged_file |
| the warehouse is of another version, or someone else's | test_storage.py::test_foreign_file |
| the ledger is emptied by hand | test_matrix.py::test_an_emptied_ledger_is_not_an_empty_warehouse |
| rows are changed by hand | test_matrix.py::test_rows_changed_by_hand_are_noticed |
| an empty result | test_guards.py::test_an_empty_result_empties_the_partition |
| rows of no partition, or of another one | test_guards.py::test_stray_rows_are_refused |
| a column of a source is gone, or another | test_matrix.py::test_a_source_that_changed_its_columns_changes_no_table |
| a column of a model is gone | test_matrix.py::test_a_reader_of_a_column_that_is_gone_stops_the_run_before_it_begins |
| the clock goes back | test_matrix.py::test_a_clock_that_goes_back |
| a run at the last second of a day | test_due.py::test_alone |
| days of 23 and 25 hours, other zones, leap days | test_incremental.py::test_built_in_pieces_is_built_at_once |
| rows arrive late | test_matrix.py::test_late_rows_make_their_day_stale |
| a check fails | test_guards.py::test_a_broken_promise_keeps_the_old_rows |
| SIGTERM and Ctrl-C in a query | test_interrupt.py::test_interrupted_in_a_query |
| Ctrl-C in several queries at once | test_steps_at_once.py::test_an_interrupt_ends_all_queries |

Answers that are lost on the way, quotas and jobs that fail by themselves are faults of BigQuery, shown in its tests.
Below, the six invariants have a test each, after a kill at each point of a run.
"""

from __future__ import annotations

import dataclasses
import re
import resource
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from driving import ROOT, drive
from lab import Lab, Rows, built, daily, load_graph, model, name, planned, project_file, source, statuses, write_files

from aggregator.cli import main

DAYS = [f"2013-01-{day:02}" for day in range(1, 31)]
BY_DAY = daily("day", DAYS[0], "2013-01-31")
NOT_NEGATIVE = [{"expect_column_values_to_be_between": {"column": "total", "min_value": 0}}]
COUNTS = "SELECT day, k, SUM(n) AS total FROM lake.facts GROUP BY day, k"


def facts(**changed: int) -> str:
    """Two rows a day; ``d03=7`` is another number for the third."""
    numbers = {day: changed.get(f"d{day[-2:]}", 1) for day in DAYS}
    return "day,k,n\n" + "".join(f"{day},{k},{numbers[day]}\n" for day in DAYS for k in "ab")


FILES = {
    "aggregator.yml": project_file(),
    "facts.csv": facts(),
    "models/lake/facts.yml": source({"day": "DATE", "k": "STRING", "n": "INT64"}, partition=BY_DAY, local="facts.csv"),
    "models/marts/counts.sql": model(COUNTS, partition=BY_DAY, key=["day", "k"], checks=NOT_NEGATIVE),
    "models/marts/twice.sql": model("SELECT day, k, 2 * total AS total FROM marts.counts", partition=BY_DAY),
    "models/marts/whole.sql": model("SELECT k, SUM(total) AS total FROM marts.counts GROUP BY k"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path / "project", FILES)


@pytest.fixture
def filled(root: Path) -> Lab:
    lab = Lab(load_graph(root))
    assert lab.run().is_clean
    return lab


def test_every_fault_is_shown_somewhere():
    """Each row of the table above names a test that is there."""
    shown = re.findall(r"(test_\w+\.py)::(test_\w+)", __doc__ or "")
    files = {path.name: path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}

    assert len(shown) == len([line for line in (__doc__ or "").splitlines() if line.startswith("| ")]) - 1
    assert [each for each in shown if f"def {each[1]}(" not in files[each[0]]] == []


# --- two runs at once ---


def test_two_refills_at_once(root, filled, aggregator_process):
    """Each of them builds all, one after the other; no row is there twice."""
    before = filled.tables()
    processes = [aggregator_process(root, "run", "--full", "--quiet", "--wait", "60") for _ in range(2)]
    outputs = [process.communicate() for process in processes]

    assert [process.returncode for process in processes] == [0, 0], outputs
    assert filled.tables() == before
    assert filled.plan().steps == ()


def test_a_backfill_beside_the_daily_run(root, filled, aggregator_process):
    """The one builds the month anew, the other the day that changed; the day before is nobody's."""
    write_files(root, {"facts.csv": facts(d29=5)})
    backfill = ("run", "--full", "--to", "2013-01-29", "--select", "marts.counts+", "--wait", "60")
    processes = [aggregator_process(root, *backfill), aggregator_process(root, "run", "--wait", "60")]
    outputs = [process.communicate() for process in processes]
    rows = filled.rows("marts.counts")

    assert [process.returncode for process in processes] == [0, 0], outputs
    assert [(str(day), total) for day, _, total in rows] == [
        (day, 5 if day == "2013-01-29" else 1) for day in DAYS for _ in "ab"
    ]
    assert filled.rows("marts.whole") == [("a", 34), ("b", 34)]
    assert filled.plan().steps == ()


def test_whoever_dies_lets_the_next_one_in(root, filled, aggregator_process, tmp_path):
    """There is no lock of ours that would outlive a process."""
    code = (
        f"import sys, time; from pathlib import Path; sys.path[:0] = [{str(ROOT / 'tests')!r}, {str(ROOT)!r}]\n"
        f"from lab import Lab, load_graph\n"
        f"with Lab(load_graph(Path({str(root)!r}))).engine():\n"
        "    print('held', flush=True)\n    sys.stdin.read()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    refused = aggregator_process(root, "run", "--wait", "0")
    _, told = refused.communicate()
    holder.kill()
    holder.wait()
    allowed = aggregator_process(root, "run", "--quiet", "--wait", "0")
    _, err = allowed.communicate()

    assert (refused.returncode, f"is held by process {holder.pid}" in told) == (2, True)
    assert (allowed.returncode, err) == (0, "")


# --- what is left of a backfill ---


def test_seven_of_thirty_fail(root, aggregator):
    """23 are built, 7 are listed; a retry builds those 7 and nothing else, each with the rows of its own day."""
    bad = [DAYS[index] for index in (1, 4, 5, 11, 17, 25, 29)]
    write_files(root, {"facts.csv": facts(**{f"d{day[-2:]}": -1 for day in bad})})
    failed = aggregator(root, "run", "--format", "json")
    states = aggregator(root, "status", "marts.counts", "--format", "json").json
    write_files(root, {"facts.csv": facts()})
    retried = aggregator(root, "run", "--retry-failed", "--format", "json")
    lab = Lab(load_graph(root))

    assert failed.code == 1
    assert [each["partition"] for each in states if each["state"] == "failed"] == bad
    assert sum(each["state"] == "fresh" for each in states) == 23
    assert retried.code == 0
    assert [step["partitions"] for step in retried.json["steps"]] == [
        ["2013-01-02", "2013-01-02"],
        ["2013-01-05", "2013-01-06"],
        *([day, day] for day in bad[3:]),
    ]
    assert [str(day) for day, _, _ in lab.rows("marts.counts")] == [day for day in DAYS for _ in "ab"]
    assert lab.run().is_clean
    assert lab.rows("marts.whole") == [("a", 30), ("b", 30)]


# --- what is not ours to change ---


def test_an_export_without_room_leaves_the_old_file(root, filled, aggregator_process):
    page, manifest = root / "status.html", root / "out" / "manifest.json"
    exports = (("status", "--html", str(page), "--quiet"), ("compile", "--out", str(manifest.parent), "--quiet"))
    for each in exports:
        aggregator_process(root, *each).communicate()
    old = [path.read_text() for path in (page, manifest)]
    write_files(root, {"models/marts/twice.sql": FILES["models/marts/twice.sql"].replace("2 *", "3 *")})

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    processes = [aggregator_process(root, *each, preexec_fn=limit) for each in exports]
    told = [process.communicate()[1] for process in processes]

    assert all(process.returncode for process in processes)
    assert [path.read_text() for path in (page, manifest)] == old
    assert "File too large" in told[0]
    assert "File too large" in told[1]
    assert all("Traceback" not in each for each in told)
    assert list(root.glob(".status.html.*")) == []


def test_an_emptied_ledger_is_not_an_empty_warehouse(filled):
    """The rows are there, and nobody knows from what: they are built again, and none is lost or doubled."""
    before = filled.tables()
    filled.execute("DELETE FROM _aggregator.ledger")
    reasons, report = set(planned(filled.plan()).values()), filled.run()

    assert reasons == {"unrecorded"}
    assert report.is_clean
    assert filled.tables() == before
    assert filled.plan().steps == ()


def test_rows_changed_by_hand_are_noticed(filled):
    before = filled.tables()
    filled.execute("UPDATE marts.counts SET total = 99 WHERE day = '2013-01-04' AND k = 'a'")
    found = planned(filled.plan())
    report = filled.run()

    assert found["marts.counts", "2013-01-04"] == "touched"
    assert {each for each, reason in found.items() if reason == "touched"} == {("marts.counts", "2013-01-04")}
    assert report.is_clean
    assert filled.tables() == before


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda text: text.replace("day,k,n", "day,k,m"), id="renamed"),
        pytest.param(lambda text: "\n".join(line.rpartition(",")[0] for line in text.splitlines()), id="gone"),
        pytest.param(lambda text: text.replace(",1\n", ",one\n"), id="of another type"),
    ],
)
def test_a_source_that_changed_its_columns_changes_no_table(root, filled, aggregator, changed):
    before = filled.tables()
    write_files(root, {"facts.csv": changed(facts())})
    outcome = aggregator(root, "run")

    assert outcome.code == 1
    assert "models/lake/facts.yml:" in outcome.err
    assert "1 source can't be loaded: nothing was run" in outcome.err
    assert filled.query("SELECT count(*) FROM marts.counts") == [(60,)]
    with filled.connection() as db:
        assert db.execute("SELECT * FROM marts.twice ORDER BY ALL").fetchall() == before["marts.twice"]


def test_a_reader_of_a_column_that_is_gone_stops_the_run_before_it_begins(root, filled, aggregator):
    before = filled.path.read_bytes()
    write_files(root, {"models/marts/counts.sql": FILES["models/marts/counts.sql"].replace("AS total", "AS number")})
    outcome = aggregator(root, "run")

    assert outcome.code == 1
    assert "models/marts/twice.sql:" in outcome.err
    assert filled.path.read_bytes() == before


# --- time ---


def test_a_clock_that_goes_back(root, monkeypatch):
    """A day that is not over any more is left alone, and what counts is the order of the ledger, not its clock."""
    open_ended = daily("day", DAYS[0])
    files = {key: FILES[key] for key in ("aggregator.yml", "facts.csv", "models/lake/facts.yml")}
    shutil.rmtree(root)
    write_files(root, files | {"models/marts/counts.sql": model(COUNTS, partition=open_ended)})
    lab, clock = Lab(load_graph(root)), [datetime(2013, 1, 31, tzinfo=UTC)]
    monkeypatch.setattr("aggregator.engines.duckdb.engine.DuckDbEngine.now", lambda _: clock[0])

    def run(at: datetime, text: str) -> set[tuple[str, str]]:
        clock[0] = at
        write_files(root, {"facts.csv": text})
        return built(lab.run(now=at))

    first = run(datetime(2013, 1, 31, tzinfo=UTC), facts())
    back = run(datetime(2013, 1, 20, tzinfo=UTC), facts(d03=3, d25=5))
    again = run(datetime(2013, 1, 31, tzinfo=UTC), facts(d03=3, d25=5))
    numbers = {str(day): total for day, _, total in lab.rows("marts.counts")}

    assert len(first) == 30
    assert back == {("marts.counts", "2013-01-03")}
    assert again == {("marts.counts", "2013-01-25")}
    assert (numbers["2013-01-03"], numbers["2013-01-25"]) == (3, 5)


def test_late_rows_make_their_day_stale(root, filled, aggregator):
    write_files(root, {"facts.csv": facts() + "2013-01-05,c,9\n"})
    states = aggregator(root, "status", "--format", "json").json
    late = {(each["model"], each["partition"]): each["cause"] for each in states if each["state"] != "fresh"}
    report = filled.run()

    assert late == dict.fromkeys(
        [("marts.counts", "2013-01-05"), ("marts.twice", "2013-01-05"), ("marts.whole", None)],
        "lake.facts@2013-01-05 changed (2 rows, now 3)",
    )
    assert set(statuses(report)) == {(table, day or "") for table, day in late}
    assert filled.rows("marts.whole") == [("a", 30), ("b", 30), ("c", 9)]


# --- the invariants, after a kill at each point of a run ---


@dataclasses.dataclass(frozen=True)
class Wreck:
    """A project whose run was killed: what was there then, and after the same command was given again."""

    tables: dict[str, Rows]
    recorded: dict[tuple[str, str], int]
    """How many rows the ledger says that it wrote."""

    code: int
    mended: dict[str, Rows]
    rest: int
    files: list[str]
    schemas: list[str]


@dataclasses.dataclass(frozen=True)
class Wrecks:
    before: dict[str, Rows]
    after: dict[str, Rows]
    found: list[Wreck]


WRITES = ("CREATE OR REPLACE TABLE", "CREATE OR REPLACE TEMP TABLE", "DELETE", "INSERT", "COMMIT")


@pytest.fixture(scope="module")
def wrecks(tmp_path_factory: pytest.TempPathFactory) -> Wrecks:
    """Two of thirty days changed; the run that mends it is killed before every third of its statements that write."""
    folder = tmp_path_factory.mktemp("wrecks")
    graph = load_graph(write_files(folder / "before", FILES))
    lab = Lab(graph)
    assert lab.run().is_clean
    before = lab.tables()
    write_files(folder / "before", {"facts.csv": facts(d03=3, d20=20)})
    task = {"template": folder / "before", "arguments": ["run", "--quiet"]}
    statements = drive(**task, work=folder / "whole", fate="nothing", moments=[-1])[0]["statements"]
    writes = [number for number, sql in enumerate(statements) if sql.startswith(WRITES)]
    moments = [writes[0], *writes[2::3], writes[-1]]
    killed = drive(**task, work=folder / "killed", fate="kill", moments=moments)

    assert len(moments) > 8
    assert {each["exit"] for each in killed} == {-signal.SIGKILL}
    found = [wreck(Lab.at(folder / "killed" / str(moment), graph)) for moment in moments]
    return Wrecks(before, Lab.at(folder / "whole" / "-1", graph).tables(), found)


def wreck(lab: Lab) -> Wreck:
    root = lab.path.parent
    tables = lab.tables()
    recorded = {
        (str(table), partition): row.rows
        for table, rows in lab.ledger().built.items()
        for partition, row in rows.items()
    }
    code = main(["run", "--quiet", "--project", str(root)])
    schemas = [row[0] for row in lab.query("SELECT DISTINCT schema_name FROM duckdb_tables() ORDER BY 1")]
    files = sorted(path.name for path in root.iterdir() if path.is_file() and path.name.startswith("local"))
    return Wreck(tables, recorded, code, lab.tables(), len(lab.plan().steps), files, schemas)


def of_day(rows: Rows, day: str) -> Rows:
    return [row for row in rows if str(row[0]) == day]


def test_i1_a_partition_has_the_rows_of_exactly_one_run(wrecks):
    for each in wrecks.found:
        for table in ("marts.counts", "marts.twice"):
            for day in DAYS:
                old, new = (of_day(rows[table], day) for rows in (wrecks.before, wrecks.after))
                assert of_day(each.tables[table], day) in (old, new)
        assert each.tables["marts.whole"] in (wrecks.before["marts.whole"], wrecks.after["marts.whole"])


def test_i2_rows_that_the_ledger_tells_of_are_there(wrecks):
    for each in wrecks.found:
        there = {(table, str(row[0])) for table in ("marts.counts", "marts.twice") for row in each.tables[table]}
        assert {key for key, rows in each.recorded.items() if rows and key[1]} == there
        assert each.recorded["marts.whole", ""] == len(each.tables["marts.whole"])


def test_i3_the_same_command_again_gets_there(wrecks):
    assert [each.code for each in wrecks.found] == [0] * len(wrecks.found)
    assert all(each.mended == wrecks.after and not each.rest for each in wrecks.found)


def test_i4_other_partitions_are_as_they_were(wrecks):
    for each in wrecks.found:
        for table in ("marts.counts", "marts.twice"):
            for tables in (each.tables, each.mended):
                others = [row for row in tables[table] if str(row[0]) not in ("2013-01-03", "2013-01-20")]
                assert others == [row for row in wrecks.before[table] if row in others]
                assert len(others) == 2 * 28


def test_i5_nothing_is_left_behind(wrecks):
    assert {tuple(each.files) for each in wrecks.found} == {("local.duckdb",)}
    assert {tuple(each.schemas) for each in wrecks.found} == {("_aggregator", "lake", "marts")}


def test_i6_a_failure_says_where_why_and_what_to_do(root, aggregator):
    write_files(root, {"facts.csv": facts(d03=-3)})
    outcome = aggregator(root, "run")

    assert outcome.code == 1
    assert (
        "marts.counts@2013-01-03: total is not between 0 and inf in 2 rows; the rows were not published" in outcome.err
    )
    assert outcome.out.endswith("Next: mend the cause, then aggregator run\n")
    assert Lab(load_graph(root)).ledger().failed[name("marts.counts")].keys() == {"2013-01-03"}


def test_a_draft_of_a_killed_first_run_is_not_left_behind(root, tmp_path):
    """A new database file appears whole: whoever dies before that leaves a draft, which the next run removes."""
    found = drive(template=root, work=tmp_path / "killed", arguments=["run", "--quiet"], fate="kill", moments=[0])
    killed = tmp_path / "killed" / "0"
    drafts = [path.name for path in killed.iterdir() if path.name.endswith(".new")]
    with duckdb.connect(str(killed / drafts[0])):
        pass
    assert Lab(load_graph(killed)).run().is_clean

    assert found[0]["statements"] == []
    assert len(drafts) == 1
    assert [path.name for path in killed.iterdir() if path.name.startswith("local")] == ["local.duckdb"]
