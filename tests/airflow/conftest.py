"""A real Airflow: one home with a migrated database for all tests, and DAGs that are run in this process."""

from __future__ import annotations

import dataclasses
import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

# Without the extra there are no tests here. The folder of this file is called so, too, and has no origin.
_spec = importlib.util.find_spec("airflow")
collect_ignore_glob = ["test_*.py"] if _spec is None or _spec.origin is None else []


@dataclasses.dataclass(frozen=True)
class Home:
    """An AIRFLOW_HOME."""

    path: Path

    @property
    def dags(self) -> Path:
        return self.path / "dags"

    @property
    def migrated(self) -> Path:
        """The database before anything was in it."""
        return self.path / "migrated.db"

    def environ(self) -> dict[str, str]:
        return {
            "AIRFLOW_HOME": str(self.path),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.path / "logs"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.path / 'airflow.db'}",
            "NO_PROXY": "127.0.0.1,localhost",
        }


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory):
    """Set before Airflow is imported by this process for the first time, as it reads its configuration then."""
    assert "airflow.settings" not in sys.modules
    home = Home(tmp_path_factory.mktemp("airflow"))
    home.dags.mkdir()
    os.environ.update(home.environ())
    shutil.copy(_migrated(tmp_path_factory, home), home.migrated)
    shutil.copy(home.migrated, home.path / "airflow.db")
    return home


def _migrated(tmp_path_factory, home):
    """A database that is made once, however many processes run the tests: it takes each of them as long as a test."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made = folder / "migrated.db"
    with (folder / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            command = [sys.executable, "-m", "airflow", "db", "migrate"]
            subprocess.run(command, check=True, capture_output=True, env={**os.environ, **home.environ()})
            (home.path / "airflow.db").replace(made)
    return made


@dataclasses.dataclass(frozen=True)
class Ran:
    """How a run of a DAG ended."""

    state: str
    tasks: dict[str, str]
    interval: tuple[datetime | None, datetime | None]
    xcoms: dict[str, Any]


class Scheduled:
    """The DAGs of a project, run in this process without a scheduler."""

    def __init__(self, home: Home, root: Path, name: str, aggregator: Any) -> None:
        self.root = root
        self.manifest = root / "target" / "manifest.json"
        self.file = home.dags / f"{name}.py"
        self.prefix = f"{name}_"
        self._aggregator = aggregator
        self.deploy()

    def deploy(self, **options: Any) -> None:
        """Compile, and let Airflow load what came out."""
        self._aggregator(self.root, "compile", "--out", str(self.manifest))
        said = "".join(f", {key}={value!r}" for key, value in {"prefix": self.prefix, **options}.items())
        self.file.write_text(f"from aggregator.airflow import load_dags\nload_dags({str(self.manifest)!r}{said})\n")

    def dags(self) -> dict[str, Any]:
        """As Airflow parses them, by their names without the prefix."""
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(str(self.file))
        assert bag.import_errors == {}
        return {dag_id.removeprefix(self.prefix): dag for dag_id, dag in bag.dags.items()}

    def run(self, dag_id: str, at: str, **conf: Any) -> Ran:
        """One run, of the data interval that ended last at a moment, with parameters."""
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session

        dag = self.dags()[dag_id]
        ran = dag.test(logical_date=datetime.fromisoformat(at).replace(tzinfo=UTC), run_conf=conf or None)
        tasks = {each.task_id: str(each.state) for each in ran.get_task_instances()}
        with create_session() as session:
            rows = session.query(XComModel).filter_by(dag_id=dag.dag_id, run_id=ran.run_id, key="return_value").all()
            xcoms = {row.task_id: XComModel.deserialize_value(row) for row in rows}
        return Ran(str(ran.state), tasks, (ran.data_interval_start, ran.data_interval_end), xcoms)

    def close(self) -> None:
        self.file.unlink()


@pytest.fixture
def scheduled(airflow_home, aggregator, request):
    """Make the DAGs of a project."""
    made = []

    def make(root: Path, name: str | None = None) -> Scheduled:
        made.append(Scheduled(airflow_home, root, name or f"p{abs(hash(request.node.name)) % 10**8}", aggregator))
        return made[-1]

    yield make
    for each in made:
        each.close()
