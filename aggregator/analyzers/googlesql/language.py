"""The analyzer's options that make its language BigQuery's.

``language.json`` has the features: those of Google's own toolkit for BigQuery, and newer ones that BigQuery's
documentation describes. All that the analyzer knows would be too much: it would accept GROUP BY of JSON.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from zetasql.wasi._pb2.zetasql.proto import options_pb2
from zetasql.wasi._pb2.zetasql.public import builtin_function_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as public_options_pb2
from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_node_kind_pb2

from aggregator.analyzers.googlesql.types import parsed
from aggregator.analyzers.protocol import Field

_HERE = Path(__file__).parent
PSEUDO_PARTITION = (Field("_PARTITIONTIME", "TIMESTAMP"), Field("_PARTITIONDATE", "DATE"))


@functools.cache
def described() -> Mapping[str, Any]:
    """What sets BigQuery's language apart, as data."""
    found: dict[str, Any] = json.loads((_HERE / "language.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def language() -> options_pb2.LanguageOptionsProto:
    """BigQuery's language."""
    features = dict(public_options_pb2.LanguageFeature.items())
    statements = dict(resolved_node_kind_pb2.ResolvedNodeKind.items())
    return options_pb2.LanguageOptionsProto(
        product_mode=public_options_pb2.PRODUCT_EXTERNAL,
        name_resolution_mode=public_options_pb2.NAME_RESOLUTION_DEFAULT,
        enabled_language_features=sorted(features[name] for name in described()["features"]),
        supported_statement_kinds=sorted(statements[name] for name in described()["statements"]),
        reserved_keywords=["QUALIFY", "MATCH_RECOGNIZE"],
    )


def options(
    parameters: Iterable[Field], *, positional: Iterable[str] = (), prunes: bool = True, with_places: bool = False
) -> options_pb2.AnalyzerOptionsProto:
    """How to analyse a statement with these parameters; ``with_places`` notes where in the text each node stands."""
    found = options_pb2.AnalyzerOptionsProto(
        language_options=language(),
        error_message_mode=public_options_pb2.ERROR_MESSAGE_ONE_LINE,
        default_timezone="UTC",
        prune_unused_columns=prunes,
    )
    if with_places:
        found.parse_location_record_type = public_options_pb2.PARSE_LOCATION_RECORD_FULL_NODE_SCOPE
    for parameter in parameters:
        found.query_parameters.add(name=parameter.name).type.CopyFrom(parsed(parameter.type))
    for type_ in positional:
        found.parameter_mode = public_options_pb2.PARAMETER_POSITIONAL
        found.positional_query_parameters.add().CopyFrom(parsed(type_))
    for field in PSEUDO_PARTITION:
        found.ddl_pseudo_columns.add(name=field.name).type.CopyFrom(parsed(field.type))
    return found


def with_system_variables(found: options_pb2.AnalyzerOptionsProto) -> options_pb2.AnalyzerOptionsProto:
    """The same, for a statement that may read ``@@error.message`` and its like."""
    for name, type_ in described()["system_variables"].items():
        found.system_variables.add(name_path=name.split(".")).type.CopyFrom(parsed(type_))
    return found


@functools.cache
def builtin_functions() -> Any:
    """The functions of the language, without those that BigQuery does not have or that ``functions`` replaces."""
    unknown = (*described()["not_in_bigquery"], *described()["replaced"])
    signatures = builtin_function_pb2.FunctionSignatureId.items()
    return options_pb2.ZetaSQLBuiltinFunctionOptionsProto(
        language_options=language(),
        exclude_function_ids=[number for name, number in signatures if name.startswith(unknown)],
    )
