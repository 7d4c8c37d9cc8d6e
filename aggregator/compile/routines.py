"""Functions that a project declares, as trees: what they take, what they give, and the body that stands for a call."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from aggregator.compile.parse import DIALECT
from aggregator.core.lazily import Lazily

if TYPE_CHECKING:
    from aggregator.core.project import Function

_SAFE = "safe"
_ANY_TYPE = exp.DType.VARIANT


@dataclasses.dataclass(frozen=True)
class Parameter:
    """An argument that a function declares; the type is empty of ANY TYPE."""

    name: str
    type: str


@dataclasses.dataclass(frozen=True, eq=False)
class Routine:
    """A declared function.

    ``body`` is an expression, or the query of a table function (``is_table``), which is read in FROM; None where there
    is none in SQL. ``code`` is that of a function in JavaScript. ``why_not`` says why there is neither. ``returns`` is
    empty where the body tells the type; ``columns`` are those that a table function declares, with their types.
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""
    columns: tuple[Parameter, ...] = ()
    body: exp.Expr | None = None
    code: str = ""
    why_not: str = ""
    is_table: bool = False


Routines = Mapping[str, Routine]
"""Declared functions by their names, ``dataset.function``."""


NO_ROUTINES: Routines = {}


def routines_of(functions: Iterable[Function]) -> Routines:
    """The declared functions of a project. Their statements are parsed when they are asked for."""
    return Lazily({each.name: functools.partial(_routine, each.name, str(each.text)) for each in functions})


@functools.lru_cache(maxsize=1024)
def _routine(name: str, text: str) -> Routine:
    """A function from the statement that makes it."""
    with contextlib.suppress(SqlglotError):
        statement = sqlglot.parse_one(text, read=DIALECT)
        if isinstance(statement, exp.Create) and isinstance(statement.this, exp.UserDefinedFunction):
            return _created(name, statement, is_table=_makes_table_function(text))
    return Routine(name, why_not="it is none of a kind that can be followed: of values, in SQL or JavaScript")


def _makes_table_function(text: str) -> bool:
    """The tree does not tell."""
    words = [each.text.upper() for each in sqlglot.tokenize(text, read=DIALECT)]
    return "TABLE" in words[: words.index("FUNCTION")]


def _created(name: str, statement: exp.Create, *, is_table: bool) -> Routine:
    declared = statement.this
    for node in statement.walk():
        node._meta = None  # noqa: SLF001  (places in this text, which would be taken for some in that of a model)
    parameters = tuple(_parameter(each) for each in declared.expressions if isinstance(each, exp.ColumnDef))
    properties = statement.args.get("properties") or exp.Properties()
    returns, columns = _returned(properties.find(exp.ReturnsProperty))
    found = Routine(name, parameters, returns, columns, is_table=is_table)
    if len(parameters) < len(declared.expressions):
        return dataclasses.replace(found, why_not="it takes more than values")
    language = properties.find(exp.LanguageProperty)
    if language is None and statement.expression is not None:
        body = statement.expression.unnest()
        is_value = isinstance(body, exp.Query) and not is_table
        return dataclasses.replace(found, body=exp.Subquery(this=body) if is_value else body)
    words = {each.name.casefold() for each in properties.find_all(exp.Property)}
    if language is None or language.name.casefold() != "js":
        return dataclasses.replace(found, why_not="it is written in neither SQL nor JavaScript")
    if "library" in words:
        return dataclasses.replace(found, why_not="it uses libraries, which are in Google's storage")
    return dataclasses.replace(found, code=statement.expression.name)


def _parameter(node: exp.ColumnDef) -> Parameter:
    kind = node.args["kind"]
    return Parameter(node.name, "" if kind.this is _ANY_TYPE else kind.sql(DIALECT))


def _returned(property_: exp.ReturnsProperty | None) -> tuple[str, tuple[Parameter, ...]]:
    if property_ is None:
        return "", ()
    if isinstance(property_.this, exp.Schema):
        return "", tuple(map(_parameter, property_.this.find_all(exp.ColumnDef)))
    return property_.this.sql(DIALECT), ()


def path_of(call: exp.Expr) -> list[str]:
    """The parts of the name of a function that is called, however its backticks are put.

    SAFE, which may stand before those of a warehouse's function, is not among them.
    """
    parent, before = call.parent, list[str]()
    if isinstance(parent, exp.Dot) and parent.expression is call:
        before = [each.name for each in parent.this.find_all(exp.Identifier)]
    elif isinstance(parent, exp.Table) and parent.this is call:
        before = [part for part in (parent.catalog, parent.db) if part]
    path = [part for each in (*before, call.name) for part in each.split(".")]
    return path[1:] if len(path) > 2 and path[0].casefold() == _SAFE else path  # noqa: PLR2004


def is_safe(call: exp.Expr) -> bool:
    """Whether SAFE stands before the name of a function that is called."""
    first = call.parent.find(exp.Identifier) if isinstance(call.parent, exp.Dot) else None
    return call.name.casefold().startswith(f"{_SAFE}.") or (first is not None and first.name.casefold() == _SAFE)


def whole_call(call: exp.Expr) -> exp.Expr:
    """The node that stands for a call with its dataset: the call itself, or what holds it."""
    parent = call.parent
    holds = isinstance(parent, exp.Dot) and parent.expression is call
    return parent if parent is not None and (holds or (isinstance(parent, exp.Table) and parent.this is call)) else call
