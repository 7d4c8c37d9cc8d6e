"""BigQuery's pipe syntax, read operator by operator.

Sqlglot makes one SELECT of a pipe as long as it can, whatever the order of its steps: of ``FROM t |> LIMIT 3 |> WHERE
a`` the first three of the rows with ``a``, and of ``|> DISTINCT |> AGGREGATE COUNT(*)`` all rows, counted. Here a step
joins the SELECT before it only where that computes the same; otherwise that becomes a query in WITH, and the step reads
it.

In BigQuery the tables of FROM keep their names until SELECT or AGGREGATE. So a query in WITH is called as the one table
in it was; where there were several, and one of their names is used behind it, the tree says so (``names_are_lost``).

See https://cloud.google.com/bigquery/docs/reference/standard-sql/pipe-syntax for the operators.
"""
# ruff: noqa: SLF001  (what grammars of one's own need of sqlglot's parser begins with an underscore)

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, cast

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import DialectType
from sqlglot.parsers.bigquery import BigQueryParser
from sqlglot.tokenizer_core import Token, TokenType

_Parser: TypeAlias = Any
"""Sqlglot's parser at work, whose methods for grammars of one's own are not typed."""

BEFORE = "the column as it was before"
"""How a message begins about a column that a step has changed, and that is asked for by the name of its table."""

_LOST, _VISIBLE = "names of tables are lost", "tables that keep their names"
_ALWAYS = frozenset({"with_", "from_", "expressions"})
_FILTERED = frozenset({"joins", "laterals", "where"})
_DEPTH = {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}
_NEEDS_ALL_ROWS = frozenset({"RIGHT", "FULL"})


# Sqlglot lets Python count the groups of a pattern, which wonders about `[[:alpha:]]`: nothing that an author can mend.
warnings.filterwarnings("ignore", "Possible (nested )?set", FutureWarning)


def tree_of(sql: str, dialect: DialectType = "bigquery") -> exp.Expr:
    """The tree of a query in BigQuery's SQL, which may be written with pipes."""
    return sqlglot.parse_one(sql, read=dialect)


def names_are_lost(tree: exp.Expr) -> bool:
    """Whether a column is named by a table that stands, beside others, in a query that was put into WITH."""
    return any(_LOST in select.meta for select in tree.find_all(exp.Select))


def _aggregate(parser: _Parser, query: exp.Select) -> exp.Select:
    """``AGGREGATE SUM(a) AS b GROUP BY c AS d``: the groups come first; ``GROUP AND ORDER BY`` sorts by them."""
    parser._advance()
    query = _joined(parser, query, _FILTERED)
    orders: list[exp.Expr] = []
    aggregates = [_unordered(each, orders) for each in parser._parse_csv(parser._parse_pipe_syntax_aggregate_fields)]
    is_sorted = bool(parser._match_text_seq("GROUP", "AND"))
    groups = []
    if parser._match(TokenType.ORDER_BY if is_sorted else TokenType.GROUP_BY):
        found = parser._parse_csv(parser._parse_pipe_syntax_aggregate_fields)
        groups = [_unordered(each, orders, is_sorted=is_sorted) for each in found]
    query = query.select(*groups, *aggregates, append=False, copy=False)
    if groups:  # by what is computed: a column may be called as the alias is
        query = query.group_by(*(each.unalias().copy() for each in groups), copy=False)
    return query.order_by(*orders, copy=False) if orders else query


def _as(parser: _Parser, query: exp.Select) -> exp.Select:
    """``AS t``: one table, with this name."""
    alias = parser._parse_table_alias()
    return _in_with(parser, query, alias.name)


def _distinct(parser: _Parser, query: exp.Select) -> exp.Select:
    """``DISTINCT``."""
    parser._advance()
    return _joined(parser, query, _FILTERED).distinct(copy=False)


def _drop(parser: _Parser, query: exp.Select) -> exp.Select:
    """``DROP a, b``."""
    parser._advance()
    columns = parser._parse_csv(lambda: _column(parser))
    return _changed(parser, query, "DROP", columns, exp.Star(except_=columns))


