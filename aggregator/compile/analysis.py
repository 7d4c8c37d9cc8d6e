"""Names, types and origins of a SELECT's columns, from the declared schemas of what it reads.

sqlglot qualifies and types a copy of the tree; the copy is for reasoning only and never becomes SQL.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from aggregator.compile.names import refused, unknown_names
from aggregator.compile.parse import DIALECT
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import Origin, OutputColumn
from aggregator.core.names import TableName

Schemas = Mapping[TableName, tuple[OutputColumn, ...]]


@dataclasses.dataclass(frozen=True)
class Analysis:
    """A qualified, typed copy of a SELECT. ``root`` is None where sqlglot could not make one.

    ``names`` are those of the columns of the tables that it reads.
    """

    query: Query
    root: Scope | None = None
    scopes: Mapping[int, Scope] = dataclasses.field(default_factory=dict)
    names: tuple[str, ...] = ()

    @functools.cached_property
    def columns(self) -> tuple[OutputColumn, ...]:
        """The output columns; empty when they can't be known (a star over an unknown schema)."""
        written = self.query.tree.selects
        names = [output_name(select) for select in written]
        if self.root is None:
            is_known = not any(select.is_star for select in written)
            return tuple(OutputColumn(name) for name in names) if is_known else ()
        selects = select_list(self.root)
        if any(select.is_star for select in selects):
            return ()
        if len(names) != len(selects) or any(select.is_star for select in written):
            names = [self._spelling.get(select.alias_or_name, select.alias_or_name) for select in selects]
        return tuple(
            OutputColumn(name, _type(select), origins=tuple(sorted(set(self._origins(self.root, index)))))
            for index, (name, select) in enumerate(zip(names, selects, strict=True))
        )

    @functools.cached_property
    def _spelling(self) -> Mapping[str, str]:
        """Names of columns as they were written, by the lower case that qualifying puts them into."""
        aliases = (node.alias for node in self.query.tree.find_all(exp.Alias))
        return {name.casefold(): name for name in (*self.names, *aliases)}

    def _origins(self, scope: Scope, index: int, depth: int = 0) -> Iterator[Origin]:
        """The columns of tables that the output column at an index is made from."""
        if scope.set_operation_scopes:
            for branch in scope.set_operation_scopes:
                yield from self._origins(branch, index, depth)
        elif isinstance(scope.expression, exp.Unnest):
            yield from self._origins_of(scope.expression, scope, depth)
        elif index < len(select_list(scope)):
            yield from self._origins_of(select_list(scope)[index], scope, depth)

    def _origins_of(self, node: exp.Expr, scope: Scope, depth: int) -> Iterator[Origin]:
        for column in node.find_all(exp.Column):
            holder = self.scopes.get(id(column.find_ancestor(exp.Select)), scope)
            source = _source(column.table, holder)
            if isinstance(source, exp.Table):
                yield Origin(f"{source.db}.{source.name}", column.name)
            elif source is not None and depth < 100:  # noqa: PLR2004  (a recursive WITH reads itself)
                names = [item.alias_or_name.casefold() for item in select_list(source)]
                name = column.name.casefold()
                yield from self._origins(source, names.index(name) if name in names else 0, depth + 1)


def output_name(select: exp.Expr) -> str:
    """What an item of the SELECT list calls its column; empty for an expression without a name."""
    is_named = isinstance(select, (exp.Alias, exp.Column, exp.Dot, exp.Identifier)) and not select.is_star
    return str(select.output_name) if is_named else ""


def select_list(scope: Scope) -> list[exp.Expr]:
    """The projections of a scope's SELECT, or of the first one of a UNION."""
    return scope.expression.selects if isinstance(scope.expression, exp.Query) else []


def _source(alias: str, scope: Scope) -> exp.Table | Scope | None:
    """What an alias means in a scope or around it."""
    current: Scope | None = scope
    while current is not None:
        if alias in current.sources:
            return current.sources[alias]
        current = current.parent
    return None


def analyse(query: Query, schemas: Schemas, parameter_type: str) -> Analysis | list[Diagnostic]:
    """Qualify and type a SELECT; columns that are in none of its tables are findings.

    ``parameter_type`` is that of ``@start`` and ``@end``. What sqlglot can't qualify is not an error of the author's:
    its columns stay untyped.
    """
    schema = MappingSchema(_nested(schemas), dialect=DIALECT)
    try:
        tree = qualify(
            query.tree.copy(),
            schema=schema,
            dialect=DIALECT,
            allow_partial_qualification=True,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
        for node in tree.walk():  # qualifying types what it needs, without knowing the parameters
            node.type = parameter_type if isinstance(node, exp.Parameter) else None
        tree = annotate_types(tree, schema, dialect=DIALECT, overwrite_types=False)
        scopes = traverse_scope(tree)
        unknown = list(unknown_names(query, scopes, schema))
    except OptimizeError as error:
        reason = refused(query, error)
        return Analysis(query) if reason is None else [reason]
    except (SqlglotError, RecursionError, AttributeError, KeyError, TypeError, ValueError):
        return Analysis(query)
    if unknown:
        return unknown
    names = tuple(column.name for columns in schemas.values() for column in columns)
    return Analysis(query, scopes[-1], {id(scope.expression): scope for scope in scopes}, names)


def _nested(schemas: Schemas) -> dict[str, object]:
    nested: dict[str, Any] = {}
    for name, columns in schemas.items():
        if columns:
            nested.setdefault(name.dataset, {})[name.table] = {c.name: c.type or "UNKNOWN" for c in columns}
    return nested


def _type(select: exp.Expr) -> str:
    if select.type is None or select.type.this in (exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL):
        return ""
    return str(select.type.sql(DIALECT))
