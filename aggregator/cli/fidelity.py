"""How near the embedded engine comes to BigQuery, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from aggregator.core.graph import CompiledModel, Fidelity


def fidelity_lines(model: CompiledModel) -> Iterator[str]:
    """The verdict on a model, and what it rests on; nothing where its rows are those of BigQuery."""
    if model.fidelity is Fidelity.EXACT:
        return
    yield f"on the embedded engine its rows are {_WORDS[model.fidelity]}"
    for each in model.differences:
        yield f"  {each.fidelity}, line {each.place.line}: {each.construct}: {each.why}"


def fidelity_summary(models: Collection[CompiledModel]) -> Iterator[str]:
    """How many models are exact, and those that are not computed at all."""
    counts = Counter(model.fidelity for model in models)
    if counts[Fidelity.EXACT] < len(models):
        told = ", ".join(f"{counts[each]} {each}" for each in Fidelity if counts[each])
        yield f"on the embedded engine: {told}"
    for model in models:
        if model.fidelity is Fidelity.REFUSED:
            refused = next(each for each in model.differences if each.fidelity is Fidelity.REFUSED)
            yield f"  {model.name} is refused there: {refused.construct}, line {refused.place.line}: {refused.why}"


_WORDS = {
    Fidelity.APPROXIMATE: "nearly those of BigQuery",
    Fidelity.REFUSED: "not computed, since they may not be those of BigQuery",
}
