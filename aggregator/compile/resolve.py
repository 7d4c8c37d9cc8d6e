"""Which tables a SELECT reads, and through which partition maps."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.exposed import Edit, hidden_from_stars, mentioned, rows_as_values
from aggregator.compile.filters import chosen_sql, filter_sql, impossible
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Diagnostic, Place, Word, did_you_mean
from aggregator.core.graph import Input, Splice, chosen_inputs
from aggregator.core.maps import ALL, PREVIOUS, SAME, PartitionMap, Reach
from aggregator.core.names import TableName, is_identifier

if TYPE_CHECKING:
    from aggregator.compile.analysis import Analysis
    from aggregator.compile.functions import Call
    from aggregator.core.calendar import Calendar
    from aggregator.core.graph import OutputColumn
    from aggregator.core.project import Model

Tables: TypeAlias = Collection[TableName]
Schemas: TypeAlias = "Mapping[TableName, tuple[OutputColumn, ...]]"

DECLARE = "declare it under `functions:` in aggregator.yml, if it is in the warehouse"


@dataclasses.dataclass(frozen=True)
class Reference:
    """One mention of a table in a SELECT: its name, its alias, and the offsets of its name in the text.

    Where the table stands in the body of a declared ``function``, the offsets are those of the call.
    """

    table: TableName
    alias: str
    start: int
    end: int
    needs_alias: bool = False
    function: str = ""


def references(
    query: Query, calls: Sequence[Call] = (), learned: Collection[str] = ()
) -> Iterator[Reference | Diagnostic]:
    """Every table that a SELECT mentions, in order; names of its own WITH are not tables.

    Behind them come the tables that the declared functions read which it calls. ``learned`` are the declared models of
    machine learning.
    """
    yield from _mentioned(query, {call.name for call in calls}, learned)
    yield from _sampled(query)
    through = {table: call for call in reversed(calls) for table in call.reads}
    for table, call in sorted(through.items()):
        yield Reference(table, "", call.start, call.end, function=call.name)


def _mentioned(query: Query, functions: Collection[str], learned: Collection[str]) -> Iterator[Reference | Diagnostic]:
    own = {cte.alias_or_name.casefold() for cte in query.nodes.of(exp.CTE)}
    for node in sorted(query.nodes.of(exp.Table), key=_start):
        place = query.place(*_span(node))
        if isinstance(node.this, exp.Func):
            yield from _table_function(query, node, functions, learned)
        elif not node.name or (not node.db and node.name.casefold() in own) or _is_learned(node):
            continue
        elif node.catalog:
            message = f"{node.catalog}.{node.db}.{node.name} names a project"
            advice = f"write {node.db}.{node.name}: the environment says where tables live"
            yield Diagnostic(place, codes.UNKNOWN_TABLE, message, advice)
        elif not node.db:
            message = f"{node.name} is neither a table nor a name from WITH"
            yield Diagnostic(place, codes.UNKNOWN_TABLE, message, did_you_mean(node.name, own) or "write dataset.table")
        elif node.name.endswith("*") and "`" not in query.text[slice(*_span(node))]:
            advice = f"write `{node.db}.{node.name}`"
            yield Diagnostic(place, codes.SYNTAX, f"{node.db}.{node.name} needs backticks", advice)
        elif node.args.get("version") or node.args.get("sample"):
            what = "FOR SYSTEM_TIME AS OF" if node.args.get("version") else "TABLESAMPLE"
            advice = "read the table as it is; which partitions is said under `inputs:`"
            yield Diagnostic(place, codes.TABLE_CLAUSE, f"{what} can't stand behind {node.db}.{node.name}", advice)
        else:
            bare = not node.alias and not node.args.get("pivots") and not node.name.endswith("*")
            yield Reference(TableName(node.db, node.name), node.alias_or_name, *_span(node), needs_alias=bare)


def _sampled(query: Query) -> Iterator[Diagnostic]:
    """TABLESAMPLE as a step of a pipe, where it stands behind no table."""
    for sample in query.nodes.of(exp.TableSample):
        if isinstance(sample.parent, exp.Select):
            advice = "filter by a hash of what identifies a row"
            message = "TABLESAMPLE makes other rows of it each time"
            yield Diagnostic(query.place_of(sample), codes.TABLE_CLAUSE, message, advice)


def _table_function(
    query: Query, node: exp.Table, functions: Collection[str], declared: Collection[str]
) -> Iterator[Diagnostic]:
    """What is wrong with a table function that is read."""
    called = node.this
    name = ".".join(part for part in (node.db, called.name or called.sql_name()) if part)
    learned = called.this if isinstance(called.this, exp.Table) and _is_learned(called.this) else None
    if learned is not None:
        model = f"{learned.db}.{learned.name}"
        message = f"the model of machine learning {model} is not declared"
        advice = did_you_mean(model, declared) or "declare it under `ml_models:` in aggregator.yml"
        if model not in declared:
            yield Diagnostic(query.place(*_span(learned)), codes.UNKNOWN_TABLE, message, advice)
    elif name not in functions:
        message = f"what the table function {name} reads can't be known"
        advice = DECLARE if node.db else "read a table or a source"
        yield Diagnostic(query.place_of(called), codes.UNKNOWN_TABLE, message, advice)


def _is_learned(node: exp.Table) -> bool:
    """Whether this names a model of machine learning, as in ``ML.PREDICT(MODEL lake.churn, …)``."""
    call = node.parent if node.arg_key == "this" else None
    return isinstance(call, exp.Func) and isinstance(call.parent, exp.Table) and call.parent.db.upper() == "ML"


def unknown_references(
    model: Model, query: Query, mentioned: Sequence[Reference], known: Tables
) -> Iterator[Diagnostic]:
    """What can be said of the tables that a model mentions before anything else is understood."""
    aliases = {each.alias.casefold() for each in mentioned}
    for reference in mentioned:
        place = query.place(reference.start, reference.end)
        if reference.table not in known:
            message, advice = _unknown(reference.table, known)
            if reference.table.dataset.casefold() in aliases:  # FROM row.items, of a row of the query around
                advice = f"if it is an array, write UNNEST({reference.table})"
            yield Diagnostic(place, codes.UNKNOWN_TABLE, message, advice)
        elif reference.table == model.name and not _reads_previous(model, reference):
            message, advice = f"{model.name} reads its own table", f"`inputs: {{{model.name}: previous}}`"
            advice = f"say which of its partitions: {advice}" if model.partition else "only a partitioned table may"
            if reference.function:
                message, advice = f"{message} through {reference.function}", "read it in the SELECT, not in a function"
            yield Diagnostic(_map_place(model.inputs, reference) or place, codes.SELF_REFERENCE, message, advice)
    names = {str(reference.table) for reference in mentioned} | {reference.alias for reference in mentioned}
    for name in model.named_inputs:
        if name not in names:
            message, is_table = f"{model.name} does not read {name}", TableName.parse(name) in known
            if is_table:
                yield Diagnostic(name.place, codes.UNUSED_MAP, message, "remove the line")
            else:
                yield Diagnostic(name.place, codes.BAD_MAP, message, did_you_mean(name, names))


def unknown_table(word: Word, known: Tables) -> Diagnostic:
    """What to say of a name that stands where a table of the project should."""
    table = TableName.parse(word)
    message, advice = _unknown(table, known) if table else (f"{word} is not the name of a table", "")
    if table in known:
        message, advice = f"{word} is made from itself", "name the table whose rows are rolled up"
    return Diagnostic(word.place, codes.UNKNOWN_TABLE, message, advice)


def _reads_previous(model: Model, reference: Reference) -> bool:
    is_previous = model.partition is not None and _declared(model.inputs, reference) == PREVIOUS
    return is_previous and not reference.function


def _unknown(table: TableName, known: Tables) -> tuple[str, str]:
    message = f"there is no table {table} in this project"
    if table.is_many and is_identifier(table.table[:-1]):
        near = did_you_mean(str(table), (str(each) for each in known if each.is_many))
        advice = f"declare what it stands for in models/{table.dataset}/{table.table[:-1]}.yml, with `shards:`"
        return message, near or advice
    if not is_identifier(table.table):
        return message, "tables are written dataset.table"
    if table.of_many in known:
        return message, f"did you mean `{table.of_many}`? It needs the backticks"
    near = did_you_mean(str(table), map(str, known))
    return message, near or f"declare it in models/{table.dataset}/{table.table}.yml"


def _start(node: exp.Table) -> int:
    return _span(node)[0]


def _span(node: exp.Table) -> tuple[int, int]:
    """The offsets of ``dataset.table`` in the text; of the whole when it is in one pair of backticks."""
    parts = [part.meta for part in node.parts if "start" in part.meta]
    return (min(part["start"] for part in parts), max(part["end"] for part in parts) + 1) if parts else (0, 1)


@dataclasses.dataclass(frozen=True)
class Filtered:
    """A SELECT with its partition filters in, where it differs from the author's, and what is wrong with it."""

    sql: str
    splices: tuple[Splice, ...]
    problems: tuple[Diagnostic, ...]


