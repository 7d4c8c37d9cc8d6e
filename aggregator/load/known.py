"""Files that were read before: what they declare, from the cache, and only when someone asks for it."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Callable, Mapping

from aggregator.cache import Cache, Row, key_of, software
from aggregator.core.codec import Context, decode, decode_findings, encode, encode_findings
from aggregator.core.diagnostics import Diagnostic, Document
from aggregator.core.learned import LearnedModel
from aggregator.core.names import TableName
from aggregator.core.plain import Plain
from aggregator.core.project import MARKS, Function, Model, Source

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MACRO = re.compile(r"{%-?\s*macro\s+(\w+)")


@dataclasses.dataclass(frozen=True)
class Reading:
    """What is known of a file of ``models/``; ``key`` identifies its text, and ``read`` gives what it declares."""

    document: Document
    key: str
    is_sound: bool
    is_model: bool
    diagnostics: tuple[Diagnostic, ...]
    read: Callable[[], Model | Source | None]

    def model(self) -> Model:
        """The model of a sound file."""
        model = self.read()
        assert isinstance(model, Model)  # noqa: S101
        return model

    def source(self) -> Source | None:
        """The source, if the file declares one."""
        table = None if self.is_model else self.read()
        return table if isinstance(table, Source) else None


def read_all(documents: Mapping[TableName, Document], zone: str, cache: Cache) -> dict[TableName, Reading]:
    """What files declare, by the tables that they are about. Only texts are parsed that the cache does not know."""
    keys = {name: key_of("file", software(), zone, each.path, each.text) for name, each in documents.items()}
    heads = cache.heads(keys.values())
    return {
        name: _known(heads[key], key, documents[name], name, zone, cache)
        if key in heads
        else _read(key, documents[name], name, zone, cache)
        for name, key in keys.items()
    }


def _known(head: str, key: str, document: Document, name: TableName, zone: str, cache: Cache) -> Reading:
    is_sound, is_model, found = json.loads(head)
    from_cache = functools.partial(_kept, cache, key, document, name, zone, Model if is_model else Source)
    return Reading(document, key, is_sound, is_model, decode_findings(found, document), from_cache)


def _read(key: str, document: Document, name: TableName, zone: str, cache: Cache) -> Reading:
    from aggregator.load.tables import read_table  # noqa: PLC0415  (the file formats: nothing may have changed)

    table, problems = read_table(document, name, zone)
    found = encode_findings(problems, document.path)
    body = json.dumps(encode(table, document.path)) if table else ""
    is_model = isinstance(table, Model)
    cache.put(key, Row(json.dumps([table is not None, is_model, found]), body))
    return Reading(document, key, table is not None, is_model, tuple(problems), lambda: table)


def _kept(
    cache: Cache, key: str, document: Document, name: TableName, zone: str, type_: type[Model | Source]
) -> Model | Source | None:
    body = cache.body(key)
    if not body:
        from aggregator.load.tables import read_table  # noqa: PLC0415  (another process has thrown the row away)

        return read_table(document, name, zone)[0]
    table: Model | Source = decode(type_, json.loads(body), Context(document))
    return table


class Templates:
    """Which macros, variables and declared functions the text of a model may depend on."""

    def __init__(
        self,
        macros: tuple[Document, ...],
        variables: Mapping[str, Plain],
        functions: tuple[Function, ...] = (),
        ml_models: tuple[LearnedModel, ...] = (),
    ) -> None:
        self._variables = json.dumps(variables, sort_keys=True, default=str)
        self._declared = {each.name: str(each.text) for each in functions} | {
            each.name: repr(each) for each in ml_models
        }
        self._files = {document.path: document for document in macros}
        self._homes: dict[str, set[str]] = {}
        for document in macros:
            for macro in _MACRO.findall(document.text):
                self._homes.setdefault(macro, set()).add(document.path)

    def digest(self, key: str, document: Document) -> str:
        """The identity of a model's SQL: its file, what it may call or ask, and the macros if it is a template.

        Both are called by name, so those whose names do not occur can't matter; only a template may put the name of a
        function together.
        """
        if not any(mark in document.text for mark in MARKS):
            called = self._called(document.text)
            return key_of(key, *called) if called else key
        used: dict[str, str] = {}
        waiting = [document.text]
        while waiting:
            for word in set(_WORD.findall(waiting.pop())):
                for path in self._homes.get(word, set()) - used.keys():
                    used[path] = self._files[path].text
                    waiting.append(used[path])
        return key_of(
            key, self._variables, *(part for item in sorted(used.items()) for part in item), *self._declared.values()
        )

    def _called(self, text: str) -> list[str]:
        """The texts of what is declared whose names occur in a text, or in that of one of them."""
        called: dict[str, str] = {}
        waiting = [text] if self._declared else []
        while waiting:
            words = set(_WORD.findall(waiting.pop()))
            for name, declared in self._declared.items():
                if name not in called and words.issuperset(name.split(".")):
                    called[name] = declared
                    waiting.append(declared)
        return [called[name] for name in sorted(called)]
