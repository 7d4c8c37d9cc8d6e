"""Templates to SQL: Jinja in a sandbox, over plain data."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from aggregator.compile import codes
from aggregator.core.diagnostics import Diagnostic, Document, did_you_mean

if TYPE_CHECKING:
    from aggregator.compile.sandbox import Sandbox
    from aggregator.core.project import Plain, Project

MARKS = ("{{", "{%", "{#")
MAX_LENGTH = 1_000_000
"""BigQuery takes queries up to 1 MB."""

_UNDEFINED = re.compile(r"'(\w+)' is undefined|has no attribute '(\w+)'")
_MACRO = re.compile(r"{%-?\s*macro\s+(\w+)")
_MARK = re.compile(r"{[{%#]")
_SAID = {"RecursionError": "a macro calls itself without end", "MemoryError": "it needs too much memory"}
_SENTENCES = (
    (re.compile(r"'dict object' has no attribute '(\w+)'"), r"there is no variable \1"),
    (re.compile(r"'(\w+)' is undefined"), r"there is no \1: a template sees `vars` and the macros in macros/"),
    (
        re.compile(r"Unexpected end of template.*innermost block that needs to be closed is '(\w+)'.*"),
        r"{% \1 %} is never closed",
    ),
    (re.compile(r"no loader for this environment specified"), "a template can't include, import or extend a file"),
    (re.compile(r"[.]$"), ""),
)
"""What Jinja says, for people who write SQL."""


class Renderer:
    """Renders the models of one project. Jinja is loaded with the first template, not before."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._broken: dict[str, Diagnostic] = {}

    def render(self, document: Document, start: int) -> tuple[str, tuple[int, ...] | None] | Diagnostic:
        """The SQL of a model, and for each of its lines the line of the file that it came from.

        A file without Jinja marks is its own SQL; then there are no lines to map.
        """
        source = document.text[start:]
        if not any(mark in source for mark in MARKS):
            return source, None
        names = self._names
        first = document.place(start).line
        text = self._run(document, source, names, first)
        if isinstance(text, Diagnostic):
            return text
        return text, tuple(first + line for line in _matching_lines(source, text))

    def macro_problems(self) -> Iterator[Diagnostic]:
        """What is wrong with the files in ``macros/``, whether or not a model uses them."""
        if self._project.macros:
            _ = self._names
        yield from dict.fromkeys(self._broken.values())
        homes: dict[str, str] = {}
        for document in self._project.macros:
            for match in _MACRO.finditer(document.text):
                home = homes.setdefault(match[1], document.path)
                if home != document.path:
                    message = f"the macro {match[1]} is also defined in {home}"
                    yield Diagnostic(document.place(*match.span(1)), codes.TEMPLATE, message, "rename one of them")

    def _run(self, document: Document, source: str, names: dict[str, Any], first: int) -> str | Diagnostic:
        """Render a template whose first line is the ``first`` of its file."""
        import jinja2  # noqa: PLC0415  (only projects with templates pay for it)

        from aggregator.compile.sandbox import bounded  # noqa: PLC0415

        try:
            template = self._sandbox.load(source, document.path, names)
            with bounded():
                text = template.render()
        except jinja2.TemplateSyntaxError as error:
            return self._problem(document, first + error.lineno - 1, error.message or "syntax error")
        except Exception as error:  # noqa: BLE001  (whatever a template does wrong is for its author to mend)
            return self._failure(document, first, error)
        if len(text) > MAX_LENGTH:
            problem = f"the text becomes {len(text) / 1e6:.1f} MB long; at most 1 MB can run"
            return self._problem(document, first, problem)
        return text

    def _failure(self, document: Document, first: int, error: Exception) -> Diagnostic:
        """What went wrong while rendering, at the innermost template that the traceback shows: maybe a macro's."""
        macros = {each.path: each for each in self._project.macros}
        home, line, called = document, first, first
        step = error.__traceback__
        while step is not None:
            name = step.tb_frame.f_code.co_filename
            if name == document.path:
                called = line = first + step.tb_lineno - 1
                home = document
            elif name in macros:
                home, line = macros[name], step.tb_lineno
            step = step.tb_next
        found = self._problem(home, line, _SAID.get(type(error).__name__) or str(error))
        if home is document or found.help:
            return found
        return dataclasses.replace(found, help=f"it was called from {document.path}:{called}")

    def _problem(self, document: Document, line: int, problem: str) -> Diagnostic:
        found = _UNDEFINED.search(problem)
        name = next(filter(None, found.groups())) if found else ""
        if name in self._broken:
            return self._broken[name]
        start = document.offset(line, 1)
        end = document.text.find("\n", start)
        where = (re.compile(rf"\b{name}\b") if name else _MARK).search(document.text, start, max(end, start))
        where = where or _MARK.search(document.text, start)
        place = document.place(*where.span()) if where else document.place(start)
        for pattern, sentence in _SENTENCES:
            problem = pattern.sub(sentence, problem)
        message = f"the template can't be rendered: {problem}"
        return Diagnostic(place, codes.TEMPLATE, message, self._advice(name))

    def _advice(self, name: str) -> str:
        """What an unknown name may have been meant to be."""
        if name in self._project.variables:
            return f"variables of the project are written vars.{name}"
        known = ["vars", *self._project.variables, *_macro_names(self._project.macros)]
        return did_you_mean(name, known) if name else ""

    @functools.cached_property
    def _sandbox(self) -> Sandbox:
        from aggregator.compile.sandbox import Sandbox  # noqa: PLC0415

        return Sandbox()

    @functools.cached_property
    def _names(self) -> dict[str, Any]:
        """The variables, and every macro of the project by its name; those of broken files are noted."""
        names: dict[str, Any] = {"vars": _plain(dict(self._project.variables))}
        for document in self._project.macros:
            problem = self._run(document, document.text, names, 1)
            if isinstance(problem, Diagnostic):
                self._broken |= dict.fromkeys([*_macro_names([document]), document.path], problem)
                continue
            module = self._sandbox.load(document.text, document.path, names).module
            names |= {name: value for name, value in vars(module).items() if not name.startswith("_")}
        return names


def _macro_names(macros: Iterable[Document]) -> set[str]:
    return {name for document in macros for name in _MACRO.findall(document.text)}


def _plain(value: Plain) -> Plain:
    """Plain data without the places that the loader attached: a template sees nothing but values."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _matching_lines(source: str, rendered: str) -> list[int]:
    """For each rendered line, the source line (counted from 0) that it came from, as near as a comparison tells."""
    before, after = source.split("\n"), rendered.split("\n")
    lines = [0] * len(after)
    matcher = difflib.SequenceMatcher(None, [line.strip() for line in before], [line.strip() for line in after])
    for tag, a_start, a_end, b_start, b_end in matcher.get_opcodes():
        for index in range(b_start, b_end):
            step = index - b_start if tag == "equal" else min(index - b_start, max(a_end - a_start - 1, 0))
            lines[index] = min(a_start + step, len(before) - 1)
    return lines
