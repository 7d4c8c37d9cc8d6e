"""Rendering templates without a project: with their origins, and as Jinja does it by itself."""

from __future__ import annotations

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from aggregator.compile.templates import sandbox
from aggregator.compile.templates.source_map import SourceMap
from aggregator.compile.templates.text import TemplateText
from aggregator.compile.templates.traced import parts_of, plain
from aggregator.core.diagnostics import Document, Place

FRONT_MATTER = "/*---\ndescription: Ünïcode, before the SQL 🛫.\n---*/\n"
MODEL = "models/marts/model.sql"
VARIABLES = {"minutes": 15, "text": "it is", "column": "dep_delay", "bands": [30, 60], "names": ["a", "b"]}


class Rendered:
    """A template's text, and questions to its source map."""

    def __init__(self, sql, macros=None, variables=None):
        self.documents = {path: Document(path, text) for path, text in (macros or {}).items()}
        box, names = sandbox.Sandbox(), {"vars": VARIABLES if variables is None else variables}
        for document in self.documents.values():
            names |= box.macros(TemplateText(document, 0), names)
        self.documents[MODEL] = Document(MODEL, FRONT_MATTER + sql)
        template = TemplateText(self.documents[MODEL], len(FRONT_MATTER))
        text = box.render(template, names)
        self.text = plain(text)
        self.source_map = SourceMap(template, parts_of(text))

    def place(self, word, number=0) -> Place:
        """Where the n-th occurrence of a word of the rendered text is written."""
        start = -1
        for _ in range(number + 1):
            start = self.text.index(word, start + 1)
        return self.source_map.place(start, start + len(word))

    def at(self, place: Place) -> tuple[str, str]:
        """The file of a place, and what stands there."""
        document = self.documents[place.path]
        start, end = (document.offset(*at) for at in ((place.line, place.column), (place.end_line, place.end_column)))
        return place.path, document.text[start:end]


def by_jinja(sql, macros=None):
    """What Jinja alone makes of a template, without a trace of us but for what may be written."""
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, finalize=sandbox._writable
    )
    names = {"vars": VARIABLES}
    for text in (macros or {}).values():
        module = environment.from_string(text, names).module
        names |= {name: value for name, value in vars(module).items() if not name.startswith("_")}
    return environment.from_string(sql, names).render()
