"""A whole Airflow on loopback, and what a person would do on its pages."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from aggregator.cli.airflow_home import await_health, running

SECONDS = 570.0
"""After which, in all, a state that is awaited counts as one that does not come."""


@contextlib.contextmanager
def live(migrated: Any, home: Path) -> Iterator[int]:
    """An Airflow with the DAGs that are in its home, as ``aggregator airflow up`` starts it; gives its port."""
    shutil.copy(migrated.migrated, home / "airflow.db")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running(home, port) as process:
        await_health(process, port, home)
        yield port


def load(home: Path, root: Path, prefix: str, **options: Any) -> None:
    """Let an Airflow load the manifest of a project."""
    (home / "dags").mkdir(parents=True, exist_ok=True)
    given = {
        "project": str(root),
        "prefix": prefix,
        "repair": None,
        "freshness": None,
        "poke_seconds": 0.5,
        "retry_seconds": 1,
        **options,
    }
    said = ", ".join(f"{key}={value!r}" for key, value in given.items())
    (home / "dags" / f"{prefix}.py").write_text(
        f"from aggregator.airflow import load_dags\nload_dags({str(root / 'manifest.json')!r}, {said})\n"
    )


class Api:
    """What a person would do on Airflow's pages, with the DAGs of one project."""

    def __init__(self, port: int, prefix: str) -> None:
        self._base = f"http://127.0.0.1:{port}"
        self._prefix = prefix
        self._deadline = time.monotonic() + SECONDS
        self._token = self._ask("GET", "/auth/token")["access_token"]

    def start(self, dag: str, run: str = "chain", at: str = "2024-02-01", **conf: str) -> None:
        body = {"dag_run_id": run, "logical_date": f"{at}T00:00:00Z", "conf": conf}
        self.until(f"{dag} is known", lambda: self._there(self._path(dag)))
        self._ask("POST", f"{self._path(dag)}/dagRuns", body)

    def clear(self, dag: str, task: str) -> None:
        """Of a run that is over: Airflow can lose what is cleared while it is ending a run."""
        self.until(f"{dag} is over", lambda: {run["state"] for run in self.runs(dag)} <= {"success", "failed"})
        body = {"dag_run_id": "chain", "task_ids": [task], "dry_run": False, "only_failed": False}
        self._ask("POST", f"{self._path(dag)}/clearTaskInstances", body)

    def task(self, dag: str, task: str) -> dict[str, Any]:
        return self._ask("GET", f"{self._path(dag)}/dagRuns/chain/taskInstances/{task}")

    def await_state(self, dag: str, task: str, state: str) -> dict[str, Any]:
        return self.until(
            f"{dag}: {task} is {state}", lambda: (found := self.task(dag, task))["state"] == state and found
        )

    def until(self, what: str, found: Callable[[], Any]) -> Any:
        while not (value := found()):
            assert time.monotonic() < self._deadline, f"in vain: {what}"
            time.sleep(0.3)  # it has little else to answer with than what the tasks need
        return value

    def _path(self, dag: str) -> str:
        return f"/api/v2/dags/{self._prefix}{dag}"

    def _there(self, path: str) -> bool:
        with contextlib.suppress(URLError):
            return bool(self._ask("GET", path))
        return False

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        token = {"Authorization": f"Bearer {self._token}"} if path.startswith("/api") else {}
        data = json.dumps(body).encode() if body is not None else None
        request = Request(self._base + path, data, {"Content-Type": "application/json", **token}, method=method)
        failed = False
        while True:
            try:
                with urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except HTTPError as error:  # SQLite has one writer at a time, and Airflow does not wait for it for ever
                if failed and error.code == HTTPStatus.CONFLICT:
                    return {}  # it was done, and the answer failed
                if error.code != HTTPStatus.INTERNAL_SERVER_ERROR or time.monotonic() > self._deadline:
                    raise
                failed = True
                time.sleep(1)

    def runs(self, dag: str) -> list[dict[str, Any]]:
        return self._ask("GET", f"{self._path(dag)}/dagRuns")["dag_runs"]

    def dags(self) -> list[str]:
        found = [each["dag_id"] for each in self._ask("GET", "/api/v2/dags")["dags"]]
        return [each for each in found if each.startswith(self._prefix)]
