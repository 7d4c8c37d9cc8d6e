"""A full disk, a read-only, damaged or foreign file: said clearly, exit code 2, and nothing is lost or changed."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from lab import Lab, daily, load_graph, model, project_file, source, write_files

SMALL, LARGE = 40, 4000
"""Rows of a day's facts in a warehouse that fits on a small disk, and in one that does not."""


def facts(rows: int) -> str:
    lines = [f"2013-01-{day:02},{number % 7},{number * day}" for day in (1, 2, 3) for number in range(rows)]
    return "\n".join(["day,k,n", *lines, ""])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "aggregator.yml": project_file().replace("path: local.duckdb", "path: disk/local.duckdb"),
        "facts.csv": facts(SMALL),
        "models/lake/facts.yml": source(
            {"day": "DATE", "k": "INT64", "n": "INT64"},
            partition=daily("day", "2013-01-01", "2013-01-04"),
            local="facts.csv",
        ),
        "models/marts/by_day.sql": model(
            "SELECT day, k, COUNT(*) AS c, SUM(n) AS total FROM lake.facts GROUP BY day, k",
            partition=daily("day", "2013-01-01"),
        ),
        "models/marts/large.sql": model(
            "SELECT day, k, n, x, TO_HEX(SHA256(CONCAT(CAST(n AS STRING), '-', CAST(x AS STRING)))) AS digest"
            " FROM lake.facts CROSS JOIN UNNEST(GENERATE_ARRAY(1, 5)) AS x",
            partition=daily("day", "2013-01-01"),
        ),
    }
    return write_files(tmp_path / "project", files)


@pytest.fixture
def lab(root: Path) -> Lab:
    return Lab(load_graph(root))


@pytest.fixture
def filled(lab: Lab) -> Lab:
    """A small warehouse in which everything is fresh."""
    lab.path.parent.mkdir(exist_ok=True)
    assert lab.run().is_clean
    return lab


