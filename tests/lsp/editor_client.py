"""The editor's side of the language server protocol, spoken by another program's client."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient
from pygls.uris import from_fs_path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 6
CURSOR = "┃"

FILES = {
    "models/lake/flights.yml": """
        source:
          description: Flights.
          owner: ops@example.com
          columns:
            flight_date: DATE
            carrier: {type: STRING, description: Two letters}
            delay: INT64
          partition: {by: flight_date, grain: day, from: 2013-01-01}
        """,
    "models/lake/carriers.yml": """
        source:
          description: Carriers.
          owner: ops@example.com
          columns: {carrier: STRING, name: STRING}
        """,
    "models/lake/trips.yml": """
        source:
          description: Trips.
          owner: ops@example.com
          columns:
            id: STRING
            plane: STRUCT<seats INT64, maker STRUCT<town STRING>>
            legs: ARRAY<STRUCT<miles INT64>>
        """,
    "models/marts/daily.sql": """
        /*---
        description: Delays per day and carrier.
        owner: ops@example.com
        partition: {by: flight_date, grain: day, from: 2013-01-01}
        columns: {late: Sum of minutes late}
        ---*/
        SELECT flight_date, carrier, SUM(delay) AS late FROM lake.flights GROUP BY flight_date, carrier
        """,
    "models/marts/weekly.sql": """
        /*---
        description: Delays of a week.
        owner: ops@example.com
        partition: {by: flight_date, grain: day, from: 2013-01-01}
        ---*/
        SELECT d.flight_date, d.late AS minutes FROM marts.daily AS d
        """,
    "macros/money.sql": "\n{% macro cents(amount, digits=2) %}ROUND({{ amount }}, {{ digits }}){% endmacro %}\n",
}


class Editor:
    """An editor that talks to ``aggregator lsp``; every answer is awaited."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.client = LanguageClient("editor", "1")
        self.published = {}
        self.said = asyncio.Condition()
        self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(self._listener())
        self.errors = []
        self.client.feature(lsp.WINDOW_LOG_MESSAGE)(lambda params: self.errors.append(params.message))
        self.capabilities = self._run(self._start()).capabilities
        self._versions = 0

    def _run(self, work):
        return self.loop.run_until_complete(asyncio.wait_for(work, SECONDS))

    async def _start(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        await self.client.start_io(sys.executable, "-m", "aggregator", "lsp", env=environment)
        asked = lsp.InitializeParams(capabilities=lsp.ClientCapabilities(), process_id=os.getpid())
        answer = await self.client.initialize_async(asked)
        self.client.initialized(lsp.InitializedParams())
        return answer

    def stop(self):
        async def stop():
            await self.client.shutdown_async(None)
            self.client.exit(None)
            await self.client._server.wait()
            await self.client.stop()

        self._run(stop())
        self.loop.close()
        return self.client._server.returncode

    def _listener(self):
        async def publish(params):
            async with self.said:
                self.published.setdefault(params.uri, []).append(params.diagnostics)
                self.said.notify_all()

        return publish

    def open(self, path, text):
        uri = from_fs_path(str(path))
        item = lsp.TextDocumentItem(uri, "sql", 0, text)
        return self._tell(uri, lambda: self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item)))

    def open_unanswered(self, path, text):
        item = lsp.TextDocumentItem(from_fs_path(str(path)), "sql", 0, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def published_for(self, path):
        return self.published.get(from_fs_path(str(path)), [])

    def type(self, path, text, *, about=None):
        """Replace the text of an open file, and wait for the findings in it, or in the file ``about``."""
        uri = from_fs_path(str(path))
        return self._tell(from_fs_path(str(about or path)), lambda: self._change(uri, text))

    def type_quickly(self, path, text):
        """Replace the text, and wait for nothing."""
        self._change(from_fs_path(str(path)), text)

    def close(self, path):
        uri = from_fs_path(str(path))
        document = lsp.TextDocumentIdentifier(uri)
        return self._tell(uri, lambda: self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(document)))

    def saved_elsewhere(self, path, *, about):
        change = lsp.FileEvent(from_fs_path(str(path)), lsp.FileChangeType.Changed)
        told = lsp.DidChangeWatchedFilesParams([change])
        return self._tell(from_fs_path(str(about)), lambda: self.client.workspace_did_change_watched_files(told))

    def _change(self, uri, text):
        self._versions += 1
        document = lsp.VersionedTextDocumentIdentifier(self._versions, uri)
        changes = [lsp.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, changes))

    def _tell(self, uri, tell):
        """Say something, and wait for the next findings of a file."""

        async def wait():
            async with self.said:
                before = len(self.published.get(uri, ()))
                tell()
                await self.said.wait_for(lambda: len(self.published.get(uri, ())) > before)
                return [each for each in self.published[uri][-1] if not each.code.startswith("L")]  # rules come and go

        return self._run(wait())

    def hover(self, path, position):
        asked = lsp.HoverParams(lsp.TextDocumentIdentifier(from_fs_path(str(path))), position)
        found = self._run(self.client.text_document_hover_async(asked))
        return found.contents.value if found else ""

    def resolve(self, item):
        return self._run(self.client.completion_item_resolve_async(item))

    def fixes(self, path, position):
        """The text after each quick fix at a position."""
        document = lsp.TextDocumentIdentifier(from_fs_path(str(path)))
        context = lsp.CodeActionContext([])
        asked = lsp.CodeActionParams(document, lsp.Range(position, position), context)
        actions = self._run(self.client.text_document_code_action_async(asked)) or []
        return {action.title: action.edit.changes[document.uri] for action in actions}

    def definition(self, path, position):
        asked = lsp.DefinitionParams(lsp.TextDocumentIdentifier(from_fs_path(str(path))), position)
        return self._run(self.client.text_document_definition_async(asked))

    def complete(self, path, position):
        asked = lsp.CompletionParams(lsp.TextDocumentIdentifier(from_fs_path(str(path))), position)
        return self._run(self.client.text_document_completion_async(asked))


def at_cursor(text):
    """A text without its cursor, and the cursor's position, columns in UTF-16."""
    before, _, after = text.partition(CURSOR)
    column = len(before.rpartition("\n")[2].encode("utf-16-le")) // 2
    return before + after, lsp.Position(before.count("\n"), column)
