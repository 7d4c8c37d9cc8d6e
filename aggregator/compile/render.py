"""Templates to SQL: Jinja in a sandbox, over plain data."""

from __future__ import annotations

import difflib
import functools
import re
from typing import TYPE_CHECKING, Any

from aggregator.compile import codes
from aggregator.core.diagnostics import Diagnostic, Document, did_you_mean

if TYPE_CHECKING:
    import jinja2

    from aggregator.core.project import Plain, Project

MARKS = ("{{", "{%", "{#")
_UNDEFINED = re.compile(r"'(\w+)' is undefined|has no attribute '(\w+)'")


class Renderer:
    """Renders the models of one project. Jinja is loaded with the first template, not before."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def render(self, document: Document, start: int) -> tuple[str, tuple[int, ...] | None] | Diagnostic:
        """The SQL of a model, and for each of its lines the line of the file that it came from.

        A file without Jinja marks is its own SQL; then there are no lines to map.
        """
        source = document.text[start:]
        if not any(mark in source for mark in MARKS):
            return source, None
        import jinja2  # noqa: PLC0415  (only projects with templates pay for it)

        first = document.place(start).line
        try:
            text = self._environment.from_string(source, globals=self._macros).render()
        except jinja2.TemplateSyntaxError as error:
            return self._broken(document, first + error.lineno - 1, error.message or "syntax error")
        except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            return self._broken(document, first + _template_line(error) - 1, str(error))
        return text, tuple(first + line for line in _matching_lines(source, text))

    def _broken(self, document: Document, line: int, problem: str) -> Diagnostic:
        missing = _UNDEFINED.search(problem)
        known = {"vars", *self._macro_names, *self._project.variables}
        advice = did_you_mean(next(filter(None, missing.groups())), known) if missing else ""
        place = document.place(document.offset(line, 1))
        return Diagnostic(place, codes.TEMPLATE, f"the template can't be rendered: {problem}", advice)

    @functools.cached_property
    def _environment(self) -> jinja2.Environment:
        import jinja2  # noqa: PLC0415
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

        return ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)

    @functools.cached_property
    def _macros(self) -> dict[str, Any]:
        """The variables, and every macro of the project by its name."""
        names: dict[str, Any] = {"vars": _plain(dict(self._project.variables))}
        for document in self._project.macros:
            module = self._environment.from_string(document.text, globals=names).module
            names |= {name: value for name, value in vars(module).items() if not name.startswith("_")}
        return names

    @functools.cached_property
    def _macro_names(self) -> frozenset[str]:
        return frozenset(re.findall(r"{%-?\s*macro\s+(\w+)", "".join(each.text for each in self._project.macros)))


def _plain(value: Plain) -> Plain:
    """Plain data without the places that the loader attached: a template sees nothing but values."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _template_line(error: BaseException) -> int:
    """The line of the template at which rendering failed: Jinja puts it into the traceback."""
    line, step = 1, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return line


def _matching_lines(source: str, rendered: str) -> list[int]:
    """For each rendered line, the source line (counted from 0) that it came from, as near as a comparison tells."""
    before, after = source.splitlines(), rendered.splitlines()
    lines = [0] * (len(after) + 1)
    matcher = difflib.SequenceMatcher(None, [line.strip() for line in before], [line.strip() for line in after])
    for tag, a_start, a_end, b_start, b_end in matcher.get_opcodes():
        for index in range(b_start, b_end):
            step = index - b_start if tag == "equal" else min(index - b_start, max(a_end - a_start - 1, 0))
            lines[index] = min(a_start + step, len(before) - 1)
    lines[-1] = max(len(before) - 1, 0)
    return lines
