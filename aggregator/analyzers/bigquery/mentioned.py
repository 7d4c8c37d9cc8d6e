"""Which columns of its tables a statement may mean: others need not be there as they will be."""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from aggregator.analyzers.protocol import Statement
from aggregator.compile.parse import DIALECT

_WHOLE_ROWS = frozenset({"pivot", "unpivot", "table", "natural", "match_recognize", "|>"})
"""Words after which columns may matter that are not mentioned."""

_KEYWORDS_BEFORE_STAR = frozenset({"select", "distinct", "all", "struct", "value"})
_ENDS_OF_FACTORS = frozenset(
    {TokenType.VAR, TokenType.IDENTIFIER, TokenType.NUMBER, TokenType.STRING, TokenType.R_PAREN, TokenType.R_BRACKET}
)


def mentioned(statement: Statement) -> frozenset[str] | None:
    """All words of a statement, in lower case; None if any column may matter, because of a star for example."""
    if statement.filters is None:
        return None
    text, position = [], 0
    for start, end in statement.filters:
        text.append(statement.sql[position:start])
        position = end
    try:
        tokens = _tokens(" x ".join((*text, statement.sql[position:])))
        filters = [token for start, end in statement.filters for token in _tokens(statement.sql[start:end])]
    except TokenError:
        return None
    words = {part.casefold() for token in (*tokens, *filters) for part in token.text.split(".")}
    return None if words & _WHOLE_ROWS or _selects_all(tokens) else frozenset(words)


def _tokens(text: str) -> Sequence[Token]:
    return sqlglot.tokenize(text, read=DIALECT)


def _selects_all(tokens: Sequence[Token]) -> bool:
    """Whether a star stands for columns: all do but the operator and that of COUNT(*)."""
    for index, token in enumerate(tokens):
        if token.token_type is not TokenType.STAR:
            continue
        before = tokens[index - 1]
        if before.token_type is TokenType.L_PAREN and tokens[index - 2].text.casefold() == "count":
            continue
        if before.token_type not in _ENDS_OF_FACTORS or before.text.casefold() in _KEYWORDS_BEFORE_STAR:
            return True
    return False
