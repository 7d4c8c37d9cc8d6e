"""The functions of the warehouse that a project declares: which of them a query calls, and what these read.

Their texts are only looked at as tokens. Whether they are right is for an analyzer to say.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import sqlglot
from sqlglot.tokenizer_core import Token, TokenType

from aggregator.compile.fingerprint import LITERALS, canonical
from aggregator.compile.routines import routines_of
from aggregator.core.names import TableName

if TYPE_CHECKING:
    from aggregator.core.project import Function

_SAFE = "safe"


@dataclasses.dataclass(frozen=True)
class Dotted:
    """A name of several parts in a text, such as ``lake.flights``; ``is_call`` where arguments follow."""

    path: tuple[str, ...]
    start: int
    end: int
    is_call: bool

    @property
    def function(self) -> str:
        """``dataset.function`` of a call, without the SAFE that may stand before it; empty of anything else."""
        path = self.path[1:] if len(self.path) > 2 and self.path[0].casefold() == _SAFE else self.path  # noqa: PLR2004
        return ".".join(path) if self.is_call else ""


@dataclasses.dataclass(frozen=True)
class Call:
    """A function that a query calls, perhaps through another one, and the first place in the query that does.

    ``reads`` are the tables of the project that its body names. ``may_read_more`` says that other names there could be
    tables, too, if there were such tables. ``logic`` is its text in one spelling.
    """

    name: str
    start: int
    end: int
    reads: tuple[TableName, ...]
    may_read_more: bool
    logic: str


class Functions:
    """The declared functions of one project; ``tables`` are all of its tables, ``learned`` its models that learned."""

    def __init__(
        self, declared: Iterable[Function], tables: Collection[TableName], learned: Collection[str] = ()
    ) -> None:
        self.learned = learned
        self._declared = {each.name: each for each in declared}
        self.routines = routines_of(self._declared.values())
        self._tables = tables

    def called(self, tokens: Sequence[Token]) -> tuple[Call, ...]:
        """Those that a query calls, each once, after those that it calls itself."""
        found: dict[str, Call] = {}
        for mention in dotted(tokens) if self._declared else ():
            if mention.function in self._declared:
                self._add(found, mention.function, mention, frozenset())
        return tuple(found.values())

    def of(self, name: str) -> tuple[Call, ...]:
        """Those that a declared function calls, and at last the function itself."""
        found: dict[str, Call] = {}
        self._add(found, name, Dotted((), 0, 0, is_call=True), frozenset())
        return tuple(found.values())

    def _add(self, found: dict[str, Call], name: str, at: Dotted, inside: frozenset[str]) -> None:
        mentions = self._mentions(name)
        for each in mentions:
            if each.function in self._declared and each.function not in (name, *inside, *found):
                self._add(found, each.function, at, inside | {name})
        if name not in found:
            found[name] = self._call(name, at)

    def _call(self, name: str, at: Dotted) -> Call:
        tokens = self._tokens[name]
        pairs = {each.path for each in self._mentions(name) if len(each.path) == 2 and not each.is_call}  # noqa: PLR2004
        if not any(token.token_type is TokenType.FROM for token in tokens):
            pairs = set()
        named = {TableName(*pair) for pair in pairs}
        reads = tuple(sorted(named.intersection(self._tables)))
        return Call(name, at.start, at.end, reads, len(reads) < len(named), json.dumps(list(canonical(tokens))))

    def _mentions(self, name: str) -> list[Dotted]:
        return list(dotted(self._tokens[name]))

    @functools.cached_property
    def _tokens(self) -> Mapping[str, list[Token]]:
        return {name: sqlglot.tokenize(each.text, read="bigquery") for name, each in self._declared.items()}


def dotted(tokens: Iterable[Token]) -> Iterator[Dotted]:
    """The names of several parts in a text, however their backticks are put."""
    parts: list[str] = []
    start = end = 0
    may_go_on = False
    for token, after in itertools.pairwise([*tokens, None]):
        assert token is not None  # noqa: S101  (only the last one is)
        if token.token_type is TokenType.DOT:
            may_go_on = bool(parts)
        elif token.token_type not in LITERALS and (token.text[:1].isalpha() or token.text[:1] == "_"):
            parts, start = (parts, start) if may_go_on else ([], token.start)
            parts, end, may_go_on = [*parts, *token.text.split(".")], token.end + 1, False
        else:
            parts, may_go_on = [], False
        if len(parts) > 1 and not may_go_on and (after is None or after.token_type is not TokenType.DOT):
            yield Dotted(tuple(parts), start, end, after is not None and after.token_type is TokenType.L_PAREN)
            parts = []
