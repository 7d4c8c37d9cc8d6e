"""What an editor shows of the thing under the pointer: type, meaning and origin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aggregator.core.graph import Derivation, Origin, OutputColumn
from aggregator.core.names import TableName
from aggregator.lsp.project import Knowledge
from aggregator.lsp.scope import Column, Script
from aggregator.lsp.select import Relation
from aggregator.lsp.spot import Spot
from aggregator.lsp.words import Kind
from aggregator.lsp.yaml_cursor import at_path, cursor

MAX_COLUMNS = 40
_MADE = {Derivation.COPY: "Copy of", Derivation.AGGREGATE: "Aggregate of"}


def hover(spot: Spot) -> str:
    """Markdown about what is at a spot; empty where there is nothing to say."""
    if spot.part.format:
        return _table(spot.mentioned, spot.knowledge) if spot.mentioned else _key(spot)
    token = spot.script.token_at(spot.offset)
    if token is None or token.kind is Kind.COMMENT:
        return ""
    if token.kind is Kind.TEMPLATE:
        return f"macro `{spot.macro.signature}` of `{spot.macro.place.path}`" if spot.macro else ""
    return _sql(spot, spot.script) if token.name else ""


def _key(spot: Spot) -> str:
    """What a key of YAML means."""
    text = spot.text.text
    end = spot.offset
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    at = cursor(text[spot.part.start : end])
    if not at.expects_key or not at.word:
        return ""
    found = at_path(spot.part.schema, (*at.path, at.word))
    about = next((schema["description"] for schema in found if "description" in schema), "")
    examples: list[object] = next((schema["examples"] for schema in found if "examples" in schema), [])
    shown = "".join(f"\n- `{example}`" for example in examples if isinstance(example, str))
    said = (f"**{at.word}**: {about}" if about else "", f"For example:{shown}" if shown else "")
    return "\n\n".join(filter(None, said))


def _sql(spot: Spot, script: Script) -> str:
    relation = script.relation_at(spot.offset)
    if relation is not None:
        return _relation(relation, script, spot.knowledge)
    named = next((each for each in script.named_at(spot.offset) if each.start <= spot.offset <= each.end), None)
    if named is not None:
        return _query(
            named.name, script.columns(Relation((named.name,), named.query, named.name, named.end, named.end))
        )
    path = script.path_at(spot.offset)
    column = script.find(path, spot.offset)
    if column is not None:
        return _column(column, spot.knowledge)
    aliased = next((each for each in script.relations_at(spot.offset) if (each.alias,) == path), None)
    if aliased is not None:
        return _relation(aliased, script, spot.knowledge)
    return _own_column(spot, path[-1]) if path else ""


def _own_column(spot: Spot, name: str) -> str:
    """An output column of the model itself, where the SELECT names it, or GROUP BY and ORDER BY use that name."""
    if spot.table is None:
        return ""
    items = [each.item for each in spot.script.outputs() if each.item]
    if not any(item.name.casefold() == name.casefold() for item in items):
        return ""
    column = next(
        (each for each in spot.knowledge.columns(spot.table) if each.name.casefold() == name.casefold()), None
    )
    return _column(Column(column, table=spot.table), spot.knowledge) if column else ""


def _relation(relation: Relation, script: Script, knowledge: Knowledge) -> str:
    table = script.table(relation)
    return _table(table, knowledge) if table else _query(relation.alias, script.columns(relation))


def _table(table: TableName, knowledge: Knowledge) -> str:
    model, source = knowledge.model(table), knowledge.source(table)
    if model is None and source is None:
        return ""
    kind = "source" if model is None else f"model by {model.calendar.grain}" if model.calendar else model.model.kind
    columns = _columns(knowledge.columns(table))
    return f"**{table}** · {kind}\n\n{knowledge.description(table)}\n\n{columns}".strip()


def _query(name: str, columns: Iterable[Column]) -> str:
    return f"**{name}** · query\n\n{_columns([each.column for each in columns])}".strip()


def _columns(columns: Sequence[OutputColumn]) -> str:
    lines = [f"- `{each.name}` {each.type}{f': {each.description}' if each.description else ''}" for each in columns]
    more = [f"- … and {len(lines) - MAX_COLUMNS} more"] if len(lines) > MAX_COLUMNS else []
    return "\n".join(lines[:MAX_COLUMNS] + more)


def _column(found: Column, knowledge: Knowledge) -> str:
    column = found.column
    head = f"**{column.name}** `{column.type or 'type unknown'}`{f' · {found.table}' if found.table else ''}"
    origins = [f"`{each.table}.{each.column}`" for each in column.origins]
    made = f"{_MADE.get(column.derivation, 'Made from')} {', '.join(origins)}" if origins else ""
    roots = sorted(f"`{each.table}.{each.column}`" for each in _roots(column.origins, knowledge))
    first = f"In sources: {', '.join(roots)}" if roots and roots != sorted(origins) else ""
    return "\n\n".join(filter(None, (head, column.description, made, first)))


def _roots(origins: Iterable[Origin], knowledge: Knowledge) -> set[Origin]:
    """The columns of sources at the other end of the lineage."""
    found, seen, waiting = set(), set(origins), list(origins)
    while waiting:
        origin = waiting.pop()
        table = TableName.parse(origin.table)
        model = knowledge.model(table) if table else None
        if model is None:
            found.add(origin)
            continue
        inner = (each.origins for each in model.columns if each.name.casefold() == origin.column.casefold())
        new = {each for origins in inner for each in origins} - seen
        seen |= new
        waiting += new
    return found
