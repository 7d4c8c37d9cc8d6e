"""``-- lint: allow RULE because REASON``: findings that the author of a model answers for.

The comment stands on the line of the finding, or on a line of its own above it; before the SELECT, behind the front
matter, it holds for the whole model.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Iterator

from aggregator.core.diagnostics import Code, Diagnostic, Document, Edit, Layer, Place, Severity, did_you_mean

BAD_ALLOW = Code(
    "L030",
    "bad-allow",
    """A comment that begins with `lint:` is not `-- lint: allow RULE because REASON`.

It allows nothing as it stands. The reason is for those who review the model, and for whoever wonders in a year whether
it still holds: `-- lint: allow select-star because the columns of this archive never change`. Several rules are
separated by commas; their names are those that findings show and `aggregator explain` knows.""",
    Layer.LINT,
    Severity.WARNING,
)
UNUSED_ALLOW = Code(
    "L031",
    "unused-allow",
    """A comment allows what is not found.

The SQL was changed since, or the comment stands on another line than the finding. Left alone, it would hide the next
mistake of its kind, and lend it an old reason. Remove the comment, or move it to the line of the finding or above it;
`aggregator lint --fix` removes it.""",
    Layer.LINT,
    Severity.WARNING,
)
_LEXEME = re.compile(
    r"""(?s)\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`"""
    r"""|(?P<comment>--[^\n]*|{\#.*?\#}|\#[^\n]*|/\*.*?\*/)"""
)
"""What may hold a comment's marks without being one, and comments."""

_BEGINNING = re.compile(r"(?i)(?:--|{\#|\#|/\*)\s*(?=lint:)")
_ALLOW = re.compile(
    r"(?i:lint:\s*allow)\s+(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)(?:\s+because\b\s*(?P<reason>\S.*)?)?", re.DOTALL
)

_ID = re.compile(r"[A-Z]\d{3}")


@dataclasses.dataclass(frozen=True)
class Allowance:
    """What one comment allows, and on which lines of its file; ``[start, end)`` are the offsets of the comment."""

    rules: tuple[str, ...]
    lines: range
    start: int
    end: int

    def covers(self, finding: Diagnostic, path: str) -> bool:
        """Whether it allows a finding: in its own file, or in a macro that is called on its lines."""
        places = [finding.place, *(each.place for each in finding.place.trail)]
        return finding.code.name in self.rules and any(
            place.path == path and place.line in self.lines for place in places
        )


def allowances(document: Document, start: int, known: Collection[str]) -> tuple[list[Allowance], list[Diagnostic]]:
    """What the comments of a model allow, and which of them say nothing sensible.

    ``start`` is where the SQL begins, and ``known`` has the names of all rules.
    """
    found: list[Allowance] = []
    problems: list[Diagnostic] = []
    if "lint:" not in document.text.casefold():
        return found, problems
    for comment, is_first in _comments(document.text, start):
        beginning = _BEGINNING.match(comment[0])
        if beginning is None:
            continue
        text = comment[0][beginning.end() :].removesuffix("*/").removesuffix("#}")
        said = _ALLOW.fullmatch(text.rstrip())
        rules = tuple(each.strip() for each in said["rules"].split(",")) if said else ()
        reason = said["reason"] if said else ""
        problem = _problem(rules, reason or "", known)
        if problem:
            problems.append(Diagnostic(document.place(*comment.span()), BAD_ALLOW, *problem))
        else:
            found.append(Allowance(rules, _lines(document, comment, is_first=is_first), *comment.span()))
    return found, problems


def without_allowed(
    document: Document, start: int, found: Iterable[Diagnostic], known: Collection[str], later: Collection[str] = ()
) -> Iterator[Diagnostic]:
    """The findings in a model that its comments do not allow, and what is wrong with the comments.

    ``later`` are rules whose findings are not among these, so that what allows them can't be called unused.
    """
    allowed, problems = allowances(document, start, known)
    used: set[tuple[Allowance, str]] = set()
    for finding in found:
        covering = [each for each in allowed if each.covers(finding, document.path)]
        used.update((each, finding.code.name) for each in covering)
        if not covering:
            yield finding
    yield from problems
    for each in allowed:
        unused = [rule for rule in each.rules if (each, rule) not in used and rule not in later]
        if unused:
            place = document.place(each.start, each.end)
            edits = (_removal(document, each),) if len(unused) == len(each.rules) else ()
            message = f"nothing here is found by {', '.join(unused)}"
            yield Diagnostic(place, UNUSED_ALLOW, message, "remove the comment", edits=edits)


def unallowed(
    document: Document, start: int, found: Iterable[Diagnostic], known: Collection[str]
) -> Iterator[Diagnostic]:
    """The findings in a model that its comments do not allow, for what is found after all models were looked at."""
    allowed, _ = allowances(document, start, known)
    return (each for each in found if not any(allowance.covers(each, document.path) for allowance in allowed))


def _comments(text: str, start: int) -> Iterator[tuple[re.Match[str], bool]]:
    """The comments of the SQL, and whether nothing but comments stands before each."""
    end, is_first = start, True
    for match in _LEXEME.finditer(text, start):
        is_first = is_first and not text[end : match.start()].strip() and match["comment"] is not None
        end = match.end()
        if match["comment"] is not None:
            yield match, is_first


def _lines(document: Document, comment: re.Match[str], *, is_first: bool) -> range:
    """The lines that a comment is about: all, its own, or the one below it and the comments that follow it."""
    own: Place = document.place(*comment.span())
    lines = document.text.split("\n")
    if is_first:
        return range(1, len(lines) + 1)
    if lines[own.line - 1][: own.column - 1].strip() or lines[own.end_line - 1][own.end_column - 1 :].strip():
        return range(own.line, own.end_line + 1)
    below = own.end_line + 1
    while below < len(lines) and lines[below - 1].lstrip().startswith(("--", "#")):
        below += 1
    return range(own.line, below + 1)


def _problem(rules: tuple[str, ...], reason: str, known: Collection[str]) -> tuple[str, str] | None:
    form = "write `-- lint: allow RULE because REASON`"
    if not rules:
        return "this comment allows nothing", form
    unknown = next((rule for rule in rules if rule not in known), None)
    if unknown is not None and _ID.fullmatch(unknown):
        return f"rules are allowed by name, not as {unknown}", f"`aggregator explain {unknown}` says the name"
    if unknown is not None:
        return f"there is no rule {unknown}", did_you_mean(unknown, known)
    return None if reason else (f"it is not said why {', '.join(rules)} is allowed", form)


def _removal(document: Document, allowance: Allowance) -> Edit:
    """Takes a comment away, with its line if it has one of its own, else with the blanks before it."""
    text, start, end = document.text, allowance.start, allowance.end
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    last = len(text) if last < 0 else last + 1
    if not text[first:start].strip() and not text[end:last].strip():
        return Edit(first, last, "")
    return Edit(start - (len(text[first:start]) - len(text[first:start].rstrip())), end, "")
