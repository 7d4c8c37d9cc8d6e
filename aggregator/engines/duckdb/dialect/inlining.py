"""What declared functions compute in the place of their calls: the embedded engine has no such functions.

An argument that is more than a column or a constant is given its name by a query of one row, so that it is computed
once, and so that no name in the body can be taken for one in it. The result is BigQuery's SQL still.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from sqlglot import exp

from aggregator.compile.nodes import copy_of
from aggregator.compile.pipes import tree_of
from aggregator.compile.routines import Routine, Routines, is_safe, path_of, whole_call
from aggregator.engines.duckdb.dialect.javascript import name_of, unknown_types
from aggregator.engines.duckdb.dialect.source import Source
from aggregator.engines.protocol import QueryError

_MOST_NODES = 20_000
_CONSTANTS = (exp.Literal, exp.Null, exp.Boolean, exp.Parameter, exp.Cast, exp.DataType, exp.Identifier, exp.Var)
_CHANCE = (exp.Rand, exp.Uuid)


def with_bodies(sql: str, routines: Routines, columns: Mapping[str, Iterable[str]]) -> str:
    """A query in BigQuery's SQL without calls of declared functions.

    ``columns`` are those of the tables that their bodies read, by ``dataset.table``. Raises
    :class:`~aggregator.engines.protocol.QueryError` where a function can't be put in the place of a call.
    """
    if not any(name.rpartition(".")[2] in sql for name in routines):
        return sql
    tree = tree_of(sql, Source)
    inliner = _Inliner(routines, columns)
    better = inliner.of(tree)
    return sql if inliner.count == 0 else better.sql(dialect=Source)


@functools.lru_cache(maxsize=1024)
def cant_be_put_in(routine: Routine) -> str:
    """Why calls of a function can't be replaced, whatever it is called with; empty if they can."""
    if routine.why_not:
        return routine.why_not
    return unknown_types(routine) if routine.code else ""


class _Inliner:
    """Replaces the calls in one query; ``count`` is how many."""

    def __init__(self, routines: Routines, columns: Mapping[str, Iterable[str]]) -> None:
        self._routines = routines
        self._columns = columns
        self._nodes = 0
        self.count = 0

    def of(self, tree: exp.Expr, inside: tuple[Routine, ...] = ()) -> exp.Expr:
        """A tree without calls; those in arguments first."""
        holder = exp.Paren(this=tree)
        for call in reversed(list(tree.find_all(exp.Anonymous))):
            routine = self._routines.get(".".join(path_of(call)))
            if routine is not None:
                self._replace(call, routine, inside)
        found: exp.Expr = holder.this
        return found.pop()

    def _replace(self, call: exp.Expr, routine: Routine, inside: tuple[Routine, ...]) -> None:
        why = next(self._refusals(call, routine, inside), "")
        if why:
            raise QueryError(f"{routine.name} can't be computed here: {why}")
        self.count += 1
        whole, arguments = whole_call(call), _cast(call.expressions, routine)
        if routine.code:
            whole.replace(_returned(exp.Anonymous(this=name_of(routine), expressions=arguments), routine))
            return
        assert routine.body is not None  # noqa: S101  (otherwise it was refused)
        self._nodes += sum(1 for _ in routine.body.walk())
        if self._nodes > _MOST_NODES:
            raise QueryError(f"{routine.name} can't be computed here: its calls become too long; let it be a macro")
        body = copy_of(routine.body)
        # Arguments come before the calls in the body: a name in another body is not this function's argument.
        if routine.is_table:
            found = _table(whole, _filled(body, routine, arguments), routine)
        else:
            body = _or_null(body) if is_safe(call) else body
            found = _value(body, routine, arguments)
        whole.replace(self.of(found, (*inside, routine)))

    def _refusals(self, call: exp.Expr, routine: Routine, inside: tuple[Routine, ...]) -> Iterator[str]:
        yield from filter(None, [cant_be_put_in(routine)])
        if routine in inside:
            yield "it calls itself"
        if is_safe(call) and (routine.body is None or routine.body.find(exp.Query) is not None):
            yield "SAFE stands before it, and it is no expression; write SAFE before the functions in its body"
        if len(call.expressions) != len(routine.parameters):
            yield f"it takes {len(routine.parameters)} arguments, and {len(call.expressions)} are given"
        if routine.is_table is not isinstance(call.parent, exp.Table):
            yield "it is a table function, and read in FROM" if routine.is_table else "it is no table function"
        for name in sorted(self._shadowed(routine)):
            yield f"its argument {name} is called like a column that its body reads; give it another name"
        for argument in call.expressions if routine.is_table else ():
            if argument.find(exp.Column, *_CHANCE):
                yield "an argument of a table function has to be a constant"

    def _shadowed(self, routine: Routine) -> set[str]:
        """Parameters whose names may mean something else in a query of the body, where columns go before them."""
        body = routine.body
        if body is None or body.find(exp.Query) is None:
            return set()
        names = {each.name.casefold() for each in routine.parameters}
        words = {each.name.casefold() for each in body.find_all(exp.Identifier) if not _may_be_parameter(each)}
        for table in body.find_all(exp.Table):
            words.update(each.casefold() for each in self._columns.get(f"{table.db}.{table.name}", ()))
        types = " ".join(each.type for each in routine.parameters)
        return {name for name in names if name in words or name in types.casefold().replace("<", " ").split()}


