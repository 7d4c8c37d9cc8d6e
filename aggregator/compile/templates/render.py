"""Templates to SQL: Jinja in a sandbox, over plain data."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from aggregator.compile import codes
from aggregator.compile.templates.errors import Mishap, mishap
from aggregator.compile.templates.source_map import SourceMap, trail
from aggregator.compile.templates.text import TemplateText
from aggregator.compile.templates.traced import parts_of, plain
from aggregator.core.diagnostics import Diagnostic, Document, Related, did_you_mean
from aggregator.core.project import MARKS

if TYPE_CHECKING:
    from aggregator.compile.templates.sandbox import Sandbox
    from aggregator.core.plain import Plain
    from aggregator.core.project import Project

MAX_LENGTH = 1_000_000
"""BigQuery takes queries up to 1 MB."""

_MACRO = re.compile(r"{%-?\s*macro\s+(\w+)")


class Renderer:
    """Renders the models of one project. Jinja is loaded with the first template, not before."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._broken: dict[str, Diagnostic] = {}

    def render(self, document: Document, start: int) -> tuple[str, SourceMap | None] | Diagnostic:
        """The SQL of a model, and the way back from it to the files that it came from.

        A file without Jinja marks is its own SQL; then there is nothing to map.
        """
        if not any(mark in document.text[start:] for mark in MARKS):
            return document.text[start:], None
        template, names = TemplateText(document, start), self._names
        try:
            text = self._sandbox.render(template, names)
        except Exception as error:  # noqa: BLE001  (whatever a template does wrong is for its author to mend)
            return self._problem(template, error)
        finally:
            self._sandbox.forget(template)
        parts = parts_of(text)
        if len(text) > MAX_LENGTH:
            longest = max(parts, key=lambda part: part.length).span or template.tag(start)
            problem = f"the text becomes {len(text) / 1e6:.1f} MB long; at most 1 MB can run"
            return _finding(Mishap((longest,), problem), "")
        return plain(text), SourceMap(template, parts)

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

    def _problem(self, template: TemplateText, error: Exception) -> Diagnostic:
        found = mishap(template, self._sandbox.texts, error)
        return self._broken.get(found.name) or _finding(found, self._advice(found))

    def _advice(self, found: Mishap) -> str:
        """What an unknown name may have been meant to be."""
        name, variables = found.name, self._project.variables
        if found.among == "names" and name in variables:
            return f"variables of the project are written vars.{name}"
        known: dict[str, Iterable[str]] = {
            "names": ("vars", *variables, *_macro_names(self._project.macros), "range", "namespace"),
            "variables": variables,
            "filters": self._sandbox.filters,
            "tests": self._sandbox.tests,
        }
        near = did_you_mean(name, known.get(found.among, ()))
        is_given = found.among == "names" and found.used
        return near or (f"what a macro is given as text is written in quotes: '{name}'" if is_given else "")

    @functools.cached_property
    def _sandbox(self) -> Sandbox:
        from aggregator.compile.templates.sandbox import Sandbox  # noqa: PLC0415  (only projects with templates pay for it)

        return Sandbox()

    @functools.cached_property
    def _names(self) -> dict[str, Any]:
        """The variables, and every macro of the project by its name; those of broken files are noted."""
        names: dict[str, Any] = {"vars": _plain(dict(self._project.variables))}
        for document in self._project.macros:
            template = TemplateText(document, 0)
            try:
                names |= self._sandbox.macros(template, names)
            except Exception as error:  # noqa: BLE001  (as above)
                problem = self._problem(template, error)
                self._broken |= dict.fromkeys([*_macro_names([document]), document.path], problem)
        return names


def _finding(found: Mishap, advice: str) -> Diagnostic:
    """What went wrong in a template, where the mistake is, with the way that led there."""
    place = (found.at or found.spans[-1]).place
    related = [Related(span.place, "it is used here") for span in found.used if not span.holds(found.spans[-1])]
    message = f"the template can't be rendered: {found.problem}"
    return Diagnostic(place, codes.TEMPLATE, message, advice, related=(*related, *trail([*found.spans])))


def _macro_names(macros: Iterable[Document]) -> set[str]:
    return {name for document in macros for name in _MACRO.findall(document.text)}


def _plain(value: Plain) -> Plain:
    """Plain data without the places that the loader attached: a template sees nothing but values."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value
