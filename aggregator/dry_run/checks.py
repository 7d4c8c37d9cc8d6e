"""The SQL of checks, judged before any row is: what authors wrote, and the numbers that are asked of rows."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from aggregator.analyzers.protocol import Analyzer, Field, Mistake, Relation, Statement, Verdict
from aggregator.cache import Cache, Row, key_of, software
from aggregator.core.codec import decode_findings, encode_findings
from aggregator.core.diagnostics import Diagnostic, Document, Place
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.dry_run import codes
from aggregator.dry_run.asking import answers
from aggregator.dry_run.check_questions import Checked, Likeness
from aggregator.dry_run.layer import pseudo_of, schema_of

if TYPE_CHECKING:
    from aggregator.compile.functions import Functions

Verdicts = Mapping[TableName, Verdict]
_NOWHERE = Document("", "")


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
        for found in _Judge(graph, analyzer, layers[analyzer.name], cache).findings(wanted):
            yield from (each for each in found if each.place not in said)
            said |= {each.place for each in found}
        cache.save()


class _Judge:
    """One analyzer on the checks of models.

    Numbers are often asked of many models in the same words, over columns of the same types. The analyzer hears of
    them once; ``_sound`` are those that it accepted.
    """

    def __init__(self, graph: Graph, analyzer: Analyzer, verdicts: Verdicts, cache: Cache) -> None:
        self._graph, self._analyzer, self._verdicts, self._cache = graph, analyzer, verdicts, cache
        functions = (str(each.text) for each in graph.project.functions)
        self._base = key_of("checks", analyzer.name, analyzer.version(), software(), *functions)
        self._sound: set[Likeness] = set()
        self._answers: dict[Statement, Verdict] = {}

    def findings(self, names: Iterable[TableName]) -> Iterator[tuple[Diagnostic, ...]]:
        """What is wrong with the checks of each model; nothing where the model itself could not be judged."""
        known = [self._known(name) for name in names]
        self._ask([each for each in known if isinstance(each, Checked)])
        for each in known:
            yield self._found(each) if isinstance(each, Checked) else each

    def _known(self, name: TableName) -> tuple[Diagnostic, ...] | Checked:
        """What was found in a model, or what is to be looked at."""
        verdict, columns = self._verdicts.get(name), schema_of(self._graph, self._verdicts, name)
        if verdict is None or verdict.mistake or verdict.unchecked or columns is None:
            return ()
        identity = self._graph.identities[name]
        key = key_of(self._base, identity, repr(columns)) if identity else ""
        known = self._recalled(key) if key else None
        if known is not None:
            return known
        from aggregator.checks import promised  # noqa: PLC0415  (sqlglot: nothing may have changed)

        model = self._graph.models[name]
        return Checked(model, columns, promised(model).promises if model.model.checks else (), key)

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

    def _ask(self, all_checked: Iterable[Checked]) -> None:
        """Ask about all at once; about numbers that are alike, only in one model."""
        asked: dict[Statement, set[Likeness]] = {}
        taken: set[Likeness] = set()
        for checked in all_checked:
            new = [promise for promise in checked.counting if not checked.likenesses(promise) <= taken]
            alike = {each for promise in new for each in checked.likenesses(promise)}
            taken |= alike
            if new and (statement := self._statement(checked, checked.numbers(new).sql)):
                asked[statement] = alike
            for promise in checked.querying:
                if statement := self._statement(checked, checked.query(promise), promise.reads):
                    asked.setdefault(statement, set())
        verdicts = itertools.chain.from_iterable(answers(self._analyzer, list(asked)))
        for (statement, alike), verdict in zip(asked.items(), verdicts, strict=True):
            self._answers[statement] = verdict
            if not verdict.mistake and not verdict.unchecked:
                self._sound |= alike

    def _found(self, checked: Checked) -> tuple[Diagnostic, ...]:
        found = tuple(self._mistakes(checked))
        if checked.key:
            read = {table: self._schema(table) for each in checked.promises for table, _ in each.reads}
            self._cache.put(checked.key, Row(json.dumps([read, encode_findings(found, "")])))
        return found

    def _mistakes(self, checked: Checked) -> Iterator[Diagnostic]:
        code = codes.CHECK_REFUSALS[self._analyzer.name]
        asked = [promise for promise in checked.counting if not checked.likenesses(promise) <= self._sound]
        while asked:
            question = checked.numbers(asked)
            mistake = self._mistake(checked, question.sql)
            if mistake is None:
                break
            guilty = question.blamed(mistake)
            place = getattr(guilty.arguments.get("row_condition"), "place", guilty.place)
            yield Diagnostic(place, code, mistake.message, mistake.help)
            asked = [each for each in asked if each is not guilty]
        for promise in checked.querying:
            mistake = self._mistake(checked, checked.query(promise), promise.reads)
            if mistake is not None:
                yield Diagnostic(checked.place(promise, mistake.start), code, mistake.message, mistake.help)

    def _mistake(self, checked: Checked, sql: str, reads: Sequence[tuple[str, str]] = ()) -> Mistake | None:
        """What is wrong with a question about rows of a model, and others; None if that can't be told, too."""
        statement = self._statement(checked, sql, reads)
        if statement is None:
            return None
        if statement not in self._answers:
            [self._answers[statement]] = self._analyzer.analyse([statement])
        return self._answers[statement].mistake

    def _statement(self, checked: Checked, sql: str, reads: Sequence[tuple[str, str]] = ()) -> Statement | None:
        """A question as a statement; None where the columns of a table that it reads are not known."""
        from sqlglot import tokenize  # noqa: PLC0415  (as above)

        from aggregator.dry_run.statements import asked_in  # noqa: PLC0415  (as above)

        project, name = self._graph.project, checked.model.name
        calls = self._functions.called(tokenize(sql, read="bigquery")) if project.functions else ()
        others = [TableName.parse(table) for table, _ in reads] + [table for each in calls for table in each.reads]
        relations = {name: Relation(str(name), checked.columns)}
        for table in others:
            is_known = table is not None and table in self._graph.calendars
            schema = schema_of(self._graph, self._verdicts, table) if table is not None and is_known else None
            if schema is None or table is None:
                return None
            relations.setdefault(table, Relation(str(table), schema, pseudo_of(project, table)))
        texts = {each.name: str(each.text) for each in project.functions}
        type_ = checked.parameter
        return Statement(
            name=f"checks of {name}",
            sql=sql,
            tables=tuple(relations.values()),
            parameters=(Field("start", type_), Field("end", type_)) if type_ else (),
            routines=(routines := tuple(texts[each.name] for each in calls)),
            models=asked_in(project, (sql, *routines)),
        )

    @functools.cached_property
    def _functions(self) -> Functions:
        from aggregator.compile.functions import Functions  # noqa: PLC0415  (sqlglot, as above)

        project = self._graph.project
        return Functions(project.functions, {*project.models, *project.sources, *project.broken})
