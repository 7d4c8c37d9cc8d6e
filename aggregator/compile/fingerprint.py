"""The identity of a model's logic: changes when its rows could, and not when only its text does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence

from sqlglot.tokenizer_core import Token, TokenType

from aggregator.compile.query import Query
from aggregator.core.calendar import Calendar
from aggregator.core.graph import Input
from aggregator.core.project import Kind

SEMANTICS = 5
"""Raised when the framework itself begins to build other rows from the same SQL."""

_COMMA, _DOT_KIND, _L_PAREN, _NEQ, _VAR = (
    TokenType.COMMA,
    TokenType.DOT,
    TokenType.L_PAREN,
    TokenType.NEQ,
    TokenType.VAR,
)  # a name is a tenth of the cost of asking an enumeration, and these are asked of each token
_NAMES = frozenset({_VAR, TokenType.IDENTIFIER})
LITERALS = frozenset(
    {TokenType.STRING, TokenType.RAW_STRING, TokenType.BYTE_STRING, TokenType.HEX_STRING, TokenType.NUMBER}
)
_DOT = "."
_MEANS_NOTHING = frozenset({TokenType.ALIAS, TokenType.SEMICOLON})
_ENDS_A_LIST = frozenset({TokenType.FROM, TokenType.R_PAREN, TokenType.SEMICOLON})
_COMMA_WORD = "COMMA ,"
_KINDS = {kind: kind.name for kind in TokenType}


def fingerprint(
    query: Query, kind: Kind, calendar: Calendar | None, inputs: Iterable[Input], elsewhere: Iterable[str]
) -> str:
    """16 hexadecimal digits over the rendered query without comments and layout, its maps and its partitioning.

    Whatever only describes (owner, checks, descriptions) or only lays out (clustering) is left out. ``elsewhere`` is
    logic that is part of the model's own: that of views, which have no rows of their own, and of declared functions.
    """
    maps = sorted(f"{edge.alias}={edge.table}:{edge.map}" for edge in inputs)
    cut = [calendar.column, calendar.type, calendar.grain, calendar.zone] if calendar else None
    logic = json.dumps([SEMANTICS, kind, list(canonical(query.tokens)), cut, maps, sorted(elsewhere)])
    return hashlib.sha256(logic.encode()).hexdigest()[:16]


def canonical(tokens: Sequence[Token]) -> Iterator[str]:
    """The tokens of a text, each spelled in one way, without those that mean nothing.

    Generating canonical SQL from the tree would equate a little more, at four times the cost of parsing.
    """
    kinds = [token.token_type for token in tokens]
    for token, type_, after in zip(tokens, kinds, [*kinds[1:], None], strict=True):
        text = token.text
        if type_ in _NAMES:
            text = text.upper() if type_ is _VAR and after is _L_PAREN else text
            if "." not in text:
                yield f"={text}"
                continue
            first, *others = text.split(".")
            yield f"={first}"
            for part in others:  # `lake.flights` in one pair of backticks is three tokens
                yield from (_DOT, f"={part}")
        elif type_ is _COMMA:
            if after is not None and after not in _ENDS_A_LIST:
                yield _COMMA_WORD
        elif type_ is _DOT_KIND:
            yield _DOT
        elif type_ is _NEQ:
            yield "!="
        elif type_ not in _MEANS_NOTHING:
            yield f"{_KINDS[type_]} {text if type_ in LITERALS else text.upper()}"
