"""SQL text to a tree: exactly one SELECT, in BigQuery's dialect."""

from __future__ import annotations

import itertools
import logging
import math
import re
import textwrap

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from aggregator.compile import codes, pipes
from aggregator.compile.query import Query
from aggregator.compile.templates.source_map import SourceMap
from aggregator.core.diagnostics import Diagnostic, Document

DIALECT = "bigquery"
_BIGQUERY = Dialect.get_or_raise(DIALECT)
_OPENING = re.compile(r"\"\"\"|\'\'\'|[\"\'`]|/\*")
_MAX_TRIES = 100
_MAX_DEPTH = 200
_DEPTHS = {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}
_CONFUSED = (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What sqlglot's builders of functions raise on a call that is too strange."""

_COMMA = TokenType.COMMA  # asking an enumeration is slow, and this is asked of each token
_NO_ITEM = frozenset(
    {_COMMA, TokenType.WHERE, TokenType.GROUP_BY, TokenType.HAVING, TokenType.QUALIFY, TokenType.ORDER_BY}
)
_KEYWORDS: dict[type[exp.Expr], str] = {
    exp.CurrentDate: "CURRENT_DATE",
    exp.CurrentDatetime: "CURRENT_DATETIME",
    exp.CurrentTime: "CURRENT_TIME",
    exp.CurrentTimestamp: "CURRENT_TIMESTAMP",
    exp.Limit: "LIMIT",
    exp.Parameter: "",
    exp.Placeholder: "?",
}
"""Nodes that have no place of their own, and their keyword; that of a parameter is its name."""

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns about statements that we refuse by name


def parse_select(text: str, document: Document, start: int, source_map: SourceMap | None = None) -> Query | Diagnostic:
    """Parse the SQL of a model, or say what it is instead of one SELECT."""
    blank = Query(text, exp.select(), document, start, source_map)
    parsed = _statements(blank)
    if isinstance(parsed, Diagnostic):
        return parsed
    tokens, statements = parsed
    if not statements:
        return Diagnostic(blank.place_of_nothing(), codes.NOT_ONE_SELECT, "there is no SELECT here", "write one")
    for number, statement in enumerate(statements):
        if not isinstance(statement, exp.Query):
            word = _first_word(tokens, number)
            what = "an expression" if isinstance(statement, (exp.Condition, exp.Alias)) else word.text.upper()
            place, advice = (
                blank.place(word.start, word.end + 1),
                "write the SELECT alone; the framework writes the table",
            )
            return Diagnostic(place, codes.NOT_ONE_SELECT, f"a model is one SELECT, not {what}", advice)
    if len(statements) > 1:
        word = _first_word(tokens, 1)
        message = f"a model is one SELECT; here are {len(statements)} statements"
        place, advice = blank.place(word.start, word.end + 1), "use WITH, or make another model"
        return Diagnostic(place, codes.NOT_ONE_SELECT, message, advice)
    tree = statements[0]
    assert isinstance(tree, exp.Query)  # noqa: S101  (checked above)
    stray = _stray_comma(tokens)
    if stray is not None:
        place = blank.place(stray.start, stray.end + 1)
        return Diagnostic(place, codes.SYNTAX, "nothing follows this comma", "remove it, or write what is missing")
    query = Query(_without_semicolons(text, tokens), tree, document, start, source_map, tuple(tokens))
    _give_places(query)
    return query


def _statements(query: Query) -> tuple[list[Token], list[exp.Expr]] | Diagnostic:
    try:
        tokens = _BIGQUERY.tokenize(query.text)
        if _is_deep(query.text, tokens):
            return _too_deep(query)
        trees = _BIGQUERY.parser().parse(tokens, query.text)
        return tokens, [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    except ParseError as error:
        return _syntax_error(query, error) if error.errors else _strange_call(query, tokens)
    except TokenError:
        return _never_closed(query)
    except RecursionError:
        return _too_deep(query)
    except _CONFUSED:
        return _strange_call(query, tokens)


def _too_deep(query: Query) -> Diagnostic:
    return Diagnostic(query.place(_beginning(query.text)), codes.SYNTAX, "the expression is nested too deeply")


def _is_deep(text: str, tokens: list[Token]) -> bool:
    """Whether brackets stand in each other, or steps of pipes behind each other, so often that the parser takes ages.

    It copies what is left of each FROM, so that the time grows with the square of the depth.
    """
    if text.count("|>") > _MAX_DEPTH:
        return True
    if text.count("(") <= _MAX_DEPTH:
        return False
    depths = itertools.accumulate(_DEPTHS.get(token.token_type, 0) for token in tokens)
    return max(depths, default=0) > _MAX_DEPTH


def _never_closed(query: Query) -> Diagnostic:
    """Point at the quote or comment that runs to the end: the last one before which all was well."""
    openings = list(_OPENING.finditer(query.text))
    for opening in openings[: -_MAX_TRIES - 1 : -1]:
        try:
            sqlglot.tokenize(query.text[: opening.start()], read=DIALECT)
        except TokenError:
            continue
        what = "comment" if opening[0] == "/*" else "quote"
        place = query.place(opening.start(), opening.end())
        return Diagnostic(place, codes.SYNTAX, f"this {what} is never closed", "close it")
    return Diagnostic(query.place(_end(query.text)), codes.SYNTAX, "a quote or comment is never closed")


def _strange_call(query: Query, tokens: list[Token]) -> Diagnostic:
    """Point at the innermost call that sqlglot can't build a node from: it stands last among those that can't."""
    for index in range(len(tokens) - 1, 0, -1):
        name = tokens[index - 1]
        if tokens[index].token_type is not TokenType.L_PAREN or not name.text.isidentifier():
            continue
        try:
            sqlglot.parse_one(f"SELECT {query.text[name.start : _closing(tokens, index)]}", read=DIALECT)
        except (*_CONFUSED, SqlglotError) as error:
            if isinstance(error, SqlglotError) and getattr(error, "errors", True):
                continue  # the parser's own words; what a builder of functions raises has none
            message = f"{name.text.upper()} can't be called like this"
            return Diagnostic(query.place(name.start, name.end + 1), codes.SYNTAX, message, "look at its arguments")
    return Diagnostic(query.place(_beginning(query.text)), codes.SYNTAX, "this can't be parsed as a SELECT")


def _closing(tokens: list[Token], opening: int) -> int:
    """The offset behind the bracket that closes the one at an index; of the end of the text if none does."""
    depth = 0
    for token in tokens[opening:]:
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if depth == 0:
            break
    return int(token.end) + 1


def _syntax_error(query: Query, error: ParseError) -> Diagnostic:
    first = error.errors[0]
    line, column, token = first.get("line"), first.get("col"), first.get("highlight") or ""
    message, advice = _sentence((first.get("description") or "syntax error").rstrip("."), token)
    if not line or not column:
        return Diagnostic(query.place(_end(query.text)), codes.SYNTAX, message, advice)
    # sqlglot's line and column are those of the last character of the token
    end = Document("", query.text).offset(line, column) + 1
    return Diagnostic(query.place(max(end - max(len(token), 1), 0), end), codes.SYNTAX, message, advice)


def _sentence(description: str, token: str) -> tuple[str, str]:
    """What sqlglot says of a token, for people, and what to look for."""
    token = textwrap.shorten(token, 40, placeholder=" …") if token else "this"
    if "Unexpected token" in description:
        return f"{token} is not expected here", "look for a missing comma, bracket or keyword just before it"
    if description.startswith("Required "):
        return f"something is missing at {token}", "look for an operator or a function without all it needs"
    if "following CTE" in description:
        return "a SELECT must follow WITH", ""
    if description.startswith("Unsupported pipe syntax operator"):
        advice = "write |> EXTEND" if token.upper() == "WINDOW" else "put this step into WITH"
        return f"the pipe operator {token} is not known here", advice
    if description.startswith(pipes.BEFORE):
        return f"{token} is {description}, which can't be known here", "keep it with |> EXTEND under another name"
    said = f"{description[:1].lower()}{description[1:]}".replace("expecting", "expected")
    return f"{said}, found {token}" if said.startswith("expected") else f"{said} at {token}", ""


def _first_word(tokens: list[Token], number: int) -> Token:
    """The first token of a statement, counted from 0."""
    statements: list[list[Token]] = [[]]
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            statements.append([])
        else:
            statements[-1].append(token)
    return [each for each in statements if each][number][0]


def _stray_comma(tokens: list[Token]) -> Token | None:
    """A comma that sqlglot lets pass and BigQuery doesn't: only the one that ends a SELECT list may stand alone."""
    pairs = itertools.pairwise(tokens)
    return next((a for a, b in pairs if a.token_type is _COMMA and b.token_type in _NO_ITEM), None)


def _without_semicolons(text: str, tokens: list[Token]) -> str:
    """The text can then stand inside another statement; everything in it stays where it was."""
    for token in tokens if ";" in text else ():
        if token.token_type is TokenType.SEMICOLON:
            text = f"{text[: token.start]} {text[token.end + 1 :]}"
    return text


def _give_places(query: Query) -> None:
    """Tell the nodes that sqlglot leaves without a place where their keyword stands.

    That is the last free one before what belongs to the node. Where nothing does, any will do: what is said of one
    ``CURRENT_DATE`` is said of all.
    """
    homeless = [(node, _first_start(node)) for node in query.nodes.of(*_KEYWORDS) if "start" not in node.meta]
    if not homeless:
        return
    taken = {node.meta["start"] for node in query.tree.walk() if "start" in node.meta}
    free: dict[str, list[Token]] = {}
    for token in query.tokens:
        if token.start not in taken:
            free.setdefault(token.text.upper(), []).append(token)
    for node, before in sorted(homeless, key=lambda pair: pair[1]):
        candidates = free.get(_KEYWORDS[type(node)] or node.name.upper(), [])
        fitting = [token for token in candidates if token.start < before]
        if fitting:
            candidates.remove(fitting[-1])
            node.meta.update(start=fitting[-1].start, end=fitting[-1].end)


def _first_start(node: exp.Expr) -> float:
    """Where the first thing stands that belongs to a node."""
    return min((each.meta["start"] for each in node.walk() if "start" in each.meta), default=math.inf)


def _beginning(text: str) -> int:
    return len(text) - len(text.lstrip())


def _end(text: str) -> int:
    return max(len(text.rstrip()) - 1, 0)