def _extend(parser: _Parser, query: exp.Select) -> exp.Select:
    """``EXTEND a + 1 AS b``."""
    parser._advance()
    return _changed(parser, query, "EXTEND", (), exp.Star(), *parser._parse_expressions())


def _join(parser: _Parser, query: exp.Select) -> exp.Select:
    """``LEFT JOIN t ON …``, and ``UNION ALL (…)``, which may begin with the same words."""
    word = parser._curr
    combined = parser._parse_pipe_syntax_set_operator(query)
    if combined:
        return cast("exp.Select", combined)
    tables = _tables(query)
    filters_first = len(tables) == 1 or word.text.upper() in _NEEDS_ALL_ROWS or not any(_named(parser, tables))
    query = _joined(parser, query, _FILTERED - {"where"} if filters_first else _FILTERED)
    found = parser._parse_pipe_syntax_join(query)
    if not found:
        parser.raise_error(f"Unsupported pipe syntax operator: '{word.text.upper()}'.", word)
    return cast("exp.Select", found)


def _limit(parser: _Parser, query: exp.Select) -> exp.Select:
    """``LIMIT 3 OFFSET 1``."""
    if query.args.get("limit") or query.args.get("offset"):
        query = _in_with(parser, query)
    return cast("exp.Select", parser._parse_pipe_syntax_limit(query))


def _order(parser: _Parser, query: exp.Select) -> exp.Select:
    """``ORDER BY a DESC``."""
    query = _joined(parser, query, _FILTERED | {"order"})
    return query.order_by(parser._parse_order(), append=False, copy=False)


def _pivot(parser: _Parser, query: exp.Select) -> exp.Select:
    """``PIVOT (…)`` and ``UNPIVOT (…)``."""
    query = _joined(parser, query, frozenset())
    if query.args["from_"].this.args.get("pivots"):
        query = _in_with(parser, query)
    return cast("exp.Select", parser._parse_pipe_syntax_pivot(query))


def _rename(parser: _Parser, query: exp.Select) -> exp.Select:
    """``RENAME a AS b, c d``."""
    parser._advance()
    items = parser._parse_csv(lambda: _renamed(parser))
    return _changed(parser, query, "RENAME", [each.this for each in items], exp.Star(rename=items))


def _select(parser: _Parser, query: exp.Select) -> exp.Select:
    """``SELECT DISTINCT a, b``."""
    query = _joined(parser, query, _FILTERED)
    written = parser._parse_select(consume_pipe=False)
    for key in ("distinct", "kind", "windows"):
        query.set(key, written.args.get(key))
    return query.select(*written.expressions, append=False, copy=False)


def _set(parser: _Parser, query: exp.Select) -> exp.Select:
    """``SET a = b + 1, c = NULL``: all values are computed from what was there before."""
    parser._advance()
    items = parser._parse_csv(lambda: _assigned(parser))
    return _changed(parser, query, "SET", [each.args["alias"] for each in items], exp.Star(replace=items))


def _where(parser: _Parser, query: exp.Select) -> exp.Select:
    """``WHERE a > 1``."""
    query = _joined(parser, query, _FILTERED | {"order"})
    return query.where(parser._parse_where(), copy=False)


OPERATORS: dict[str, Callable[[_Parser, exp.Select], exp.Select]] = {
    "AGGREGATE": _aggregate,
    "AS": _as,
    "DISTINCT": _distinct,
    "DROP": _drop,
    "EXTEND": _extend,
    "LIMIT": _limit,
    "ORDER BY": _order,
    "PIVOT": _pivot,
    "RENAME": _rename,
    "SELECT": _select,
    "SET": _set,
    "UNPIVOT": _pivot,
    "WHERE": _where,
    **dict.fromkeys(("CROSS", "EXCEPT", "FULL", "INNER", "INTERSECT", "JOIN", "LEFT", "RIGHT", "UNION"), _join),
}
"""What reads each, by its first word, on which the parser stands. TABLESAMPLE is read by sqlglot."""

# A parser of one's own would be a subclass; but classes in machine code have none.
BigQueryParser.PIPE_SYNTAX_TRANSFORM_PARSERS = {**BigQueryParser.PIPE_SYNTAX_TRANSFORM_PARSERS, **OPERATORS}


