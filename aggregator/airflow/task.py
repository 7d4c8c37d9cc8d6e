"""What our tasks have in common. Light to import, as all that Airflow parses; the work is imported when it is done."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.airflow.releases import AirflowException, AirflowFailException, BaseOperator

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from aggregator.airflow.asked import Asked
    from aggregator.airflow.work import Built
    from aggregator.core.graph import Graph
    from aggregator.core.names import TableName
    from aggregator.engines import Engine, Leaving

PINNED = "manifest"
"""The key under which a task tells those after it which manifest it was done by."""

_NAMED = 12
"""How many characters of the hash are in the name of a manifest."""


@dataclasses.dataclass(frozen=True)
class Deployment:
    """A manifest as a DAG was loaded from it. ``root`` is what paths of the embedded engine are relative to."""

    manifest: str
    hash: str
    root: str

    @classmethod
    def beside(cls, file: str, manifest: str, root: str) -> Deployment:
        """One whose manifest lies beside a file, as ``aggregator airflow export`` writes both."""
        return cls(str(Path(file).resolve().with_name(manifest)), Path(manifest).stem.rpartition("-")[2], root)

    def of(self, hash_: str | None) -> Deployment | None:
        """The manifest with another hash that lies beside this one; None if it is not there any more."""
        if hash_ is None or hash_[:_NAMED] == self.hash[:_NAMED]:
            return self
        path = Path(self.manifest)
        other = path.with_name(path.name.replace(self.hash[:_NAMED], hash_[:_NAMED]))
        return Deployment(str(other), hash_, self.root) if other != path and other.is_file() else None


class Task(BaseOperator):
    """What works with a manifest: the manifest that they are done by, and which failures are worth another try."""

    ui_color = "#e8f1ec"

    deployment: Deployment

    _done: tuple[Any, ...] | None = None
    """What was read and written where, once that is known."""

    def graph(self, context: Context) -> Graph:
        """The graph by which this run is done.

        It is the one that the tasks before were done by, even if there was a deployment since; a task that was cleared
        is done by the newest, which may have what mends it.
        """
        found = self._chosen(context)
        context["ti"].xcom_push(PINNED, found.hash)
        return self.read(found)

    def read(self, found: Deployment) -> Graph:
        """The graph of a manifest."""
        from aggregator.airflow.work import read_graph  # noqa: PLC0415
        from aggregator.export.manifest.file import ManifestError  # noqa: PLC0415

        try:
            return read_graph(found.manifest, found.root)
        except ManifestError as error:
            raise AirflowFailException(f"{error} ({error.advice})") from None

    def pinned(self, context: Context) -> Deployment:
        """The manifest that this task began by."""
        return self.deployment.of(context["ti"].xcom_pull(task_ids=self.task_id, key=PINNED)) or self.deployment

    def _chosen(self, context: Context) -> Deployment:
        instance, before = context["ti"], sorted(self.upstream_task_ids)
        if not before or is_cleared(context):
            return self.deployment
        told = instance.xcom_pull(task_ids=before, key=PINNED) or []
        hash_ = next((each for each in told if each), None)
        found = self.deployment.of(hash_)
        if found is None:
            self.log.warning(
                "the manifest %s, by which this run began, is gone; taking %s", hash_, self.deployment.hash
            )
        return found or self.deployment

    def asked(self, context: Context) -> Asked:
        """The partitions that this run is about."""
        from aggregator.airflow.asked import NotAMomentError, asked_by  # noqa: PLC0415

        run, params = context["dag_run"], dict(context["params"])
        interval = (run.data_interval_start, run.data_interval_end)
        try:
            return asked_by(params, interval, getattr(run, "partition_key", None), is_full=is_cleared(context))
        except NotAMomentError as error:
            raise AirflowFailException(str(error)) from None

    @contextlib.contextmanager
    def warehouse(self, graph: Graph, run_key: str = "", leaving: Leaving | None = None) -> Iterator[Engine]:
        """The warehouse, open. That it can't be reached is worth another try; that it can't do a thing is not."""
        from aggregator.airflow.work import FailedError, at_work  # noqa: PLC0415
        from aggregator.engines import NotHereError, WarehouseError  # noqa: PLC0415

        try:
            with at_work(graph, self.log.info, run_key=run_key, leaving=leaving) as engine:
                yield engine
        except FailedError as error:
            raise AirflowFailException(str(error)) from None
        except WarehouseError as error:
            advice = f" ({error.advice})" if error.advice else ""
            failure = AirflowFailException if isinstance(error, NotHereError) else AirflowException
            raise failure(f"{error}{advice}") from None

    def remember(
        self,
        graph: Graph,
        engine: Engine,
        *,
        builts: Mapping[TableName, Built] | None = None,
        exported: Mapping[TableName, Sequence[str]] | None = None,
    ) -> None:
        """Keep what was built, and which partitions were written to files, with the places of all that this touched."""
        builts, exported = builts or {}, exported or {}
        tables = {*builts, *exported, *(table for name in builts for table in graph.reads[name])}
        self._done = (graph, {table: engine.place(table) for table in tables}, builts, exported)

    def get_openlineage_facets_on_complete(self, _instance: Any) -> OperatorLineage[Any, Any] | None:
        """What was read and written: called by OpenLineage's provider, where that is installed."""
        if self._done is None:
            return None
        from aggregator.airflow.lineage import Done  # noqa: PLC0415

        return Done(*self._done).lineage()

    def run_id(self, context: Context) -> str:
        """What the ledger calls this attempt: where to look for its log."""
        instance = context["ti"]
        return f"{instance.dag_id}/{instance.run_id}/{instance.task_id}/{instance.try_number}"


def is_cleared(context: Context) -> bool:
    """Whether somebody cleared the task after it had ended: Airflow then allows as many tries again."""
    instance = context["ti"]
    return bool(instance.max_tries > (instance.task.retries or 0))


def name_of(text: str) -> TableName:
    """A table by its name."""
    from aggregator.core.names import TableName  # noqa: PLC0415

    return TableName(*text.split("."))
