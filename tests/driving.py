"""Letting the driver of the tests of faults do a task: what that may be is said in ``faults/driver.py``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

DRIVER = Path(__file__).with_name("faults") / "driver.py"
ROOT = DRIVER.parent.parent.parent


def drive(**task: Any) -> list[dict[str, Any]]:
    """Do it in a process of its own; gives what became of each child."""
    done = subprocess.run(
        [sys.executable, str(DRIVER)],
        input=json.dumps(task, default=str),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