def _may_be_parameter(identifier: exp.Expr) -> bool:
    """Whether a name stands where a parameter may: first in what looks like a column."""
    parent = identifier.parent
    return isinstance(parent, exp.Column) and parent.parts[0] is identifier


def _cast(arguments: list[exp.Expr], routine: Routine) -> list[exp.Expr]:
    pairs = zip(arguments, routine.parameters, strict=True)
    return [exp.cast(each.copy(), to.type, dialect="bigquery") if to.type else each.copy() for each, to in pairs]


def _or_null(body: exp.Expr) -> exp.Expr:
    """A body whose mistakes give NULL: COALESCE of one value is that value, and the translation minds its SAFE."""
    return exp.SafeFunc(this=exp.Coalesce(this=body, expressions=[]))


def _returned(value: exp.Expr, routine: Routine) -> exp.Expr:
    return exp.cast(value, routine.returns, dialect="bigquery") if routine.returns else _bracketed(value)


def _value(body: exp.Expr, routine: Routine, arguments: list[exp.Expr]) -> exp.Expr:
    """The body with its arguments, which have names of their own where one is used twice, or in a query."""
    keys = [each.name.casefold() for each in routine.parameters]
    holder = exp.Paren(this=body)
    uses = [each for each in holder.find_all(exp.Column) if each.parts[0].name.casefold() in keys]
    counted = Counter(each.parts[0].name.casefold() for each in uses)
    is_within = any(each.find_ancestor(exp.Query) for each in uses)
    bears_one = not isinstance(body, exp.SafeFunc)  # a mistake in an argument is one, whatever stands before the call
    is_once = [
        _is_constant(each) or _is_plain(each) or (bears_one and counted[key] == 1)
        for key, each in zip(keys, arguments, strict=True)
    ]
    if all(map(_is_constant, arguments)) or (all(is_once) and not is_within):
        _fill(holder, dict(zip(keys, arguments, strict=True)))
        return _returned(holder.this.pop(), routine)
    alias = f"_{routine.name.replace('.', '_')}".casefold()
    _fill(holder, {key: exp.column(key, table=alias, quoted=True) for key in keys})
    fields = (exp.alias_(argument, key, quoted=True) for key, argument in zip(keys, arguments, strict=True))
    row = exp.Array(expressions=[exp.Struct(expressions=list(fields))])
    items = exp.Unnest(expressions=[row], alias=exp.TableAlias(columns=[exp.to_identifier(alias)]))
    return exp.Subquery(this=exp.select(_returned(holder.this.pop(), routine), copy=False).from_(items, copy=False))


def _filled(body: exp.Expr, routine: Routine, arguments: list[exp.Expr]) -> exp.Expr:
    """The query of a table function with its arguments, which are constants."""
    holder = exp.Paren(this=body)
    names = (each.name.casefold() for each in routine.parameters)
    _fill(holder, dict(zip(names, arguments, strict=True)))
    found: exp.Expr = holder.this
    return found.pop()


def _fill(holder: exp.Expr, values: Mapping[str, exp.Expr]) -> None:
    """Put values in the place of parameters; what follows the name of one becomes fields."""
    for column in list(holder.find_all(exp.Column)):
        first, *rest = column.parts
        if first.name.casefold() not in values or isinstance(column.this, exp.Star):
            continue
        value = _bracketed(values[first.name.casefold()].copy())
        column.replace(exp.Dot.build([value, *(each.copy() for each in rest)]) if rest else value)


def _bracketed(value: exp.Expr) -> exp.Expr:
    """An expression that can stand anywhere."""
    return exp.Paren(this=value) if isinstance(value, (exp.Binary, exp.Unary, exp.Predicate)) else value


def _table(whole: exp.Expr, query: exp.Expr, routine: Routine) -> exp.Expr:
    """What stands for a table function in FROM."""
    alias, joins = whole.args.get("alias"), whole.args.get("joins")
    if routine.columns:
        columns = (
            exp.alias_(exp.cast(exp.column(each.name), each.type, dialect="bigquery"), each.name)
            for each in routine.columns
        )
        query = exp.select(*columns).from_(exp.Subquery(this=query))
    return exp.Subquery(this=query, alias=alias, joins=joins)


def _is_plain(argument: exp.Expr) -> bool:
    """Whether an argument may be computed twice."""
    return all(isinstance(each, (exp.Column, *_CONSTANTS)) for each in argument.walk())


def _is_constant(argument: exp.Expr) -> bool:
    return all(isinstance(each, _CONSTANTS) for each in argument.walk()) and argument.find(exp.Column) is None
