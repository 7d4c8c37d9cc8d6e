"""Ctrl-C and SIGTERM in the middle of a long query: the run ends, what was published stays, the next run goes on."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from lab import Lab, daily, load_graph, model, project_file, source, write_files

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see the query at work")

QUICK = "SELECT day, SUM(n) AS total FROM lake.facts GROUP BY day"
LONG = """
WITH numbers AS (SELECT x FROM UNNEST(GENERATE_ARRAY(1, 200000)) AS x),
work AS (SELECT SUM(MOD(one.x * other.x, 7)) AS units FROM numbers AS one CROSS JOIN numbers AS other)
SELECT day, total, units FROM marts.quick CROSS JOIN work
"""
FILES = {
    "aggregator.yml": project_file(),
    "facts.csv": "day,n\n2013-01-01,1\n2013-01-02,2\n",
    "models/lake/facts.yml": source(
        {"day": "DATE", "n": "INT64"}, partition=daily("day", "2013-01-01", "2013-01-03"), local="facts.csv"
    ),
    "models/marts/quick.sql": model(QUICK, partition=daily("day", "2013-01-01")),
    "models/marts/long.sql": model(LONG, partition=daily("day", "2013-01-01")),
}


def processor_seconds(process: subprocess.Popen[str]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def at_work_on(process: subprocess.Popen[str], line: str) -> None:
    """Wait until a process has said something and has then computed for a while."""
    assert any(line in said for said in process.stderr)
    began = processor_seconds(process)
    while processor_seconds(process) < began + 0.5:
        assert process.poll() is None
        time.sleep(0.02)


def modest() -> None:
    """Should the query ever need much memory, it fails instead of taking the machine with it."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


@needs_proc
@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGINT, 130, id="Ctrl-C"), pytest.param(signal.SIGTERM, -15, id="SIGTERM")]
)
def test_interrupted_in_a_query(tmp_path, aggregator_process, number, code):
    root = write_files(tmp_path, FILES)
    process = aggregator_process(root, "run", preexec_fn=modest)
    at_work_on(process, "marts.quick")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    lab = Lab(load_graph(root))
    kept = lab.rows("marts.quick")
    (root / "models/marts/long.sql").write_text(model(QUICK, partition=daily("day", "2013-01-01")))
    lab = Lab(load_graph(root))
    rest = {str(step.model) for step in lab.plan().steps}
    report = lab.run()

    assert process.returncode == code
    assert out == ""
    if number is signal.SIGINT:
        assert err == "interrupted; what was published stays, `aggregator run` goes on from here\n"
    assert len(kept) == 2
    assert rest == {"marts.long"}
    assert report.is_clean
    assert lab.rows("marts.long") == kept
    assert lab.ledger().failed == {}
