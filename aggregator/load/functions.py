"""``functions:`` of ``aggregator.yml``: which functions of the warehouse are declared there, and under which names."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

from aggregator.cache import Cache, Row, key_of, software
from aggregator.core.diagnostics import Document, Word
from aggregator.core.names import is_identifier
from aggregator.core.project import Function
from aggregator.load import codes
from aggregator.load.report import Report, shortened

_FORM = "write `CREATE FUNCTION dataset.name(…) AS (…)`, or CREATE TABLE FUNCTION"


def read_functions(texts: Sequence[Word], document: Document, cache: Cache, report: Report) -> tuple[Function, ...]:
    """The functions that statements in a file make. Statements that ``cache`` knows are not looked at again."""
    found: dict[str, Function] = {}
    for text, (name, message, advice) in zip(texts, _names(texts, cache), strict=True):
        first = found.setdefault(name.casefold(), Function(name, text, document.lines_of(text))) if name else None
        if first is None:
            report.add(text.place, codes.BAD_FUNCTION, message, advice)
        elif first.text is not text:
            twice = f"the function {name} is declared twice; the first is on line {first.text.place.line}"
            report.add(text.place, codes.BAD_FUNCTION, twice, "keep one of them")
    return tuple(found.values())


def _names(texts: Sequence[Word], cache: Cache) -> list[list[str]]:
    """For each statement the name of its function, or a message and advice."""
    if not texts:
        return []
    key = key_of("functions", software(), *texts)
    head = cache.head(key)
    if head is None:
        head = json.dumps([_name(text) for text in texts])
        cache.put(key, Row(head))
    found: list[list[str]] = json.loads(head)
    return found


def _name(text: str) -> tuple[str, str, str]:
    from sqlglot import tokenize  # noqa: PLC0415  (what the cache knows is not looked at)
    from sqlglot.errors import TokenError  # noqa: PLC0415
    from sqlglot.tokenizer_core import TokenType  # noqa: PLC0415

    try:
        tokens = tokenize(text, read="bigquery")
    except TokenError:
        return "", f"a quote or comment is never closed in {shortened(text)!r}", "close it"
    words = [token.text for token in tokens]
    start = _name_start(words)
    if not start:
        return "", f"{shortened(text)!r} is no CREATE FUNCTION statement", _FORM
    if TokenType.SEMICOLON in [token.token_type for token in tokens[:-1]]:
        return "", f"{shortened(text)!r} is more than one statement", "make each an item of its own"
    return _checked("".join(itertools.takewhile(lambda word: word != "(", words[start:])))


def _name_start(words: Sequence[str]) -> int:
    """The index of the first word of the function's name; 0 where this makes no function that stays."""
    create = _behind(words, 0, "CREATE")
    kind = _behind(words, create, "OR", "REPLACE")
    kind = _behind(words, _behind(words, kind, "TABLE"), "AGGREGATE")
    function = _behind(words, kind, "FUNCTION")
    return _behind(words, function, "IF", "NOT", "EXISTS") if 0 < create <= kind < function < len(words) else 0


def _behind(words: Sequence[str], start: int, *phrase: str) -> int:
    """The index behind a phrase that may stand at a place."""
    end = start + len(phrase)
    return end if tuple(word.upper() for word in words[start:end]) == phrase else start


def _checked(name: str) -> tuple[str, str, str]:
    parts = name.split(".")
    if len(parts) > 2:  # noqa: PLR2004
        return "", f"the function {name} names a project", f"write {'.'.join(parts[-2:])}"
    if not all(map(is_identifier, parts)):
        return "", f"{shortened(name)} does not name a function", "letters, digits and underscores: dataset.name"
    if len(parts) < 2:  # noqa: PLR2004
        return "", f"the function {name} has no dataset", f"write where it lives: dataset.{name}"
    return name, "", ""