class Resolver:
    """Turns the references of a model into inputs.

    ``calendars`` has every table that a model may read, ``schemas`` those that are not its own.
    """

    def __init__(self, calendars: Mapping[TableName, Calendar | None], schemas: Schemas) -> None:
        self._calendars = calendars
        self._schemas = schemas

    def inputs(self, model: Model, mentioned: Sequence[Reference], query: Query) -> Iterator[Input | Diagnostic]:
        """The inputs of a model, one per mention, and what is wrong with them."""
        for reference in mentioned:
            place = query.place(reference.start, reference.end)
            if reference.function:
                yield from self._through(model, reference, mentioned)
                yield Input(reference.table, reference.alias, ALL, place, reference.function)
                continue
            declared = _declared(model.inputs, reference)
            is_whole = self._calendars[reference.table] is None or self._calendars[model.name] is None
            default = ALL if is_whole else SAME
            problem = self._problem(model, reference.table, declared or default, is_declared=declared is not None)
            if problem is not None:
                at = _map_place(model.inputs, reference) or place
                yield Diagnostic(at, codes.BAD_MAP, *problem)
            map_ = declared or default if problem is None else default
            if map_.reach is Reach.ALL and _is_kept(model, reference):
                message = f"{reference.table} is read whole, so none of its partitions can be gone alone"
                at = _map_place(model.kept, reference) or place
                yield Diagnostic(at, codes.BAD_MAP, message, "remove `gone: keep`")
            yield Input(reference.table, reference.alias, map_, place)

    def filtered(
        self, model: Model, mentions: Sequence[Reference], inputs: Sequence[Input], analysis: Analysis
    ) -> Filtered:
        """The author's text with each partitioned input replaced by the partitions that its map allows.

        The text is edited at the tables' own characters, and behind stars; everything else stays as written, line for
        line.
        """
        query, calendar = analysis.query, self._calendars[model.name]
        edits, exposed, chosen = list[Edit](), dict[int, tuple[str, ...]](), chosen_inputs(inputs)
        for reference, edge in zip(mentions, inputs, strict=True):
            source = None if reference.function else self._calendars[edge.table]
            if edge.map.reach is Reach.ALL or calendar is None or source is None:
                continue
            names = mentioned(query, self._schemas.get(edge.table, ()))
            ends = chosen.get((edge.table, edge.map))
            condition = filter_sql(edge.map, calendar, source) if ends is None else chosen_sql(source, ends)
            table = query.text[reference.start : reference.end]
            text = f"(SELECT {', '.join(('*', *names))} FROM {table} WHERE {condition})"
            text += f" AS {reference.alias}" if reference.needs_alias else ""
            edits.append(Edit(reference.start, reference.end, text))
            exposed |= {reference.start: names} if names else {}
        found = [*hidden_from_stars(query, exposed), *rows_as_values(analysis, exposed)]
        edits += [each for each in found if isinstance(each, Edit)]
        return Filtered(
            *_edited(query.text, sorted(edits)), tuple(each for each in found if isinstance(each, Diagnostic))
        )

    @staticmethod
    def _through(model: Model, reference: Reference, mentioned: Sequence[Reference]) -> Iterator[Diagnostic]:
        """What is wrong with the map of a table that only a function reads."""
        place = _map_place(model.inputs, reference)
        is_whole = _declared(model.inputs, reference) in (None, ALL)
        alone = not any(each.table == reference.table and not each.function for each in mentioned)
        if place is not None and alone and not is_whole:
            message = f"{reference.function} reads all of {reference.table}"
            yield Diagnostic(place, codes.BAD_MAP, message, "remove the line: a function is not filtered from outside")

    def _problem(
        self, model: Model, table: TableName, map_: PartitionMap, *, is_declared: bool
    ) -> tuple[str, str] | None:
        if table != model.name and map_ == PREVIOUS:
            advice = "for an earlier partition of another table write `{offset: 1 day}`"
            return "previous is for a model's own table", advice
        reason, advice = impossible(map_, self._calendars[model.name], self._calendars[table])
        if not reason:
            return None
        return f"{table}: {reason}", advice if is_declared else f"declare `inputs: {{{table}: all}}`"


def _declared(inputs: Mapping[Word, PartitionMap], reference: Reference) -> PartitionMap | None:
    """The map of an alias goes before that of its table."""
    by_text: Mapping[str, PartitionMap] = dict(inputs.items())
    return by_text.get(reference.alias) or by_text.get(str(reference.table))


def _is_kept(model: Model, reference: Reference) -> bool:
    return reference.alias in model.kept or str(reference.table) in model.kept


def _map_place(inputs: Iterable[Word], reference: Reference) -> Place | None:
    return next((word.place for word in inputs if word in (reference.alias, str(reference.table))), None)


def _edited(text: str, edits: Sequence[Edit]) -> tuple[str, tuple[Splice, ...]]:
    """A text after some edits, without the blanks around it."""
    position = len(text) - len(text.lstrip())
    pieces, splices, length = list[str](), [Splice(0, 0, 0, position)], 0
    for edit in edits:
        before = text[position : edit.start]
        start = length + len(before)
        splices.append(Splice(start, start + len(edit.text), edit.start, edit.end))
        pieces += (before, edit.text)
        position, length = edit.end, start + len(edit.text)
    return "".join((*pieces, text[position:])).rstrip(), tuple(splices)
