"""The way to BigQuery: the only place where Google's client is imported, and only when it is used."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.engines.bigquery.parameters import Parameter
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.tables import Deployed, deployed_table
from aggregator.engines.bigquery.types import Type, type_of_field
from aggregator.engines.protocol import WarehouseError

if TYPE_CHECKING:
    from aggregator.core.project import Environment

T = TypeVar("T")
S = TypeVar("S")

PARALLEL = 8
"""Questions that are asked at once: well below BigQuery's 100 requests a second, and within one pool of connections."""

EMULATOR = "BIGQUERY_EMULATOR_HOST"
"""The client library's own variable: the address of a server that stands for BigQuery and wants no credentials."""

NOT_INSTALLED = "google-cloud-bigquery is not installed: pip install 'aggregator[bigquery]'"
_TRANSIENT_REASONS = frozenset({"rateLimitExceeded", "jobRateLimitExceeded", "backendError", "internalError"})
_TRANSIENT_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_FINAL_REASONS = frozenset({"quotaExceeded", "notImplemented"})
"""What is no better a minute later, whatever the status says."""


class Refused(Exception):  # noqa: N818  (an answer, not a breakdown)
    """BigQuery answered that a question can't be answered; asking again would not help."""

    def __init__(self, message: str, reason: str, status: int) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status


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
        job = self._ask(lambda client, how: client.query(sql, config, location=location, job_retry=None, **how))
        fields = [field.to_api_repr() for field in job.schema or ()]
        return DryRun(
            tuple((each["name"], type_of_field(each)) for each in fields), int(job.total_bytes_processed or 0)
        )

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

    def rows(self, sql: str, location: str, parameters: Iterable[Parameter] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query that is run. It is refused if it would cost more than the environment allows."""
        config = _config(parameters)
        if self._environment.max_bytes_billed is not None:
            config.maximum_bytes_billed = self._environment.max_bytes_billed
        request, total = self._patience.request, self._patience.total

        def ask(client: Any, how: dict[str, Any]) -> list[tuple[Any, ...]]:
            limits = {"retry": how["retry"], "api_timeout": request, "wait_timeout": total, "job_retry": None}
            found = client.query_and_wait(sql, job_config=config, location=location or None, **limits)
            return [row.values() for row in found]

        yield from self._ask(ask)

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
            found = self._ask(lambda client, how: client.get_table(str(address), **how))
        except Refused as refused:
            if refused.reason == "notFound" and "Project" not in str(refused):
                return None
            raise
        return deployed_table(address, found.to_api_repr())

    def _ask(self, question: Callable[[Any, dict[str, Any]], T]) -> T:
        """Ask with retries for what is worth one; whatever goes wrong comes out as one of our two exceptions."""
        from google.api_core import exceptions  # noqa: PLC0415  (heavy; only when used)

        try:
            how = {"retry": self._retry(), "timeout": self._patience.request}
            return question(self._open(), how)
        except exceptions.RetryError as error:
            raise self._lose(f"BigQuery can't be reached: {_said(error.cause)}", "try again later") from error
        except Exception as error:
            advice, is_transient = _advice_on_credentials(error), _is_transient(error)
            if isinstance(error, exceptions.GoogleAPICallError) and not is_transient:
                raise _refusal(error) from error
            if not advice and not is_transient:
                raise
            what = "there are no credentials that BigQuery accepts" if advice else "BigQuery can't be reached"
            raise self._lose(f"{what}: {_said(error)}", advice or "look at the network and its proxies") from error

    def _open(self) -> Any:
        """The one client; raises what was the matter when it is lost already."""
        from google.auth import credentials  # noqa: PLC0415  (heavy; only when used)
        from google.cloud import bigquery  # noqa: PLC0415

        with self._lock:
            if self._lost is not None:
                raise self._lost
            if self._client is None:
                emulator = os.environ.get(EMULATOR, "")
                options = {"api_endpoint": emulator if "://" in emulator else f"http://{emulator}"}
                anonymous: Any = credentials.AnonymousCredentials
                self._client = bigquery.Client(
                    project=self._environment.project,
                    credentials=anonymous() if emulator else None,
                    client_options=options if emulator else None,
                )
            return self._client

    def _retry(self) -> Any:
        from google.api_core.retry import Retry  # noqa: PLC0415  (heavy; only when used)

        patience = self._patience
        return Retry(
            predicate=lambda error: self._lost is None and _is_transient(error),
            initial=patience.first_pause,
            maximum=patience.longest_pause,
            multiplier=2.0,
            timeout=patience.total,
        )

    def _lose(self, message: str, advice: str) -> WarehouseError:
        self._lost = self._lost or WarehouseError(message, advice)
        return self._lost


def _config(parameters: Iterable[Parameter]) -> Any:
    from google.cloud import bigquery  # noqa: PLC0415  (heavy; only when used)

    named = [each.api() for each in parameters]
    return bigquery.QueryJobConfig.from_api_repr({"query": {"parameterMode": "NAMED", "queryParameters": named}})


def _is_transient(error: BaseException) -> bool:
    """Whether the same request may well succeed in a moment."""
    if not isinstance(error, Exception):
        return False
    reason, status = _reason(error), getattr(error, "code", None)
    if isinstance(status, int):
        return reason in _TRANSIENT_REASONS or (status in _TRANSIENT_STATUS and reason not in _FINAL_REASONS)
    broken, final = _breakdowns()
    return isinstance(error, broken) and not isinstance(error, final)


@functools.cache
def _breakdowns() -> tuple[tuple[type[Exception], ...], tuple[type[Exception], ...]]:
    """How a request breaks down without an answer of BigQuery's own, and those ways that stay as they are."""
    from google.auth.exceptions import TransportError  # noqa: PLC0415  (heavy; only when used)
    from requests import exceptions  # noqa: PLC0415

    garbled = (exceptions.ChunkedEncodingError, exceptions.JSONDecodeError, exceptions.ContentDecodingError)
    return (ConnectionError, TimeoutError, exceptions.ConnectionError, exceptions.Timeout, TransportError, *garbled), (
        exceptions.SSLError,
    )


def _advice_on_credentials(error: Exception) -> str:
    """What to do, if credentials are the matter."""
    from google.auth.exceptions import GoogleAuthError, TransportError  # noqa: PLC0415  (heavy; only when used)

    if not isinstance(error, GoogleAuthError) or isinstance(error, TransportError):
        return ""
    return "run `gcloud auth application-default login`, or let GOOGLE_APPLICATION_CREDENTIALS name a key file"


def _refusal(error: Any) -> Refused:
    """BigQuery's own words, without the address that was asked."""
    first = error.errors[0] if error.errors and isinstance(error.errors[0], dict) else {}
    return Refused(str(first.get("message") or error.message), _reason(error), int(error.code or 0))


def _reason(error: Any) -> str:
    first = (getattr(error, "errors", None) or [None])[0]
    return str(first.get("reason", "")) if isinstance(first, dict) else ""


def _said(error: BaseException | None) -> str:
    """An error in one line that is short enough to read; of a failed connection, what it failed of."""
    cause = error.args[0] if error is not None and error.args else None
    error = getattr(cause, "reason", None) or error
    text = " ".join(str(getattr(error, "message", None) or error or "no answer").split())
    return text if len(text) <= 200 else f"{text[:197]}..."  # noqa: PLR2004
