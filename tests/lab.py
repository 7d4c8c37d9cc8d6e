"""Small projects on the real engine: what the tests of properties, faults, engines, plans and runs share."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from aggregator.compile import compile_project
from aggregator.core.diagnostics import errors
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Plan, Step
from aggregator.core.report import Report, Status
from aggregator.core.warehouse import WHOLE, Ledger
from aggregator.engines.duckdb.engine import DuckDbEngine
from aggregator.engines.duckdb.ledger import read_ledger
from aggregator.load import load_project
from aggregator.plan import make_plan
from aggregator.plan.inputs import Inputs
from aggregator.plan.texts import Texts
from aggregator.run import run_plan

PROJECT_FILE = """\
project: test
time_zone: {zone}
environments:
  local: {{engine: duckdb, path: local.duckdb}}
default_environment: local
"""
NEVER_OVER = datetime.fromisoformat("2999-01-01")
"""A clock at which everything that may be due is due."""

_TABLES_AND_VIEWS = (
    "SELECT schema_name, table_name FROM duckdb_tables() UNION SELECT schema_name, view_name FROM duckdb_views()"
)
Rows = list[tuple[Any, ...]]
State = tuple[dict[str, Rows], dict[tuple[str, str], tuple[Any, ...]]]
"""What is in the tables, and what the ledger says of each partition."""


def project_file(zone: str = "UTC") -> str:
    return PROJECT_FILE.format(zone=zone)


def model(sql: str, **front: Any) -> str:
    """The file of a model: its front matter, one key a line, and its SELECT."""
    declared = {"description": "A model.", "owner": "a@example.com", **front}
    lines = [f"{key}: {json.dumps(value)}" for key, value in declared.items()]
    return "\n".join(["/*---", *lines, "---*/", sql, ""])


def source(columns: Mapping[str, Any], **front: Any) -> str:
    """The file of a source."""
    declared = {"description": "A source.", "owner": "a@example.com", "columns": columns, **front}
    return f"source: {json.dumps(declared)}\n"


def daily(column: str, start: str, end: str | None = None, **front: Any) -> dict[str, Any]:
    """A ``partition:``; by day unless ``grain`` says otherwise."""
    return {"by": column, "grain": "day", "from": start, **({"to": end} if end else {}), **front}


def write_files(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return root


def load_graph(root: Path) -> Graph:
    """Load and compile a project that has no errors."""
    loaded = load_project(root)
    assert loaded.project is not None, loaded.diagnostics
    compiled = compile_project(loaded.project)
    wrong = list(errors((*loaded.diagnostics, *compiled.diagnostics)))
    assert not wrong, wrong
    return compiled.graph


def graph_of(root: Path, files: Mapping[str, str], zone: str = "UTC") -> Graph:
    """Write a project and compile it."""
    return load_graph(write_files(root, {"aggregator.yml": project_file(zone), **files}))


class Quiet:
    """Progress that nobody watches."""

    def begin(self, partitions: object) -> None: ...

    def advance(self, result: object) -> None: ...


@dataclasses.dataclass(frozen=True)
class Lab:
    """A compiled project with a database of its own.

    ``graph`` may be shared by many labs: only where the database lies differs.
    """

    graph: Graph

    @classmethod
    def at(cls, path: Path, graph: Graph) -> Lab:
        """The same project with its database in another folder."""
        path.mkdir(parents=True, exist_ok=True)
        environment = dataclasses.replace(graph.project.environment, path=str(path / "local.duckdb"))
        return cls(dataclasses.replace(graph, project=dataclasses.replace(graph.project, environment=environment)))

    @property
    def path(self) -> Path:
        return self.graph.project.root / self.graph.project.environment.path

    def on(self, graph: Graph) -> Lab:
        """Another version of the project on the same database."""
        return Lab.at(self.path.parent, graph)

    def altered(self, alter: Callable[[Any], Any]) -> Lab:
        """The same database, with each compiled model altered."""
        models = {name: alter(each) for name, each in self.graph.models.items()}
        return Lab(dataclasses.replace(self.graph, models=models))

    def one_by_one(self) -> Lab:
        """No two partitions are built by one query."""
        return self.altered(lambda each: dataclasses.replace(each, one_by_one="asked for"))

    @contextlib.contextmanager
    def engine(self, wait: float = 10.0) -> Iterator[DuckDbEngine]:
        engine = DuckDbEngine(self.graph, wait=wait, say=lambda _: None)
        try:
            assert engine.ingest() == ()
            yield engine
        finally:
            engine.close()

    def plan(self, **options: Any) -> Plan:
        with self.engine() as engine:
            return self.plan_on(engine, **options)

    def plan_on(
        self,
        engine: DuckDbEngine,
        *,
        select: Iterable[str] | None = None,
        interval: tuple[datetime | None, datetime | None] = (None, None),
        full: bool = False,
        now: datetime = NEVER_OVER,
    ) -> Plan:
        snapshot = dataclasses.replace(engine.snapshot(), now=now)
        selected = self.graph.models if select is None else [name(each) for each in select]
        return make_plan(self.graph, snapshot, selected=selected, interval=interval, full=full)

    def run(self, rearrange: Callable[[Plan], Plan] = lambda plan: plan, **options: Any) -> Report:
        """Plan and run; ``rearrange`` may put the steps into another order, or cut them otherwise."""
        with self.engine() as engine:
            plan = rearrange(self.plan_on(engine, **options))
            ledger = engine.snapshot().ledger
            return run_plan(plan, self.graph, engine, ledger, run_id="test", progress=Quiet())

    @contextlib.contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A plain connection, as anyone else may open one."""
        db = duckdb.connect(str(self.path))
        try:
            db.execute("SET TimeZone = 'UTC'")
            yield db
        finally:
            db.close()

    def execute(self, *statements: str) -> None:
        with self.connection() as db:
            for statement in statements:
                db.execute(statement)

    def query(self, sql: str) -> Rows:
        with self.connection() as db:
            return db.execute(sql).fetchall()

    def rows(self, table: str) -> Rows:
        return self.query(f"SELECT * FROM {table} ORDER BY ALL")

    def tables(self) -> dict[str, Rows]:
        """The rows of everything that was built, in an order of their own."""
        with self.connection() as db:
            return self._tables(db)

    def ledger(self) -> Ledger:
        with self.connection() as db:
            return read_ledger(db)

    def recorded(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        """What the ledger knows of each partition, without when and by whom."""
        return _recorded(self.ledger())

    def state(self) -> State:
        """:meth:`tables` and :meth:`recorded` at once."""
        with self.connection() as db:
            return self._tables(db), _recorded(read_ledger(db))

    def _tables(self, db: duckdb.DuckDBPyConnection) -> dict[str, Rows]:
        names = db.execute(_TABLES_AND_VIEWS).fetchall()
        there = {f"{schema}.{table}" for schema, table in names}
        built = [str(each) for each in self.graph.models if str(each) in there]
        found = {}
        for each in built:
            with contextlib.suppress(duckdb.CatalogException):  # a view over a table that is not there
                found[each] = db.execute(f"SELECT * FROM {each} ORDER BY ALL").fetchall()
        return found


def _recorded(ledger: Ledger) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {
        (str(each), partition): (row.fingerprint, row.inputs, row.rows, row.version, row.checksum)
        for each, rows in ledger.built.items()
        for partition, row in rows.items()
    }


def name(text: str) -> TableName:
    parsed = TableName.parse(text)
    assert parsed is not None
    return parsed


def statuses(report: Report) -> dict[tuple[str, str], Status]:
    """How each partition ended."""
    return {(str(each.model), partition): each.status for each in report.results for partition in each.partitions}


def built(report: Report) -> set[tuple[str, str]]:
    return {key for key, status in statuses(report).items() if status is Status.BUILT}


def planned(plan: Plan) -> dict[tuple[str, str], str]:
    """The partitions of a plan with their reasons."""
    return {(str(step.model), each): str(step.stale.reason) for step in plan.steps for each in step.partitions}


def messages(report: Report) -> list[str]:
    return [each.problem.message for each in report.results if each.problem is not None]


def shuffled(graph: Graph, random: Random) -> Callable[[Plan], Plan]:
    """The same work in another order and in other batches; each step still comes after what it reads."""

    def rearrange(plan: Plan) -> Plan:
        steps = [piece for step in plan.steps for piece in _pieces(step, graph, random)]
        makers: dict[tuple[TableName, str], set[int]] = {}
        for number, step in enumerate(steps):
            for partition in step.partitions:
                makers.setdefault((step.model, partition), set()).add(number)
                makers.setdefault((step.model, WHOLE), set()).add(number)
        waiting = {number: _needed(step, graph, makers) - {number} for number, step in enumerate(steps)}
        order = []
        while waiting:
            number = random.choice([each for each, needed in waiting.items() if not needed & waiting.keys()])
            order.append(steps[number])
            del waiting[number]
        return dataclasses.replace(plan, steps=tuple(order))

    return rearrange


def _pieces(step: Step, graph: Graph, random: Random) -> Iterator[Step]:
    """A step cut anywhere, where it may be cut; never into pieces that the model can't be built in."""
    rest = step.partitions
    while rest:
        size = 1 if graph.models[step.model].one_by_one else random.randint(1, len(rest))
        yield dataclasses.replace(step, partitions=rest[:size])
        rest = rest[size:]


def _needed(step: Step, graph: Graph, makers: Mapping[tuple[TableName, str], set[int]]) -> set[int]:
    read = Inputs(graph.models[step.model], graph, Texts({}))
    inputs = {each for partition in step.partitions for each in read.partitions(partition)}
    return {number for each in inputs for number in makers.get(each, ())}


def same_rows(left: Rows, right: Rows, tolerance: float = 1e-12) -> bool:
    """Whether sorted rows are equal, value by value; floats to a relative tolerance."""
    return len(left) == len(right) and all(
        len(one) == len(other) and all(_same(a, b, tolerance) for a, b in zip(one, other, strict=True))
        for one, other in zip(left, right, strict=True)
    )


def _same(a: Any, b: Any, tolerance: float) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return a == b or abs(a - b) <= tolerance * max(abs(a), abs(b)) or (a != a and b != b)  # noqa: PLR0124
    return type(a) is type(b) and a == b


def values(rows: Sequence[Sequence[Any]]) -> str:
    """Rows as the body of an SQL ``VALUES``."""
    return ", ".join(f"({', '.join(_literal(each) for each in row)})" for row in rows)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | float) else f"'{value}'"
