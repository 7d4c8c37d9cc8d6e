"""One SELECT, read from its words: what it takes FROM where, the names of its WITH, and its output columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from aggregator.lsp.words import Block, Kind, Token

Item = Token | Block
_SET = ("UNION", "INTERSECT", "EXCEPT")
_FROM_ENDS = ("WHERE", "GROUP", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT", "SELECT", *_SET)
_NO_ALIAS = (
    *_FROM_ENDS,
    *("FROM", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "OUTER", "ON", "USING", "AS", "TABLESAMPLE", "PIVOT"),
    *("UNPIVOT", "WITH", "FOR", "AND", "OR", "NOT"),
)


@dataclasses.dataclass(frozen=True)
class Relation:
    """One item of a FROM: a path such as ``lake.flights``, a name of WITH, a SELECT in brackets, or an array.

    ``start`` and ``end`` are the offsets of the path; ``alias`` is what its columns are called by. ``array`` is the
    path of the column in ``UNNEST(…)``.
    """

    path: tuple[str, ...]
    query: Block | None
    alias: str
    start: int
    end: int
    array: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Output:
    """One item of a SELECT list: its ``name`` and, if it is a column as it stands, the ``path`` of that column.

    The name of a star is ``*``; ``dropped`` are the columns that it excludes.
    """

    name: str
    path: tuple[str, ...]
    start: int
    end: int
    dropped: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True)
class Named:
    """A query of WITH, and where its name stands."""

    name: str
    query: Block
    start: int
    end: int


def named_queries(block: Block) -> Iterator[Named]:
    """The queries of a WITH at the beginning of a block."""
    items = block.items
    if not (items and _is_word(items[0], "WITH")):
        return
    for name, as_, body in zip(items[1:], items[2:], items[3:], strict=False):
        if _is_word(name, "SELECT"):
            return
        if isinstance(name, Token) and name.name and _is_word(as_, "AS") and isinstance(body, Block):
            yield Named(name.name, body, name.start, name.end)


def branches(block: Block) -> list[Sequence[Item]]:
    """The SELECTs of a block: several when it is a UNION."""
    found: list[list[Item]] = [[]]
    for index, item in enumerate(block.items):
        behind_star = index > 0 and _is_sign(block.items[index - 1], "*")
        if _is_word(item, *_SET) and not (_is_word(item, "EXCEPT") and behind_star):
            found.append([])
        else:
            found[-1].append(item)
    return list(found)


def branch_at(block: Block, offset: int) -> Sequence[Item]:
    """The SELECT of a block that an offset is in or behind."""
    found = branches(block)
    started = [each for each in found if each and each[0].start <= offset]
    return started[-1] if started else found[0]


def relations(items: Sequence[Item]) -> Iterator[Relation]:
    """What a SELECT takes FROM where, as far as it is typed."""
    is_from = expects = False
    index = 0
    while index < len(items):
        item = items[index]
        if _is_word(item, "FROM", "JOIN"):
            is_from = expects = True
        elif is_from and _is_word(item, *_FROM_ENDS):
            is_from = expects = False
        elif is_from and _is_sign(item, ","):
            expects = True
        elif expects and (isinstance(item, Block) or item.name):
            relation, index = _relation(items, index)
            expects = False
            if relation is not None:
                yield relation
            continue
        index += 1


def expects_relation(items: Sequence[Item], offset: int) -> bool:
    """Whether a table is to be named at an offset: behind FROM, JOIN, or a comma between tables."""
    is_from = is_on = False
    last: Item | None = None
    for item in items:
        if item.end > offset or item.start >= offset:
            break
        if _is_word(item, "FROM", "JOIN"):
            is_from, is_on = True, False
        elif _is_word(item, "ON", "USING"):
            is_on = True
        elif _is_word(item, *_FROM_ENDS):
            is_from = False
        last = item
    return last is not None and (_is_word(last, "FROM", "JOIN") or (is_from and not is_on and _is_sign(last, ",")))


def _relation(items: Sequence[Item], index: int) -> tuple[Relation | None, int]:
    """The relation that begins at an index, and the index behind it."""
    first = items[index]
    path, end = path_at(items, index)
    query = first if isinstance(first, Block) else None
    after = index + 1 if query else end
    call = items[after] if not query and after < len(items) else None
    is_call = isinstance(call, Block)
    array = path_at(call.items, 0)[0] if isinstance(call, Block) and _is_word(first, "UNNEST") else ()
    after += is_call
    alias = path[-1] if path and not is_call else ""
    if after < len(items) and _is_word(items[after], "AS"):
        after += 1
    name = items[after] if after < len(items) else None
    if isinstance(name, Token) and name.name and not name.is_word(*_NO_ALIAS):
        alias, after = name.name, after + 1
    last = items[end - 1] if path else first
    relation = Relation(() if is_call else path, query, alias, first.start, last.end, array)
    return (relation if alias or query or array else None), after


def path_at(items: Sequence[Item], index: int) -> tuple[tuple[str, ...], int]:
    """The names that dots connect, from an index on, and the index behind them."""
    names: list[str] = []
    while index < len(items):
        item = items[index]
        if isinstance(item, Block) or not item.name:
            break
        names += item.name.split(".") if item.kind is Kind.QUOTED else [item.name]
        index += 1
        if index >= len(items) or not _is_sign(items[index], "."):
            break
        index += 1
    return tuple(names), index


def outputs(items: Sequence[Item]) -> Iterator[Output]:
    """The SELECT list, as far as it is typed; an expression without a name is left out."""
    start = next((index for index, item in enumerate(items) if _is_word(item, "SELECT")), None)
    if start is None:
        return
    listed: list[Item] = []
    for item in items[start + 1 :]:
        is_star = bool(listed) and _is_sign(listed[-1], "*")
        if _is_word(item, *_FROM_ENDS, "FROM") and not (is_star and _is_word(item, "EXCEPT")):
            break
        if _is_sign(item, ","):
            yield from _output(listed)
            listed = []
        elif listed or not _is_word(item, "DISTINCT", "ALL"):
            listed.append(item)
    yield from _output(listed)


def _output(items: Sequence[Item]) -> Iterator[Output]:
    path, end = path_at(items, 0)
    last = items[-1] if items else None
    if end < len(items) and _is_sign(items[end], "*"):
        yield Output("*", path, items[0].start, items[end].end, _dropped(items[end + 1 :]))
    elif isinstance(last, Token) and last.name and not last.is_word("END", "NULL", "TRUE", "FALSE"):
        is_column = end in (len(items), len(items) - 1) or (end == len(items) - 2 and _is_word(items[end], "AS"))
        yield Output(last.name.rpartition(".")[2], path if is_column else (), last.start, last.end)


def _dropped(items: Sequence[Item]) -> frozenset[str]:
    """The names behind ``* EXCEPT``."""
    if len(items) > 1 and _is_word(items[0], "EXCEPT") and isinstance(items[1], Block):
        return frozenset(item.name.casefold() for item in items[1].items if isinstance(item, Token) and item.name)
    return frozenset()


def _is_word(item: Item, *words: str) -> bool:
    return isinstance(item, Token) and item.is_word(*words)


def _is_sign(item: Item, sign: str) -> bool:
    return isinstance(item, Token) and item.kind is Kind.SIGN and item.text == sign
