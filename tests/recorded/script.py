"""Scripts: the statements that BigQuery runs one after the other, with variables, branches and loops.

Branches are all walked, loops once: what is asked is whether a script is right, and what its last query gives.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from aggregator.analyzers.googlesql.reads import Node, concrete, inherited
from aggregator.analyzers.googlesql.tables import Answer
from aggregator.analyzers.googlesql.types import text_of

from .analyst import Analyst, RefusedError, row_type, text_at
from .meter import Meter
from .warehouse import Column


@dataclasses.dataclass(frozen=True)
class Result:
    """What a statement gave: the columns of its result, and its rows where they were asked for."""

    columns: tuple[Column, ...] = ()
    is_query: bool = False
    answer: Answer | None = None


class Script:
    """Walks scripts; ``leaf`` runs a statement that is none of the script's own."""

    def __init__(self, analyst: Analyst, meter: Meter, leaf: Callable[[str, bool], Result]) -> None:
        self._analyst = analyst
        self._meter = meter
        self._leaf = leaf
        self._text = ""
        self._wants_rows = False

    def run(self, sql: str, *, wants_rows: bool = False) -> Result:
        """The result of a whole script: that of its last query, or of the only statement."""
        outer = self._text, self._wants_rows
        statements = self._analyst.script(sql)
        last = Result()
        try:
            for number, each in enumerate(statements, start=1):
                self._text, self._wants_rows = sql, wants_rows and number == len(statements)
                last = self._statement(each) or last
        finally:
            self._text, self._wants_rows = outer
        return last if len(statements) == 1 or last.is_query else Result()

    def _block(self, statements: Any) -> Result | None:
        last = None
        for each in concrete(statements).statement_list:
            last = self._statement(each) or last
        return last

    def _scoped(self, statements: Any, **variables: Any) -> Result | None:
        self._analyst.scopes.append(dict(variables))
        try:
            return self._block(statements)
        finally:
            self._analyst.scopes.pop()

    def _statement(self, node: Node) -> Result | None:
        node = concrete(node)
        walked = _WALKED.get(node.DESCRIPTOR.name)
        if walked is not None:
            return walked(self, node)
        if node.DESCRIPTOR.name in _WITHOUT_EFFECT:
            return None
        return self._leaf(text_at(self._text, node), self._wants_rows)

    def _expression(self, node: Node) -> Any:
        query = f"SELECT {text_at(self._text, node)}"
        resolved = self._analyst.resolved(query)
        self._meter.query(resolved, query)
        return resolved.output_column_list[0].column.type

    def _declare(self, node: Node) -> None:
        given = self._expression(node.default_value) if node.HasField("default_value") else None
        type_ = given
        if node.HasField("type"):
            named = text_at(self._text, node.type)
            type_ = self._analyst.type_named(named)
            if given is not None and text_at(self._text, node.default_value).upper() != "NULL":
                self._analyst.expression(f"CAST(CAST(NULL AS {text_of(given)}) AS {named})")
        for each in node.variable_list.identifier_list:
            self._analyst.scopes[-1][each.id_string] = type_

    def _set(self, node: Node) -> None:
        self._expression(node.expression)
        name = node.variable.id_string.casefold()
        if not any(name == known.casefold() for scope in self._analyst.scopes for known in scope):
            raise RefusedError(f"Undeclared variable: {node.variable.id_string}")

    def _set_several(self, node: Node) -> None:
        self._expression(node.struct_expression)

    def _set_system(self, node: Node) -> None:
        self._expression(node.expression)

    def _if(self, node: Node) -> Result | None:
        self._expression(node.condition)
        found = self._block(node.then_list)
        for each in node.elseif_clauses.elseif_clauses:
            self._expression(each.condition)
            found = found or self._block(each.body)
        return self._otherwise(node, found)

    def _case(self, node: Node) -> Result | None:
        if node.HasField("expression"):
            self._expression(node.expression)
        found = None
        for each in node.when_then_clauses.when_then_clauses:
            self._expression(each.condition)
            found = self._block(each.body) or found
        return self._otherwise(node, found)

    def _otherwise(self, node: Node, found: Result | None) -> Result | None:
        return self._block(node.else_list) or found if node.HasField("else_list") else found

    def _begin(self, node: Node) -> Result | None:
        found = self._scoped(node.statement_list_node)
        handlers: Iterable[Any] = node.handler_list.exception_handler_list if node.HasField("handler_list") else ()
        for each in handlers:
            self._scoped(each.statement_list)
        return found

    def _loop(self, node: Node) -> Result | None:
        if "condition" in node.DESCRIPTOR.fields_by_name and node.HasField("condition"):
            self._expression(node.condition)
        found = self._scoped(inherited(node, "body"))
        if "until_clause" in node.DESCRIPTOR.fields_by_name:
            self._expression(node.until_clause.condition)
        return found

    def _for(self, node: Node) -> Result | None:
        query = text_at(self._text, node.query)
        resolved = self._analyst.resolved(query)
        self._meter.query(resolved, query)
        return self._scoped(inherited(node, "body"), **{node.variable.id_string: row_type(resolved)})

    def _execute(self, node: Node) -> Result | None:
        """What is executed can be told only where it is a literal."""
        said = concrete(node.sql)
        text = getattr(said, "string_value", "")
        if not text or node.HasField("using_clause"):
            return None
        found = self.run(text)
        return None if node.HasField("into_clause") else found


_WALKED: dict[str, Callable[[Script, Node], Result | None]] = {
    "ASTVariableDeclarationProto": Script._declare,
    "ASTSingleAssignmentProto": Script._set,
    "ASTAssignmentFromStructProto": Script._set_several,
    "ASTSystemVariableAssignmentProto": Script._set_system,
    "ASTIfStatementProto": Script._if,
    "ASTCaseStatementProto": Script._case,
    "ASTBeginEndBlockProto": Script._begin,
    "ASTWhileStatementProto": Script._loop,
    "ASTRepeatStatementProto": Script._loop,
    "ASTForInStatementProto": Script._for,
    "ASTExecuteImmediateStatementProto": Script._execute,
}
_WITHOUT_EFFECT = frozenset(
    {
        "ASTBreakStatementProto",
        "ASTContinueStatementProto",
        "ASTBreakContinueStatementProto",
        "ASTReturnStatementProto",
        "ASTRaiseStatementProto",
    }
)
