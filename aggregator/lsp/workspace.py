"""One project that is open in an editor: when it is checked, and where its findings go."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from lsprotocol import types as lsp
from pygls.uris import from_fs_path

from aggregator.core.diagnostics import Diagnostic, Document, Edit, Place, Severity
from aggregator.load.files import read_document
from aggregator.lsp.check import Checker
from aggregator.lsp.positions import Text
from aggregator.lsp.project import Knowledge

_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
}


@dataclasses.dataclass(frozen=True)
class Opened:
    """A text as it is in the editor, and what the editor calls its file."""

    uri: str
    text: Text


@dataclasses.dataclass(frozen=True)
class Mendable:
    """A finding that can be mended in the text in which it was found."""

    told: lsp.Diagnostic
    edits: tuple[Edit, ...]
    text: Text


Editor = Callable[[], Mapping[Path, Opened]]
Publish = Callable[[lsp.PublishDiagnosticsParams], None]
LineOf = Callable[[Place], str]
Shown = Callable[[Path, Iterable[Diagnostic], LineOf], Iterable[Diagnostic]]
"""Which findings of a project are to be shown; it may ask for the line where a place begins."""


def everything(_root: Path, found: Iterable[Diagnostic], _line_of: LineOf) -> Iterable[Diagnostic]:
    """All findings."""
    return found


class Workspace:
    """Checks a project whenever its texts have changed, and tells the editor what was found."""

    def __init__(self, root: Path, editor: Editor, publish: Publish, shown: Shown = everything) -> None:
        """``editor`` gives the texts of this project that are open in the editor, ``publish`` tells it findings."""
        self._shown = shown
        self.knowledge = Knowledge(root)
        self.was_checked = False
        self._root = root
        self._editor = editor
        self._publish = publish
        self._checker = Checker(root)
        self._one_at_a_time = asyncio.Lock()
        self._asked = 0
        self._told: set[str] = set()
        self._mendable: dict[str, list[Mendable]] = {}

    async def check(self, delay: float = 0) -> None:
        """Check the project as it is after a delay, unless more was typed by then; that has a check of its own."""
        self._asked += 1
        mine = self._asked
        await asyncio.sleep(delay)
        async with self._one_at_a_time:
            if mine != self._asked:
                return
            opened = self._editor()
            texts = {path: each.text.text for path, each in opened.items()}
            checked = await asyncio.to_thread(self._checker.check, texts)
            self.knowledge.learn(checked)
            self.was_checked = True
            self._tell(checked.findings, opened)

    def location(self, place: Place) -> lsp.Location:
        """A place in a file of the project, for the editor."""
        path, opened = self._root / place.path, self._editor()
        uri = opened[path].uri if path in opened else _uri(path)
        return lsp.Location(uri, self._text(path, opened).range_of(place))

    def fixes(self, uri: str, text: Text, wanted: lsp.Range) -> list[lsp.CodeAction]:
        """What mends the findings in a range of a file, unless its text has changed since they were found."""
        mendable = (each for each in self._mendable.get(uri, ()) if each.text.text == text.text)
        return [_fix(uri, each) for each in mendable if _touch(each.told.range, wanted)]

    def _tell(self, findings: Iterable[Diagnostic], opened: Mapping[Path, Opened]) -> None:
        """Publish the findings of each file, and of each file that has none any more."""
        by_path: dict[Path, list[Diagnostic]] = {}
        text_of = functools.cache(lambda path: self._text(path, opened))
        for each in self._shown(self._root, findings, lambda place: text_of(self._root / place.path).line(place.line)):
            by_path.setdefault(self._root / each.place.path, []).append(each)
        told = {}
        self._mendable = {}
        for path, found in by_path.items():
            text = text_of(path)
            uri = opened[path].uri if path in opened else _uri(path)
            told[uri] = [self._diagnostic(each, text) for each in found]
            pairs = zip(told[uri], found, strict=True)
            self._mendable[uri] = [Mendable(each, mended.edits, text) for each, mended in pairs if mended.edits]
        current = told.keys() | {each.uri for each in opened.values()}
        for uri in sorted(current | self._told):
            self._publish(lsp.PublishDiagnosticsParams(uri, told.get(uri, [])))
        self._told = current

    def _diagnostic(self, found: Diagnostic, text: Text) -> lsp.Diagnostic:
        return lsp.Diagnostic(
            range=text.range_of(found.place),
            message=f"{found.message}\n{found.help}".strip(),
            severity=_SEVERITIES[found.code.severity],
            code=found.code.id,
            source="aggregator",
            related_information=[
                lsp.DiagnosticRelatedInformation(self.location(each.place), each.message) for each in found.related
            ],
        )

    def _text(self, path: Path, opened: Mapping[Path, Opened]) -> Text:
        """The text of a file, to count columns in; empty where it can't be read."""
        if path in opened:
            return opened[path].text
        document = read_document(self._root, path)
        encoding = next((each.text.encoding for each in opened.values()), "utf-16")
        return Text(document.text if isinstance(document, Document) else "", encoding)


def _fix(uri: str, each: Mendable) -> lsp.CodeAction:
    edits = [lsp.TextEdit(each.text.range(edit.start, edit.end), edit.text) for edit in each.edits]
    return lsp.CodeAction(
        title=each.told.message.rpartition("\n")[2],
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[each.told],
        edit=lsp.WorkspaceEdit({uri: edits}),
    )


def _touch(one: lsp.Range, other: lsp.Range) -> bool:
    def key(position: lsp.Position) -> tuple[int, int]:
        return position.line, position.character

    return key(one.start) <= key(other.end) and key(other.start) <= key(one.end)


def _uri(path: Path) -> str:
    return from_fs_path(str(path)) or path.as_uri()
