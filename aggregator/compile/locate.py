"""From a place in the compiled SQL back to the analyst's file: for what others say of the SQL that they were given."""

from __future__ import annotations

import re

from aggregator.compile.templates.render import Renderer
from aggregator.compile.written import written_select
from aggregator.core.diagnostics import Place
from aggregator.core.graph import CompiledModel
from aggregator.core.project import Project

_WORD = re.compile(r"`[^`]*`|@?\w+|.", re.DOTALL)


class Locator:
    """Finds places in the files of one project. Templates are rendered anew, and only here: few are asked for."""

    def __init__(self, project: Project) -> None:
        self._renderer = Renderer(project)
        self._models = project.models

    def place(self, model: CompiledModel, offset: int | None) -> Place:
        """Where a word of the compiled SQL, given by its offset, is written; without one, where the SELECT begins."""
        is_read = bool(model.model.document.text)  # not where a manifest is all that there is
        if offset is None or not is_read or model.model.rollup is not None:  # a roll-up has no SQL of its author's
            return model.place
        offset = min(offset, len(model.sql) - 1)
        word = _WORD.match(model.sql, offset)
        start, last = model.written(offset), model.written((word.end() if word else offset + 1) - 1)
        end = last + 1 if last >= start else start + 1
        committed = model.model
        if model.is_templated:
            written = written_select(self._models[model.name], self._renderer)
            if isinstance(written, list):  # it was rendered before: the file on disk is not what is asked about
                return model.place
            if written.source_map is not None:
                return written.source_map.place(start, end)
        return committed.document.place(committed.sql_start + start, committed.sql_start + end)
