"""Graph, snapshot and plan to :class:`ProjectStatus`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Exempt, Plan, Policy, Reason, Stale
from aggregator.core.status import Cause, ModelStatus, ProjectStatus, State
from aggregator.core.warehouse import Ledger
from aggregator.plan.causes import causes_of

_EXEMPT = {Policy.KEPT: State.KEPT, Policy.HELD: State.HELD}


def status_of(graph: Graph, plan: Plan, ledger: Ledger) -> ProjectStatus:
    """The state of every partition that the models of a plan should have."""
    environment = graph.project.environment.name
    models = tuple(_model(graph.models[name], plan, ledger) for name in plan.stale)
    return ProjectStatus(graph.project.name, environment, plan.at, models, causes_of(graph, plan, ledger))


def restricted(status: ProjectStatus, names: Collection[TableName]) -> ProjectStatus:
    """The same about some models only; commands go on to mend all that a cause affects."""
    models = tuple(each for each in status.models if each.name in names)
    causes = (_of(cause, names) for cause in status.causes)
    return dataclasses.replace(status, models=models, causes=tuple(each for each in causes if each.affected))


def _of(cause: Cause, names: Collection[TableName]) -> Cause:
    return dataclasses.replace(cause, affected=tuple(each for each in cause.affected if each.model in names))


def _model(model: CompiledModel, plan: Plan, ledger: Ledger) -> ModelStatus:
    stale, exempt, failed = plan.stale[model.name], plan.exempt[model.name], ledger.failed.get(model.name, {})
    states = {
        each: _state(stale.get(each), exempt.get(each), is_failed=each in failed) for each in plan.due[model.name]
    }
    built = ledger.built.get(model.name, {})
    reasons = {
        each: failed[each].message if states[each] is State.FAILED else _reason(found) for each, found in stale.items()
    }
    reasons |= {each: found.detail for each, found in exempt.items()}
    return ModelStatus(
        name=model.name,
        description=model.model.description,
        owner=model.model.owner,
        form=str(model.calendar.grain) if model.calendar else str(model.model.kind),
        calendar=model.calendar,
        states=states,
        reasons=reasons,
        warnings={each: found for each in states if each in built and (found := _warnings(built[each].checks))},
    )


def _warnings(checks: str) -> tuple[str, ...]:
    """What the checks said that did not hold when rows were published."""
    results = json.loads(checks).get("results", []) if checks else []
    return tuple(
        each["meta"].get("message") or f"{each['expectation_config']['type']} could not be evaluated"
        for each in results
    )


def _state(stale: Stale | None, exempt: Exempt | None, *, is_failed: bool) -> State:
    if stale is None and exempt is not None:
        return _EXEMPT.get(exempt.policy, State.ACCEPTED)
    if stale is None:
        return State.FRESH
    if is_failed:
        return State.FAILED
    return State.MISSING if stale.reason is Reason.MISSING else State.STALE


def _reason(stale: Stale) -> str:
    return f"{stale.reason}: {stale.detail}" if stale.detail else str(stale.reason)
