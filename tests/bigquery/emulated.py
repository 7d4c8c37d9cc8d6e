"""The emulator ``local-bigquery``, a server that nobody here wrote: installed once a machine, started once a run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = "acme-data"
LAUNCHER = Path(__file__).with_name("emulator_launcher.py")
DUCKDB = "1.5.5"
EXTENSIONS = ("ducklake", "spatial", "icu", "httpfs")
REQUIREMENTS = [
    "local-bigquery==0.3.2",
    f"duckdb=={DUCKDB}",
    "pytz",
    *(f"duckdb-extension-{name}=={DUCKDB}" for name in EXTENSIONS),
]
PATIENCE = 90.0


def _python() -> str:
    """A Python 3.13, which the emulator wants; skips where there is none."""
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    found = [str(each) for root in roots for each in sorted(root.glob("3.13.*/bin/python3.13"))]
    python = shutil.which("python3.13") if not found else found[-1]
    if python is None or subprocess.run([python, "-c", ""], check=False).returncode:
        pytest.skip("the emulator local-bigquery wants Python 3.13, and there is none here")
    return python


def installed() -> Path:
    """The emulator's own environment; it is made if need be, by one process at a time."""
    folder = Path.home() / ".cache" / "aggregator-tests" / "local-bigquery"
    folder.mkdir(parents=True, exist_ok=True)
    venv, mark, wanted = folder / "venv", folder / "installed", "\n".join(REQUIREMENTS)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists() and mark.read_text() == wanted:
            return folder
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([_python(), "-m", "venv", venv], check=True, capture_output=True)
        pip = [venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS]
        made = subprocess.run(pip, check=False, capture_output=True, text=True, timeout=500)
        if made.returncode:
            pytest.skip(f"local-bigquery can't be installed: {made.stderr.strip().splitlines()[-1]}")
        _unpack_extensions(venv, folder / "home")
        mark.write_text(wanted)
    return folder


def _unpack_extensions(venv: Path, home: Path) -> None:
    """DuckDB would load its extensions from the network; wheels bring them, and they are put where it looks first."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    target = home / ".duckdb" / "extensions" / f"v{DUCKDB}" / f"linux_{machine}"
    target.mkdir(parents=True, exist_ok=True)
    for extension in venv.rglob("*.duckdb_extension"):
        shutil.copy(extension, target)


@contextlib.contextmanager
def running(data: Path) -> Iterator[str]:
    """The emulator with no tables, as long as the block lasts; gives its address."""
    folder = installed()
    port, grpc = _free_port(), _free_port()
    command = [folder / "venv" / "bin" / "python", LAUNCHER, "--host", "127.0.0.1", "--project", PROJECT]
    command += ["--port", str(port), "--grpc-port", str(grpc), "--data-dir", data]
    environment = {**os.environ, "HOME": str(folder / "home")}
    environment.pop("PYTHONPATH", None)
    with (data.parent / "emulator.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(process, url, Path(log.name))
            yield url
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/bigquery/v2/projects/{PROJECT}/datasets", timeout=5)
            return
        time.sleep(0.2)
    pytest.fail(f"the emulator did not start:\n{log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