def mount(*arguments: object) -> None:
    done = subprocess.run(["mount", *map(str, arguments)], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this process may not mount: {done.stderr.strip() or done.stdout.strip()}")


@contextlib.contextmanager
def mounted(where: Path, *arguments: object) -> Iterator[None]:
    mount(*arguments, where)
    try:
        yield
    finally:
        subprocess.run(["umount", str(where)], check=True)


can_mount = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")


# --- a full disk -----------------------------------------------------------------------------------------------------


@can_mount
@pytest.mark.parametrize("size", ["4k", "16k", "300k", "900k"])
def test_disk_too_small_for_a_first_run(root, lab, aggregator, size):
    """Whatever it is that does not fit any more: the file itself, the log, a source, a table."""
    (root / "facts.csv").write_text(facts(LARGE))
    lab.path.parent.mkdir()
    with mounted(lab.path.parent, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        failed = aggregator(root, "run", "--quiet")
        again = aggregator(root, "status")
        mount("-o", "remount,size=100m", lab.path.parent)
        mended = aggregator(root, "run", "--quiet")
        rest = lab.plan().steps

    assert (failed.code, failed.out) == (2, "")
    assert "full: " in failed.err or "the disk is full" in failed.err
    assert "help: make room" in failed.err
    assert again.code in (0, 2)
    assert mended.code == 0
    assert rest == ()


@can_mount
def test_disk_full_keeps_what_was_there(root, lab, aggregator):
    """The old partitions stay whole and readable; with more room the run completes."""
    lab.path.parent.mkdir()
    with mounted(lab.path.parent, "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
        assert lab.run().is_clean
        before = lab.tables()
        (root / "facts.csv").write_text(facts(8 * LARGE))
        failed = aggregator(root, "run", "--quiet")
        kept = lab.tables()
        mount("-o", "remount,size=200m", lab.path.parent)
        mended = aggregator(root, "run", "--quiet")
        after = lab.tables()

    assert failed.code == 2
    assert "help: make room" in failed.err
    assert kept["marts.large"] == before["marts.large"]
    assert kept["marts.by_day"] in (before["marts.by_day"], after["marts.by_day"])
    assert mended.code == 0
    assert len(after["marts.large"]) == 3 * 5 * 8 * LARGE


def test_file_may_not_grow(root, filled, aggregator_process):
    """The same by a limit on the size of files, which needs no privilege."""
    before = filled.tables()
    (root / "facts.csv").write_text(facts(6 * LARGE))

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = filled.path.stat().st_size + 200_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    failed = aggregator_process(root, "run", "--quiet", preexec_fn=limit)
    _, err = failed.communicate()
    kept = filled.tables()
    mended = aggregator_process(root, "run", "--quiet")
    mended.communicate()
    after = filled.tables()

    assert (failed.returncode, mended.returncode) == (2, 0), err
    assert "error: the disk of the database file is full: " in err
    assert all(kept[table] in (before[table], after[table]) for table in before), "a table is neither old nor new"
    assert any(kept[table] == before[table] != after[table] for table in before), "nothing was stopped"
    assert filled.plan().steps == ()


# --- read-only -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def made_read_only(path: Path) -> Iterator[None]:
    """By a mount for root, whom permissions do not stop; by permissions for anyone else."""
    if os.geteuid() == 0:
        with mounted(path, "--bind", path):
            mount("-o", "remount,ro,bind", path)
            yield
        return
    mode = path.stat().st_mode
    path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        path.chmod(mode)


@pytest.mark.parametrize("command", ["run", "status"])
@pytest.mark.parametrize("what", ["file", "folder"])
def test_read_only(root, filled, aggregator, command, what):
    path = filled.path if what == "file" else filled.path.parent
    before = filled.path.read_bytes()
    with made_read_only(path):
        outcome = aggregator(root, command)

    assert (outcome.code, outcome.out) == (2, "")
    assert f"error: {filled.path} can't be written: " in outcome.err
    assert "help: make the file and its folder writable\n" in outcome.err
    assert filled.path.read_bytes() == before


def test_folder_that_can_not_be_made(root, lab, aggregator):
    with made_read_only(root):
        outcome = aggregator(root, "run")

    assert outcome.code == 2
    assert f"error: {lab.path} can't be opened: " in outcome.err


# --- what is not ours ------------------------------------------------------------------------------------------------


def sqlite_file(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE notes (text TEXT)")
        db.commit()


def duckdb_file(*statements: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with duckdb.connect(str(path)) as db:
            for statement in statements:
                db.execute(statement)

    return make


ANOTHER_LEDGER = ("CREATE SCHEMA _aggregator", "CREATE TABLE _aggregator.about AS SELECT 99 AS version")


@pytest.mark.parametrize(
    ("make", "complaint", "advice"),
    [
        pytest.param(
            lambda path: path.write_text("Dear diary, today I aggregated.\n"),
            "{path} is not a DuckDB database; it was left as it is",
            "move it away, or choose another `path:` in aggregator.yml",
            id="a text",
        ),
        pytest.param(
            lambda path: path.write_bytes(b""),
            "{path} is not a DuckDB database; it was left as it is",
            "move it away, or choose another `path:` in aggregator.yml",
            id="an empty file",
        ),
        pytest.param(
            sqlite_file,
            "{path} is not a DuckDB database; it was left as it is",
            "move it away, or choose another `path:` in aggregator.yml",
            id="an SQLite file",
        ),
        pytest.param(
            duckdb_file("CREATE TABLE notes AS SELECT 1 AS a"),
            "{path} holds tables that aggregator did not make; it was left as it is",
            "choose another `path:` in aggregator.yml",
            id="someone else's DuckDB file",
        ),
        pytest.param(
            duckdb_file("CREATE VIEW notes AS SELECT 1 AS a"),
            "{path} holds tables that aggregator did not make; it was left as it is",
            "choose another `path:` in aggregator.yml",
            id="a DuckDB file with nothing but a view",
        ),
        pytest.param(
            duckdb_file(*ANOTHER_LEDGER),
            "{path} was written by another version of aggregator (ledger 99, not 2)",
            "use that version, or another `path:`; nothing was changed",
            id="a ledger of another version",
        ),
        pytest.param(
            duckdb_file("CREATE SCHEMA _aggregator", "CREATE TABLE _aggregator.notes AS SELECT 1 AS a"),
            "the database file can't be written or read: Catalog Error: Table with name about does not exist!",
            "look at the file and its disk, then run again; nothing was half-written",
            id="a ledger without its parts",
        ),
    ],
)
def test_foreign_file(root, lab, aggregator, make, complaint, advice):
    lab.path.parent.mkdir()
    make(lab.path)
    before = lab.path.read_bytes()
    outcome = aggregator(root, "run")

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"error: {complaint.format(path=lab.path)}\nhelp: {advice}\n"
    assert lab.path.read_bytes() == before
    assert sorted(path.name for path in lab.path.parent.iterdir()) == ["local.duckdb"]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        pytest.param(lambda path: path.mkdir(), "can't be opened: Is a directory", id="a folder of that name"),
        pytest.param(
            lambda path: (path.parent.rmdir(), path.parent.write_text("")),
            "is a file, not a folder",
            id="a file where the folder should be",
        ),
    ],
)
def test_path_that_can_not_be(root, lab, aggregator, make, complaint):
    lab.path.parent.mkdir()
    make(lab.path)
    outcome = aggregator(root, "run")

    assert outcome.code == 2
    assert complaint in outcome.err


# --- damage ----------------------------------------------------------------------------------------------------------


def scribbled(data: bytes, where: float) -> bytes:
    """Random bytes over a piece of a file."""
    noise = random.Random(1).randbytes(5000)
    start = int(len(data) * where)
    return data[:start] + noise + data[start + len(noise) :]


@pytest.mark.parametrize("command", ["run", "status"])
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: scribbled(data, 0), id="random bytes at the head"),
        pytest.param(lambda data: scribbled(data, 0.02), id="random bytes near the head"),
        pytest.param(lambda data: scribbled(data, 0.3), id="random bytes before the middle"),
        pytest.param(lambda data: scribbled(data, 0.5), id="random bytes in the middle"),
        pytest.param(lambda data: scribbled(data, 0.9), id="random bytes near the end"),
        pytest.param(lambda data: data[:10], id="cut off in the head"),
        pytest.param(lambda data: data[:5000], id="cut off after the first page"),
        pytest.param(lambda data: data[: len(data) // 2], id="cut in half"),
    ],
)
def test_damaged_file(root, filled, aggregator, command, damage):
    """Never taken for an empty warehouse, never a traceback, never made worse."""
    damaged = damage(filled.path.read_bytes())
    filled.path.write_bytes(damaged)
    outcome = aggregator(root, command)

    assert (outcome.code, outcome.out) == (2, "")
    assert "damaged" in outcome.err or "is not a DuckDB database" in outcome.err
    assert "help: restore the file, or delete it: " in outcome.err or "help: move it away" in outcome.err
    assert filled.path.read_bytes() == damaged


def test_restored_file_goes_on(root, filled, aggregator):
    """The advice works: delete it, and everything is built from the sources."""
    tables = filled.tables()
    filled.path.write_bytes(filled.path.read_bytes()[:5000])
    assert aggregator(root, "run").code == 2
    filled.path.unlink()

    assert aggregator(root, "run", "--quiet").code == 0
    assert filled.tables() == tables


def test_ledger_with_other_columns(root, filled, aggregator):
    filled.execute("ALTER TABLE _aggregator.ledger DROP COLUMN checksum")
    outcome = aggregator(root, "run")

    assert outcome.code == 2
    assert "error: the database file can't be written or read: Binder Error: " in outcome.err