def _unordered(item: exp.Expr, orders: list[exp.Expr], *, is_sorted: bool = False) -> exp.Expr:
    """An item of AGGREGATE without its ``DESC``, which is put among the orders, as all are that sort."""
    order = item if isinstance(item, exp.Ordered) else None
    item = order.this if order is not None else item
    if order is not None or is_sorted:
        by = exp.column(item.args["alias"].copy()) if isinstance(item, exp.Alias) else item.copy()
        is_descending = order.args.get("desc") if order is not None else None
        orders.append(exp.Ordered(this=by, desc=is_descending, nulls_first=not is_descending))
    return item


def _column(parser: _Parser) -> exp.Column:
    """A column by its name alone."""
    name = parser._parse_id_var(any_token=False)
    if name is None:
        parser.raise_error("Expected a column")
    return exp.Column(this=name)


def _renamed(parser: _Parser) -> exp.Alias:
    column = _column(parser)
    parser._match(TokenType.ALIAS)
    return exp.Alias(this=column, alias=_column(parser).this)


def _assigned(parser: _Parser) -> exp.Alias:
    column = _column(parser)
    if not parser._match(TokenType.EQ):
        parser.raise_error("Expected =")
    return exp.Alias(this=parser._parse_disjunction(), alias=column.this)


def _changed(
    parser: _Parser, query: exp.Select, word: str, columns: Sequence[exp.Expr], *items: exp.Expr
) -> exp.Select:
    """The columns before, some of them changed. Those are asked for by the name of a table as they were before."""
    query = _joined(parser, query, _FILTERED)
    names = [each.name.casefold() for each in columns]
    for number, column in enumerate(columns):
        if names[number] in names[:number]:
            parser.raise_error(f"{column.name} stands twice in {word}", parser._prev)
    tables = _tables(query)
    for token in _named(parser, tables):
        if token.text.casefold() in names:
            parser.raise_error(f"{BEFORE} {word}", token)
    query.meta[_VISIBLE] = tables
    return query.select(*items, append=False, copy=False)


def _joined(parser: _Parser, query: exp.Select, may_have: frozenset[str]) -> exp.Select:
    """The SELECT that a step can be a part of: the one before if it is a star and has no more than may come first."""
    has = {key for key, value in query.args.items() if value} - _ALWAYS
    return query if has <= may_have and _is_star(query) else _in_with(parser, query)


def _in_with(parser: _Parser, query: exp.Select, name: str = "") -> exp.Select:
    """The SELECT of all that a query gives, which is put into WITH."""
    tables = _tables(query)
    after: exp.Select = parser._build_pipe_cte(query, [exp.Star()])
    if name or len(tables) == 1:
        after.args["from_"].this.set("alias", exp.TableAlias(this=exp.to_identifier(name or tables[0])))
    elif any(_named(parser, tables)):
        after.meta[_LOST] = True
    return after


def _is_star(query: exp.Select) -> bool:
    star = query.expressions[0] if len(query.expressions) == 1 else None
    return isinstance(star, exp.Star) and not any(star.args.values())


def _tables(query: exp.Select) -> list[str]:
    """The names that tables have in a query and, unless it begins anew, behind it."""
    if not _is_star(query):
        return list(query.meta.get(_VISIBLE, ()))
    items = [query.args["from_"].this, *(join.this for join in query.args.get("joins") or ())]
    return [name for item in items if (name := item.alias_or_name) and not name.startswith("__tmp")]


def _named(parser: _Parser, tables: Sequence[str]) -> Iterator[Token]:
    """The columns that are named by one of these tables in the rest of the pipe."""
    names = {table.casefold() for table in tables}
    depth, before = 0, None
    tokens = parser._tokens[parser._index :]
    for number, token in enumerate(tokens[:-2]):
        depth += _DEPTH.get(token.token_type, 0)
        if depth < 0 or token.token_type is TokenType.SEMICOLON:
            return
        is_first = before is None or before.token_type is not TokenType.DOT
        if is_first and token.text.casefold() in names and tokens[number + 1].token_type is TokenType.DOT:
            yield tokens[number + 2]
        before = token
