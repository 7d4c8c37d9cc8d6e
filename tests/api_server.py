"""A server that speaks as much of BigQuery's REST API as we use, with canned answers and faults."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aggregator.engines.bigquery.connection import Patience

HURRIED = Patience(request=10.0, total=10.0, first_pause=0.01, longest_pause=0.02)
REASONS = {400: "invalidQuery", 403: "accessDenied", 404: "notFound", 429: "rateLimitExceeded"}


def error(status: int, message: str, reason: str = "") -> tuple[int, Any]:
    """An answer as BigQuery gives it when it refuses."""
    reason = reason or REASONS.get(status, "backendError")
    details = {"reason": reason, "message": message, "domain": "global"}
    return status, {"error": {"code": status, "message": message, "errors": [details]}}


def planned(*columns: dict[str, Any], size: int = 0) -> tuple[int, Any]:
    """The answer to a dry run."""
    query = {"schema": {"fields": list(columns)}, "totalBytesProcessed": str(size), "statementType": "SELECT"}
    statistics = {"totalBytesProcessed": str(size), "query": query}
    return 200, {"jobReference": {}, "status": {"state": "DONE"}, "statistics": statistics, "configuration": {}}


def field(name: str, type_: str, mode: str = "NULLABLE", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, "mode": mode, **more}


def table(*columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A table as ``tables.get`` tells of it."""
    return {"type": "TABLE", "schema": {"fields": list(columns)}, "numRows": "10", "numBytes": "1000", **more}


@dataclasses.dataclass
class BigQuery:
    """What the server knows, and what it was asked.

    ``dry_run`` and ``query`` answer a text of SQL; ``faults`` are used up first: answers, or names of breakdowns. After
    ``after reset`` and ``after 503``, what was asked is done all the same.
    """

    tables: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    dry_run: Callable[[str], tuple[int, Any]] = lambda _: planned()
    query: Callable[[str], list[list[Any]]] = lambda _: []
    faults: list[Any] = dataclasses.field(default_factory=list)
    requests: list[tuple[str, str, Any]] = dataclasses.field(default_factory=list)
    gate: threading.Barrier | None = None
    released: threading.Event = dataclasses.field(default_factory=threading.Event)
    lock: Any = dataclasses.field(default_factory=threading.Lock)
    url: str = ""

    def fault(self, method: str, path: str, body: Any) -> Any:
        """What goes wrong with a request, if anything; the lock is held."""
        del method, path, body
        return self.faults.pop(0) if self.faults else None

    def asked(self) -> list[str]:
        """The texts of all dry runs."""
        return [body["configuration"]["query"]["query"] for _, path, body in self.requests if path.endswith("/jobs")]

    def looked_up(self) -> list[str]:
        return [path.partition("/projects/")[2] for method, path, _ in self.requests if method == "GET"]

    def answer(self, method: str, path: str, body: Any, if_match: str = "") -> tuple[int, Any]:
        del if_match
        if method == "GET" and "/tables/" in path:
            project, _, dataset, _, name = path.partition("/projects/")[2].split("/")
            found = self.tables.get(f"{project}.{dataset}.{name}")
            if found is None:
                return error(404, f"Not found: Table {project}:{dataset}.{name}")
            reference = {"projectId": project, "datasetId": dataset, "tableId": name}
            return (200, {**found, "tableReference": reference}) if isinstance(found, dict) else found
        if path.endswith("/jobs"):
            return self.dry_run(body["configuration"]["query"]["query"])
        if path.endswith("/queries"):
            return self._rows(body["query"])
        return error(404, f"no such path: {path}")

    def _rows(self, sql: str) -> tuple[int, Any]:
        rows = self.query(sql)
        columns = [field(f"c{number}", "STRING") for number in range(len(rows[0]) if rows else 0)]
        cells = [{"f": [{"v": value if value is None else str(value)} for value in row]} for row in rows]
        reference = {"projectId": "acme", "jobId": "j", "location": "EU"}
        answer = {"jobComplete": True, "schema": {"fields": columns}, "rows": cells, "totalRows": str(len(rows))}
        return 200, {**answer, "jobReference": reference}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._respond("GET", None)

    def do_POST(self) -> None:
        self.do_method("POST")

    def do_PATCH(self) -> None:
        self.do_method("PATCH")

    def do_DELETE(self) -> None:
        self.do_method("DELETE")

    def do_method(self, method: str) -> None:
        length = int(self.headers["Content-Length"] or 0)
        self._respond(method, json.loads(self.rfile.read(length)) if length else None)

    def _respond(self, method: str, body: Any) -> None:
        known, path = self.server.known, self.path.partition("?")[0]
        if_match = self.headers["If-Match"] or ""
        with known.lock:
            known.requests.append((method, path, body))
            fault = known.fault(method, path, body)
        if known.gate is not None:
            known.gate.wait(timeout=30)
        if fault == "reset":
            self._reset()
        elif isinstance(fault, str) and fault.startswith("after "):  # it is done, and nobody hears of it
            known.answer(method, path, body, if_match)
            if fault == "after reset":
                self._reset()
            else:
                self._send(*error(int(fault.removeprefix("after ")), "lost"))
        elif fault == "silence":
            known.released.wait(timeout=30)
            self.close_connection = True
        else:
            self._send(*(fault or known.answer(method, path, body, if_match)))

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _send(self, status: int, body: Any) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the connection was broken on purpose
            super().finish()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, known: BigQuery) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.known = known
        known.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class Serving:
    """A server that listens as long as the block lasts."""

    def __init__(self, known: BigQuery | None = None) -> None:
        self.known = known or BigQuery()
        self._server = _Server(self.known)

    def __enter__(self) -> BigQuery:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self.known

    def __exit__(self, *_: object) -> None:
        self.known.released.set()
        self._server.shutdown()
        self._server.server_close()
