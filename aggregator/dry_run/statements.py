"""Compiled models as statements for an analyzer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from aggregator.analyzers.protocol import Field, Relation, Statement
from aggregator.compile.parse import DIALECT
from aggregator.core.graph import CompiledModel
from aggregator.core.learned import LearnedModel
from aggregator.core.names import TableName
from aggregator.core.project import Project

Relations = Mapping[TableName, Relation]

_WHOLE_ROWS = frozenset({"pivot", "unpivot", "table", "natural", "match_recognize", "|>"})
"""Words after which columns may matter that are not mentioned."""

_KEYWORDS_BEFORE_STAR = frozenset({"select", "distinct", "all", "struct", "value"})
_ENDS_OF_FACTORS = frozenset(
    {TokenType.VAR, TokenType.IDENTIFIER, TokenType.NUMBER, TokenType.STRING, TokenType.R_PAREN, TokenType.R_BRACKET}
)


def statement_of(
    model: CompiledModel,
    relations: Relations,
    types: Mapping[str, str],
    values: Mapping[str, Any],
    project: Project,
) -> Statement:
    """The SELECT of a model, over these tables as far as it reads them.

    ``types`` and ``values`` are those of its parameters; ``project`` says which functions and models of machine
    learning there are.
    """
    texts = {each.name: str(each.text) for each in project.functions}
    routines = tuple(texts[name] for name in model.functions)
    return Statement(
        name=str(model.name),
        sql=model.sql,
        tables=tuple(relations[name] for name in dict.fromkeys(edge.table for edge in model.inputs)),
        parameters=tuple(Field(name, type_) for name, type_ in types.items()),
        values=tuple(values[name] for name in types) if values else (),
        routines=routines,
        mentions=_mentions(model),
        models=asked_in(project, (model.sql, *routines)),
    )


def asked_in(project: Project, texts: Iterable[str]) -> tuple[LearnedModel, ...]:
    """The models of machine learning that some texts may name."""
    text = "\n".join(texts) if project.ml_models else ""
    return tuple(each for each in project.ml_models if each.may_be_in(text))


def _mentions(model: CompiledModel) -> frozenset[str] | None:
    """All words of the author's text and the partition columns of the filters; None if any column may matter."""
    text, position = [], 0
    for splice in model.splices:
        text.append(model.sql[position : splice.start])
        position = splice.end
    try:
        tokens = sqlglot.tokenize(" x ".join((*text, model.sql[position:])), read=DIALECT)
        filters = [token for each in model.splices for token in _tokens(model.sql[each.start : each.end])]
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
