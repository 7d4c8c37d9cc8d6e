"""The clock that a query reads, stopped: the author's calls are replaced at the offsets of their tokens."""

from __future__ import annotations

import datetime as dt

import sqlglot
from sqlglot.tokenizer_core import Token, TokenType

_FUNCTIONS = {"CURRENT_DATE": "DATE", "CURRENT_DATETIME": "DATETIME", "CURRENT_TIME": "TIME"}
_QUOTED = frozenset({TokenType.IDENTIFIER, TokenType.STRING})


def with_clock(sql: str, now: dt.datetime) -> str:
    """A query of BigQuery's as it is at a moment; the same text if it reads no clock."""
    tokens = sqlglot.tokenize(sql, read="bigquery")
    instant = f"TIMESTAMP '{now.astimezone(dt.UTC).replace(tzinfo=None).isoformat(sep=' ')}+00:00'"
    pieces, position = [], 0
    for index, token in enumerate(tokens):
        name = token.text.upper()
        if token.token_type in _QUOTED or name not in (*_FUNCTIONS, "CURRENT_TIMESTAMP"):
            continue
        end, zone = _call(sql, tokens, index)
        function = _FUNCTIONS.get(name)
        pieces += [
            sql[position : token.start],
            f"{function}({instant}, {zone or repr('UTC')})" if function else instant,
        ]
        position = end
    return "".join((*pieces, sql[position:]))


def _call(sql: str, tokens: list[Token], index: int) -> tuple[int, str]:
    """Where a call ends, and the time zone in it, if there is one."""
    after = tokens[index + 1 : index + 2]
    if not after or after[0].token_type is not TokenType.L_PAREN:
        return tokens[index].end + 1, ""
    depth = 0
    for token in tokens[index + 1 :]:
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if depth == 0:
            return token.end + 1, sql[after[0].end + 1 : token.start].strip()
    return tokens[index].end + 1, ""
