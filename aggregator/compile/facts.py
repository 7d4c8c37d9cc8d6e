"""What is known of a compiled model, as text: it can be kept, sent to another process, and read when it is wanted."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterable, Mapping

from aggregator.core.codec import Context, decode, decode_findings, encode, encode_findings
from aggregator.core.diagnostics import Diagnostic, Document
from aggregator.core.graph import CompiledModel, OutputColumn, Table
from aggregator.core.names import TableName
from aggregator.core.project import Model

BROKEN = ""
"""In place of a table: it exists, and could not be understood."""

NO_FINDINGS = "[[], []]"

Known = Mapping[TableName, str]
"""Tables as their readers see them, as text."""


@dataclasses.dataclass(frozen=True)
class Facts:
    """What came of one model; all texts are JSON.

    ``references`` are the tables that it mentions, without itself. ``missing`` are those of them that would have had to
    be known first: then nothing else is here. ``asks_for_names`` says that the findings depend on which other tables
    there are. ``table`` is what its readers see, ``body`` the :class:`CompiledModel`; both are empty if it is broken.
    ``remark`` is what the inspection wants to remember, on one line.
    """

    references: tuple[TableName, ...]
    missing: tuple[TableName, ...] = ()
    asks_for_names: bool = False
    findings: str = NO_FINDINGS
    table: str = BROKEN
    body: str = ""
    remark: str = ""

    def diagnostics(self, document: Document) -> tuple[Diagnostic, ...]:
        """The findings, as values."""
        return decode_findings(json.loads(self.findings), document)


def findings_text(problems: Iterable[Diagnostic], model: Model) -> str:
    """Findings in a model."""
    return json.dumps(encode_findings(dict.fromkeys(problems), model.document.path))


def table_text(table: Table) -> str:
    """What readers see of a table: where its columns come from is its own affair, and what they mean is not SQL's."""
    columns = tuple(
        OutputColumn(each.name, each.type, measure=each.measure, sketch=each.sketch) for each in table.columns
    )
    return json.dumps(encode(dataclasses.replace(table, columns=columns), ""))


@functools.lru_cache(maxsize=512)
def table_from(text: str) -> Table:
    """The table of a text."""
    table: Table = decode(Table, json.loads(text), Context(Document("", "")))
    return table


def compiled_text(compiled: CompiledModel) -> str:
    """A compiled model, without what was committed."""
    return json.dumps(encode(compiled, compiled.model.document.path))


def compiled_from(text: str, model: Model) -> CompiledModel:
    """The compiled form of a model, from its text."""
    compiled: CompiledModel = decode(CompiledModel, json.loads(text), Context(model.document, model))
    return (
        compiled if compiled.implied is None else dataclasses.replace(compiled, model=compiled.implied.applied(model))
    )
