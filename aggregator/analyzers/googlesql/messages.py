"""The analyzer's messages, with their place in the text and in the shape of ours."""

from __future__ import annotations

import re

from aggregator.analyzers.googlesql.language import described
from aggregator.analyzers.protocol import Mistake, Verdict

_STATUS = re.compile(r"Code: (\d+), Message: (.*)", re.DOTALL)
_PLACE = re.compile(r"(.*?) \[at (\d+):(\d+)\]\s*", re.DOTALL)
_HINT = re.compile(r"(.*); (Did you mean .*)", re.DOTALL)
_NOT_FOUND = re.compile(r"(?:Table-valued f|F)unction not found: `?([\w.`]+)")
_VIEW_NOT_FOUND = re.compile(r"Table not found: (.*INFORMATION_SCHEMA.*?)(?:;| \[at|$)", re.IGNORECASE)
_SIGNATURE = re.compile(r"^  Signature: (.*)$", re.MULTILINE)
_ARGUMENTS = re.compile(r"^  Argument types: (.*)$", re.MULTILINE)
_INTERNAL_NAME = re.compile(r"\bDOUBLE\b")

_INVALID, _UNIMPLEMENTED, _OUT_OF_RANGE = 3, 12, 11
_JUDGEMENTS = frozenset({_INVALID, _UNIMPLEMENTED, _OUT_OF_RANGE})
"""Codes of a status that says something of the statement, not of the analyzer."""

_DECLARE = "declare it under `functions:` in aggregator.yml, if it is in the warehouse"
_MOST_SIGNATURES = 4
_TAB = 8
"""The analyzer counts a tab as moving on to the next multiple of so many columns."""


def refusal(sql: str, said: str) -> Verdict:
    """What to make of the analyzer's "no" to a statement."""
    status = _STATUS.fullmatch(said)
    code, said = (int(status[1]), status[2]) if status else (_INVALID, said)
    if code not in _JUDGEMENTS:
        return Verdict(unchecked=f"the analyzer can't judge this: {said}")
    unknown = _NOT_FOUND.match(said)
    if unknown and unknown[1].replace("`", "").upper() in described()["not_modelled"]:
        return Verdict(unchecked=f"BigQuery has {unknown[1].upper()}, the offline analyzer does not")
    view = _VIEW_NOT_FOUND.match(said)
    if view:
        return Verdict(unchecked=f"the columns of {view[1]} are not known offline")
    placed = _PLACE.fullmatch(said)
    message, start = (placed[1], offset(sql, int(placed[2]), int(placed[3]))) if placed else (said, None)
    message, advice = _message(_INTERNAL_NAME.sub("FLOAT64", message))
    if unknown and "." in unknown[1] and not advice:
        advice = _DECLARE
    return Verdict(Mistake(message, start, advice))


def _message(text: str) -> tuple[str, str]:
    """The message in one line, and what to do about it."""
    hint = _HINT.fullmatch(text)
    if hint:
        return hint[1], f"{hint[2][:1].lower()}{hint[2][1:]}"
    first, _, details = text.partition("\n")
    arguments = _ARGUMENTS.search(details)
    if arguments and "argument types" not in first:
        first = f"{first} for argument types: {arguments[1]}"
    signatures = _SIGNATURE.findall(details)
    more = ", ..." if len(signatures) > _MOST_SIGNATURES else ""
    return first, f"it can be called as {', '.join(signatures[:_MOST_SIGNATURES])}{more}" if signatures else ""


def offset(text: str, line: int, column: int) -> int:
    """The offset of a line and column as the analyzer counts them, from 1."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    if line > len(lines):
        return len(text)
    start, width = sum(map(len, lines[: line - 1])), 1
    for index, character in enumerate(lines[line - 1].rstrip("\r\n")):
        if width >= column:
            return start + index
        width += _TAB - (width - 1) % _TAB if character == "\t" else 1
    return start + len(lines[line - 1].rstrip("\r\n"))


def place(text: str, byte: int) -> tuple[int, int]:
    """The line and column of a byte, as the analyzer counts them."""
    before = text.encode()[:byte].decode(errors="replace")
    line = before.splitlines(keepends=True)[-1:] if before and before[-1] not in "\r\n" else []
    column = 1
    for character in "".join(line):
        column += _TAB - (column - 1) % _TAB if character == "\t" else 1
    return len(re.findall(r"\r\n|\r|\n", before)) + 1, column
