"""What a dry run found out, model by model and layer by layer."""

from __future__ import annotations

import dataclasses
from enum import StrEnum

from aggregator.analyzers.protocol import Field
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.estimate import Estimate
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
class Unjudged:
    """A limit of which nobody can say whether it is kept, and why. ``limit`` is its key."""

    model: TableName
    limit: str
    why: str


@dataclasses.dataclass(frozen=True)
class Examination:
    """What follows from the columns of a model and from what it reads; ``columns`` are those of the strictest layer."""

    columns: tuple[Field, ...] = ()
    estimate: Estimate | None = None
    findings: tuple[Diagnostic, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()


@dataclasses.dataclass(frozen=True)
class ModelReport:
    """What is known of one model; nothing was examined of one that could not be compiled."""

    name: TableName
    path: str
    judgements: tuple[Judgement, ...]
    examination: Examination = Examination()

    @property
    def is_refused(self) -> bool:
        """Whether any layer refuses it."""
        return any(each.state is State.REFUSED for each in self.judgements)


@dataclasses.dataclass(frozen=True)
class DryRun:
    """The result of a dry run: the layers that ran, what is known of each model, and all findings by place."""

    layers: tuple[str, ...]
    models: tuple[ModelReport, ...]
    findings: tuple[Diagnostic, ...]
