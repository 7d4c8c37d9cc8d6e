"""BigQuery's answers in our own terms: what it says is wrong, where, and what is no fault of the query."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aggregator.analyzers.protocol import Mistake, Verdict
from aggregator.engines.bigquery.refusals import Refused

_POSITION = re.compile(r"\s*(?:\bat )?\[(?:at )?(\d+):(\d+)\]")
_ADDRESS = re.compile(r"(?:;? ?\b(?:see|at) )?https?://\S+")
_JOB = re.compile(r"(?m)^\s*(?:Job ID|Location):.*$|\s*\bJob ID:? \S+")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_SUGGESTION = re.compile(r"[;.,]?\s*Did you mean (.+?)\??\s*$")
_TAB = 8
"""BigQuery counts columns as an editor shows them that has tabs this wide."""

_MISTAKES = frozenset({"invalidQuery", "resourcesExceeded", "notImplemented"})
_FUNCTIONS = ("Function not found", "Not found: Routine", "Table-valued function not found")


def verdict_of(refused: Refused, sql: str, names: Mapping[str, str]) -> Verdict:
    """What a refusal means. ``names`` are the logical names of the tables in ``sql``, by those that BigQuery has."""
    message, start = cleaned(str(refused), sql)
    for physical in sorted(names, key=len, reverse=True):
        message = message.replace(physical, names[physical])
    is_mistake = refused.reason in _MISTAKES or (refused.reason == "invalid" and start is not None)
    if is_mistake or (refused.reason == "notFound" and message.startswith(_FUNCTIONS)):
        message, suggestion = _split(message)
        return Verdict(Mistake(message, start, suggestion))
    if refused.status in (401, 403):
        return Verdict(unchecked=f"BigQuery does not permit it: {message}")
    return Verdict(unchecked=f"BigQuery can't tell: {message}")


def is_missing_function(refused: Refused) -> bool:
    """Whether a function is not there, at least not yet."""
    return any(each in str(refused) for each in _FUNCTIONS)


def cleaned(message: str, sql: str) -> tuple[str, int | None]:
    """A message without positions, jobs and addresses; and the offset that it names last, which is the mistake's."""
    positions = _POSITION.findall(message)
    text = _POSITION.sub("", message)
    text = _JOB.sub("", _ADDRESS.sub("", text))
    start = offset_of(sql, *map(int, positions[-1])) if positions else None
    return " ".join(text.split()), start


def _split(message: str) -> tuple[str, str]:
    """A message, and the suggestion that it ends with."""
    found = _SUGGESTION.search(message)
    return (message[: found.start()], f"did you mean {found[1]}?") if found else (message, "")


def offset_of(sql: str, line: int, column: int) -> int:
    """The offset of a line and column as BigQuery counts them: both from 1, and a tab reaches to the next eighth."""
    breaks = list(_LINE_BREAK.finditer(sql))
    starts, ends = [0, *(each.end() for each in breaks)], [*(each.start() for each in breaks), len(sql)]
    if line > len(starts):
        return len(sql)
    start, end, reached = starts[line - 1], ends[line - 1], 1
    while start < end and reached < column:
        reached += _TAB - (reached - 1) % _TAB if sql[start] == "\t" else 1
        start += 1
    return start
