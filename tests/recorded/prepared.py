"""What the setup of a fixture leaves. Many fixtures have the same one, and it is replayed once."""

from __future__ import annotations

import functools

from aggregator.analyzers.googlesql.evaluate import Evaluator

from .analyst import Analyst, RefusedError
from .corpus import Fixture
from .statements import Replay
from .warehouse import Warehouse


def prepared(evaluator: Evaluator, fixture: Fixture) -> Analyst:
    """An analyst with what there is before the query. Raises :class:`RefusedError`."""
    left = _after(evaluator, fixture.default, fixture.setup)
    if isinstance(left, str):
        raise RefusedError(left)
    warehouse, complaint = left
    analyst = Analyst(evaluator, warehouse.copy())
    analyst.complaint, analyst.parameters = complaint, fixture.parameters
    return analyst


@functools.cache
def _after(evaluator: Evaluator, default: tuple[str, str] | None, setup: str) -> tuple[Warehouse, str] | str:
    """What is there after it, and the last complaint; or why it is refused."""
    analyst = Analyst(evaluator, Warehouse(default))
    try:
        if setup:
            Replay(analyst).run(setup)
    except RefusedError as error:
        return str(error)
    finally:
        analyst.forget()
    return analyst.warehouse, analyst.complaint
