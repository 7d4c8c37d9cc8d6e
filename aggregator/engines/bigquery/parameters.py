"""Parameters of a query, with their types, as BigQuery's API has them: named, and NULL where no value is given."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from aggregator.engines.bigquery.types import Type


@dataclasses.dataclass(frozen=True)
class Parameter:
    """``@name`` in a query. Only scalars, and arrays of them, have a value other than NULL, or than no elements."""

    name: str
    type: Type
    value: object = None

    def api(self) -> dict[str, Any]:
        """As the API wants it."""
        return {"name": self.name, "parameterType": _type(self.type), "parameterValue": _value(self.type, self.value)}


def named(parameters: Iterable[Parameter]) -> dict[str, Any]:
    """The parameters of a query, as part of its configuration."""
    return {"parameterMode": "NAMED", "queryParameters": [each.api() for each in parameters]}


def _type(type_: Type) -> dict[str, Any]:
    if type_.name == "ARRAY" and type_.element is not None:
        return {"type": "ARRAY", "arrayType": _type(type_.element)}
    if type_.name == "RANGE" and type_.element is not None:
        return {"type": "RANGE", "rangeElementType": _type(type_.element)}
    if type_.name == "STRUCT":
        return {"type": "STRUCT", "structTypes": [{"name": name, "type": _type(each)} for name, each in type_.fields]}
    return {"type": type_.name}


def _value(type_: Type, value: object) -> dict[str, Any]:
    if type_.name == "ARRAY":
        return {"arrayValues": [{"value": str(each)} for each in value] if isinstance(value, (list, tuple)) else []}
    if type_.name == "RANGE":
        return {"rangeValue": {"start": {"value": None}, "end": {"value": None}}}
    if type_.name == "STRUCT":
        return {"structValues": {name: _value(each, None) for name, each in type_.fields}}
    return {"value": None if value is None else str(value)}
