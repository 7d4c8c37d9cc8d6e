"""SQL text to a tree: exactly one SELECT, in BigQuery's dialect."""

from __future__ import annotations

import logging

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from aggregator.compile import codes
from aggregator.core.diagnostics import Diagnostic, Document, Place
from aggregator.core.graph import Query

DIALECT = "bigquery"
logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns about statements that we refuse by name


def parse_select(text: str, document: Document, start: int, lines: tuple[int, ...] | None = None) -> Query | Diagnostic:
    """Parse the SQL of a model, or say what it is instead of one SELECT."""
    blank = Query(text, exp.select(), document, start, lines)
    statements = _statements(blank)
    if isinstance(statements, Diagnostic):
        return statements
    if not statements:
        return Diagnostic(blank.place(_end(text)), codes.NOT_ONE_SELECT, "there is no SELECT here", "write one")
    for number, statement in enumerate(statements):
        if not isinstance(statement, exp.Query):
            message = f"a model is one SELECT, not {_statement_name(statement)}"
            advice = "write the SELECT alone; the framework writes the table"
            return Diagnostic(_statement_place(blank, number), codes.NOT_ONE_SELECT, message, advice)
    if len(statements) > 1:
        message = f"a model is one SELECT; here are {len(statements)} statements"
        return Diagnostic(_statement_place(blank, 1), codes.NOT_ONE_SELECT, message, "use WITH, or make another model")
    tree = statements[0]
    assert isinstance(tree, exp.Query)  # noqa: S101  (checked above)
    return Query(_without_semicolon(text), tree, document, start, lines)


def _statements(query: Query) -> list[exp.Expr] | Diagnostic:
    try:
        return [tree for tree in sqlglot.parse(query.text, read=DIALECT) if tree is not None]
    except ParseError as error:
        return _syntax_error(query, error)
    except TokenError:
        return Diagnostic(query.place(_end(query.text)), codes.SYNTAX, "a quote or comment is never closed")
    except RecursionError:
        return Diagnostic(query.place(0), codes.SYNTAX, "the expression is nested too deeply")


def _syntax_error(query: Query, error: ParseError) -> Diagnostic:
    first = error.errors[0]
    line, column, token = first.get("line"), first.get("col"), first.get("highlight") or ""
    description = (first.get("description") or "syntax error").rstrip(".")
    if not line or not column:
        return Diagnostic(query.place(_end(query.text)), codes.SYNTAX, description)
    # sqlglot's column is that of the last character of the token
    offset = Document("", query.text).offset(line, max(column - len(token) + 1, 1))
    near = f" at {token!r}" if token else ""
    return Diagnostic(query.place(offset, offset + len(token)), codes.SYNTAX, f"{_sentence(description)}{near}")


def _sentence(description: str) -> str:
    return "this is not expected here" if "Unexpected token" in description else description.lower()


def _statement_name(statement: exp.Expr) -> str:
    if isinstance(statement, exp.Command):
        return str(statement.this).upper()
    return statement.key.upper()


def _statement_place(query: Query, number: int) -> Place:
    """The place of the first word of a statement, counted from 0."""
    statements: list[list[Token]] = [[]]
    for token in sqlglot.tokenize(query.text, read=DIALECT):
        if token.token_type is TokenType.SEMICOLON:
            statements.append([])
        else:
            statements[-1].append(token)
    first = [tokens for tokens in statements if tokens][number][0]
    return query.place(first.start, first.end + 1)


def _without_semicolon(text: str) -> str:
    """The text can then stand inside another statement."""
    if ";" not in text:
        return text
    last = sqlglot.tokenize(text, read=DIALECT)[-1]
    is_semicolon = last.token_type is TokenType.SEMICOLON
    return text[: last.start] + text[last.end + 1 :] if is_semicolon else text


def _end(text: str) -> int:
    return max(len(text.rstrip()) - 1, 0)
