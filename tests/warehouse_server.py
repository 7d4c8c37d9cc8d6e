"""A server that keeps tables and runs jobs as BigQuery would, as far as an engine needs it, and fails when told to.

It knows no SQL. What the query of a model gives is computed by the test; what the engine asks for itself is told by the
label ``purpose`` of the job. Each execution of a model's query stamps its rows, so that rows of two executions in one
partition are seen.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import json
import re
import time
from collections.abc import Callable
from typing import Any

from api_server import BigQuery, error, field

DIGITS = {"HOUR": 10, "DAY": 8, "MONTH": 6, "YEAR": 4}
PARTS = {"HOUR": 13, "DAY": 10, "MONTH": 7, "YEAR": 4}
Row = dict[str, Any]


@dataclasses.dataclass
class Table:
    """A resource, rows by BigQuery's ids of partitions, and when each was changed last, in microseconds."""

    resource: dict[str, Any]
    rows: dict[str, list[Row]] = dataclasses.field(default_factory=dict)
    changed: dict[str, int] = dataclasses.field(default_factory=dict)
    before: dict[str, list[tuple[int, list[Row]]]] = dataclasses.field(default_factory=dict)
    """All rows that each partition ever had, and since when."""

    def partition(self, row: Row) -> str:
        cut = self.resource.get("timePartitioning")
        if not cut:
            return ""
        value = row[cut["field"]]
        return "__NULL__" if value is None else value.replace("-", "")[: DIGITS[cut["type"]]]

    def put(self, id_: str, rows: list[Row], now: int) -> None:
        self.rows[id_], self.changed[id_] = rows, now
        self.before.setdefault(id_, []).append((now, rows))

    def at(self, moment: int) -> list[Row]:
        """The rows at a moment, of all partitions."""
        then = ([rows for since, rows in each if since <= moment] for each in self.before.values())
        return [row for each in then if each for row in each[-1]]


class Refusal(Exception):  # noqa: N818
    """An answer that is an error."""

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.answer = error(status, message, reason)


