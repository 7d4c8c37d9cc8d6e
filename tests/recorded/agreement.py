"""How far the product agrees with what BigQuery answered, fixture by fixture."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zetasql.wasi._pb2.zetasql.public import type_pb2

from aggregator.analyzers.googlesql.evaluate import Evaluator
from aggregator.analyzers.googlesql.types import parsed, text_of

from .analyst import Analyst, RefusedError
from .corpus import Fixture
from .prepared import prepared
from .rows import compared
from .statements import Replay
from .warehouse import Column

_LEGACY = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
OUTSIDE, RUN_TIME, AGREES = "outside", "run-time", "agrees"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a fixture: for each measure ``agrees``, why it is not measured, or what is different."""

    fixture: Fixture
    verdict: str
    schema: str = ""
    place: str = ""
    bytes: str = ""
    rows: str = ""

    @property
    def is_in_population(self) -> bool:
        """Whether a check of SQL can decide this at all."""
        return self.verdict not in (OUTSIDE, RUN_TIME)


def measure(evaluator: Evaluator, fixture: Fixture) -> Outcome:
    """Replay a fixture, and compare."""
    if fixture.outside:
        return Outcome(fixture, OUTSIDE)
    try:
        analyst = prepared(evaluator, fixture)
    except RefusedError as error:
        return Outcome(fixture, f"its setup is refused: {error}")
    try:
        return _measured(analyst, fixture)
    finally:
        analyst.forget()


def _measured(analyst: Analyst, fixture: Fixture) -> Outcome:
    replay = Replay(analyst, is_dry_run=fixture.is_dry_run)
    try:
        result = replay.run(fixture.query, wants_rows=not fixture.is_dry_run)
    except RefusedError as error:
        verdict = AGREES if fixture.error else f"refused: {error}"
        return Outcome(fixture, verdict, verdict, _place(fixture.error, str(error)))
    rows = compared(fixture, result)
    if fixture.error:
        return Outcome(fixture, RUN_TIME if fixture.fails_at_run_time else f"missed: {fixture.error}", rows=rows)
    schema = "; ".join(_differences(fixture.schema, legacy(result.columns))) or AGREES
    return Outcome(fixture, AGREES, schema, bytes=_bytes(fixture, replay), rows=rows)


def legacy(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Columns as the API of BigQuery describes them."""
    return [_described(each.name, parsed(each.type), each.mode) for each in columns]


def _described(name: str, type_: type_pb2.TypeProto, mode: str = "NULLABLE") -> dict[str, Any]:
    if type_.type_kind == type_pb2.TYPE_ARRAY:
        return _described(name, type_.array_type.element_type, "REPEATED")
    if type_.type_kind == type_pb2.TYPE_RANGE:
        return {"name": name, "type": "RANGE", "mode": mode}
    if type_.type_kind != type_pb2.TYPE_STRUCT:
        kind = text_of(type_)
        return {"name": name, "type": _LEGACY.get(kind, kind), "mode": mode}
    fields = [
        _described(each.field_name or f"_field_{place}", each.field_type)
        for place, each in enumerate(type_.struct_type.field, start=1)
    ]
    return {"name": name, "type": "RECORD", "mode": mode, "fields": fields}


def _differences(
    recorded: Sequence[Mapping[str, Any]], ours: Sequence[Mapping[str, Any]], path: str = ""
) -> Iterator[str]:
    if len(recorded) != len(ours):
        yield f"{path or 'the result'} has {len(ours)} columns, recorded are {len(recorded)}"
        return
    for theirs, mine in zip(recorded, ours, strict=True):
        name = f"{path}{theirs['name']}"
        for key in ("name", "type", "mode"):
            if theirs.get(key) != mine.get(key):
                yield f"{name}: {key} is {mine.get(key)}, recorded is {theirs.get(key)}"
        yield from _differences(theirs.get("fields") or (), mine.get("fields") or (), f"{name}.")


def _place(recorded: str, ours: str) -> str:
    """BigQuery writes ``at [1:8]``, the analyzer ``[at 1:8]``."""
    theirs, mine = re.search(r" at \[(\d+:\d+)\]", recorded), re.search(r"\[at (\d+:\d+)\]", ours)
    if theirs is None:
        return ""
    return AGREES if mine and mine[1] == theirs[1] else f"{ours}, recorded is {recorded}"


def _bytes(fixture: Fixture, replay: Replay) -> str:
    if fixture.bytes is None:
        return "not recorded"
    if replay.meter.unknown:
        return f"not known: {replay.meter.unknown}"
    if replay.meter.total == fixture.bytes:
        return AGREES
    return f"{replay.meter.total}, recorded are {fixture.bytes}"
