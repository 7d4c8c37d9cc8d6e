"""FROM items and joins: what columns each brings, under which alias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile.analysis.lineage import Field, Value, element_of, field_of
from aggregator.compile.analysis.names import Level, Source, named_twice, not_on_both_sides
from aggregator.compile.analysis.pivots import pivoted, unpivoted
from aggregator.compile.analysis.types import INT64, set_type
from aggregator.core.graph import Derivation, OutputColumn
from aggregator.core.names import TableName

if TYPE_CHECKING:
    from aggregator.compile.analysis.reader import Queries, Reader
    from aggregator.compile.analysis.relation import Relation
    from aggregator.compile.query import Query

Schemas = Mapping[TableName, tuple[OutputColumn, ...]]


class FromItems:
    """Adds FROM items to levels, for all queries of one model."""

    def __init__(self, query: Query, schemas: Schemas, expressions: Reader, relations: Queries) -> None:
        self._query = query
        self._schemas = schemas
        self._expressions = expressions
        self._relations = relations
        self._unnamed = 0

    def add(self, node: exp.Expr, level: Level) -> None:
        """Make the columns of a FROM item known to a SELECT, and give it an alias."""
        if isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Query):
            self.add(node.this, level)  # a join in parentheses
        else:
            source = self._source(node, level)
            for pivot in node.args.get("pivots") or ():
                source = self._pivoted(pivot, source, level)
            if source.alias in level.sources:
                self._expressions.findings.append(named_twice(self._query, node, source.alias))
            level.sources[source.alias] = source
        if not isinstance(node, exp.Subquery):
            for join in node.args.get("joins") or ():
                self.join(join, level)

    def _source(self, node: exp.Expr, level: Level) -> Source:
        if isinstance(node, exp.Table):
            return self._table(node, level)
        if isinstance(node, exp.Unnest):
            return self._unnest(node, level)
        if isinstance(node, exp.TableAlias):  # ``|> AS name``, which sqlglot makes a query in WITH
            return self._of_relation(node.name.casefold(), self._relations.find_with(node.name.casefold()))
        if isinstance(node, exp.Subquery):
            return self._of_relation(self._alias(node), self._relations.read(node, level.outer))
        return Source(self._alias(node), (), is_open=True)

    @staticmethod
    def _of_relation(alias: str, relation: Relation | None) -> Source:
        if relation is None:
            return Source(alias, (), is_open=True)
        return Source(alias, relation.fields, is_open=relation.is_open)

    def _alias(self, node: exp.Expr, name: str = "") -> str:
        """The alias of a FROM item in lower case; one without gets its name or a new one."""
        alias = node.args.get("alias")
        if alias is None:
            alias = exp.TableAlias()
            node.set("alias", alias)
        if alias.this is None or not alias.name:
            name = name or self._new_name()
            alias.set("this", exp.Identifier(this=name, quoted=False))
        else:
            name = alias.name.casefold()
            alias.this.args["this"] = name
        return name

    def _new_name(self) -> str:
        self._unnamed += 1
        return f"_from_{self._unnamed - 1}"  # what is called like it could not be a column: it hides those

    def _table(self, node: exp.Table, level: Level) -> Source:
        if not isinstance(node.this, exp.Identifier):
            return self._of_relation(self._alias(node), self._table_function(node.this, level))
        name = node.name.casefold()
        relation = None if node.args.get("db") is not None else self._relations.find_with(name)
        if relation is not None:
            node.this.args["this"] = name
            return self._of_relation(self._alias(node, name), relation)
        table = TableName(node.db, node.name)
        return Source.of_table(self._alias(node, name), str(table), self._schemas.get(table, ()))

    def _table_function(self, call: exp.Expr, level: Level) -> Relation | None:
        bodies = self._expressions.bodies
        routine = bodies.routine(call) if isinstance(call, exp.Anonymous) else None
        if routine is None:
            return None
        return bodies.relation(call, routine, self._expressions.values(call.expressions, level))

    def _unnest(self, node: exp.Unnest, level: Level) -> Source:
        """UNNEST: the element under its alias, the offset, and the fields of a STRUCT as columns of their own."""
        values = self._expressions.values(node.expressions, level)
        element = element_of(values[0], Derivation.COPY) if len(values) == 1 else Value()
        type_ = element.type
        set_type(node, type_)
        alias = node.args.get("alias")
        columns = alias.columns if alias is not None else []
        if alias is not None and not columns and alias.this is not None:
            columns = [alias.this]
            alias.set("columns", columns)
            alias.set("this", None)
        name = columns[0].name if columns else ""
        for column in columns:
            column.args["this"] = column.name.casefold()
        key = self._alias(node, self._new_name())
        parts = [each for each, _ in type_.fields] if type_ is not None else []
        fields = [Field(part, field_of(element, part)) for part in parts if part]
        fields += [Field(name, element)] if name else []
        offset = node.args.get("offset")
        if isinstance(offset, exp.Identifier):
            fields.append(Field(offset.name, Value(INT64)))
            offset.args["this"] = offset.name.casefold()
        return Source(key, fields, is_open=type_ is None, element=name.casefold(), has_fields=bool(parts))

    def _pivoted(self, pivot: exp.Pivot, source: Source, level: Level) -> Source:
        inside = Level(level.outer, {source.alias: source})
        alias = pivot.args.get("alias")
        name = alias.name.casefold() if alias is not None and alias.name else source.alias
        pivot.set("alias", exp.TableAlias(this=exp.Identifier(this=name, quoted=False)))
        read = unpivoted if pivot.args.get("unpivot") else pivoted
        fields = None if source.is_open else read(pivot, source, inside, self._expressions)
        return Source(name, fields or (), is_open=fields is None)

    # --- joins ---

    def join(self, node: exp.Join, level: Level) -> None:
        """Add what is joined, and read the condition; USING becomes the ON that it stands for."""
        before = list(level.sources.values())
        self.add(node.this, level)
        added = list(level.sources.values())[len(before) :]
        on, using = node.args.get("on"), node.args.get("using")
        if on is not None:
            self._expressions.value(on, level)
        if using and len(added) == 1:
            conditions = list(self._conditions(using, before, added[0], level))
            if len(conditions) == len(using):
                node.set("using", None)
                node.set("on", exp.and_(*conditions, copy=False))

    def _conditions(
        self, using: list[exp.Expr], before: list[Source], added: Source, level: Level
    ) -> Iterator[exp.Expr]:
        for identifier in using:
            name = identifier.name.casefold()
            holder = next((source for source in before if source.get(name) is not None), None)
            if holder is None and len(before) == 1 and before[0].is_open:
                holder = before[0]
            is_missing = added.get(name) is None and not added.is_open
            if is_missing or (holder is None and not any(source.is_open for source in before)):
                self._expressions.findings.append(not_on_both_sides(self._query, identifier))
            elif holder is not None:
                level.joined[name] = (*level.joined.get(name, (holder.alias,)), added.alias)
                condition = exp.column(name, table=holder.alias).eq(exp.column(name, table=added.alias))
                self._expressions.value(condition, level)
                yield condition
