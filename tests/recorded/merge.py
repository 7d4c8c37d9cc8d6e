"""What a MERGE leaves in its target, as a query: each row of the target or the source, and the clause that it meets."""

from __future__ import annotations

from aggregator.analyzers.googlesql.reads import Node, concrete, inherited

from .analyst import text_at
from .warehouse import Stored

_NOT_MATCHED_BY_SOURCE, _NOT_MATCHED_BY_TARGET = 2, 3
_INSERT, _UPDATE, _DELETE = 1, 2, 3


def merged(tree: Node, target: Stored, sql: str) -> str:
    """The query of all rows that there are afterwards."""
    source = concrete(tree.table_expression)
    own = tree.alias.identifier.id_string if tree.HasField("alias") else target.path[2]
    clauses = list(tree.when_clauses.clause_list)
    chosen = " ".join(f"WHEN {_meets(clause, sql)} THEN {number}" for number, clause in enumerate(clauses, start=1))
    columns = ", ".join(_column(place, own, target, clauses, sql) for place in range(len(target.columns)))
    deleting = [str(number) for number, clause in enumerate(clauses, start=1) if clause.action.action_type == _DELETE]
    return f"""
SELECT * EXCEPT (merge_clause, merge_is_new) FROM (
  SELECT {columns}, merge_clause, merge_is_new FROM (
    SELECT *, CASE {chosen} ELSE 0 END AS merge_clause, merge_target IS NULL AS merge_is_new
    FROM (SELECT {own}, TRUE AS merge_target FROM `{".".join(target.path)}` AS {own})
    FULL JOIN (SELECT {_alias(source)}, TRUE AS merge_source FROM {text_at(sql, source)})
    ON {text_at(sql, tree.merge_condition)}
  )
)
WHERE merge_clause NOT IN ({", ".join(["-1", *deleting])}) AND NOT (merge_clause = 0 AND merge_is_new)
"""


def _meets(clause: Node, sql: str) -> str:
    kind = {
        _NOT_MATCHED_BY_SOURCE: "merge_source IS NULL",
        _NOT_MATCHED_BY_TARGET: "merge_target IS NULL",
    }.get(clause.match_type, "merge_target AND merge_source")
    if not clause.HasField("search_condition"):
        return kind
    return f"{kind} AND COALESCE({text_at(sql, clause.search_condition)}, FALSE)"


def _column(place: int, own: str, target: Stored, clauses: list[Node], sql: str) -> str:
    """What the clauses make of a column."""
    column = target.columns[place]
    cases = []
    for number, clause in enumerate(clauses, start=1):
        value = _value(place, target, clause, sql)
        if value is not None:
            cases.append(f"WHEN {number} THEN CAST({value} AS {column.type})")
    before = f"{own}.{column.name}"
    after = f"CASE merge_clause {' '.join(cases)} ELSE {before} END" if cases else before
    return f"{after} AS {column.name}"


def _value(place: int, target: Stored, clause: Node, sql: str) -> str | None:
    action, names = clause.action, [each.name.casefold() for each in target.columns]
    if action.action_type == _UPDATE:
        for each in action.update_item_list.update_items:
            if text_at(sql, each.set_value.path).split(".")[-1].strip("`").casefold() == names[place]:
                return text_at(sql, each.set_value.value)
        return None
    if action.action_type != _INSERT:
        return None
    if not action.insert_row.values:
        return None
    named = [each.id_string.casefold() for each in action.insert_column_list.identifiers] or names
    values = dict(zip(named, action.insert_row.values, strict=True))
    return text_at(sql, values[names[place]]) if names[place] in values else "NULL"


def _alias(source: Node) -> str:
    if source.HasField("alias"):
        name: str = source.alias.identifier.id_string
        return name
    return str(inherited(source, "path_expr").names[-1].id_string.split(".")[-1])
