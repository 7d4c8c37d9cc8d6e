"""Functions of BigQuery that the analyzer's open-source library lacks, from BigQuery's documentation.

They are only signatures: enough to judge a call, not to evaluate one. Those whose result depends on more than that (on
a model, or on what a table holds) are named in ``language.json`` and not judged.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping

from zetasql.wasi._pb2.zetasql.proto import function_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import function_pb2 as public_function_pb2

from aggregator.analyzers.googlesql.types import parsed

_ANY, _FIRST, _SECOND = "ANY TYPE", "FIRST TYPE", "SECOND TYPE"
_OPEN = {
    _ANY: public_function_pb2.ARG_TYPE_ARBITRARY,
    _FIRST: public_function_pb2.ARG_TYPE_ANY_1,
    _SECOND: public_function_pb2.ARG_TYPE_ANY_2,
}
"""Arguments of any type; those of the first and of the second kind have one type each within a call."""

_ENUM = public_function_pb2.FunctionEnums
_ANALYZER = {"analyzer": "STRING", "analyzer_options": "STRING"}
_STRUCT = "STRUCT<result {}, full_response JSON, status STRING>"
_AI = {"connection_id": "STRING", "endpoint": "STRING", "request_type": "STRING", "model_params": "JSON"}


@dataclasses.dataclass(frozen=True)
class Signature:
    """A function with the types of its result and arguments; ``optional`` ones may be left out, ``named`` ones too."""

    name: str
    result: str
    arguments: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    named: Mapping[str, str] = dataclasses.field(default_factory=dict)
    mode: int = _ENUM.SCALAR
    windowed: bool = False


def _windowed(name: str, result: str, *arguments: str, optional: tuple[str, ...] = ()) -> Signature:
    return Signature(name, result, arguments, optional, mode=_ENUM.ANALYTIC, windowed=True)


def _aggregate(name: str, result: str, *arguments: str) -> Signature:
    return Signature(name, result, arguments, mode=_ENUM.AGGREGATE)


def _quantiles(type_: str) -> Iterator[Signature]:
    """Sketches of one type of numbers. The analyzer has some of them, and takes no others beside its own."""
    sketch = "KLL_QUANTILES.{}_" + type_
    options = {"weight": "INT64"}
    yield Signature(sketch.format("INIT"), "BYTES", (type_,), ("INT64",), options, mode=_ENUM.AGGREGATE)
    yield _aggregate(sketch.format("MERGE"), f"ARRAY<{type_}>", "BYTES", "INT64")
    yield _aggregate(sketch.format("MERGE_POINT"), type_, "BYTES", "FLOAT64")
    yield Signature(sketch.format("EXTRACT"), f"ARRAY<{type_}>", ("BYTES", "INT64"))
    yield Signature(sketch.format("EXTRACT_POINT"), type_, ("BYTES", "FLOAT64"))


SIGNATURES = (
    Signature("SEARCH", "BOOL", (_ANY, "STRING"), named={"json_scope": "STRING", **_ANALYZER}),
    Signature("CONTAINS_SUBSTR", "BOOL", (_ANY, "STRING"), named={"json_scope": "STRING"}),
    Signature("TEXT_ANALYZE", "ARRAY<STRING>", ("STRING",), named=_ANALYZER),
    Signature("BAG_OF_WORDS", "ARRAY<STRUCT<term STRING, count INT64>>", ("ARRAY<STRING>",)),
    _aggregate("MAX_BY", _FIRST, _FIRST, _SECOND),
    _aggregate("MIN_BY", _FIRST, _FIRST, _SECOND),
    *(each for type_ in ("INT64", "FLOAT64") for each in _quantiles(type_)),
    _aggregate("KLL_QUANTILES.MERGE_PARTIAL", "BYTES", "BYTES"),
    Signature("JSON_FLATTEN", "ARRAY<JSON>", ("JSON",)),
    _windowed("TF_IDF", "ARRAY<STRUCT<term STRING, tf_idf FLOAT64>>", "ARRAY<STRING>", optional=("INT64", "INT64")),
    Signature("ML.BUCKETIZE", "STRING", ("FLOAT64", "ARRAY<FLOAT64>"), ("BOOL",)),
    Signature("ML.DISTANCE", "FLOAT64", ("ARRAY<FLOAT64>", "ARRAY<FLOAT64>"), ("STRING",)),
    Signature("ML.FEATURE_CROSS", _ANY, (_ANY,), ("INT64",)),
    Signature("ML.HASH_BUCKETIZE", "INT64", ("STRING", "INT64")),
    Signature("ML.LP_NORM", "FLOAT64", ("ARRAY<FLOAT64>", "FLOAT64")),
    Signature("ML.NGRAMS", "ARRAY<STRING>", ("ARRAY<STRING>", "ARRAY<INT64>"), ("STRING",)),
    Signature("ML.NORMALIZER", "ARRAY<FLOAT64>", ("ARRAY<FLOAT64>",), ("FLOAT64",)),
    _windowed("ML.IMPUTER", _FIRST, _FIRST, "STRING"),
    _windowed("ML.LABEL_ENCODER", "INT64", "STRING", optional=("INT64", "INT64")),
    _windowed("ML.MAX_ABS_SCALER", "FLOAT64", "FLOAT64"),
    _windowed("ML.MIN_MAX_SCALER", "FLOAT64", "FLOAT64"),
    _windowed("ML.QUANTILE_BUCKETIZE", "STRING", "FLOAT64", "INT64"),
    _windowed("ML.ROBUST_SCALER", "FLOAT64", "FLOAT64", optional=("ARRAY<INT64>", "BOOL", "BOOL")),
    _windowed("ML.STANDARD_SCALER", "FLOAT64", "FLOAT64"),
    Signature("AI.GENERATE", _STRUCT.format("STRING"), (_ANY,), named={**_AI, "output_schema": "STRING"}),
    Signature("AI.GENERATE_BOOL", _STRUCT.format("BOOL"), (_ANY,), named=_AI),
    Signature("AI.GENERATE_DOUBLE", _STRUCT.format("FLOAT64"), (_ANY,), named=_AI),
    Signature("AI.GENERATE_INT", _STRUCT.format("INT64"), (_ANY,), named=_AI),
    Signature("AI.IF", "BOOL", (_ANY,), named=_AI),
    Signature("AI.SCORE", "FLOAT64", (_ANY,), named=_AI),
    Signature("AI.CLASSIFY", "STRING", (_ANY,), named={"categories": "ARRAY<STRING>", **_AI}),
)


@functools.cache
def missing_functions() -> tuple[tuple[str, ...], simple_catalog_pb2.SimpleCatalogProto]:
    """The functions as they go into a catalog, those with a prefix in a catalog of that name."""
    found = simple_catalog_pb2.SimpleCatalogProto()
    folders: dict[str, simple_catalog_pb2.SimpleCatalogProto] = {}
    for each in SIGNATURES:
        folder, _, name = each.name.rpartition(".")
        if folder and folder not in folders:
            folders[folder] = found.catalog.add(name=folder)
        (folders[folder] if folder else found).custom_function.append(_function(each, name))
    return tuple(folders), found


def _function(each: Signature, name: str) -> function_pb2.FunctionProto:
    found = function_pb2.FunctionProto(name_path=[name], group="bigquery", mode=each.mode)
    if each.windowed:
        found.options.supports_over_clause = True
        found.options.window_ordering_support = _ENUM.ORDER_OPTIONAL
    signature = found.signature.add()
    _set_type(signature.return_type, each.result)
    for type_ in each.arguments:
        _set_type(signature.argument.add(), type_)
    for type_ in each.optional:
        _set_optional(signature.argument.add(), type_)
    for argument, type_ in each.named.items():
        added = signature.argument.add()
        _set_optional(added, type_)
        added.options.argument_name = argument
        added.options.named_argument_kind = _ENUM.NAMED_ONLY
    return found


def _set_type(argument: function_pb2.FunctionArgumentTypeProto, type_: str) -> None:
    argument.num_occurrences = 1
    if type_ in _OPEN:
        argument.kind = _OPEN[type_]
    else:
        argument.kind = public_function_pb2.ARG_TYPE_FIXED
        argument.type.CopyFrom(parsed(type_))


def _set_optional(argument: function_pb2.FunctionArgumentTypeProto, type_: str) -> None:
    _set_type(argument, type_)
    argument.num_occurrences = 0
    argument.options.cardinality = _ENUM.OPTIONAL
