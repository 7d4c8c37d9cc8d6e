"""What may be written at a place: tables, columns, macros, and the keys and words of YAML."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from aggregator.core.graph import OutputColumn
from aggregator.lsp.scope import Script
from aggregator.lsp.select import branch_at, expects_relation
from aggregator.lsp.spot import Spot
from aggregator.lsp.words import Kind, around
from aggregator.lsp.yaml_cursor import ITEM, Cursor, at_path, cursor

_NAMES_COLUMNS = ("by", "key", "cluster", "column", "not_null")
"""Keys below which names of the table's own columns stand."""

_TYPED = re.compile(r"\w*$")


class What(StrEnum):
    """What is suggested."""

    TABLE = "table"
    COLUMN = "column"
    ALIAS = "alias"
    MACRO = "macro"
    KEY = "key"
    WORD = "word"


@dataclasses.dataclass(frozen=True)
class Suggestion:
    """A text that may stand from the offset ``start`` up to the cursor, and what it means."""

    label: str
    what: What
    start: int
    detail: str = ""
    about: str = ""
    inserted: str = ""


def complete(spot: Spot) -> list[Suggestion]:
    """Suggestions at a spot, each text once."""
    found = _yaml(spot) if spot.part.format else _sql(spot, spot.script)
    return list({each.label: each for each in found}.values())


def _sql(spot: Spot, script: Script) -> Iterator[Suggestion]:
    if spot.template is not None:
        yield from _template(spot)
        return
    before = [each for each in script.tokens if each.start < spot.offset and each.kind is not Kind.COMMENT]
    token = script.token_at(spot.offset)
    if token and token.start < spot.offset and token.kind in (Kind.COMMENT, Kind.STRING, Kind.NUMBER, Kind.PARAMETER):
        return
    is_typing = bool(before and before[-1].end >= spot.offset and before[-1].name)
    start = before.pop().start if is_typing else spot.offset
    path: list[str] = []
    first = start
    while len(before) > 1 and before[-1].text == "." and before[-2].name:
        path.insert(0, before[-2].name)
        first = before[-2].start
        del before[-2:]
    inner = [block for block in around(script.root, first) if block is script.root or block.is_query][-1]
    if expects_relation(branch_at(inner, first), first):
        yield from _relations(spot, script, first)
    elif path:
        read = (each for each in script.relations_at(first) if each.alias.casefold() == path[-1].casefold())
        yield from _columns((each.column for relation in read for each in script.columns(relation)), start)
        yield from _columns(script.fields(tuple(path), first), start)
    else:
        yield from _in_scope(script, first)


def _relations(spot: Spot, script: Script, start: int) -> Iterator[Suggestion]:
    for named in script.named_at(start):
        if not named.query.start <= start <= named.query.end:
            yield Suggestion(named.name, What.TABLE, start, "query of WITH")
    for table in spot.knowledge.tables:
        if table != spot.table:
            detail = "source" if spot.knowledge.source(table) else "model"
            inserted = f"`{table}`" if table.is_many else ""
            yield Suggestion(str(table), What.TABLE, start, detail, inserted=inserted)  # what it means is asked later


def _in_scope(script: Script, start: int) -> Iterator[Suggestion]:
    for relation in script.relations_at(start):
        yield from _columns((each.column for each in script.columns(relation)), start)
        if relation.alias:
            yield Suggestion(relation.alias, What.ALIAS, start, ".".join(relation.path))


def _columns(columns: Iterable[OutputColumn], start: int) -> Iterator[Suggestion]:
    return (Suggestion(each.name, What.COLUMN, start, each.type, each.description) for each in columns)


def _template(spot: Spot) -> Iterator[Suggestion]:
    """Macros and variables, in ``{{ }}``."""
    before = spot.text.text[: spot.offset]
    start = spot.offset - len(_typed(before))
    if before[:start].endswith("vars."):
        yield from (Suggestion(name, What.WORD, start, "variable") for name in spot.knowledge.variables)
        return
    yield Suggestion("vars", What.WORD, start, "the project's variables")
    for macro in spot.knowledge.macros:
        yield Suggestion(macro.name, What.MACRO, start, macro.signature, f"of `{macro.place.path}`")


def _yaml(spot: Spot) -> Iterator[Suggestion]:
    at = cursor(spot.text.text[spot.part.start : spot.offset])
    start = spot.offset - len(at.word)
    schemas = at_path(spot.part.schema, at.path)
    if at.expects_key:
        for schema in schemas:
            for name, inner in schema.get("properties", {}).items():
                if name not in at.taken:
                    yield Suggestion(name, What.KEY, start, about=inner.get("description", ""), inserted=f"{name}: ")
        if at.path == ("inputs",):
            yield from _inputs(spot, start)
        return
    for schema in schemas:
        for word in schema.get("enum", ()):
            yield Suggestion(str(word), What.WORD, start)
    if _names_columns(at):
        yield from _own_columns(spot, start)


def _inputs(spot: Spot, start: int) -> Iterator[Suggestion]:
    """The tables that the SELECT below reads, and their aliases."""
    for relation in spot.script.relations_at(len(spot.text.text)):
        path = ".".join(relation.path)
        for name in (path, relation.alias) if path else ():
            yield Suggestion(name, What.TABLE, start, path, inserted=f"{name}: ")


def _names_columns(at: Cursor) -> bool:
    keys = [key for key in at.path if key != ITEM]
    return bool(keys) and keys[-1] in _NAMES_COLUMNS


def _own_columns(spot: Spot, start: int) -> Iterator[Suggestion]:
    known = spot.knowledge.columns(spot.table) if spot.table else ()
    yield from _columns(known or [each.column for each in spot.script.outputs()], start)


def _typed(before: str) -> str:
    match = _TYPED.search(before)
    return match[0] if match else ""
