"""Ctrl-C in the middle of a long query: the run ends, what was published stays, the next run goes on."""

from __future__ import annotations

import re
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from lab import Lab, daily, load_graph, model, project_file, source, write_files

QUICK = "SELECT day, SUM(n) AS total FROM lake.facts GROUP BY day"
MIDDLE = "SELECT day, total FROM marts.quick"
SHORT = "SELECT day, total FROM marts.middle"
# 40 billion pairs, minutes of work in little memory: the sums are made as the pairs come.
LONG = """
WITH numbers AS (SELECT x FROM UNNEST(GENERATE_ARRAY(1, 200000)) AS x),
work AS (SELECT SUM(MOD(one.x * other.x, 7)) AS units FROM numbers AS one CROSS JOIN numbers AS other)
SELECT middle.day, middle.total + work.units AS total FROM marts.middle CROSS JOIN work
"""
FILES = {
    "aggregator.yml": project_file(),
    "facts.csv": "day,n\n2013-01-01,1\n2013-01-02,2\n",
    "models/lake/facts.yml": source(
        {"day": "DATE", "n": "INT64"}, partition=daily("day", "2013-01-01", "2013-01-03"), local="facts.csv"
    ),
    "models/marts/quick.sql": model(QUICK, partition=daily("day", "2013-01-01")),
    "models/marts/middle.sql": model(MIDDLE, partition=daily("day", "2013-01-01")),
    "models/marts/long.sql": model(LONG, partition=daily("day", "2013-01-01")),
}
PATIENCE_SECONDS = 60
TOLD = re.compile(r"^\d+/\d+ .*\n", re.MULTILINE)
"""Progress: how many of these lines there are depends on how busy the machine is."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see the query at work")


def processor_ticks(process: subprocess.Popen[str]) -> int:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def wait_for_the_query(process: subprocess.Popen[str]) -> None:
    """Until a process has told of a model that was built and has then computed for a second.

    It tells of a model as soon as that is built. The next one takes far less than a second of computing; then nothing
    but the long query is left, which takes minutes.
    """
    told = iter(process.stderr.readline, "")
    assert any("marts.quick" in line for line in told)
    began, deadline = processor_ticks(process), time.monotonic() + PATIENCE_SECONDS
    while processor_ticks(process) < began + 100:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def with_little_memory() -> None:
    """Should its query ever need much, let it fail before the machine does."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        pytest.param(
            signal.SIGINT,
            130,
            "\ninterrupted; what was published stays, `aggregator run` goes on from here\n",
            id="Ctrl-C",
        ),
        pytest.param(signal.SIGTERM, -signal.SIGTERM, "", id="SIGTERM, as a scheduler sends it"),
    ],
)
def test_interrupted_in_a_query(tmp_path, aggregator_process, number, code, said):
    root = write_files(tmp_path, FILES)
    process = aggregator_process(root, "run", preexec_fn=with_little_memory)
    try:
        wait_for_the_query(process)
        process.send_signal(number)
        process.wait(timeout=PATIENCE_SECONDS)
        out, err = process.stdout.read(), TOLD.sub("", process.stderr.read())
    finally:
        process.kill()
    kept = Lab(load_graph(root)).rows("marts.middle")
    lab = Lab(
        load_graph(write_files(root, {"models/marts/long.sql": model(SHORT, partition=daily("day", "2013-01-01"))}))
    )
    rest = {str(step.model) for step in lab.plan().steps}
    report = lab.run()

    assert (process.returncode, out, err) == (code, "", said)
    assert len(kept) == 2
    assert rest == {"marts.long"}
    assert report.is_clean
    assert lab.rows("marts.long") == kept
    assert lab.ledger().failed == {}
