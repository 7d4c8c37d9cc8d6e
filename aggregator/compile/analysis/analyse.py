"""Names, types and origins of a SELECT's columns, from the declared schemas of what it reads.

A copy of the tree is qualified and typed; the copy is for reasoning only and never becomes SQL.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError

from aggregator.compile.analysis.bodies import Called
from aggregator.compile.analysis.relation import Relation
from aggregator.compile.analysis.relations import Relations
from aggregator.compile.analysis.scopes import Scope, scope_of
from aggregator.compile.analysis.types import NULL, type_of
from aggregator.compile.nodes import Nodes, copy_of
from aggregator.compile.pipes import names_are_lost
from aggregator.compile.query import Query
from aggregator.compile.routines import NO_ROUTINES, Routines
from aggregator.core.diagnostics import Diagnostic, Document
from aggregator.core.graph import OutputColumn
from aggregator.core.names import TableName

Schemas = Mapping[TableName, tuple[OutputColumn, ...]]

_CANT_FOLLOW = (SqlglotError, RecursionError, AttributeError, KeyError, IndexError, TypeError, ValueError)
"""What SQL brings about that sqlglot parses and that makes no sense, such as ``1 UNION ALL SELECT 2``."""


@dataclasses.dataclass(frozen=True)
class Analysis:
    """A SELECT whose names are resolved. ``tree`` is the qualified, typed copy; None where there could be none.

    ``columns`` are what it gives; empty where that can't be known (a star over an unknown schema). ``remarks`` are
    mistakes that were noticed on the way, and that leave names and types as they are. ``called`` are the calls of
    declared functions, those in the bodies of others before these.
    """

    query: Query
    columns: tuple[OutputColumn, ...]
    tree: exp.Query | None = None
    uses_parameters: bool = False
    remarks: tuple[Diagnostic, ...] = ()
    called: tuple[Called, ...] = ()

    @functools.cached_property
    def nodes(self) -> Nodes:
        """The nodes of the copy; none where there is no copy."""
        return Nodes(self.tree)

    @functools.cached_property
    def scopes(self) -> dict[int, Scope]:
        """The scopes of all queries inside, inner before outer, by the identity of the query.

        There are none where there is no copy, or where queries are nested too deeply.
        """
        try:
            found = scope_of(self.tree, self.nodes).traverse() if self.tree is not None else ()
            return {id(scope.expression): scope for scope in found}
        except RecursionError:
            return {}

    @property
    def root(self) -> Scope | None:
        """The scope of the whole query; None where there are no scopes."""
        return next(reversed(self.scopes.values()), None)

    def release(self) -> None:
        """Let the copy and its scopes go; see :meth:`Nodes.release`."""
        for scope in self.scopes.values():
            scope.parent = None
        self.nodes.release()
        for each in self.called:
            Nodes(each.body).release()


def output_name(select: exp.Expr) -> str:
    """What an item of the SELECT list calls its column; empty for an expression without a name."""
    select = select.unnest() if isinstance(select, exp.Paren) else select
    is_named = isinstance(select, (exp.Alias, exp.Column, exp.Dot, exp.Identifier)) and not select.is_star
    return str(select.output_name) if is_named else ""


def select_list(scope: Scope) -> list[exp.Expr]:
    """The projections of a scope's SELECT, or of the first one of a UNION."""
    return scope.expression.selects if isinstance(scope.expression, exp.Query) else []


def analyse(
    query: Query, schemas: Schemas, parameter_type: str, routines: Routines = NO_ROUTINES
) -> Analysis | list[Diagnostic]:
    """Qualify and type a SELECT; columns that are in none of its tables are findings.

    ``parameter_type`` is that of ``@start`` and ``@end``; ``routines`` are the functions that the project declares.
    What can't be followed is not an error of the author's: its columns stay untyped.
    """
    relations = Relations(query, schemas, type_of(parameter_type), routines)
    try:
        tree = copy_of(query.tree)
        relation = relations.read(tree)
    except _CANT_FOLLOW:
        return Analysis(query, _only_names(query))
    found = relations.expressions.findings
    if found and not names_are_lost(query.tree):
        return found
    expressions, called = relations.expressions, tuple(relations.expressions.bodies.called)
    return Analysis(query, _columns(relation), tree, expressions.uses_parameters, tuple(expressions.remarks), called)


def tell_types_of(tree: exp.Expr, text: str, schemas: Schemas) -> None:
    """Qualify and type a tree in place, as far as it can be followed; what is wrong with it is not said.

    Nothing is known of the types of parameters. ``text`` is what the tree was read from.
    """
    if not isinstance(tree, exp.Query):
        return
    query = Query(text, tree, Document("", text), 0)
    with contextlib.suppress(*_CANT_FOLLOW):
        Relations(query, schemas, None, NO_ROUTINES).read(tree)


def _columns(relation: Relation) -> tuple[OutputColumn, ...]:
    if relation.is_open:
        return ()
    return tuple(
        OutputColumn(
            name,
            value.type.text if value.type is not None and value.type != NULL else "",
            origins=tuple(sorted(value.origins)),
            derivation=value.derivation,
            measure=value.measure,
            sketch=value.sketch,
        )
        for name, value in relation.fields
    )


def _only_names(query: Query) -> tuple[OutputColumn, ...]:
    selects = query.tree.selects
    return () if any(each.is_star for each in selects) else tuple(OutputColumn(output_name(each)) for each in selects)
