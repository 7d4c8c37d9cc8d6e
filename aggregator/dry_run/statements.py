"""Compiled models as statements for an analyzer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aggregator.analyzers.protocol import Field, Relation, Statement
from aggregator.core.graph import CompiledModel
from aggregator.core.learned import LearnedModel
from aggregator.core.names import TableName
from aggregator.core.project import Project

Relations = Mapping[TableName, Relation]


def statement_of(
    model: CompiledModel,
    relations: Relations,
    types: Mapping[str, str],
    values: Mapping[str, Any],
    project: Project,
) -> Statement:
    """The SELECT of a model, over these tables as far as it reads them.

    ``types`` and ``values`` are those of its parameters; ``project`` says which functions and models of machine
    learning there are.
    """
    texts = {each.name: str(each.text) for each in project.functions}
    routines = tuple(texts[name] for name in model.functions)
    return Statement(
        name=str(model.name),
        sql=model.sql,
        tables=tuple(relations[name] for name in dict.fromkeys(edge.table for edge in model.inputs)),
        parameters=tuple(Field(name, type_) for name, type_ in types.items()),
        values=tuple(values[name] for name in types) if values else (),
        routines=routines,
        filters=tuple((each.start, each.end) for each in model.splices),
        models=asked_in(project, (model.sql, *routines)),
    )


def asked_in(project: Project, texts: Iterable[str]) -> tuple[LearnedModel, ...]:
    """The models of machine learning that some texts may name."""
    text = "\n".join(texts) if project.ml_models else ""
    return tuple(each for each in project.ml_models if each.may_be_in(text))
