"""A place in a file about which an editor asks something."""

from __future__ import annotations

import dataclasses
import functools
import re
from pathlib import Path

from aggregator.core.names import TableName
from aggregator.lsp.formats import Part, part_at, sql_start
from aggregator.lsp.positions import Text
from aggregator.lsp.project import Knowledge, Macro
from aggregator.lsp.scope import Script
from aggregator.lsp.words import Kind, Token

_WORD = re.compile(r"[\w.]+")


@dataclasses.dataclass(frozen=True)
class Spot:
    """An offset in the text of a file, as it is in the editor, and what is known of the project."""

    path: Path
    text: Text
    offset: int
    knowledge: Knowledge

    @functools.cached_property
    def script(self) -> Script:
        """The SQL of the file."""
        return Script(self.text.text, sql_start(self.text.text), self.knowledge)

    @functools.cached_property
    def part(self) -> Part:
        """Whether this is SQL or YAML."""
        return part_at(self.path, self.text.text, self.offset)

    @property
    def table(self) -> TableName | None:
        """The table that the file declares."""
        return TableName.parse(f"{self.path.parent.name}.{self.path.stem}")

    @property
    def word(self) -> str:
        """The word here, dots and all."""
        around = _WORD.finditer(self.text.text)
        return next((match[0] for match in around if match.start() <= self.offset <= match.end()), "")

    @property
    def mentioned(self) -> TableName | None:
        """The table that the word here names, anywhere in the file."""
        table = TableName.parse(self.word)
        return table if table in self.knowledge.tables else None

    @property
    def template(self) -> Token | None:
        """The ``{{ }}`` or ``{% %}`` around this."""
        token = self.script.token_at(self.offset)
        return token if token and token.kind is Kind.TEMPLATE and token.start < self.offset else None

    @property
    def macro(self) -> Macro | None:
        """The macro that is called here."""
        words = self.word.split(".")
        return next((each for each in self.knowledge.macros if each.name == words[-1]), None)
