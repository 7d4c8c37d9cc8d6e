"""From a model's file to all that is to be known of it: the work of the compile stage, one model at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from aggregator.compile import codes
from aggregator.compile.facts import (
    BROKEN,
    Facts,
    Known,
    compiled_text,
    findings_text,
    table_from,
    table_text,
)
from aggregator.compile.functions import Functions
from aggregator.compile.model import Parsed, compile_model, parse_model
from aggregator.compile.resolve import unknown_table
from aggregator.compile.subject import Inspect, Remark
from aggregator.compile.tables import table_of_model
from aggregator.compile.templates.render import Renderer
from aggregator.compile.written import written_select
from aggregator.core.diagnostics import Diagnostic, Place, Word
from aggregator.core.graph import Difference
from aggregator.core.names import TableName
from aggregator.core.project import Model, Project


class Examiner:
    """Examines the models of one project, in any order that puts upstream first."""

    def __init__(self, project: Project, inspect: Inspect) -> None:
        self._project = project
        self._inspect = inspect
        self._renderer = Renderer(project)
        self._names = {*project.models, *project.sources, *project.broken}
        learned = {each.name for each in project.ml_models}
        self._functions = Functions(project.functions, self._names, learned)

    def macro_problems(self) -> Iterator[Diagnostic]:
        """What is wrong with the files in ``macros/``."""
        return self._renderer.macro_problems()

    def references(self, name: TableName) -> dict[TableName, Place]:
        """The tables that a model reads, and where each is first mentioned."""
        model = self._project.models[name]
        if model.rollup is not None:
            of = TableName.parse(model.rollup.of)
            return {of: model.rollup.of.place} if of in self._names and of else {}
        try:
            parsed, _ = self._parse(model, {})
        except RecursionError:
            parsed = None
        if parsed is None:
            return {}
        mentions = (each for each in reversed(parsed.references) if each.table != name)
        return {each.table: parsed.query.place(each.start, each.end) for each in mentions}

    def examine(self, name: TableName, known: Known) -> Facts:
        """Compile and inspect a model, if all tables that it reads are known."""
        model = self._project.models[name]
        try:
            return self._examine(name, model, known)
        except RecursionError:
            return Facts((), findings=findings_text([_too_deep(model)], model))

    def _examine(self, name: TableName, model: Model, known: Known) -> Facts:
        if model.rollup is not None:
            first = self._input_of_rollup(model, model.rollup.of, known)
            if first is not None:
                return first
        parsed, problems = self._parse(model, known)
        if parsed is None:
            read = (TableName.parse(model.rollup.of),) if model.rollup else ()
            return Facts(tuple(filter(None, read)), asks_for_names=True, findings=findings_text(problems, model))
        references = tuple(sorted(parsed.tables - {name}))
        missing = tuple(table for table in references if table not in known)
        asks = _maps_nothing(model, parsed) or any(call.may_read_more for call in parsed.calls)
        if missing or any(known[table] == BROKEN for table in references):
            return Facts(references, missing, asks, findings_text(problems, model))
        outcome = compile_model(parsed, {table: table_from(known[table]) for table in references})
        problems += outcome.diagnostics
        if outcome.subject is None:
            return Facts(references, (), asks, findings_text(problems, model))
        compiled = outcome.subject.model
        said = list(self._inspect(outcome.subject))
        outcome.subject.release()
        problems += (each for each in said if isinstance(each, Diagnostic))
        differences = tuple(each for each in said if isinstance(each, Difference))
        compiled = dataclasses.replace(compiled, differences=differences) if differences else compiled
        remark = "".join(each.text for each in said if isinstance(each, Remark))
        table = table_text(table_of_model(compiled))
        return Facts(references, (), asks, findings_text(problems, model), table, compiled_text(compiled), remark)

    def _parse(self, model: Model, known: Known) -> tuple[Parsed | None, list[Diagnostic]]:
        of = TableName.parse(model.rollup.of) if model.rollup else None
        written = written_select(model, self._renderer, table_from(known[of]) if of else None)
        if isinstance(written, list):
            return None, written
        return parse_model(written, self._names, self._functions)

    def _input_of_rollup(self, model: Model, of: Word, known: Known) -> Facts | None:
        """What there is to say of a roll-up before anything is known of its groups; None if that is known."""
        table = TableName.parse(of)
        if table is None or table not in self._names or table == model.name:
            problem = unknown_table(of, self._names)
            return Facts((), asks_for_names=True, findings=findings_text([problem], model))
        if table not in known or known[table] == BROKEN:
            return Facts((table,), () if table in known else (table,))
        return None


def _too_deep(model: Model) -> Diagnostic:
    written = model.document.text[model.sql_start :]
    place = model.document.place(model.sql_start + len(written) - len(written.lstrip()))
    return Diagnostic(place, codes.SYNTAX, "the SELECT is too long, or nested too deeply", "make several models of it")


def _maps_nothing(model: Model, parsed: Parsed) -> bool:
    """Whether there is a map for something that the SELECT does not read; then it matters what else there is."""
    read = {str(table) for table in parsed.tables} | {each.alias for each in parsed.references}
    return any(name not in read for name in model.named_inputs)
