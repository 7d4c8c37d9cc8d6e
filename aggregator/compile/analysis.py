"""Names, types and origins of a SELECT's columns, from the declared schemas of what it reads.

sqlglot qualifies and types a copy of the tree; the copy is for reasoning only and never becomes SQL.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from aggregator.compile import codes
from aggregator.compile.parse import DIALECT
from aggregator.core.diagnostics import Diagnostic, did_you_mean
from aggregator.core.graph import Origin, OutputColumn, Query
from aggregator.core.names import TableName

Schemas = Mapping[TableName, tuple[OutputColumn, ...]]


@dataclasses.dataclass(frozen=True)
class Analysis:
    """A qualified, typed copy of a SELECT. ``root`` is None where sqlglot could not make one."""

    query: Query
    root: Scope | None
    scopes: Mapping[int, Scope]

    @functools.cached_property
    def columns(self) -> tuple[OutputColumn, ...]:
        """The output columns; empty when they can't be known (a star over an unknown schema)."""
        names = self.query.tree.named_selects
        if self.root is None:
            return () if "*" in names else tuple(OutputColumn(name) for name in names)
        selects = select_list(self.root)
        if any(select.is_star for select in selects):
            return ()
        if "*" in names or len(names) != len(selects):
            names = [select.alias_or_name for select in selects]
        return tuple(
            OutputColumn(name, _type(select), origins=tuple(sorted(set(self._origins(self.root, index)))))
            for index, (name, select) in enumerate(zip(names, selects, strict=True))
        )

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


def analyse(query: Query, schemas: Schemas, parameter_type: str) -> Analysis | Diagnostic:
    """Qualify and type a SELECT; a column that is in none of its tables is a finding.

    ``parameter_type`` is that of ``@start`` and ``@end``. What sqlglot can't qualify is not an error of the author's:
    its columns stay untyped.
    """
    schema = MappingSchema(_nested(schemas), dialect=DIALECT)
    tree = query.tree.copy()
    for parameter in list(tree.find_all(exp.Parameter)):
        parameter.type = parameter_type
    try:
        tree = qualify(
            tree,
            schema=schema,
            dialect=DIALECT,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
        tree = annotate_types(tree, schema, dialect=DIALECT)
        scopes = traverse_scope(tree)
    except OptimizeError as error:
        unknown = re.search(r"Unknown column: (\w+)|Column '\"?(\w+)\"?' could not be resolved", str(error))
        if unknown is not None:
            return _unknown_column(query, next(filter(None, unknown.groups())), schemas)
        return Analysis(query, None, {})
    except (SqlglotError, RecursionError, AttributeError, KeyError, TypeError, ValueError):
        return Analysis(query, None, {})
    unresolved = _unresolved(scopes, schemas)
    if unresolved is not None:
        return _unknown_column(query, unresolved, schemas)
    return Analysis(query, scopes[-1], {id(scope.expression): scope for scope in scopes})


def _unresolved(scopes: list[Scope], schemas: Schemas) -> str | None:
    """The first column that belongs to no table, where every table's columns are known."""
    for scope in scopes:
        tables = [source for source in scope.sources.values() if isinstance(source, exp.Table)]
        known = all(schemas.get(TableName(table.db, table.name)) for table in tables)
        if not isinstance(scope.expression, exp.Select) or not known or scope.parent is not None:
            continue
        for column in scope.columns:
            if not column.table and not any(source_is_unnest(s) for s in scope.sources.values()):
                return str(column.name)
    return None


def source_is_unnest(source: exp.Table | Scope) -> bool:
    """Whether a FROM item is an array."""
    return isinstance(source, Scope) and isinstance(source.expression, exp.Unnest)


def _unknown_column(query: Query, name: str, schemas: Schemas) -> Diagnostic:
    known = [column.name for columns in schemas.values() for column in columns]
    nodes = [node for node in query.tree.find_all(exp.Column) if node.name.casefold() == name.casefold()]
    place = query.place_of(nodes[0].this if nodes else query.tree)
    message = f"no table here has a column {nodes[0].name if nodes else name}"
    return Diagnostic(place, codes.UNKNOWN_COLUMN, message, did_you_mean(name, known))


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