@dataclasses.dataclass
class Warehouse(BigQuery):
    """``compute`` gives the rows of a model's query; ``fields`` its columns.

    ``fault_on`` says what goes wrong with a request, ``job_errors`` why the next jobs end in an error, by purpose;
    ``slow`` is how often one has to look at a job until it is over.
    """

    compute: Callable[[str, dict[str, str]], list[Row]] = lambda _sql, _parameters: []
    export: Callable[[str], None] = lambda _files: None
    sample: Callable[[str, dict[str, str]], list[list[Any]]] = lambda _sql, _parameters: []
    read: int = 0
    """How many bytes each query would read, by its dry run."""
    fields: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    fault_on: Callable[[str, str, Any], Any] = lambda _method, _path, _body: None
    job_errors: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    job_error: Callable[[str], str] = lambda _purpose: ""
    slow: int = 0
    datasets: set[str] = dataclasses.field(default_factory=set)
    stored: dict[str, Table] = dataclasses.field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    executed: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    """The purpose and id of each job that did what it was to do."""
    ledger: list[Row] = dataclasses.field(default_factory=list)
    shards: list[list[Any]] = dataclasses.field(default_factory=list)
    """What ``__TABLES__`` says: names, rows, bytes, and times of change in milliseconds."""
    number: int = 0

    def rows_of(self, name: str) -> dict[str, list[Row]]:
        """The rows of a table by partition, without those that have none."""
        found = self.stored.get(name)
        return {id_: rows for id_, rows in sorted(found.rows.items()) if rows} if found else {}

    def runs(self, purpose: str) -> list[str]:
        return [job for label, job in self.executed if label == purpose]

    def posted_jobs(self, purpose: str) -> list[Any]:
        """All configurations that were sent, answered or not."""
        bodies = [body for method, path, body in self.requests if method == "POST" and path.endswith("/jobs")]
        return [each for each in bodies if each["configuration"].get("labels", {}).get("purpose") == purpose]

    def fault(self, method: str, path: str, body: Any) -> Any:
        return super().fault(method, path, body) or self.fault_on(method, path, body)

    def answer(self, method: str, path: str, body: Any, if_match: str = "") -> tuple[int, Any]:
        parts = path.partition("/projects/")[2].split("/")
        try:
            with self.lock:
                return self._answer(method, parts, body or {}, if_match)
        except Refusal as refusal:
            return refusal.answer

    def _answer(self, method: str, parts: list[str], body: Any, if_match: str) -> tuple[int, Any]:
        project, kind, *rest = parts
        if kind == "queries":
            return self._asked(body) if method == "POST" else self._results(rest[0])
        if kind == "jobs":
            return self._job(method, rest, body)
        if not rest:
            return self._make_dataset(project, body) if method == "POST" else self._listed(project)
        if len(rest) == 1 and method == "DELETE":
            self.datasets.remove(f"{project}.{rest[0]}")
            for name in [name for name in self.stored if name.startswith(f"{project}.{rest[0]}.")]:
                del self.stored[name]
            return 200, {}
        if len(rest) == 1:
            return 200, {"datasetReference": {"projectId": project, "datasetId": rest[0]}, "id": rest[0]}
        return self._table(method, project, rest, body, if_match)

    def _now(self) -> int:
        self.number += 1
        return max(time.time_ns() // 1000, self.number)

    def _make_dataset(self, project: str, body: Any) -> tuple[int, Any]:
        name = f"{project}.{body['datasetReference']['datasetId']}"
        if name in self.datasets:
            raise Refusal(409, f"Already Exists: Dataset {name}", "duplicate")
        self.datasets.add(name)
        return 200, {**body, "id": name}

    def _listed(self, project: str) -> tuple[int, Any]:
        labels = {"made_by": "aggregator"}
        ids = [name.partition(".")[2] for name in sorted(self.datasets)]
        references = [{"projectId": project, "datasetId": each} for each in ids]
        made = [
            {"datasetReference": each, "id": each["datasetId"]} for each in references if each["datasetId"] != "lake"
        ]
        return 200, {"datasets": [{**each, "labels": labels} for each in made]}

    def _table(self, method: str, project: str, rest: list[str], body: Any, if_match: str) -> tuple[int, Any]:
        dataset, _, *names = rest
        place = f"{project}.{dataset}"
        if place not in self.datasets:
            raise Refusal(404, f"Not found: Dataset {place}")
        if method == "GET" and not names:
            listed = [
                each.resource["tableReference"] for name, each in self.stored.items() if name.startswith(f"{place}.")
            ]
            return 200, {"tables": [{"tableReference": each} for each in listed], "totalItems": len(listed)}
        name = f"{place}.{names[0] if names else body['tableReference']['tableId']}"
        found = self._there(name)
        if method == "POST":
            if found is not None:
                raise Refusal(409, f"Already Exists: Table {name}", "duplicate")
            found_out = {"type": "VIEW", "schema": {"fields": self.fields}} if "view" in body else {"type": "TABLE"}
            self.stored[name] = Table(self._stamped({**found_out, **body}))
            return 200, self.stored[name].resource
        if found is None:
            raise Refusal(404, f"Not found: Table {name}")
        if method == "PATCH":
            if if_match and if_match != found.resource["etag"]:
                raise Refusal(412, "Precondition Failed", "conditionNotMet")
            found_out = {"schema": {"fields": self.fields}} if "view" in body else {}
            found.resource = self._stamped({**found.resource, **found_out, **body})
        if method == "DELETE":
            del self.stored[name]
            return 200, {}
        count = sum(map(len, found.rows.values()))
        return 200, {**found.resource, "numRows": str(count), "numBytes": str(count * 8)}

    def _there(self, name: str) -> Table | None:
        found = self.stored.get(name)
        expiration = found.resource.get("expirationTime") if found else None
        if expiration and int(expiration) < time.time() * 1000:
            del self.stored[name]
            return None
        return found

    def _stamped(self, resource: dict[str, Any]) -> dict[str, Any]:
        now = self._now()
        return {**resource, "etag": f"e{self.number}", "lastModifiedTime": str(now // 1000)}

    # jobs

    def _job(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        if method == "POST" and not rest:
            if body["configuration"].get("dryRun"):
                return self._planned(body)
            return self._begin(body)
        job = self.jobs.get(rest[0])
        if job is None:
            raise Refusal(404, f"Not found: Job {rest[0]}")
        if rest[-1] == "cancel":
            if job["status"]["state"] != "DONE":
                self._end(job, "stopped")
            return 200, {"job": job}
        self._proceed(job)
        return 200, job

    def _planned(self, body: Any) -> tuple[int, Any]:
        size = str(self.read)
        query = {"schema": {"fields": self.fields}, "totalBytesProcessed": size, "statementType": "SELECT"}
        done = {"status": {"state": "DONE"}, "statistics": {"query": query, "totalBytesProcessed": size}}
        return 200, {"jobReference": {}, "configuration": body["configuration"], **done}

    def _begin(self, body: Any) -> tuple[int, Any]:
        id_ = body["jobReference"]["jobId"]
        if id_ in self.jobs:
            raise Refusal(409, f"Already Exists: Job {id_}", "duplicate")
        reference = {**body["jobReference"], "location": "EU"}
        statistics = {"startTime": str(self._now() // 1000)}
        job = {"jobReference": reference, "configuration": body["configuration"], "statistics": statistics}
        job |= {"status": {"state": "RUNNING"}, "id": f"acme:EU.{id_}", "looks": self.slow}
        self.jobs[id_] = job
        if not self.slow:
            self._proceed(job)
        return 200, job

    def _proceed(self, job: Any) -> None:
        if job["status"]["state"] == "DONE":
            return
        job["looks"] -= 1
        if job["looks"] >= 0:
            return
        configuration, id_ = job["configuration"], job["jobReference"]["jobId"]
        purpose = configuration["labels"]["purpose"]
        errors = self.job_errors.get(purpose, [])
        reason = errors.pop(0) if errors else self.job_error(purpose)
        if reason:
            self._end(job, reason)
            return
        try:
            job["rows"] = self._do(configuration, purpose)
        except Refusal as refusal:
            details = refusal.answer[1]["error"]["errors"][0]
            self._end(job, details["reason"], details["message"])
            return
        self.executed.append((purpose, id_))
        self._end(job, "")

    def _end(self, job: Any, reason: str, message: str = "") -> None:
        job["statistics"]["endTime"] = str(self._now() // 1000)
        job["statistics"]["query"] = {"totalBytesBilled": str(10 * 2**20), "statementType": "SELECT"}
        job["status"] = {"state": "DONE"}
        if reason:
            job["status"]["errorResult"] = {"reason": reason, "message": message or f"it failed: {reason}"}

    def _do(self, configuration: Any, purpose: str) -> list[list[Any]]:
        if "copy" in configuration:
            source = configuration["copy"]["sourceTable"]
            table, id_ = self._target(source)
            self._replace(configuration["copy"], [dict(row) for row in table.rows.get(id_, [])])
            return []
        if "extract" in configuration:
            self._target(configuration["extract"]["sourceTable"])
            self.export(configuration["extract"]["destinationUris"][0])
            return []
        query = configuration["query"]
        parameters = {each["name"]: _value(each) for each in query.get("queryParameters", [])}
        if purpose == "ledger":
            self.ledger += [json.loads(each) for each in parameters["rows"]]
        elif purpose == "export":
            self.export(re.search(r'uri = "([^"]+)"', query["query"])[1])
        elif purpose == "check":
            return self._measured(query["query"])
        elif query["query"].startswith("BEGIN TRANSACTION"):
            self._transact(query["query"], parameters)
        elif query["query"].endswith("WHERE FALSE"):
            self._replace(query, [])
        elif purpose == "publish":
            table = self.stored[_names(query["query"])[0]]
            self._replace(query, [row for rows in table.rows.values() for row in rows])
        elif "FOR SYSTEM_TIME AS OF" in query["query"]:
            self._replace(query, self._earlier(query["query"], parameters))
        else:
            stamp = len(self.executed)
            self._replace(query, [{**row, "stamp": stamp} for row in self.compute(query["query"], parameters)])
        return []

    def _earlier(self, sql: str, parameters: dict[str, Any]) -> list[Row]:
        """What a table had at the moment that a query names, between its bounds if there are any."""
        table, moment = self.stored[_names(sql)[0]], re.search(r"TIMESTAMP '([^']+)'", sql)
        assert moment
        column = re.search(r"WHERE `(\w+)` >= @start", sql)
        rows = table.at(int(dt.datetime.fromisoformat(moment[1] + ":00").timestamp() * 1_000_000))
        return [r for r in rows if not column or parameters["start"] <= r[column[1]] < parameters["end"]]

    def _target(self, reference: Any) -> tuple[Table, str]:
        base, _, id_ = reference["tableId"].partition("$")
        name = f"{reference['projectId']}.{reference['datasetId']}.{base}"
        if name not in self.stored:
            raise Refusal(404, f"Not found: Table {name}")
        return self.stored[name], id_

    def _replace(self, job: Any, rows: list[Row]) -> None:
        """Write rows as the job says: into a partition, or all of a table."""
        table, id_ = self._target(job["destinationTable"])
        if job["writeDisposition"] == "WRITE_EMPTY" and any(table.rows.values()):
            raise Refusal(409, "Already Exists: Table", "duplicate")
        if id_:
            if any(table.partition(row) != id_ for row in rows):
                raise Refusal(
                    400, "Some rows belong to different partitions rather than destination partition", "invalid"
                )
            table.put(id_, rows, self._now())
            return
        if job["writeDisposition"] != "WRITE_APPEND":
            table.rows.clear()
        if not table.resource.get("timePartitioning"):
            table.put("", rows, self._now())
            return
        for row in rows:
            table.put(table.partition(row), [*table.rows.get(table.partition(row), []), row], self._now())

    def _transact(self, script: str, parameters: dict[str, Any]) -> None:
        target, _, staging = (self.stored[name] for name in _names(script))
        column = target.resource["timePartitioning"]["field"]
        spans = [(parameters[f"start{n}"], parameters[f"end{n}"]) for n in range(len(parameters) // 2)]

        def inside(row: Row) -> bool:
            return any(start <= row[column] < end for start, end in spans)

        kept = [row for rows in target.rows.values() for row in rows if not inside(row)]
        new = [row for rows in staging.rows.values() for row in rows if inside(row)]
        grouped: dict[str, list[Row]] = {id_: [] for id_ in target.rows}
        for row in (*kept, *new):
            grouped.setdefault(target.partition(row), []).append(row)
        for id_, rows in grouped.items():
            if rows != target.rows.get(id_):
                target.put(id_, rows, self._now())

    # questions

    def _measured(self, sql: str) -> list[list[Any]]:
        """What the engine wants to know of staged rows. Promises hold."""
        table = self.stored[_names(sql)[0]]
        promises = ["0"] * len(re.findall(r" AS v\d+", sql))
        grain = re.search(r"_TRUNC\(`\w+`, (\w+)", sql)
        groups: dict[str, list[Row]] = collections.defaultdict(list)
        for row in (row for rows in table.rows.values() for row in rows):
            groups[_id(table, row, grain[1]) if grain else ""].append(row)
        if not grain and not groups:
            groups[""] = []
        found = []
        for id_, rows in groups.items():
            content = sorted(json.dumps({**row, "stamp": 0}, sort_keys=True) for row in rows)
            found.append([id_, str(len(rows)), str(hash(tuple(content))), *promises])
        return found

    def _results(self, id_: str) -> tuple[int, Any]:
        rows = self.jobs[id_].get("rows", [])
        kinds = ["STRING", "INTEGER", "STRING", *["INTEGER"] * 100]  # those of a question about staged rows
        return _answered(rows, [field(f"c{n}", kinds[n]) for n in range(len(rows[0]) if rows else 0)], id_)

    def _asked(self, body: Any) -> tuple[int, Any]:  # noqa: PLR0911  (one answer to each question)
        sql = body["query"]
        parameters = {each["name"]: _value(each) for each in body.get("queryParameters", [])}
        if body["labels"]["purpose"] == "sample" and " AS c0" in sql:
            rows = self.sample(sql, parameters)
            return _answered(rows, [field(f"c{n}", "STRING") for n in range(len(rows[0]) if rows else 0)])
        if "MIN(`written_at`)" in sql:
            return self._first_writings(int(sql.split("<= ")[1].split()[0]))
        if "QUALIFY" in sql or "@partition" in sql:
            return self._ledger_rows(sql, parameters)
        if "__TABLES__" in sql:
            return _answered(self.shards, [field("table_id", "STRING"), *(field(f"c{n}", "INTEGER") for n in range(3))])
        kinds = ["STRING"] * 4 + ["INTEGER"] * 3
        columns = [field(f"c{n}", kind) for n, kind in enumerate(kinds)]
        if "INFORMATION_SCHEMA.TABLES" in sql:
            place = _names(sql.replace(".INFORMATION_SCHEMA", ".`x`"))[0].removesuffix(".x")
            if place not in self.datasets:
                raise Refusal(404, f"Not found: Dataset {place}")
            rows = [["clock", "", "", "", self._now(), 0, 0]]
            for table in parameters["tables"]:
                rows += self._facts(f"{place}.{table}", table)
            return _answered(rows, columns)
        if "INFORMATION_SCHEMA.PARTITIONS" in sql:
            place = _names(sql.replace(".INFORMATION_SCHEMA", ".`x`"))[0].removesuffix(".x")
            facts = self._facts(f"{place}.{parameters['name']}", parameters["name"])
            return _answered([row for row in facts if row[0] == "partition" and row[2] in parameters["ids"]], columns)
        return _answered([[self._now()]], [field("c", "INTEGER")])

    def _facts(self, name: str, table: str) -> list[list[Any]]:
        found = self._there(name)
        if found is None:
            return []
        rows: list[list[Any]] = [["table", table, "", found.resource["type"], 0, 0, 0]]
        if "view" in found.resource:
            return [*rows, ["view", table, "", found.resource["view"]["query"], 0, 0, 0]]
        fields = found.resource.get("schema", {}).get("fields", [])
        rows += [["column", table, each["name"], each["type"], 0, 0, 0] for each in fields]
        pieces = found.rows.items()
        return [
            *rows,
            *(["partition", table, id_, "", found.changed[id_], len(all_), len(all_) * 8] for id_, all_ in pieces),
        ]

    def _first_writings(self, limit: int) -> tuple[int, Any]:
        first: dict[tuple[str, str], Row] = {}
        for row in sorted(self.ledger, key=lambda row: str(row["written_at"])):
            if row["outcome"] != "failed":
                first.setdefault((row["model"], row["partition"]), row)
        models = {model for model, _ in first}
        newest = [key for each in models for key in sorted(key for key in first if key[0] == each)[-limit:]]
        kinds = ["STRING", "STRING", "STRING", "TIMESTAMP"]
        columns = [field(f"c{n}", kind) for n, kind in enumerate(kinds)]
        return _answered([_cells_of_first(first[key]) for key in sorted(newest)], columns)

    def _ledger_rows(self, sql: str, parameters: dict[str, Any]) -> tuple[int, Any]:
        """The latest rows, or all of one partition."""
        found = [each for each in self.ledger if all(each[name] == value for name, value in parameters.items())]
        if "QUALIFY" in sql:
            found = [*{(row["model"], row["partition"], row["outcome"] == "failed"): row for row in found}.values()]
        if _names(sql)[0] not in self.stored:
            raise Refusal(404, "Not found: Table ledger")
        schema = self.stored[_names(sql)[0]].resource["schema"]["fields"]
        return _answered([[_cell(row.get(each["name"]), each["type"]) for each in schema] for row in found], schema)


def _cells_of_first(row: Row) -> list[Any]:
    return [row["model"], row["partition"], row["run_id"], _cell(row["written_at"], "TIMESTAMP")]


def _value(parameter: Any) -> Any:
    value = parameter["parameterValue"]
    return [each["value"] for each in value["arrayValues"]] if "arrayValues" in value else value["value"]


def _names(sql: str) -> list[str]:
    return [".".join(each) for each in re.findall(r"`([^`]+)`\.`([^`]+)`\.`([^`]+)`", sql)]


def _id(table: Table, row: Row, grain: str) -> str:
    """The project's id of the partition of a row."""
    column = table.resource["timePartitioning"]["field"]
    if row[column] is None:
        return "__NULL__"
    if grain in PARTS:
        return str(row[column])[: PARTS[grain]]
    day = dt.date.fromisoformat(row[column])
    return (day - dt.timedelta(days=day.weekday())).isoformat()  # ISOWEEK is all that is tested


def _cell(value: Any, type_: str) -> Any:
    if type_ == "TIMESTAMP" and value is not None:
        return str(int(dt.datetime.fromisoformat(value).timestamp() * 1_000_000))
    return value


def _answered(rows: list[list[Any]], columns: list[dict[str, Any]], id_: str = "j") -> tuple[int, Any]:
    cells = [{"f": [{"v": value if value is None else str(value)} for value in row]} for row in rows]
    reference = {"projectId": "acme", "jobId": id_, "location": "EU"}
    answer = {"jobComplete": True, "schema": {"fields": columns}, "rows": cells, "totalRows": str(len(rows))}
    return 200, {**answer, "jobReference": reference}


def rows_of_days(_sql: str, parameters: dict[str, str]) -> list[Row]:
    """Three rows for each day that a query is about."""
    start, end = (dt.date.fromisoformat(parameters[name]) for name in ("start", "end"))
    days = [start + dt.timedelta(days=n) for n in range((end - start).days)]
    return [{"day": day.isoformat(), "part": part} for day in days for part in range(3)]


def warehouse_of_events() -> Warehouse:
    """One in which ``acme.lake.events`` is there, cut by day."""
    known = Warehouse(compute=rows_of_days)
    known.fields = [field("day", "DATE"), field("part", "INTEGER"), field("stamp", "INTEGER")]
    known.datasets.add("acme.lake")
    reference = {"projectId": "acme", "datasetId": "lake", "tableId": "events"}
    partitioning = {"type": "DAY", "field": "day"}
    resource = {"type": "TABLE", "tableReference": reference, "timePartitioning": partitioning, "etag": "e0"}
    known.stored["acme.lake.events"] = Table(resource)
    return known
