"""A local Airflow: its folder, its environment, and its processes, which are started and stopped as one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import click

from aggregator.cli.files import replace_text
from aggregator.export.dag_files import MARK, loader_file, manifest_name, static_files
from aggregator.export.manifest.write import manifest_text

PARALLELISM = 4
"""Tasks at once; Airflow's own default starts 32 processes."""

_POLL_SECONDS = 1.0
_GRACE_SECONDS = 20.0


def environ(home: Path, port: int | None = None) -> dict[str, str]:
    """The variables of an Airflow that has its own home, talks on loopback only, and needs no account."""
    said = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "NO_PROXY": "127.0.0.1,localhost",
        # `standalone` starts its components by the name `airflow`, and from a virtual environment that is not active.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    if port is not None:
        said |= {
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        }
    return {**os.environ, **said}


def write_dags(
    folder: Path, content: Mapping[str, Any], root: Path, *, is_static: bool = False, on_arrival: Sequence[str] = ()
) -> list[Path]:
    """Write a manifest under the name of its content, and the files of its DAGs; gives what was written.

    Files of DAGs that were written here before, and are no more, are removed. Manifests stay: runs go on by them.
    """
    texts = dict(static_files(content, str(root)) if is_static else [loader_file(content, str(root), on_arrival)])
    # The manifest first: it is there before the file that reads it.
    texts = {manifest_name(content): manifest_text(content, indent=None), **texts}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            replace_text(folder / name, text)
        for path in folder.glob(f"{content['project']}*.py"):
            if path.name not in texts and MARK in path.read_text(encoding="utf-8").partition("\n")[0]:
                path.unlink()
    except OSError as error:
        raise click.ClickException(f"{folder} can't be written: {error.strerror}") from None
    return [folder / name for name in texts]


def migrate(home: Path) -> None:
    """Make the database, or bring it up to date."""
    done = _airflow("db", "migrate", home=home)
    if done.returncode:
        raise click.ClickException(f"`airflow db migrate` failed:\n{(done.stderr or done.stdout)[-2000:]}")


def _airflow(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "airflow", *arguments]
    return subprocess.run(command, env=environ(home), capture_output=True, text=True, check=False)  # noqa: S603


@contextlib.contextmanager
def running(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Airflow's four components, until the block is left.

    They are a session of their own: stopping their parent alone leaves a scheduler and workers behind.
    """
    with (home / "airflow.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            env=environ(home, port),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for signal_, seconds in ((signal.SIGTERM, _GRACE_SECONDS), (signal.SIGKILL, _GRACE_SECONDS)):
        deadline = time.monotonic() + seconds
        while _is_alive(process.pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal_)
            process.poll()
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL_SECONDS / 5)
    process.wait()


def _is_alive(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def await_health(process: subprocess.Popen[bytes], port: int, home: Path) -> None:
    """Wait until Airflow answers."""
    url = f"http://127.0.0.1:{port}/api/v2/monitor/health"
    while True:
        if process.poll() is not None:
            raise click.ClickException(f"Airflow ended before it was up; see {home / 'airflow.log'}")
        with contextlib.suppress(URLError, OSError), urlopen(url, timeout=5) as answer:
            if answer.status == 200:  # noqa: PLR2004
                return
        time.sleep(_POLL_SECONDS)
