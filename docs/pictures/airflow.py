"""Pictures of a DAG of the demo project in a running Airflow.

``python docs/pictures/airflow.py http://127.0.0.1:8080`` writes ``airflow_grid.png`` and ``airflow_graph.png`` beside
itself. It needs ``aggregator airflow up``, some runs of ``marts_daily``, Chromium, and the package websockets, which
Airflow brings.
"""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import connect

DAG, PORT, SETTLE_SECONDS = "marts_daily", 9333, 12
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1500,900")
OPEN = json.dumps(["wait", "marts"])


def main(address: str) -> None:
    """Draw both."""
    browser = shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *OPTIONS, f"--user-data-dir={profile}", f"--remote-debugging-port={PORT}", "about:blank"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603
        try:
            with connect(_page(), max_size=None) as socket:
                numbers = itertools.count()

                def ask(method: str, **params: Any) -> Any:
                    number = next(numbers)
                    socket.send(json.dumps({"id": number, "method": method, "params": params}))
                    while True:
                        answer = json.loads(socket.recv())
                        if answer.get("id") == number:
                            return answer.get("result")

                _draw(address, ask)
        finally:
            process.terminate()
            process.wait()


def _draw(address: str, ask: Callable[..., Any]) -> None:
    ask("Page.navigate", url=address)
    time.sleep(SETTLE_SECONDS)
    for view in ("grid", "graph"):
        # What the page remembers of its visitor: which view, which groups of tasks are open.
        for key, value in (("default_dag_view", json.dumps(view)), (f"{DAG}/open-groups", OPEN)):
            ask("Runtime.evaluate", expression=f"localStorage.setItem({json.dumps(key)}, {json.dumps(value)})")
        ask("Page.navigate", url=f"{address}/dags/{DAG}/tasks")
        time.sleep(SETTLE_SECONDS)
        picture = Path(__file__).with_name(f"airflow_{view}.png")
        picture.write_bytes(base64.b64decode(ask("Page.captureScreenshot", format="png")["data"]))
        print(f"wrote {picture}")


def _page() -> str:
    """Where to talk to the browser's first page, once it is there."""
    for _ in range(60):
        try:
            with urlopen(f"http://127.0.0.1:{PORT}/json") as answer:
                pages = [each for each in json.load(answer) if each["type"] == "page"]
                return str(pages[0]["webSocketDebuggerUrl"])
        except (OSError, IndexError):
            time.sleep(0.5)
    raise SystemExit("the browser did not start")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
