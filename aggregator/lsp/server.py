"""The language server: what an editor says and asks, and what it is told."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from aggregator import __version__
from aggregator.core.diagnostics import Place
from aggregator.core.names import TableName
from aggregator.load import find_project
from aggregator.lsp.completion import Suggestion, What, complete
from aggregator.lsp.definition import definition
from aggregator.lsp.hover import hover
from aggregator.lsp.positions import Text
from aggregator.lsp.spot import Spot
from aggregator.lsp.workspace import Opened, Shown, Workspace, everything

DEBOUNCE_SECONDS = 0.15
"""Whoever types faster than this is not interrupted by findings."""

_COMPLETION = lsp.CompletionOptions(trigger_characters=["."], resolve_provider=True)
_WATCHED = "**/*.{sql,yml,yaml,jinja}"
_KINDS = {
    What.TABLE: lsp.CompletionItemKind.Struct,
    What.COLUMN: lsp.CompletionItemKind.Field,
    What.ALIAS: lsp.CompletionItemKind.Variable,
    What.MACRO: lsp.CompletionItemKind.Function,
    What.KEY: lsp.CompletionItemKind.Property,
    What.WORD: lsp.CompletionItemKind.Value,
}
logger = logging.getLogger(__name__)


class Server(LanguageServer):
    """Serves one editor, with as many projects as it has files of."""

    def __init__(self, shown: Shown = everything) -> None:
        """Texts are sent whole: the edits of a line are few, and whoever counts them wrong is wrong for ever."""
        super().__init__("aggregator", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self._shown = shown
        self._projects: dict[Path, Workspace] = {}
        self._running: set[asyncio.Task[None]] = set()

    def schedule(self, *projects: Workspace | None) -> None:
        """Check projects soon."""
        for project in projects:
            if project is not None:
                self._start(project.check(DEBOUNCE_SECONDS))

    def project(self, uri: str) -> Workspace | None:
        """The project that a file belongs to."""
        path = _path(uri)
        root = find_project(path.parent) if path else None
        if root is None:
            return None
        if root not in self._projects:
            editor = functools.partial(self._opened, root)
            self._projects[root] = Workspace(root, editor, self.text_document_publish_diagnostics, self._shown)
        return self._projects[root]

    @property
    def projects(self) -> tuple[Workspace, ...]:
        """All projects of which a file is or was open."""
        return tuple(self._projects.values())

    async def spot(self, uri: str, position: lsp.Position) -> Spot | None:
        """What an editor asks about; the first question waits for the first check."""
        project, path = self.project(uri), _path(uri)
        if project is None or path is None:
            return None
        if not project.was_checked:
            await project.check()
        text = self.text(uri)
        return Spot(path, text, text.offset(position), project.knowledge)

    def _opened(self, root: Path) -> dict[Path, Opened]:
        paths = {uri: _path(uri) for uri in self.workspace.text_documents}
        return {path: Opened(uri, self.text(uri)) for uri, path in paths.items() if path and path.is_relative_to(root)}

    def text(self, uri: str) -> Text:
        """A text as it is in the editor."""
        encoding = self.workspace.position_encoding
        return Text.of_editor(self.workspace.get_text_document(uri).source, str(getattr(encoding, "value", encoding)))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a check failed", exc_info=task.exception())


def make_server(shown: Shown = everything) -> Server:
    """A server with all that it can do, not yet started; it publishes the findings that are to be shown."""
    server = Server(shown)
    changes = (
        lsp.TEXT_DOCUMENT_DID_OPEN,
        lsp.TEXT_DOCUMENT_DID_CHANGE,
        lsp.TEXT_DOCUMENT_DID_SAVE,
        lsp.TEXT_DOCUMENT_DID_CLOSE,
    )
    for name in changes:
        server.feature(name)(_changed)
    server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)(_files_changed)
    server.feature(lsp.INITIALIZED)(_initialized)
    server.feature(lsp.TEXT_DOCUMENT_HOVER)(_hover)
    server.feature(lsp.TEXT_DOCUMENT_DEFINITION)(_definition)
    server.feature(lsp.TEXT_DOCUMENT_COMPLETION, _COMPLETION)(_completion)
    server.feature(lsp.COMPLETION_ITEM_RESOLVE)(_resolve)
    kinds = lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix])
    server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, kinds)(_fixes)
    return server


def _changed(ls: Server, params: Any) -> None:
    """A text was opened, typed in, saved or closed."""
    ls.schedule(ls.project(params.text_document.uri))


def _files_changed(ls: Server, _params: lsp.DidChangeWatchedFilesParams) -> None:
    """Somebody else changed files: another program, or another branch was checked out."""
    ls.schedule(*ls.projects)


async def _initialized(ls: Server, _params: lsp.InitializedParams) -> None:
    """Ask to be told of such changes, if the editor can."""
    workspace = ls.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace else None
    if watching is None or not watching.dynamic_registration:
        return
    options = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher(_WATCHED)])
    wanted = lsp.Registration("files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    await ls.client_register_capability_async(lsp.RegistrationParams([wanted]))


async def _hover(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
    spot = await ls.spot(params.text_document.uri, params.position)
    said = hover(spot) if spot else ""
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, said)) if said else None


async def _definition(ls: Server, params: lsp.DefinitionParams) -> lsp.Location | None:
    spot = await ls.spot(params.text_document.uri, params.position)
    found = definition(spot) if spot else None
    if spot is None or found is None:
        return None
    uri = params.text_document.uri
    project = ls.project(uri)
    if isinstance(found, Place):
        return project.location(found) if project else None
    return lsp.Location(uri, spot.text.range(*found))


async def _completion(ls: Server, params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
    spot = await ls.spot(params.text_document.uri, params.position)
    return [_item(each, spot, params.text_document.uri) for each in complete(spot)] if spot else []


def _resolve(ls: Server, item: lsp.CompletionItem) -> lsp.CompletionItem:
    """What a suggested table means: it is read from its file, so only for the one that is looked at."""
    project = ls.project(str(item.data)) if item.data else None
    table = TableName.parse(item.label)
    if project is not None and table is not None:
        item.documentation = project.knowledge.description(table)
    return item


def _fixes(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    uri = params.text_document.uri
    project = ls.project(uri)
    return project.fixes(uri, ls.text(uri), params.range) if project else []


def _item(each: Suggestion, spot: Spot, uri: str) -> lsp.CompletionItem:
    edit = lsp.TextEdit(spot.text.range(each.start, spot.offset), each.inserted or each.label)
    return lsp.CompletionItem(
        label=each.label,
        kind=_KINDS[each.what],
        detail=each.detail,
        documentation=each.about,
        text_edit=edit,
        data=uri if each.what is What.TABLE else None,
    )


def _path(uri: str) -> Path | None:
    """The file of a URI; None for one that is in no file system."""
    path = to_fs_path(uri)
    return Path(path) if path else None
