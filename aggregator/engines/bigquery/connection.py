"""The way to BigQuery: the only place where Google's client is imported, and only when it is used."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.engines.bigquery.parameters import Parameter, named
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.refusals import Refused, advice_on_credentials, is_transient, refusal, said
from aggregator.engines.bigquery.tables import Deployed, deployed_table
from aggregator.engines.bigquery.types import Type, type_of_field
from aggregator.engines.protocol import NotHereError, WarehouseError

if TYPE_CHECKING:
    from aggregator.core.project import Environment

T = TypeVar("T")
S = TypeVar("S")

PARALLEL = 8
"""Questions that are asked at once: well below BigQuery's 100 requests a second, and within one pool of connections."""

EMULATOR = "BIGQUERY_EMULATOR_HOST"
"""The client library's own variable: the address of a server that stands for BigQuery and wants no credentials."""

NOT_INSTALLED = "google-cloud-bigquery is not installed: pip install 'aggregator[bigquery]'"


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: for one request, for an answer in all, and between requests."""

    request: float = 30.0
    total: float = 60.0
    first_pause: float = 0.5
    longest_pause: float = 15.0


@dataclasses.dataclass(frozen=True)
class DryRun:
    """What BigQuery says of a query that it does not run: the columns of its result, and the bytes it would read."""

    columns: tuple[tuple[str, Type], ...]
    bytes: int
    fields: tuple[Mapping[str, Any], ...] = ()
    """The columns as the API has them, with all that a type may say."""


def is_installed() -> bool:
    """Whether Google's client is there; nothing is imported to find out."""
    try:
        return importlib.util.find_spec("google.cloud.bigquery") is not None
    except ModuleNotFoundError:
        return False


