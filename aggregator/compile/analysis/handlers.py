"""The expressions that are not read like any function: constants, conditions, structs, arrays, queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile.analysis import functions
from aggregator.compile.analysis.columns import bracket, column
from aggregator.compile.analysis.lineage import NOTHING, Value, as_derived, field_of, made_from, sketch_of
from aggregator.compile.analysis.named_functions import type_of_named
from aggregator.compile.analysis.names import unknown_field
from aggregator.compile.analysis.sketches import NAMESPACES, Call, problems_of, value_of
from aggregator.compile.analysis.types import (
    BOOL,
    FLOAT64,
    INT64,
    NULL,
    STRING,
    array_of,
    is_number,
    set_type,
    struct_of,
    type_of_node,
)

if TYPE_CHECKING:
    from aggregator.compile.analysis.names import Level
    from aggregator.compile.analysis.reader import Reader
    from aggregator.compile.routines import Routine

Handler = Callable[["Reader", exp.Expr, "Level"], Value]


def _dot(reader: Reader, node: exp.Expr, level: Level) -> Value:
    routine = reader.bodies.routine(node.expression) if isinstance(node.expression, exp.Anonymous) else None
    if routine is not None:
        return _declared(reader, node.expression, routine, level)
    if isinstance(node.this, exp.Identifier) and isinstance(node.expression, exp.Func):
        return _named(reader, node.expression, f"{node.this.name}.{node.expression.name}".upper(), level)
    if isinstance(node.expression, exp.Func):
        return made_from(reader.values(node.expression.expressions, level), None)
    holder = reader.value(node.this, level)
    if isinstance(node.expression, exp.Identifier):
        reader.findings += unknown_field(reader.query, node.expression, holder)
    return field_of(holder, node.expression.name)


def _anonymous(reader: Reader, node: exp.Expr, level: Level) -> Value:
    routine = reader.bodies.routine(node)
    if routine is not None:
        return _declared(reader, node, routine, level)
    return _named(reader, node, node.name.upper(), level)


def _declared(reader: Reader, call: exp.Expr, routine: Routine, level: Level) -> Value:
    """A function that the project declares."""
    found = reader.bodies.value(call, routine, reader.values(call.expressions, level))
    set_type(call, found.type)
    return found


def _named(reader: Reader, node: exp.Expr, name: str, level: Level) -> Value:
    """A function that sqlglot does not know."""
    values = reader.values(node.expressions or [node.args.get("this")], level)
    type_ = type_of_named(name, values) if isinstance(node, exp.Anonymous) else None
    if type_ is not None and name.startswith(NAMESPACES):
        call = Call(reader.query, node, name, values[0] if values else NOTHING)
        reader.remarks += problems_of(call)
        return value_of(call, values, type_)
    return made_from(values, type_)._replace(is_literal=False)


def _literal(_: Reader, node: exp.Expr, __: Level) -> Value:
    return Value(STRING if node.is_string else INT64 if node.is_int else FLOAT64, is_literal=True)


def _hexadecimal(_: Reader, node: exp.Expr, __: Level) -> Value:
    return Value(INT64, is_literal=True) if node.args.get("is_integer") else NOTHING


def _boolean(_: Reader, __: exp.Expr, ___: Level) -> Value:
    return Value(BOOL, is_literal=True)


def _null(_: Reader, __: exp.Expr, ___: Level) -> Value:
    return Value(NULL, is_literal=True)


def _parameter(reader: Reader, node: exp.Expr, _: Level) -> Value:
    reader.uses_parameters = True
    return Value(reader.parameter if isinstance(node.this, exp.Var) else None)


def _nothing(_: Reader, __: exp.Expr, ___: Level) -> Value:
    return NOTHING


def _same(reader: Reader, node: exp.Expr, level: Level) -> Value:
    return reader.value(node.this, level)


def _cast(reader: Reader, node: exp.Expr, level: Level) -> Value:
    this = reader.value(node.this, level)
    type_ = type_of_node(node.args["to"])
    plain = type_.plain if type_ is not None else None
    made = made_from([this], plain)
    return made._replace(measure=this.measure if is_number(plain) else made.measure, is_literal=False)


def _extract(reader: Reader, node: exp.Expr, level: Level) -> Value:
    return made_from(reader.values([node.expression], level), functions.type_of_part(node.name))


def _condition(reader: Reader, node: exp.Expr, level: Level) -> Value:
    """A comparison, or two conditions in one: functions of their arguments, but so frequent that this pays."""
    made = made_from((reader.value(node.this, level), reader.value(node.expression, level)), BOOL)
    return made._replace(is_literal=False) if made.is_literal else made


def _case(reader: Reader, node: exp.Expr, level: Level) -> Value:
    tests = reader.values([node.args.get("this")], level)
    results = []
    for branch in node.args["ifs"]:
        tests.append(reader.value(branch.this, level))
        results.append(reader.value(branch.args["true"], level))
    return _chosen(results + reader.values([node.args.get("default")], level), tests)


def _if(reader: Reader, node: exp.Expr, level: Level) -> Value:
    tests = reader.values([node.this], level)
    return _chosen(reader.values([node.args.get("true"), node.args.get("false")], level), tests)


def _coalesce(reader: Reader, node: exp.Expr, level: Level) -> Value:
    return _chosen(reader.values([node.this, *node.expressions], level), [])


def _chosen(results: list[Value], tests: list[Value]) -> Value:
    """One of several values; constants do not change which kind of number it is."""
    made = made_from([*results, *tests], functions.type_of_choice(results))
    kinds = {value.measure for value in results if not value.is_literal}
    measure = next(iter(kinds)) if len(kinds) == 1 else made.measure
    return Value(made.type, made.origins, made.derivation, measure, sketch=sketch_of(results))


def _struct(reader: Reader, node: exp.Expr, level: Level) -> Value:
    names, values = [], []
    for item in list(node.expressions):
        if isinstance(item, exp.PropertyEQ):
            name, inner = item.this.name, item.expression
        else:
            is_named = isinstance(node, exp.Struct) and isinstance(item, (exp.Column, exp.Dot, exp.Alias))
            name, inner = item.alias_or_name if is_named else "", item.unalias()
        names.append(name)
        values.append(reader.value(inner, level))
    type_ = struct_of(zip(names, (value.type for value in values), strict=True))
    fields = {name.casefold(): value for name, value in zip(names, values, strict=True) if name}
    return made_from(values, type_)._replace(fields=fields, is_literal=False)


def _array(reader: Reader, node: exp.Expr, level: Level) -> Value:
    items = [item for item in node.expressions if item is not None]
    if not items:
        return Value(array_of(INT64), is_literal=True)  # it is read as any other array where one is wanted
    if len(items) == 1 and isinstance(items[0].unnest(), exp.Query):
        found = _row(reader, items[0], level)
        return as_derived(found, found.derivation, found.measure, array_of(found.type))
    values = reader.values(items, level)
    made = made_from(values, array_of(functions.type_of_choice(values)))
    return made._replace(is_literal=False, fields=values[0].fields if len(values) == 1 else None)


def _row(reader: Reader, node: exp.Expr, level: Level) -> Value:
    """The only column of a query inside an expression, or its row where it is SELECT AS STRUCT."""
    relation = reader.queries.read(node, level)
    if relation.is_open or not relation.fields:
        return NOTHING
    if not relation.is_struct:
        return relation.fields[0].value._replace(is_literal=False)
    fields = {field.name.casefold(): field.value for field in relation.fields}
    type_ = struct_of((field.name, field.value.type) for field in relation.fields)
    return made_from(fields.values(), type_)._replace(fields=fields, is_literal=False)


def _exists(reader: Reader, node: exp.Expr, level: Level) -> Value:
    return made_from([_looked_at(reader, node.this, level)], BOOL)._replace(is_literal=False)


def _in(reader: Reader, node: exp.Expr, level: Level) -> Value:
    unnest, query = node.args.get("unnest"), node.args.get("query")
    values = reader.values([node.this, *node.expressions, *(unnest.expressions if unnest is not None else ())], level)
    if query is not None:
        values.append(_looked_at(reader, query, level))
    return made_from(values, BOOL)._replace(is_literal=False)


def _looked_at(reader: Reader, query: exp.Expr, level: Level) -> Value:
    """What a condition with a query depends on: every column that the query looks at."""
    before, reader.touched = reader.touched, set()
    reader.queries.read(query, level)
    touched = frozenset(reader.touched)
    reader.touched = None if before is None else before | touched
    return Value(origins=touched)


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Alias: _same,
    exp.Anonymous: _anonymous,
    exp.Array: _array,
    exp.Boolean: _boolean,
    exp.Bracket: bracket,
    exp.Case: _case,
    exp.Cast: _cast,
    exp.Coalesce: _coalesce,
    exp.Column: column,
    exp.DataType: _nothing,
    exp.Dot: _dot,
    exp.Except: _row,
    exp.Exists: _exists,
    exp.Extract: _extract,
    exp.HexString: _hexadecimal,
    exp.Identifier: _nothing,
    exp.If: _if,
    exp.IgnoreNulls: _same,
    exp.In: _in,
    exp.Intersect: _row,
    exp.JSONPath: _nothing,
    exp.Literal: _literal,
    exp.Null: _null,
    exp.Parameter: _parameter,
    exp.Paren: _same,
    exp.RespectNulls: _same,
    exp.Select: _row,
    exp.Star: _nothing,
    exp.Struct: _struct,
    exp.Subquery: _row,
    exp.TryCast: _cast,
    exp.Tuple: _struct,
    exp.Union: _row,
    exp.Var: _nothing,
    exp.WeekStart: _nothing,
    **dict.fromkeys((exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), _condition),
}
"""How expressions are read that are not functions of their arguments."""
