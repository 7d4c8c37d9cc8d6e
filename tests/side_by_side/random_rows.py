"""Random rows of ``t``: a column of each type, with NULLs, ties, extremes, and texts that are hard on functions."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from aggregator.analyzers.googlesql.tables import Interval, Json

COLUMNS: dict[str, str] = {
    "k": "INT64",
    "i": "INT64",
    "j": "INT64",
    "p": "INT64",
    "z": "INT64",
    "f": "FLOAT64",
    "g": "FLOAT64",
    "n": "NUMERIC",
    "m": "NUMERIC",
    "b": "BOOL",
    "c": "BOOL",
    "s": "STRING",
    "u": "STRING",
    "num": "STRING",
    "words": "STRING",
    "y": "BYTES",
    "d": "DATE",
    "e": "DATE",
    "dt": "DATETIME",
    "du": "DATETIME",
    "ts": "TIMESTAMP",
    "tu": "TIMESTAMP",
    "tm": "TIME",
    "a": "ARRAY<INT64>",
    "sa": "ARRAY<STRING>",
    "st": "STRUCT<x INT64, y STRING>",
    "ar": "ARRAY<STRUCT<x INT64, y STRING>>",
    "js": "JSON",
    "jt": "STRING",
    "ev": "ARRAY<STRUCT<key STRING, value STRUCT<s STRING, n INT64, f FLOAT64>>>",
    "iv": "INTERVAL",
    "iw": "INTERVAL",
    "h": "FLOAT64",
    "h2": "FLOAT64",
}
_TEXTS = ("", "a", "ab", "B", "abc", " a b ", "aab", "Straße", "ÀÉ", "日本", "a_c", "%", "ba", "\n", "x" * 9)
_WORDS = ("foo bar", "foo-bar baz", "Foo", "", "a,b,,c", "o'neil foo", "über-alles")
_FIRST, _DAYS = dt.date(2012, 12, 20), 800
_START = dt.datetime(2012, 12, 30, tzinfo=dt.UTC)


def rows(seed: int, count: int) -> tuple[tuple[Any, ...], ...]:
    """So many rows; equal seeds give equal rows."""
    chance = random.Random(seed)
    return tuple((key, *(_MADE[name](chance) for name in list(COLUMNS)[1:])) for key in range(1, count + 1))


def _or_null(make: Callable[[random.Random], Any]) -> Callable[[random.Random], Any]:
    return lambda chance: None if chance.random() < 0.15 else make(chance)


def _integer(chance: random.Random) -> int:
    return chance.choice((0, 1, 2, 3, -1, chance.randint(-50, 50), chance.randint(-(10**6), 10**6)))


def _float(chance: random.Random) -> float:
    return chance.choice((0.0, 0.5, 1.5, 2.5, -0.5, -2.5, chance.uniform(-50, 50), chance.uniform(-(10**5), 10**5)))


def _any_float(chance: random.Random) -> float:
    return chance.choice((math.nan, math.nan, math.inf, -math.inf, 0.0, 1.0, 1.5, chance.uniform(-50, 50)))


def _numeric(chance: random.Random) -> Decimal:
    digits = chance.choice((0, 1, 2, 9))
    return Decimal(chance.randint(-(10**6), 10**6)).scaleb(-digits) if digits else Decimal(chance.randint(-20, 20))


def _moment(chance: random.Random) -> dt.datetime:
    size = chance.choice((1, 1000, 10**6, 60 * 10**6, 3600 * 10**6, 86400 * 10**6))
    return _START + dt.timedelta(microseconds=chance.randint(0, _DAYS * 86400 * 10**6 // size) * size)


def _interval(chance: random.Random) -> Interval:
    months, days = (chance.choice((0, 0, 1, -1, chance.randint(-50, 50))) for _ in range(2))
    size = chance.choice((1, 1000, 10**6, 60 * 10**6, 3600 * 10**6))
    return Interval(months, days, chance.choice((0, 1, -1, chance.randint(-200, 200))) * size)


def _document(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {"n": chance.randint(0, 9), "t": chance.random() < 0.5, "b": {"c": chance.choice(_TEXTS)}}
    if chance.random() < 0.7:
        found["a"] = chance.choice(("x", 1, None, True, 1.5))
    if chance.random() < 0.7:
        found["l"] = [chance.randint(0, 9) for _ in range(chance.randint(0, 3))]
    return found


def _text_of_document(chance: random.Random) -> str:
    import json

    return json.dumps(_document(chance), separators=(",", ":"), ensure_ascii=False)


def _struct(chance: random.Random) -> dict[str, Any]:
    return {"x": chance.choice((None, 1, 2)), "y": chance.choice((None, "a", "b"))}


def _event(chance: random.Random) -> dict[str, Any]:
    value = {
        "s": chance.choice((None, "a", "ab")),
        "n": chance.choice((None, 0, 1, 7)),
        "f": chance.choice((None, 0.5, 2.0)),
    }
    return {"key": chance.choice(("a", "b", None)), "value": value}


def _some(make: Callable[[random.Random], Any]) -> Callable[[random.Random], Any]:
    return lambda chance: [make(chance) for _ in range(chance.randint(0, 3))]


_MADE: dict[str, Callable[[random.Random], Any]] = {
    **dict.fromkeys(("i", "j"), _or_null(_integer)),
    "p": lambda chance: chance.randint(0, 5),
    "z": lambda chance: chance.choice((1, 2, 3, 7, -4)),
    **dict.fromkeys(("f", "g"), _or_null(_float)),
    **dict.fromkeys(("n", "m"), _or_null(_numeric)),
    **dict.fromkeys(("b", "c"), _or_null(lambda chance: chance.random() < 0.5)),
    **dict.fromkeys(("s", "u"), _or_null(lambda chance: chance.choice(_TEXTS))),
    "num": lambda chance: str(chance.randint(-99, 99)),
    "words": _or_null(lambda chance: chance.choice(_WORDS)),
    "y": _or_null(lambda chance: chance.choice((b"", b"ab", b"abc", b"a\x00b", "é".encode()))),
    **dict.fromkeys(("d", "e"), _or_null(lambda chance: _FIRST + dt.timedelta(days=chance.randint(0, _DAYS)))),
    **dict.fromkeys(("dt", "du"), _or_null(lambda chance: _moment(chance).replace(tzinfo=None))),
    **dict.fromkeys(("ts", "tu"), _or_null(_moment)),
    "tm": _or_null(lambda chance: _moment(chance).time()),
    "a": _some(lambda chance: chance.randint(-3, 9)),
    "sa": _some(lambda chance: chance.choice(_TEXTS)),
    "st": _or_null(_struct),
    "ar": _some(_struct),
    "js": _or_null(lambda chance: Json(_document(chance))),
    "jt": _or_null(_text_of_document),
    "ev": _some(_event),
    **dict.fromkeys(("h", "h2"), _or_null(_any_float)),
    **dict.fromkeys(("iv", "iw"), _or_null(_interval)),
}