class Connection:
    """Asks BigQuery, from several threads at once. Its methods raise :class:`Refused` and ``WarehouseError``.

    Once the connection is lost, every further question fails at once, for the same reason.
    """

    def __init__(self, environment: Environment, patience: Patience | None = None) -> None:
        self._environment = environment
        self._patience = patience or Patience()
        self._lock = threading.Lock()
        self._known: dict[Address, Future[Deployed | None]] = {}
        self._pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="bigquery")
        self._lost: WarehouseError | None = None
        self._client: Any = None

    def dry_run(self, sql: str, parameters: Iterable[Parameter] = ()) -> DryRun:
        """What a query would give and cost. Nothing is run, stored or billed."""
        config = _config(parameters)
        config.dry_run, config.use_query_cache = True, False
        location = self._environment.location or None
        job = self.ask(lambda client, how: client.query(sql, config, location=location, job_retry=None, **how))
        fields = [field.to_api_repr() for field in job.schema or ()]
        columns = tuple((each["name"], type_of_field(each)) for each in fields)
        return DryRun(columns, int(job.total_bytes_processed or 0), tuple(fields))

    def table(self, address: Address) -> Deployed | None:
        """A table as it stands, asked for once; None if it is not there."""
        with self._lock:
            first = address not in self._known
            answer = self._known.setdefault(address, Future())
        if first:
            try:
                answer.set_result(self._table(address))
            except BaseException as error:  # noqa: BLE001  (whoever asks hears of it)
                answer.set_exception(error)
        return answer.result()

    def rows(
        self, sql: str, location: str, parameters: Iterable[Parameter] = (), labels: Mapping[str, str] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a query that is run. It is refused if it would cost more than the environment allows."""
        yield from self.answer(sql, location, parameters, labels)[1]

    def answer(
        self, sql: str, location: str, parameters: Iterable[Parameter] = (), labels: Mapping[str, str] | None = None
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The names of the columns of a query that is run, and its rows, as :meth:`rows`."""
        limit = self._environment.max_bytes_billed
        return self.asked(sql, location, parameters, labels, limit, lambda names, rows: (names, list(rows)))

    def asked(
        self,
        sql: str,
        location: str,
        parameters: Iterable[Parameter],
        labels: Mapping[str, str] | None,
        limit: int | None,
        take: Callable[[list[str], Iterator[tuple[Any, ...]]], T],
    ) -> T:
        """What ``take`` makes of the columns of a query that is run, and of its rows, which come page by page.

        The query is refused if it would bill more bytes than ``limit``.
        """
        config = _config(parameters)
        config.labels = dict(labels or {})
        if limit is not None:
            config.maximum_bytes_billed = limit
        if self._environment.reservation:
            config.reservation = self._environment.reservation
        request, total = self._patience.request, self._patience.total

        def ask(client: Any, how: dict[str, Any]) -> T:
            limits = {"retry": how["retry"], "api_timeout": request, "wait_timeout": total, "job_retry": None}
            found = client.query_and_wait(sql, job_config=config, location=location or None, **limits)
            return take([column.name for column in found.schema], (row.values() for row in found))

        return self.ask(ask)

    def each(self, ask: Callable[[S], T], items: Sequence[S], tell: Callable[[], object] = lambda: None) -> list[T]:
        """The answers for all items, in their order, asked for at once; ``tell`` hears of each as it comes."""

        def one(item: S) -> T:
            answer = ask(item)
            tell()
            return answer

        return list(self._pool.map(one, items))

    def close(self) -> None:
        """Let go of threads and connections."""
        self._pool.shutdown(cancel_futures=True)
        if self._client is not None:
            self._client.close()

    def _table(self, address: Address) -> Deployed | None:
        try:
            found = self.ask(lambda client, how: client.get_table(str(address), **how))
        except Refused as refused:
            if refused.reason == "notFound" and "Project" not in str(refused):
                return None
            raise
        return deployed_table(address, found.to_api_repr())

    def forget(self, address: Address) -> None:
        """Ask anew for a table that was changed."""
        with self._lock:
            self._known.pop(address, None)

    def ask(self, question: Callable[[Any, dict[str, Any]], T]) -> T:
        """Ask with retries for what is worth one; whatever goes wrong comes out as one of our two exceptions."""
        from google.api_core import exceptions  # noqa: PLC0415  (heavy; only when used)

        try:
            how = {"retry": self._retry(), "timeout": self._patience.request}
            return question(self._open(), how)
        except exceptions.RetryError as error:
            lost = WarehouseError(f"BigQuery can't be reached: {said(error.cause)}", "try again later")
            raise self._lose(lost) from error
        except Exception as error:
            advice, may_pass = advice_on_credentials(error), is_transient(error)
            if isinstance(error, exceptions.GoogleAPICallError) and not may_pass:
                raise refusal(error) from error
            if not advice and not may_pass:
                raise
            lost = WarehouseError(f"BigQuery can't be reached: {said(error)}", "look at the network and its proxies")
            if advice:
                lost = NotHereError(f"there are no credentials that BigQuery accepts: {said(error)}", advice)
            raise self._lose(lost) from error

    def _open(self) -> Any:
        """The one client; raises what was the matter when it is lost already."""
        from google.cloud import bigquery  # noqa: PLC0415  (heavy; only when used)

        with self._lock:
            if self._lost is not None:
                raise self._lost
            if self._client is None:
                emulator = os.environ.get(EMULATOR, "")
                options = {"api_endpoint": emulator if "://" in emulator else f"http://{emulator}"}
                self._client = bigquery.Client(
                    project=self._environment.project,
                    credentials=_credentials(self._environment.impersonate, is_emulated=bool(emulator)),
                    client_options=options if emulator else None,
                )
                _widen(self._client)
            return self._client

    def _retry(self) -> Any:
        from google.api_core.retry import Retry  # noqa: PLC0415  (heavy; only when used)

        patience = self._patience
        return Retry(
            predicate=lambda error: self._lost is None and is_transient(error),
            initial=patience.first_pause,
            maximum=patience.longest_pause,
            multiplier=2.0,
            timeout=patience.total,
        )

    def _lose(self, lost: WarehouseError) -> WarehouseError:
        self._lost = self._lost or lost
        return self._lost


def _credentials(account: str, *, is_emulated: bool) -> Any:
    """Who asks: nobody, for an emulator; a service account that the user may stand for; or None for the user."""
    import google.auth  # noqa: PLC0415  (heavy; only when used)
    from google.auth import credentials, impersonated_credentials  # noqa: PLC0415

    if is_emulated:
        anonymous: Any = credentials.AnonymousCredentials
        return anonymous()
    if not account:
        return None
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    user, _ = google.auth.default(scopes=scopes)
    stand_in: Any = impersonated_credentials.Credentials
    return stand_in(user, target_principal=account, target_scopes=scopes)


def _widen(client: Any) -> None:
    """Let as many threads ask as there are: the client keeps ten connections, and complains aloud of more."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415  (heavy; only when used)

    for scheme in ("http://", "https://"):
        client._http.mount(scheme, HTTPAdapter(pool_maxsize=4 * PARALLEL))  # noqa: SLF001  (there is no other way)


def _config(parameters: Iterable[Parameter]) -> Any:
    from google.cloud import bigquery  # noqa: PLC0415  (heavy; only when used)

    return bigquery.QueryJobConfig.from_api_repr({"query": named(parameters)})
