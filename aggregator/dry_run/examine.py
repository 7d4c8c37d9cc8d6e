"""One model after it was judged: what follows from its columns and from what it reads."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aggregator.analyzers.protocol import Verdict, field_of
from aggregator.cache import Cache, Row, key_of, software
from aggregator.core.codec import Context, decode, decode_findings, encode, encode_findings
from aggregator.core.diagnostics import Document
from aggregator.core.estimate import Estimate
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.dry_run.report import Examination, Unjudged
from aggregator.dry_run.request import Request

if TYPE_CHECKING:
    from aggregator.dry_run.estimate import Grounds

Verdicts = Mapping[TableName, Verdict]
_NOWHERE = Context(Document("", ""))


class Examiner:
    """Examines models; what was found out before, and still holds, is taken from the cache.

    An examination depends on the model and on all that is upstream of it, and on what was said of them; on the catalog,
    the environment and the hour.
    """

    def __init__(self, request: Request, verdicts: Verdicts, cache: Cache) -> None:
        self._request = request
        self._verdicts = verdicts
        self._cache = cache
        self._base = key_of("examination", software(), known_by(request))
        self._states = _states(request.graph, verdicts)

    def examine(self, name: TableName) -> Examination:
        """What follows for one model."""
        key = key_of(self._base, self._states[name]) if self._request.graph.identities[name] else ""
        head = self._cache.head(key) if key else None
        if head is not None:
            return decoded(json.loads(head))
        found = self._examined(name)
        if key:
            self._cache.put(key, Row(json.dumps(encoded(found, self._path(name)))))
        return found

    def _path(self, name: TableName) -> str:
        return self._request.graph.models[name].model.document.path

    def _examined(self, name: TableName) -> Examination:
        from aggregator.dry_run.budget import budget_findings  # noqa: PLC0415  (nothing of it where nothing changed)
        from aggregator.dry_run.contract import contract_findings  # noqa: PLC0415
        from aggregator.dry_run.estimate import estimate  # noqa: PLC0415
        from aggregator.dry_run.rules import Candidate, examine  # noqa: PLC0415

        request, verdict = self._request, self._verdicts.get(name, Verdict())
        model = request.graph.models[name]
        candidate = Candidate(model, request.graph, request.now, verdict.columns, request.catalog)
        cost = estimate(model, self._grounds)
        over, unjudged = budget_findings(model, cost, request.graph.project.environment)
        findings = (*examine(candidate), *contract_findings(model, verdict.columns), *over)
        return Examination(candidate.columns, cost, findings, unjudged)

    @functools.cached_property
    def _grounds(self) -> Grounds:
        from aggregator.dry_run.estimate import Grounds  # noqa: PLC0415  (as above)

        return Grounds(
            graph=self._request.graph,
            now=self._request.now,
            catalog=self._request.catalog,
            reads={name: each.reads for name, each in self._verdicts.items() if each.reads is not None},
            measured={name: each.bytes for name, each in self._verdicts.items() if each.bytes is not None},
        )


def known_by(request: Request) -> str:
    """The hash of the catalog, the environment and the hour."""
    hour = request.now.replace(minute=0, second=0, microsecond=0).isoformat()
    return key_of(hour, repr(request.graph.project.environment), request.catalog_key)


def _states(graph: Graph, verdicts: Verdicts) -> dict[TableName, str]:
    """For each model, the hash of all that is known of it and of everything upstream."""
    digests = graph.project.digests
    states: dict[TableName, str] = {}
    for name in graph.models:
        inputs = (states.get(table) or digests.get(table, "") for table in graph.reads[name])
        states[name] = key_of(digests.get(name, ""), graph.identities[name], repr(verdicts.get(name)), *inputs)
    return states


def encoded(found: Examination, path: str) -> list[Any]:
    """An examination as it is kept; ``path`` is the file of the model."""
    return [
        [[each.name, each.type] for each in found.columns],
        encode(found.estimate, path),
        encode_findings(found.findings, ""),
        [[str(each.model), each.limit, each.why] for each in found.unjudged],
    ]


def decoded(value: list[Any]) -> Examination:
    """The examination that :func:`encoded` gave."""
    columns, estimate, findings, unjudged = value
    return Examination(
        columns=tuple(field_of(*each) for each in columns),
        estimate=decode(Estimate, estimate, _NOWHERE),
        findings=decode_findings(findings, _NOWHERE.document),
        unjudged=tuple(Unjudged(TableName(*model.split(".")), limit, why) for model, limit, why in unjudged),
    )
