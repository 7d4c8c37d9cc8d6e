"""Functions of BigQuery that SQL can't express, in Python: DuckDB calls them for each value."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias, cast

from aggregator.engines.duckdb.dialect import interval_texts, json_changes, moment_texts, number_formats, octets
from aggregator.engines.duckdb.dialect.farm import fingerprint

_Form: TypeAlias = Literal["NFC", "NFD", "NFKC", "NFKD"]


def _form(name: str) -> _Form:
    return cast("_Form", name)


def _from_base32(text: str) -> bytes:
    return base64.b32decode(text)  # DuckDB counts the parameters, of which this has more


def _normalize(text: str, form: str, is_casefold: bool) -> str:  # noqa: FBT001  (DuckDB passes values by position)
    if is_casefold:
        composed = _form("NFKC" if form.startswith("NFK") else "NFC")
        return unicodedata.normalize(composed, unicodedata.normalize(composed, text).casefold())
    return unicodedata.normalize(_form(form), text)


_SOUNDS = {
    **dict.fromkeys("BFPV", "1"),
    **dict.fromkeys("CGJKQSXZ", "2"),
    "D": "3",
    "T": "3",
    "L": "4",
    "M": "5",
    "N": "5",
    "R": "6",
}


def _soundex(text: str) -> str:
    letters = [each for each in text if each.isascii() and each.isalpha()]
    if not letters:
        return ""
    found, last = letters[0], _SOUNDS.get(letters[0].upper(), "")
    for each in map(str.upper, letters[1:]):
        sound = _SOUNDS.get(each, last)  # letters without a sound keep nothing apart
        if sound != last:
            found += sound
        last = sound
    return (found + "000")[:4]


_BEFORE_HOST = re.compile(r"(?:[^:/?#\\]*:)?[/\\]{2}")


def _host(url: str) -> str:
    """The host as BigQuery finds it in what may be no URL; empty if there is none."""
    text = url.strip(" \t\n\r\f\v")
    before = _BEFORE_HOST.match(text)
    authority = re.split(r"[/?#\\]", text[before.end() if before else 0 :], maxsplit=1)[0]
    named = authority.rpartition("@")[2]
    address, bracket, port = named.partition("]") if named.startswith("[") else ("", "", named)
    return f"{address}{bracket}{port.partition(':')[0]}".lstrip(".")


def _json_text(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _json_keys(text: str, depth: int) -> list[str]:
    return sorted(set(_keys_within(json.loads(text), "", depth)))


def _keys_within(value: Any, before: str, depth: int) -> Iterator[str]:
    for name, each in value.items() if isinstance(value, dict) and depth > 0 else ():
        path = before + (name if name.replace("_", "").isalnum() else json.dumps(name, ensure_ascii=False))
        yield path
        yield from _keys_within(each, f"{path}.", depth - 1)


_TEXT, _BYTES, _INTEGER = "VARCHAR", "BLOB", "BIGINT"

PYTHON: dict[str, tuple[Callable[..., Any], tuple[str, ...], str]] = {
    "_py_instr": (octets.find, (_TEXT, _TEXT, _INTEGER, _INTEGER), _INTEGER),
    "_py_normalize": (_normalize, (_TEXT, _TEXT, "BOOLEAN"), _TEXT),
    "_py_soundex": (_soundex, (_TEXT,), _TEXT),
    "_py_host": (_host, (_TEXT,), _TEXT),
    "_py_lenient_text": (lambda value: value.decode("utf-8", "replace"), (_BYTES,), _TEXT),
    "_py_sha512": (lambda value: hashlib.sha512(value).digest(), (_BYTES,), _BYTES),
    "_py_fingerprint": (fingerprint, (_BYTES,), _INTEGER),
    "_py_to_base32": (lambda value: base64.b32encode(value).decode(), (_BYTES,), _TEXT),
    "_py_from_base32": (_from_base32, (_TEXT,), _BYTES),
    **octets.PYTHON,
    **json_changes.PYTHON,
    **number_formats.PYTHON,
    "_py_json_text": (_json_text, (_TEXT,), _TEXT),
    "_py_interval": (interval_texts.read, (_TEXT,), _TEXT),
    "_py_moment": (moment_texts.read, (_TEXT, _TEXT, _TEXT), _TEXT),
    "_py_json_keys": (_json_keys, (_TEXT, _INTEGER), "VARCHAR[]"),
}
"""By the name that the rewritten SQL calls: the function, the types that it takes, and the one that it gives.

NULL gives NULL, without a call.
"""

MACROS = ("_as_bytes(x) AS CASE WHEN typeof(x) = 'BLOB' THEN TRY_CAST(x AS BLOB) ELSE encode(CAST(x AS VARCHAR)) END",)
"""Functions that the rewritten SQL calls."""
