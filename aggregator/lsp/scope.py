"""What the words of a SELECT mean at an offset: tables, names of WITH, aliases and columns."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import Protocol

from aggregator.compile.analysis.types import Type, type_of
from aggregator.core.graph import OutputColumn
from aggregator.core.names import TableName
from aggregator.lsp.select import Named, Output, Relation, branch_at, branches, named_queries, outputs, relations
from aggregator.lsp.words import Block, Kind, Token, around, blocks, queries, tokens


class Catalog(Protocol):
    """Knows the columns of tables; those of a table that it does not know are none."""

    def columns(self, table: TableName) -> Sequence[OutputColumn]:
        """The columns in their order."""
        ...


@dataclasses.dataclass(frozen=True)
class Column:
    """A column with the relation that it comes through; ``item`` is where WITH or a subquery makes it."""

    column: OutputColumn
    owner: Relation | None = None
    item: Output | None = None
    table: TableName | None = None


class Script:
    """The SQL of one file, from ``start`` on; offsets are those of the whole text, which may be half typed."""

    def __init__(self, text: str, start: int, catalog: Catalog) -> None:
        self.text = text
        self._catalog = catalog
        before = " " * start
        self.tokens = list(tokens(before + text[start:]))
        self.root = blocks(iter(self.tokens), len(text))
        self._known: dict[int, list[Column]] = {}
        self._elements: dict[int, Type | None] = {}

    @functools.cached_property
    def _all_relations(self) -> list[Relation]:
        found = (relations(branch) for block in queries(self.root) if self._asks(block) for branch in branches(block))
        return [relation for each in found for relation in each]

    def token_at(self, offset: int) -> Token | None:
        """The token at an offset, or that ends there."""
        touching = [token for token in self.tokens if token.start <= offset <= token.end]
        return next((token for token in touching if token.name), touching[0] if touching else None)

    def relation_at(self, offset: int) -> Relation | None:
        """The item of a FROM whose path is at an offset."""
        at = (each for each in self._all_relations if each.path and each.start <= offset <= each.end)
        return next(at, None)

    def path_at(self, offset: int) -> tuple[str, ...]:
        """The word at an offset, after the words that dots connect it to: ``("f", "carrier")``."""
        named = [token for token in self.tokens if token.kind is not Kind.COMMENT]
        index = next((i for i, token in enumerate(named) if token.name and token.start <= offset <= token.end), None)
        if index is None:
            return ()
        names = [named[index].name]
        while index >= 2 and named[index - 1].text == "." and named[index - 2].name:  # noqa: PLR2004
            index -= 2
            names.insert(0, named[index].name)
        return tuple(names)

    def relations_at(self, offset: int) -> list[Relation]:
        """What the SELECT around an offset reads, then what the SELECTs around that one do."""
        enclosing = [block for block in around(self.root, offset) if self._asks(block)]
        return [relation for block in reversed(enclosing) for relation in relations(branch_at(block, offset))]

    def named_at(self, offset: int) -> list[Named]:
        """The names of WITH that can be read at an offset."""
        return [each for block in reversed(around(self.root, offset)) for each in named_queries(block)]

    def named(self, name: str, offset: int) -> Named | None:
        """The query of WITH of that name."""
        return next((each for each in self.named_at(offset) if each.name.casefold() == name.casefold()), None)

    def table(self, relation: Relation) -> TableName | None:
        """The table that a relation is, if it is not a name of WITH or a subquery."""
        return TableName(*relation.path) if len(relation.path) == 2 else None  # noqa: PLR2004

    def columns(self, relation: Relation) -> Iterator[Column]:
        """The columns of an item of a FROM."""
        element = self._element(relation)
        if element is not None:
            yield from (Column(each, relation) for each in _fields(element))
            return
        table = self.table(relation)
        if table is not None:
            yield from (Column(column, relation, table=table) for column in self._catalog.columns(table))
            return
        named = self.named(relation.path[0], relation.start) if relation.path else None
        query = named.query if named else relation.query
        if query is not None:
            yield from (dataclasses.replace(each, owner=relation) for each in self._outputs(query))

    def find(self, path: tuple[str, ...], offset: int) -> Column | None:
        """The column that a path means at an offset, in the nearest SELECT that has one."""
        if not path:
            return None
        read = self.relations_at(offset)
        return self._find(path, read) or self._field(path, read)

    def fields(self, path: tuple[str, ...], offset: int) -> list[OutputColumn]:
        """The fields of the STRUCT that a path means at an offset."""
        return _fields(self._type(path, self.relations_at(offset)))

    def outputs(self) -> list[Column]:
        """The output columns of the whole."""
        return self._outputs(self.root)

    def _asks(self, block: Block) -> bool:
        """Whether a block can have a FROM: the whole text may, whatever is typed yet."""
        return block is self.root or block.is_query

    def _outputs(self, query: Block) -> list[Column]:
        """The output columns of a query, those of the first SELECT of a UNION; none of one that reads itself."""
        if id(query) not in self._known:
            self._known[id(query)] = []
            self._known[id(query)] = list(self._new_outputs(query))
        return self._known[id(query)]

    def _new_outputs(self, query: Block) -> Iterator[Column]:
        branch = branches(query)[0]
        if len(branch) == 1 and isinstance(branch[0], Block):
            yield from self._outputs(branch[0])
            return
        read = list(relations(branch))
        for item in outputs(branch):
            if item.name == "*":
                yield from self._starred(item, read)
            else:
                found = self._find(item.path, read) if item.path else None
                column = dataclasses.replace(found.column, name=item.name) if found else OutputColumn(item.name)
                yield Column(column, item=item, table=found.table if found else None)

    def _starred(self, item: Output, read: Sequence[Relation]) -> Iterator[Column]:
        wanted = item.path[-1].casefold() if item.path else ""
        for relation in read:
            if not wanted or relation.alias.casefold() == wanted:
                for each in self.columns(relation):
                    if each.column.name.casefold() not in item.dropped:
                        yield each

    def _find(self, path: tuple[str, ...], read: Sequence[Relation]) -> Column | None:
        """The column that a path means among what is read: ``alias.column`` or ``column``."""
        alias, name = path[-2].casefold() if len(path) > 1 else "", path[-1].casefold()
        for relation in read:
            if not alias or relation.alias.casefold() == alias:
                found = next((each for each in self.columns(relation) if each.column.name.casefold() == name), None)
                if found is not None:
                    return found
        return None

    def _field(self, path: tuple[str, ...], read: Sequence[Relation]) -> Column | None:
        """The field that a path means: ``alias.column.field``, ``column.field``, and so on."""
        within = _fields(self._type(path[:-1], read))
        found = next((each for each in within if each.name.casefold() == path[-1].casefold()), None)
        return Column(found) if found is not None else None

    def _type(self, path: tuple[str, ...], read: Sequence[Relation]) -> Type | None:
        """The type of a column, or of a field in one; the first word may be the alias of what is read."""
        for length in (2, 1):
            column = self._find(path[:length], read) if len(path) >= length else None
            type_ = type_of(column.column.type) if column is not None else None
            for name in path[length:]:
                type_ = type_.field(name.casefold()) if type_ is not None else None
            if type_ is not None:
                return type_
        return None

    def _element(self, relation: Relation) -> Type | None:
        """What an array in FROM holds, ``UNNEST(f.legs)`` or ``f.legs``; None of all else, and of what reads itself."""
        if relation.start not in self._elements:
            self._elements[relation.start] = None
            others = [each for each in self.relations_at(relation.start) if each.start != relation.start]
            is_column = len(relation.path) > 1 and relation.path[0].casefold() in {e.alias.casefold() for e in others}
            path = relation.array or (relation.path if is_column else ())
            type_ = self._type(path, others) if path else None
            self._elements[relation.start] = type_.element if type_ is not None else None
        return self._elements[relation.start]


def _fields(type_: Type | None) -> list[OutputColumn]:
    named = [(name, each) for name, each in type_.fields if name] if type_ is not None else []
    return [OutputColumn(name, each.text if each is not None else "") for name, each in named]
