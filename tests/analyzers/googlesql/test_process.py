"""The processes behind the analyzer: killed, too slow, or out of memory, they cost one answer and nothing else."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from aggregator.analyzers.protocol import Statement, Verdict

pytest.importorskip("zetasql", reason="zetasql is not installed")

from aggregator.analyzers.googlesql.analyzer import GoogleSql
from aggregator.analyzers.googlesql.process import LostError, Process
from aggregator.analyzers.protocol import NotAvailableError

FINE = Statement("fine", "SELECT 1 AS x", ())
SLOW = Statement("slow", " UNION ALL ".join(["SELECT 1 AS x"] * 3000), ())


def test_a_process_that_is_killed_while_idle_is_replaced(compiled: Path):
    analyzer = GoogleSql(compiled)
    analyzer.analyse([FINE])
    idle = analyzer._idle.get()
    os.kill(idle._process.pid, signal.SIGKILL)
    idle._process.wait()
    analyzer._idle.put(idle)
    verdicts = analyzer.analyse([FINE, FINE])
    analyzer.close()

    assert [len(verdict.columns) for verdict in verdicts] == [1, 1]


def test_a_process_that_is_killed_at_work_is_lost(compiled: Path):
    process = Process(compiled)
    process.ask("verdicts", [FINE], 30)
    killer = threading.Timer(0.05, process._process.kill)
    killer.start()

    with pytest.raises(LostError, match="the analyzer broke down"):
        process.ask("verdicts", [SLOW] * 20, 60)


def test_a_statement_that_takes_too_long_is_not_checked(compiled: Path):
    analyzer = GoogleSql(compiled, seconds=0.01)
    verdicts = analyzer.analyse([SLOW])
    analyzer.close()

    assert verdicts == [Verdict(unchecked="no answer within 0.01 s")]


def test_statements_are_judged_one_by_one_after_they_were_too_much_together(compiled: Path):
    analyzer = GoogleSql(compiled, seconds=30)
    analyzer.analyse([FINE])
    process = analyzer._idle.get_nowait()
    with pytest.raises(LostError, match=r"no answer within 0\.1 s"):
        process.ask("verdicts", [SLOW] * 12, 0.1)
    verdicts = analyzer.analyse([FINE, FINE])
    analyzer.close()

    assert [len(verdict.columns) for verdict in verdicts] == [1, 1]


def test_a_damaged_module_is_said_and_no_traceback(tmp_path: Path):
    damaged = tmp_path / "damaged.bin"
    damaged.write_bytes(b"no module")
    tmp_path.chmod(0o700)

    with pytest.raises(NotAvailableError, match="damaged"):
        Process(damaged).ask("verdicts", [FINE], 30)
    (verdict,) = GoogleSql(damaged).analyse([FINE])
    assert verdict.unchecked


def test_closing_ends_the_processes(compiled: Path):
    analyzer = GoogleSql(compiled)
    analyzer.analyse([FINE])
    process = analyzer._idle.get()
    analyzer._idle.put(process)
    analyzer.close()

    assert process._process.poll() is not None
