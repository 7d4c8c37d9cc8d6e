"""Whoever allows what gives other rows each time has to say how long the rows are good for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.graph import CompiledModel
from aggregator.core.project import Kind

NOT_VOLATILE = Code(
    "L032",
    "not-volatile",
    """A comment allows `clock` or `random`, and the model does not say `volatile:`.

Its rows are other ones each time, yet they are called fresh for as long as its inputs stay the same: ages that were
counted from today stand still, and nobody is told. Say how long the rows are good for: `volatile: 1 day` builds a
partition again when it is older, `volatile: true` with every run, and `lookback: 7 days` ends that for partitions that
were over a week before.""",
    Layer.LINT,
    Severity.WARNING,
)
_UNREPEATABLE = frozenset({"clock", "random"})


def not_volatile(model: CompiledModel, allowed: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The first of the findings that a table's comments allow and that its front matter contradicts; or nothing."""
    if model.model.volatile is not None or model.model.kind is Kind.VIEW:
        return
    for each in allowed:
        if each.code.name in _UNREPEATABLE:
            message = f"{each.code.name} is allowed here, but it is not said how long the rows are good for"
            yield Diagnostic(each.place, NOT_VOLATILE, message, "`volatile: 1 day`, or `volatile: true`")
            return
