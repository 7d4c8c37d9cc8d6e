"""``ml_models:`` of ``aggregator.yml``: models of machine learning that live in the warehouse."""

from __future__ import annotations

from aggregator.core.diagnostics import Word
from aggregator.core.learned import Learned, LearnedModel
from aggregator.load.aggregates import TableReference
from aggregator.load.shapes import Choice, Field, Identifier, MapOf, Record
from aggregator.load.words import Type

_COLUMNS = MapOf(Identifier("a column name"), Type(), "a mapping of column names to types")
ML_MODELS = MapOf(
    TableReference(),
    Record(
        "ml_models",
        {
            "type": Field(Choice(Learned), default=Learned.OTHER),
            "labels": Field(_COLUMNS, default={}),
            "series": Field(_COLUMNS, default={}),
            "columns": Field(_COLUMNS, default={}),
        },
        lambda v, _place: LearnedModel("", v["type"], *(_pairs(v[key]) for key in ("labels", "series", "columns"))),
    ),
    "a mapping of names of models to what they are",
)


def _pairs(columns: dict[Word, str]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), type_) for name, type_ in columns.items())
