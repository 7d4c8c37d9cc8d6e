"""Google's storage, for exports: which folders are complete, and what is done there around the writing of files."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterable, Sequence
from os.path import commonprefix
from typing import TYPE_CHECKING, Any

from aggregator.core.unload import DONE, Unload
from aggregator.engines.protocol import NotHereError

if TYPE_CHECKING:
    from aggregator.engines.bigquery.connection import Connection

NOT_INSTALLED = "google-cloud-storage is not installed: pip install 'aggregator[bigquery]'"
_VERSION = "aggregator-version"
"""Where ``_SUCCESS`` has the version of the rows beside its text: a listing has it, so no file has to be read."""


class Storage:
    """The buckets, with the credentials that BigQuery is asked with. It raises ``Refused`` and ``WarehouseError``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._client: Any = None

    def complete(self, folders: Iterable[str]) -> dict[str, str]:
        """Of folders, those with a ``_SUCCESS``, and the version that it tells of. A question for each bucket."""
        wanted = set(folders)
        found: dict[str, str] = {}
        for bucket in sorted({_parts(each)[0] for each in wanted}):
            prefixes = [_parts(each)[1] for each in wanted if _parts(each)[0] == bucket]
            prefix = commonprefix(prefixes)  # noqa: RUF071  (a listing takes the beginning of names)
            for blob in self._listed(bucket, prefix, f"**/{DONE}"):
                folder = f"gs://{bucket}/{blob.name.removesuffix(DONE)}"
                if folder in wanted:
                    found[folder] = (blob.metadata or {}).get(_VERSION, "")
        return found

    def begin(self, folder: str) -> None:
        """Empty a folder, ``_SUCCESS`` first; folders in it are left alone."""
        bucket, prefix = _parts(folder)
        self._delete(bucket, [f"{prefix}{DONE}"])
        self._delete(bucket, [blob.name for blob in self._listed(bucket, prefix, "", delimiter="/")])

    def finish(self, unload: Unload) -> None:
        """Say that all is there."""
        bucket, prefix = _parts(unload.folder)
        names = sorted(blob.name.removeprefix(prefix) for blob in self._listed(bucket, prefix, "", delimiter="/"))
        about = {"model": str(unload.table), "partition": unload.partition or None, "version": unload.version}
        text = json.dumps({**about, "files": names}, indent=2) + "\n"

        def ask(client: Any, how: dict[str, Any]) -> None:
            blob = self._opened(client).bucket(bucket).blob(f"{prefix}{DONE}")
            blob.metadata = {_VERSION: unload.version}
            blob.upload_from_string(text, "application/json", timeout=how["timeout"], retry=how["retry"])

        self._connection.ask(ask)

    def _listed(self, bucket: str, prefix: str, glob: str, **options: Any) -> list[Any]:
        def ask(client: Any, how: dict[str, Any]) -> list[Any]:
            only = {"match_glob": glob} if glob else {}
            return list(self._opened(client).list_blobs(bucket, prefix=prefix, **only, **options, **how))

        return self._connection.ask(ask)

    def _delete(self, bucket: str, names: Sequence[str]) -> None:
        def ask(client: Any, how: dict[str, Any]) -> None:
            where = self._opened(client).bucket(bucket)
            for name in names:
                where.delete_blobs([name], on_error=lambda _: None, **how)

        self._connection.ask(ask)

    def _opened(self, client: Any) -> Any:
        """The client of Google's storage."""
        if importlib.util.find_spec("google.cloud.storage") is None:
            raise NotHereError(NOT_INSTALLED)
        import google.cloud.storage  # noqa: PLC0415  (heavy; only when used)

        with self._lock:
            if self._client is None:
                credentials = client._credentials  # noqa: SLF001  (it gives them to nobody)
                self._client = google.cloud.storage.Client(project=client.project, credentials=credentials)
            return self._client


def _parts(folder: str) -> tuple[str, str]:
    """Bucket and prefix."""
    bucket, _, prefix = folder.removeprefix("gs://").partition("/")
    return bucket, prefix
