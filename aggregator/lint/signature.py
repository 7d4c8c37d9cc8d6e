"""What an aggregation computes, apart from how it is written: two models with one signature do the same work.

A signature is taken of a model's final aggregation. Aliases, layout, the order of columns, conditions and operands, and
queries in WITH that only pass rows on, leave no trace in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.compile.nodes import conjuncts
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Place, Severity
from aggregator.lint.relations import only_source, outputs_of

if TYPE_CHECKING:
    from aggregator.compile.subject import Subject
    from aggregator.core.names import TableName

Signature: TypeAlias = tuple[str, ...]
"""A digest of what is grouped (tables, partition maps, joins, conditions, keys); then, for each output column that is
no key, a digest of how it is computed and its name, with a space between. Empty where a model aggregates nothing."""

DUPLICATE = Code(
    "L050",
    "duplicate-aggregation",
    """Another model groups the same rows of the same inputs by the same columns, and has all that this one computes.

The same data is read and aggregated twice, every day, and billed twice. In time one of the two is corrected and the
other is not, and two dashboards show two numbers for one thing. Read the other model, or make this one a view of it; if
a column is missing there, add it. Aliases, the order of columns and layout make no difference.""",
    Layer.LINT,
    Severity.WARNING,
)

_SHOWN = 4
_COMMUTATIVE = (exp.And, exp.Or, exp.Add, exp.Mul, exp.EQ, exp.NEQ)
_TRANSPARENT = (exp.Paren, exp.Alias)
_MARKS = frozenset({"shadow", "quoted", "alias", "big_int"})
"""Arguments of nodes that say nothing about what is computed."""

_NOT_PLAIN = ("group", "having", "qualify", "distinct", "limit", "offset", "windows", "pivots", "laterals")


def signature(subject: Subject) -> Signature:
    """The signature of a compiled model."""
    root = subject.analysis.root
    return _Signer(subject).sign(root) if root is not None else ()


def duplicates(signatures: Mapping[TableName, Signature], places: Mapping[TableName, Place]) -> Iterator[Diagnostic]:
    """The models all of whose columns another one has, grouped alike; of two equal ones, the later in ``signatures``.

    ``places`` are where the findings go: those of the SELECTs.
    """
    alike: dict[str, list[TableName]] = {}
    for name, signed in signatures.items():
        if len(signed) > 1:
            alike.setdefault(signed[0], []).append(name)
    columns = {name: dict(item.split(" ", 1) for item in signed[1:]) for name, signed in signatures.items()}
    for names in alike.values():
        for position, name in enumerate(names):
            mine = columns[name].keys()
            holders = (
                other
                for index, other in enumerate(names)
                if other != name
                and mine <= columns[other].keys()
                and (index < position or mine != columns[other].keys())
            )
            holder = next(holders, None)
            if holder is not None:
                yield _finding(name, holder, [columns[holder][digest] for digest in columns[name]], places[name])


def _finding(name: TableName, holder: TableName, there: list[str], place: Place) -> Diagnostic:
    listed = ", ".join(there[:_SHOWN]) + (", …" if there[_SHOWN:] else "")
    message = f"{holder} already aggregates the same rows by the same columns, and has all that {name} computes"
    return Diagnostic(place, DUPLICATE, message, f"read {holder} ({listed}) instead")


class _Signer:
    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._scopes = subject.analysis.scopes
        self._maps = {(str(edge.table), edge.alias.casefold()): str(edge.map) for edge in subject.model.inputs}
        self._queries: dict[int, str] = {}
        self._labels: dict[int, dict[str, str]] = {}

    def sign(self, root: Scope) -> Signature:
        """The signature of the final aggregation: that of the root, or of the only query that it selects from."""
        grouped, filters = root, []
        while self._is_plain(grouped) and (inner := only_source(grouped)) is not None:
            filters += self._filters(grouped)
            grouped = inner
        select = grouped.expression
        if not isinstance(select, exp.Select) or select.args.get("group") is None:
            return ()
        keys = self._keys(grouped)
        rest = [self._part(select, key, grouped) for key in _NOT_PLAIN if key != "group"]
        calendar = self._subject.model.calendar
        cut = f"{calendar.grain} {calendar.zone}" if calendar is not None else ""
        frame = _digest("|".join((cut, self._rows(grouped), *sorted(keys), *rest, *sorted(filters))))
        named = [(self._text(item, root), item.alias_or_name) for item in outputs_of(root)]
        return frame, *sorted(f"{_digest(text)} {name}" for text, name in named if text not in keys)

    def _is_plain(self, scope: Scope) -> bool:
        """Whether a SELECT only passes on rows, some of them, with columns computed from each."""
        select = scope.expression
        is_select = isinstance(select, exp.Select) and not any(select.args.get(key) for key in _NOT_PLAIN)
        return is_select and id(select) not in self._subject.analysis.nodes.over_rows

    def _keys(self, scope: Scope) -> set[str]:
        """What rows are grouped by; the names of output columns stand for what these are."""
        select = scope.expression
        outputs = {item.alias_or_name.casefold(): item for item in outputs_of(scope)}
        keys = set()
        for each in select.args["group"].expressions:
            is_name = isinstance(each, exp.Column) and not each.table
            keys.add(self._text(outputs.get(each.name.casefold(), each) if is_name else each, scope))
        return keys | {
            self._value(value, scope) for key, value in select.args["group"].args.items() if key != "expressions"
        }

    def _rows(self, scope: Scope) -> str:
        """What a SELECT does its work on: relations, joins and conditions."""
        filters = self._filters(scope)
        while (inner := only_source(scope)) is not None and self._is_plain(inner):
            scope = inner
            filters += self._filters(scope)
        joins = [
            f"{each.side} {each.kind} {self._join(each, scope)}" for each in scope.expression.args.get("joins") or ()
        ]
        return "|".join((*sorted(self._label(scope).values()), *sorted(joins), *sorted(filters)))

    def _join(self, join: exp.Join, scope: Scope) -> str:
        label = self._label(scope).get(join.this.alias_or_name, join.this.key)
        unnested = self._text(join.this, scope) if isinstance(join.this, exp.Unnest) else ""
        tests = sorted(self._text(test, scope) for test in conjuncts(join.args.get("on")))
        return " ".join((label, unnested, *tests, *(each.name for each in join.args.get("using") or ())))

    def _filters(self, scope: Scope) -> list[str]:
        where = scope.expression.args.get("where")
        return [self._text(test, scope) for test in conjuncts(where.this)] if where is not None else []

    def _part(self, select: exp.Expr, key: str, scope: Scope) -> str:
        return self._value(select.args.get(key), scope)

    def _label(self, scope: Scope) -> dict[str, str]:
        """A name for each relation of a SELECT that does not depend on its alias."""
        if id(scope) not in self._labels:
            labels: dict[str, str] = {}
            for alias, (_, source) in scope.selected_sources.items():
                label = self._relation(alias, source)
                labels[alias] = f"{label}#{list(labels.values()).count(label)}" if label in labels.values() else label
            self._labels[id(scope)] = labels
        return self._labels[id(scope)]

    def _relation(self, alias: str, source: exp.Table | Scope) -> str:
        if isinstance(source, exp.Table):
            table = f"{source.db}.{source.name}"
            return f"{table} {self._maps.get((table, alias.casefold()), '')}"
        return self._query(source)

    def _query(self, scope: Scope) -> str:
        """A query of which nothing is known but its text."""
        if id(scope) not in self._queries:
            self._queries[id(scope)] = "recursion"
            query = scope.expression
            if isinstance(query, exp.Select):
                group = self._keys(scope) if query.args.get("group") else ()
                rest = [self._part(query, key, scope) for key in _NOT_PLAIN if key != "group"]
                text = "|".join((self._rows(scope), *sorted(group), *rest))
            elif scope.set_operation_scopes:
                text = query.key + "|".join(self._outputs(each) for each in scope.set_operation_scopes)
            else:
                text = query.sql("bigquery", comments=False)
            self._queries[id(scope)] = _digest(text)
        return self._queries[id(scope)]

    def _outputs(self, scope: Scope) -> str:
        return f"{self._query(scope)} {' '.join(self._text(item, scope) for item in outputs_of(scope))}"

    def _text(self, node: exp.Expr, scope: Scope) -> str:
        """An expression, whatever its columns and tables are called here."""
        while isinstance(node, _TRANSPARENT):
            node = node.this
        if isinstance(node, exp.Column):
            return self._column(node, scope)
        if isinstance(node, exp.Query):
            inner = self._scopes.get(id(node.unnest()))
            return self._outputs(inner) if inner is not None else node.sql("bigquery", comments=False)
        if isinstance(node, (exp.Literal, exp.Identifier, exp.Var)):
            return repr(node.name)
        parts = [self._value(value, scope) for key, value in node.args.items() if value and key not in _MARKS]
        if isinstance(node, _COMMUTATIVE):
            parts.sort()
        return f"{node.key}({','.join(parts)})"

    def _value(self, value: object, scope: Scope) -> str:
        if isinstance(value, exp.Expr):
            return self._text(value, scope)
        if isinstance(value, list):
            return ",".join(self._value(each, scope) for each in value)
        return "" if value is None else str(value)

    def _column(self, column: exp.Column, scope: Scope) -> str:
        holder: Scope | None = scope
        while holder is not None and column.table not in holder.sources:
            holder = holder.parent
        source = holder.sources[column.table] if holder is not None else None
        name = column.name.casefold()
        if holder is None or not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
            label = self._label(holder).get(column.table, column.table) if holder is not None else column.table
            return f"{label}.{name}"
        item = next((each for each in outputs_of(source) if each.alias_or_name.casefold() == name), None)
        text = self._text(item, source) if item is not None else name
        return text if source is only_source(holder) else f"{self._label(holder).get(column.table, '')}.{text}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
