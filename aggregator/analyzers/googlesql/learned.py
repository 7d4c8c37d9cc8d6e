"""Functions that ask a model of machine learning, as the analyzer's functions that give tables.

Which columns they give depends on the model, and the analyzer's own functions can't look at one. So a call such as
``ML.PREDICT(MODEL lake.late, TABLE lake.flights)`` is judged as ``ML.PREDICT_ON_lake_late(TABLE lake.flights)``, with
spaces between, so that every character stays where it is. The columns are those of BigQuery's documentation of
``ML.PREDICT``, ``ML.FORECAST`` and ``ML.EVALUATE``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from zetasql.wasi._pb2.zetasql.proto import function_pb2
from zetasql.wasi._pb2.zetasql.public import function_pb2 as public_function_pb2

from aggregator.analyzers.googlesql.catalog import Folder, folder
from aggregator.analyzers.googlesql.reads import Node, inherited, walk
from aggregator.analyzers.protocol import Field
from aggregator.core.learned import Learned, LearnedModel

_FOLDER = "ML"
_INPUT, _SETTINGS = "input", "settings"
_WAYS = {(): "OF", (_INPUT,): "ON", (_SETTINGS,): "BY", (_INPUT, _SETTINGS): "IN"}
"""What stands in the name for the arguments besides the model."""

_FORECAST = (
    "forecast_value",
    "standard_error",
    "confidence_level",
    "prediction_interval_lower_bound",
    "prediction_interval_upper_bound",
    "confidence_interval_lower_bound",
    "confidence_interval_upper_bound",
)
_OF_CLASSES = ("precision", "recall", "accuracy", "f1_score", "log_loss", "roc_auc")
_OF_NUMBERS = (
    "mean_absolute_error",
    "mean_squared_error",
    "mean_squared_log_error",
    "median_absolute_error",
    "r2_score",
    "explained_variance",
)
_OF_CLUSTERS = ("davies_bouldin_index", "mean_squared_distance")


def with_functions(sql: str, tree: Node, models: Iterable[LearnedModel]) -> str:
    """A statement in which functions are called that stand for the models that it asks; ``tree`` is its syntax tree."""
    known = {model.name: model for model in models}
    text = sql.encode()
    for call in walk(tree):
        names = [each.id_string for each in call.name.names] if call.DESCRIPTOR.name == "ASTTVFProto" else []
        where, _, function = ".".join(names).upper().rpartition(".")
        if where != _FOLDER or not call.argument_entries or not call.argument_entries[0].HasField("model_clause"):
            continue
        first, *others = call.argument_entries
        model = known.get(".".join(each.id_string for each in first.model_clause.model_path.names))
        ways = tuple(_SETTINGS if _is_value(each) else _INPUT for each in others)
        if model is not None and _can_be_asked(function, ways) and columns_of(function, model):
            start = inherited(call, "parse_location_range").start
            asked = inherited(first, "parse_location_range").end
            end = text.index(b",", asked) + 1 if others else asked
            name = f"{_FOLDER}.{_name(function, ways, model)}("
            text = text[:start] + name.encode().ljust(end - start) + text[end:]
    return text.decode()


def add_learned(root: Folder, models: Sequence[LearnedModel]) -> None:
    """Put the functions that stand for models into a catalog."""
    for model in models:
        for function in _FUNCTIONS:
            columns = columns_of(function, model)
            for ways in _WAYS if columns else ():
                if _can_be_asked(function, ways):
                    name = _name(function, ways, model)
                    folder(root, [_FOLDER]).custom_tvf.append(_function(name, function, columns, ways))


def stands_for_model(function: str) -> bool:
    """Whether a function of a catalog is one of those."""
    return any(function.startswith(f"{each}_{way}_") for each in _FUNCTIONS for way in _WAYS.values())


def as_written(message: str, models: Iterable[LearnedModel]) -> str:
    """What the analyzer says, in the words of the author."""
    for model in models:
        for function in _FUNCTIONS:
            for ways in _WAYS:
                message = message.replace(_name(function, ways, model), function)
    return message


def columns_of(function: str, model: LearnedModel) -> tuple[Field, ...]:
    """What a function gives of itself when it asks a model; nothing where that is not known."""
    give = _FUNCTIONS.get(function)
    return tuple(give(model)) if give is not None else ()


def _predicted(model: LearnedModel) -> Iterator[Field]:
    if model.columns:
        yield from (Field(*each) for each in model.columns)
    elif model.type is Learned.KMEANS:
        yield Field("CENTROID_ID", "INT64")
        yield Field("NEAREST_CENTROIDS_DISTANCE", "ARRAY<STRUCT<CENTROID_ID INT64, DISTANCE FLOAT64>>")
    for name, type_ in model.labels if not model.columns else ():
        if model.type.is_regressor:
            yield Field(f"predicted_{name}", "FLOAT64")
        elif model.type.is_classifier:
            yield Field(f"predicted_{name}", type_)
            yield Field(f"predicted_{name}_probs", f"ARRAY<STRUCT<label {type_}, prob FLOAT64>>")


def _forecast(model: LearnedModel) -> Iterator[Field]:
    if model.type is Learned.ARIMA_PLUS:
        yield from (Field(*each) for each in model.series)
        yield Field("forecast_timestamp", "TIMESTAMP")
        yield from (Field(name, "FLOAT64") for name in _FORECAST)


def _evaluated(model: LearnedModel) -> Iterator[Field]:
    names: tuple[str, ...] = ()
    if model.type.is_classifier:
        names = _OF_CLASSES
    elif model.type.is_regressor:
        names = _OF_NUMBERS
    elif model.type is Learned.KMEANS:
        names = _OF_CLUSTERS
    yield from (Field(name, "FLOAT64") for name in names)


_FUNCTIONS = {"PREDICT": _predicted, "FORECAST": _forecast, "EVALUATE": _evaluated}
_NEEDS_INPUT = ("PREDICT",)


def _can_be_asked(function: str, ways: tuple[str, ...]) -> bool:
    return ways in _WAYS and (_INPUT in ways or function not in _NEEDS_INPUT)


def _is_value(argument: Node) -> bool:
    """Whether an argument is no table: neither ``TABLE name`` nor a subquery."""
    return bool(argument.HasField("expr") and argument.expr.WhichOneof("node") != "ast_expression_subquery_node")


def _name(function: str, ways: tuple[str, ...], model: LearnedModel) -> str:
    return f"{function}_{_WAYS[ways]}_{model.name.replace('.', '_')}"


def _function(
    name: str, function: str, columns: Iterable[Field], ways: Sequence[str]
) -> function_pb2.TableValuedFunctionProto:
    """A function that takes what a call hands over, and gives these columns; PREDICT those of its input, too."""
    own = [f"CAST(NULL AS {each.type}) AS `{each.name}`" for each in columns]
    rest = [f"{_INPUT}.*"] if function in _NEEDS_INPUT else []
    reads = f" FROM {_INPUT}" if _INPUT in ways else ""
    kind = public_function_pb2.FunctionEnums.TEMPLATED_SQL_TVF
    found = function_pb2.TableValuedFunctionProto(name_path=[name], type=kind, argument_name=ways)
    found.parse_resume_location.input = f"SELECT {', '.join([*own, *rest])}{reads}"
    found.parse_resume_location.byte_position = 0
    found.signature.return_type.kind = public_function_pb2.ARG_TYPE_RELATION
    found.signature.return_type.num_occurrences = 1
    for each in ways:
        relation = each == _INPUT
        argument = public_function_pb2.ARG_TYPE_RELATION if relation else public_function_pb2.ARG_TYPE_ARBITRARY
        found.signature.argument.add(kind=argument, num_occurrences=1)
    return found
