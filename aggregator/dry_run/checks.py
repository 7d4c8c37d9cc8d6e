"""The SQL of checks, judged before any row is: what authors wrote, and the numbers that are asked of rows."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent import futures
from typing import TYPE_CHECKING

from aggregator.analyzers.protocol import Analyzer, Field, Mistake, Relation, Statement, Verdict
from aggregator.cache import Cache, Row, key_of, software
from aggregator.core.codec import decode_findings, encode_findings
from aggregator.core.diagnostics import Diagnostic, Document, Place, Word, place_in
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.dry_run import codes
from aggregator.dry_run.layer import Columns, pseudo_of, schema_of

if TYPE_CHECKING:
    from aggregator.checks import Promise

Verdicts = Mapping[TableName, Verdict]
_OWN_SQL = "unexpected_rows_query"
_BATCH = "{batch}"
_NOWHERE = Document("", "")
_HEAD = "SELECT "
_BETWEEN = ", "


def check_findings(
    graph: Graph,
    names: Collection[TableName],
    analyzers: Sequence[Analyzer],
    layers: Mapping[str, Verdicts],
    cache: Cache,
) -> Iterator[Diagnostic]:
    """What analyzers refuse of the checks of some models; ``layers`` has what they said of the models themselves."""
    wanted = [name for name in graph.models if name in names]
    said: set[Place] = set()
    for analyzer in analyzers:
        judge = _Judge(graph, analyzer, layers[analyzer.name], cache)
        with futures.ThreadPoolExecutor(analyzer.parallel) as pool:
            for found in pool.map(judge.findings, wanted):
                yield from (each for each in found if each.place not in said)
                said |= {each.place for each in found}
        cache.save()


@dataclasses.dataclass(frozen=True)
class _Question:
    """SQL to be judged, and where each part of it is written: from an offset on, up to the next."""

    sql: str
    parts: tuple[tuple[int, Promise], ...]

    def blamed(self, mistake: Mistake) -> Promise:
        """Whose part a mistake is in."""
        return [promise for start, promise in self.parts if start <= (mistake.start or 0)][-1]


class _Judge:
    """One analyzer on the checks of one model after the other."""

    def __init__(self, graph: Graph, analyzer: Analyzer, verdicts: Verdicts, cache: Cache) -> None:
        self._graph, self._analyzer, self._verdicts, self._cache = graph, analyzer, verdicts, cache
        functions = (str(each.text) for each in graph.project.functions)
        self._base = key_of("checks", analyzer.name, analyzer.version(), software(), *functions)

    def findings(self, name: TableName) -> tuple[Diagnostic, ...]:
        """What is wrong with the checks of a model; nothing where the model itself could not be judged."""
        verdict, columns = self._verdicts.get(name), schema_of(self._graph, self._verdicts, name)
        if verdict is None or verdict.mistake or verdict.unchecked or columns is None:
            return ()
        identity = self._graph.identities[name]
        key = key_of(self._base, identity, repr(columns))
        known = self._recalled(key) if identity else None
        if known is not None:
            return known
        from aggregator.checks import promised  # noqa: PLC0415  (sqlglot: nothing may have changed)

        model = self._graph.models[name]
        promises = promised(model).promises if model.model.checks else ()
        read = {table: self._schema(table) for each in promises for table, _ in each.reads}
        found = tuple(self._judged(model, columns, promises))
        if identity:
            self._cache.put(key, Row(json.dumps([read, encode_findings(found, "")])))
        return found

    def _recalled(self, key: str) -> tuple[Diagnostic, ...] | None:
        """What was found before, if the other tables are still as they were."""
        head = self._cache.head(key)
        if head is None:
            return None
        read, found = json.loads(head)
        if any(self._schema(table) != schema for table, schema in read.items()):
            return None
        return decode_findings(found, _NOWHERE)

    def _schema(self, table: str) -> str:
        name = TableName.parse(table)
        return repr(schema_of(self._graph, self._verdicts, name)) if name and name in self._graph.calendars else ""

    def _judged(self, model: CompiledModel, columns: Columns, promises: Sequence[Promise]) -> Iterator[Diagnostic]:
        code = codes.CHECK_REFUSALS[self._analyzer.name]
        asked = [each for each in promises if not each.query]
        while asked:
            question = _numbers(model, asked)
            mistake = self._mistake(model, columns, question.sql, ())
            if mistake is None:
                break
            guilty = question.blamed(mistake)
            place = getattr(guilty.arguments.get("row_condition"), "place", guilty.place)
            yield Diagnostic(place, code, mistake.message, mistake.help)
            asked = [each for each in asked if each is not guilty]
        for promise in promises:
            if promise.query:
                sql = promise.arguments.get(_OWN_SQL, promise.query)
                text = str(sql).replace(_BATCH, str(model.name))
                mistake = self._mistake(model, columns, text, promise.reads)
                if mistake is not None:
                    place = _place(model, sql, mistake.start) if isinstance(sql, Word) else promise.place
                    yield Diagnostic(place, code, mistake.message, mistake.help)

    def _mistake(
        self, model: CompiledModel, columns: Columns, sql: str, reads: Sequence[tuple[str, str]]
    ) -> Mistake | None:
        """What is wrong with a question about rows of a model, and others; None if that can't be told, too."""
        from sqlglot import tokenize  # noqa: PLC0415

        from aggregator.compile.functions import Functions  # noqa: PLC0415  (sqlglot, as above)
        from aggregator.dry_run.statements import asked_in  # noqa: PLC0415  (as above)

        project = self._graph.project
        functions = Functions(project.functions, {*project.models, *project.sources, *project.broken})
        calls = functions.called(tokenize(sql, read="bigquery"))
        others = [TableName.parse(table) for table, _ in reads] + [table for each in calls for table in each.reads]
        relations = {model.name: Relation(str(model.name), columns)}
        for table in others:
            is_known = table is not None and table in self._graph.calendars
            schema = schema_of(self._graph, self._verdicts, table) if table is not None and is_known else None
            if schema is None or table is None:
                return None
            relations.setdefault(table, Relation(str(table), schema, pseudo_of(project, table)))
        texts = {each.name: str(each.text) for each in project.functions}
        type_ = str(model.calendar.type) if model.calendar is not None else ""
        statement = Statement(
            name=f"checks of {model.name}",
            sql=sql,
            tables=tuple(relations.values()),
            parameters=(Field("start", type_), Field("end", type_)) if type_ else (),
            routines=(routines := tuple(texts[each.name] for each in calls)),
            models=asked_in(project, (sql, *routines)),
        )
        return self._analyzer.analyse([statement])[0].mistake


def _numbers(model: CompiledModel, promises: Sequence[Promise]) -> _Question:
    """The query that counts, as an engine is asked it."""
    sql, parts = _HEAD, []
    for promise in promises:
        for expectation in promise.asked:
            parts.append((len(sql), promise))
            sql += f"{expectation.sql}{_BETWEEN}"
    return _Question(f"{sql.removesuffix(_BETWEEN)} FROM {model.name}", tuple(parts))


def _place(model: CompiledModel, sql: Word, offset: int | None) -> Place:
    """Where the author wrote what a mistake is about."""
    written = None if offset is None else _written(sql, str(model.name), offset)
    return place_in(sql, model.model.document.lines_of(sql), written)


def _written(text: str, name: str, offset: int) -> int:
    """Which character of the author's stands for one of the SQL that was judged, in which the table has its name."""
    passed = 0
    for piece in text.split(_BATCH):
        if offset <= len(piece):
            return passed + offset
        offset, passed = offset - len(piece), passed + len(piece)
        if offset < len(name):
            return passed
        offset, passed = offset - len(name), passed + len(_BATCH)
    return passed
