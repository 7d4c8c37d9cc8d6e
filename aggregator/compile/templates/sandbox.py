"""Jinja with bounds: templates compute SQL from plain data, and nothing else.

The sandbox keeps a template from reaching Python; the bounds keep it from running for ever or filling the memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2.filters import do_sum
from jinja2.lexer import Lexer
from jinja2.sandbox import ImmutableSandboxedEnvironment

from aggregator.compile.templates import traced
from aggregator.compile.templates.bounds import TooMuchError, bounded, bounded_memory
from aggregator.compile.templates.text import TemplateText
from aggregator.compile.templates.tracing import OffsetLexer, TracingGenerator, follow_filters

MAX_EXPONENT = 64
MAX_BITS = 10_000
"""Of a product of whole numbers: no SQL has longer ones, and squares of squares would take for ever."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Renders the same text whenever it is asked: there is no chance, no clock and no file.

    ``texts`` are the templates that were loaded, by the paths of their files. What is rendered is a ``Traced`` text.
    """

    intercepted_binops = frozenset({"**", "*"})
    code_generator_class = TracingGenerator
    concat = staticmethod(traced.joined)
    put_in = staticmethod(traced.put_in)

    def __init__(self) -> None:
        super().__init__(
            undefined=jinja2.StrictUndefined, keep_trailing_newline=True, finalize=_writable, optimized=False
        )
        del self.globals["lipsum"], self.filters["random"]
        self.filters["sum"] = _sum
        follow_filters(self.filters)
        self.texts: dict[str, TemplateText] = {}
        self.origins: dict[str, list[Any]] = {}
        self._lexer = OffsetLexer(self, self.texts)

    @property
    def lexer(self) -> Lexer:
        """Jinja's, with offsets."""
        return self._lexer

    def render(self, text: TemplateText, names: Mapping[str, Any]) -> str:
        """The text that a template gives."""
        template = self._load(text, names)
        with bounded():
            return template.render()

    def macros(self, text: TemplateText, names: Mapping[str, Any]) -> dict[str, Any]:
        """What a template defines, by its names, but for those that begin with an underscore."""
        template = self._load(text, names)
        with bounded():
            try:
                module = template.make_module()
            except Exception:  # noqa: BLE001  (it is raised again, with a traceback that tells the template's lines)
                self.handle_exception()
        return {name: value for name, value in vars(module).items() if not name.startswith("_")}

    def forget(self, text: TemplateText) -> None:
        """Let go of a template that will not be used again."""
        self.texts.pop(text.document.path, None)

    def _load(self, text: TemplateText, names: Mapping[str, Any]) -> jinja2.Template:
        """A template that knows its file, so that a traceback tells it."""
        path = text.document.path
        self.texts[path] = text
        with bounded_memory():
            code = self.compile(text.document.text[text.start :], filename=path)
        template = jinja2.Template.from_code(self, code, self.make_globals(dict(names)))
        del self.origins[path]  # the code has them now
        return template

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``vars.keys`` is the variable of that name, not a method."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """A power of powers, or a square of squares, would keep the machine busy in a single step."""
        if operator == "*":
            if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MAX_BITS:
                raise TooMuchError("the product is too large")
        elif abs(right) > MAX_EXPONENT or abs(left) > 2**MAX_EXPONENT:
            raise TooMuchError("the power is too large")
        return super().call_binop(context, operator, left, right)


def _writable(value: Any) -> Any:
    """What ``{{ }}`` may write into SQL."""
    if isinstance(value, (str, int, float, jinja2.Undefined)):
        return value
    names = {type(None): "null", list: "a list", dict: "a mapping"}
    raise TypeError(f"{names.get(type(value), 'a function')} can't be written into SQL")


@jinja2.pass_environment
def _sum(environment: jinja2.Environment, iterable: Any, attribute: Any = None, start: Any = 0) -> Any:
    """Adds up numbers; adding up lists copies each of them again and again, in a single step."""
    if isinstance(start, (list, tuple)):
        raise TypeError("sum adds numbers, and no lists")
    return do_sum(environment, iterable, attribute, start)
