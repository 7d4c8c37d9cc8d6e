"""What a dry run found out, model by model and layer by layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum

from aggregator.analyzers.protocol import Field
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.names import TableName


class State(StrEnum):
    """What a layer says of a model."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCHECKED = "not checked"


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What one layer says of one model; ``why`` it was not checked."""

    layer: str
    state: State
    why: str = ""


@dataclasses.dataclass(frozen=True)
class ModelReport:
    """What is known of one model. ``columns`` and ``reads`` are those of the strictest layer that can tell."""

    name: TableName
    path: str
    judgements: tuple[Judgement, ...]
    columns: tuple[Field, ...]
    reads: Mapping[str, tuple[str, ...]] | None
    bytes: int | None


@dataclasses.dataclass(frozen=True)
class DryRun:
    """The result of a dry run; ``layers`` are those that ran."""

    layers: tuple[str, ...]
    models: tuple[ModelReport, ...]
    findings: tuple[Diagnostic, ...]
