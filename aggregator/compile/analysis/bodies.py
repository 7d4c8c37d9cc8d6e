"""What declared functions give: their bodies, read anew for each call, with what the call passes as their names."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile.analysis.lineage import NOTHING, Field, Value, made_from
from aggregator.compile.analysis.names import Level, Source
from aggregator.compile.analysis.relation import UNKNOWN_COLUMNS, Relation
from aggregator.compile.analysis.types import NULL, Type, is_number, reads_as, type_of
from aggregator.compile.nodes import copy_of
from aggregator.compile.routines import Parameter, Routine, Routines, path_of

if TYPE_CHECKING:
    from aggregator.compile.analysis.reader import Reader

_PARAMETERS = ""
"""The FROM item that parameters are taken from: no name can mean it."""


@dataclasses.dataclass(frozen=True)
class Called:
    """A call of a declared function: the node with its arguments, and the outermost call in the author's own text.

    ``body`` is a typed copy of the function's; ``why_not`` tells why there is none.
    """

    routine: Routine
    node: exp.Expr
    at: exp.Expr
    body: exp.Expr | None = None
    why_not: str = ""


def found_in_bodies(
    called: Sequence[Called], kinds: tuple[type[exp.Expr], ...], words: tuple[str, ...]
) -> Iterator[tuple[Called, str]]:
    """Calls whose functions hold such nodes, each with what it is called; of those in JavaScript, such words."""
    for each in called:
        node = each.body.find(*kinds) if each.body is not None else None
        if node is not None:
            yield each, node.sql_name() if isinstance(node, exp.Func) else node.key.upper()
        yield from ((each, word) for word in words if word in each.routine.code)


class Bodies:
    """Reads the bodies of the functions that one query calls; ``called`` are the calls so far."""

    def __init__(self, routines: Routines, reader: Reader) -> None:
        self._routines = routines
        self._reader = reader
        self._inside: list[Called] = []
        self.called: list[Called] = []

    def routine(self, call: exp.Expr) -> Routine | None:
        """The declared function that is called."""
        return self._routines.get(".".join(path_of(call))) if self._routines else None

    def value(self, call: exp.Expr, routine: Routine, arguments: Sequence[Value]) -> Value:
        """What a function gives."""
        returns = type_of(routine.returns)
        made = made_from(arguments, returns.plain if returns is not None else None)._replace(is_literal=False)
        body = self._body(call, routine, arguments)
        if body is None:
            return made
        holder = exp.Paren(this=body)  # the body itself may be replaced
        before = len(self._reader.findings), len(self._reader.remarks)
        found = self._reader.value(holder, Level(None, {_PARAMETERS: _parameters(routine, arguments)}))
        if not self._end(holder, before):
            return made
        found = _turned(found, returns)._replace(is_literal=False)
        return found._replace(origins=found.origins | made.origins) if routine.returns else found

    def relation(self, call: exp.Expr, routine: Routine, arguments: Sequence[Value]) -> Relation:
        """The columns of a table function."""
        body = self._body(call, routine, arguments)
        if body is None:
            columns = tuple(Field(each.name, Value(type_of(each.type))) for each in routine.columns)
            return Relation(columns, is_open=not columns)
        before = len(self._reader.findings), len(self._reader.remarks)
        found = self._reader.queries.read(body, Level(None, {_PARAMETERS: _parameters(routine, arguments)}))
        is_sound = self._end(body, before)
        if not routine.columns:
            return found if is_sound else UNKNOWN_COLUMNS
        known = found.by_name()
        return Relation(tuple(_declared(each, known.get(each.name.casefold())) for each in routine.columns))

    def _body(self, call: exp.Expr, routine: Routine, arguments: Sequence[Value]) -> exp.Expr | None:
        """A copy of the body of a function that is called, if it can be read; the call is under way from now on."""
        at = self._inside[0].at if self._inside else call
        why_not = routine.why_not or next(_misuses(routine, arguments), "")
        if any(each.routine is routine for each in self._inside):
            why_not = "it calls itself"
        if why_not or routine.body is None:
            self.called.append(Called(routine, call, at, why_not=why_not))
            return None
        self._inside.append(Called(routine, call, at))
        return copy_of(routine.body)

    def _end(self, body: exp.Expr, before: tuple[int, int]) -> bool:
        """Note a body that was read, and whether it is sound; what is wrong in it is not said of who calls it."""
        reader, call = self._reader, self._inside.pop()
        why_not = reader.findings[before[0]].message if len(reader.findings) > before[0] else ""
        del reader.findings[before[0] :], reader.remarks[before[1] :]
        self.called.append(dataclasses.replace(call, body=body, why_not=why_not))
        return not why_not


def _misuses(routine: Routine, arguments: Sequence[Value]) -> Iterator[str]:
    """Why BigQuery would not let a function be called like this."""
    if len(arguments) != len(routine.parameters):
        yield f"it takes {len(routine.parameters)} arguments, and {len(arguments)} are given"
        return
    for parameter, value in zip(routine.parameters, arguments, strict=True):
        wanted = type_of(parameter.type)
        if wanted is not None and value.type is not None and not reads_as(value.type, wanted, value.is_literal):
            yield f"its {parameter.name} is {parameter.type}, and {value.type.text} is given"


def _parameters(routine: Routine, arguments: Sequence[Value]) -> Source:
    pairs = zip(routine.parameters, arguments, strict=True)
    return Source(_PARAMETERS, [Field(each.name, _turned(value, type_of(each.type))) for each, value in pairs])


def _turned(value: Value, wanted: Type | None) -> Value:
    """A value as it is passed on: of the type that is declared, if one is."""
    if wanted is None or value.type == wanted:
        return value._replace(is_literal=False)
    plain = wanted.plain
    made = made_from([value], plain)._replace(is_literal=False)
    return made._replace(measure=value.measure if is_number(plain) and value.type != NULL else made.measure)


def _declared(column: Parameter, field: Field | None) -> Field:
    return Field(column.name, _turned(field.value if field is not None else NOTHING, type_of(column.type)))
