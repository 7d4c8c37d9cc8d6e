"""What was found out about models before, and still holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from aggregator.cache import Cache, Row, key_of, software
from aggregator.compile.facts import NO_FINDINGS, Facts, Known
from aggregator.core.codec import decode_findings, encode_findings
from aggregator.core.diagnostics import Diagnostic, Document
from aggregator.core.names import TableName
from aggregator.core.project import Project

if TYPE_CHECKING:
    from aggregator.compile.subject import Inspect
    from aggregator.compile.workers import Workers

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOWHERE = Document("", "")


class Recall:
    """The cache, in the words of the compile stage.

    Facts hold for a digest of the model's own text and for what its readers see of each table that it reads. Where a
    mistake has to do with which other tables there are, these are part of the key too.
    """

    def __init__(self, project: Project, inspect: Inspect, cache: Cache) -> None:
        self._project = project
        self._cache = cache
        self._base = key_of("compile", software(), f"{inspect.__module__}.{getattr(inspect, '__qualname__', inspect)}")
        self._names = key_of(*sorted(map(str, {*project.models, *project.sources, *project.broken})))
        self._asks: dict[TableName, bool] = {}
        self._keys: dict[TableName, str] = {}

    def references(self) -> dict[TableName, tuple[TableName, ...]]:
        """The tables that models read, for those whose text was seen before."""
        digests = self._project.digests
        names = [name for name in self._project.models if name in digests]
        keys = {name: key_of(self._base, "references", digests[name]) for name in names}
        heads = self._cache.heads(keys.values())
        found = {}
        for name, key in keys.items():
            if key in heads:
                self._asks[name], *tables = json.loads(heads[key])
                found[name] = tuple(TableName(*table.split(".")) for table in tables)
        return found

    def guessed(self, names: Iterable[TableName]) -> dict[TableName, tuple[TableName, ...]]:
        """The tables that models seem to read: the words of their names stand in the text. Only good for an order."""
        homes: dict[str, list[TableName]] = {}
        for table in (*self._project.models, *self._project.sources):
            homes.setdefault(table.table, []).append(table)
        guesses = {}
        for name in names:
            words = set(_WORD.findall(self._project.models[name].mentions))
            tables = {table for word in words & homes.keys() for table in homes[word] if table.dataset in words}
            guesses[name] = tuple(tables - {name})
        return guesses

    def find(self, name: TableName, known: Known) -> Facts | None:
        """The facts about a model, given the tables that it reads."""
        key = self._key(name, known, asks_for_names=self._asks[name]) if name in self._asks else None
        head = self._cache.head(key) if key else None
        if head is None:
            return None
        table, remark, findings = head.split("\n")
        return Facts(tuple(known), findings=findings, table=table, remark=remark)

    def keep(self, name: TableName, facts: Facts, known: Known) -> None:
        """Remember the facts about a model."""
        inputs = {table: known[table] for table in facts.references}
        key = self._key(name, inputs, asks_for_names=facts.asks_for_names)
        if key is not None:
            references = json.dumps([facts.asks_for_names, *map(str, facts.references)])
            self._cache.put(key_of(self._base, "references", self._project.digests[name]), Row(references))
            self._cache.put(key, Row(f"{facts.table}\n{facts.remark}\n{facts.findings}", facts.body))

    def body(self, name: TableName) -> str | None:
        """The compiled form of a model that :meth:`find` knew; None if someone has deleted the cache meanwhile."""
        return self._cache.body(self._keys[name])

    def identity(self, name: TableName) -> str:
        """What the compiled form of a model is found by; empty where it can't be found again."""
        return self._keys.get(name, "")

    def macro_problems(self, workers: Workers) -> tuple[Diagnostic, ...]:
        """What is wrong with the files in ``macros/``."""
        texts = [text for document in self._project.macros for text in (document.path, document.text)]
        variables = json.dumps(self._project.variables, sort_keys=True, default=str)
        key = key_of(self._base, "macros", variables, *texts)
        head = self._cache.head(key) if texts else NO_FINDINGS
        if head is not None:
            return decode_findings(json.loads(head), _NOWHERE)
        found = tuple(workers.macro_problems())
        self._cache.put(key, Row(json.dumps(encode_findings(found, ""))))
        return found

    def _key(self, name: TableName, known: Known, *, asks_for_names: bool) -> str | None:
        digest = self._project.digests.get(name)
        if digest is None:
            return None
        inputs = (text for table in sorted(known) for text in (str(table), known[table]))
        self._keys[name] = key_of(self._base, digest, self._names if asks_for_names else "", *inputs)
        return self._keys[name]
