"""Jinja's lexer and code generator, with the origin of every piece of text.

Jinja counts lines. Here it is told offsets instead, counted from 1, so that whatever it says of a line, in a syntax
error or in a traceback, is about one character. The code that it makes of a template is its own, but text and tags
carry their spans: ``origins`` is a list beside the code, and the code names entries of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import Lexer

from aggregator.compile.templates.text import Lexeme, Span, TemplateText
from aggregator.compile.templates.traced import Traced, changed, joined, written

LINE_OF_OFFSET = 1
"""What Jinja calls line 1 is offset 0."""

_FOLLOWED = ("capitalize", "center", "indent", "lower", "replace", "title", "upper", "wordwrap")


class OffsetLexer(Lexer):
    """Tokens whose line is the offset at which they begin. ``texts``, by their files' names, get to know them all."""

    def __init__(self, environment: Environment, texts: Mapping[str, TemplateText]) -> None:
        super().__init__(environment)
        self.texts = texts

    def tokeniter(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> Iterator[tuple[int, str, str]]:
        """Jinja's own tokens; the white space that ``{%-`` takes away is in none of them."""
        text = self.texts[filename or ""]
        position = 0
        try:
            for _, kind, value in super().tokeniter(source, name, filename, state):
                if not source.startswith(value, position):
                    position += len(source[position:]) - len(source[position:].lstrip())
                text.lexemes.append(Lexeme(text.start + position, kind, value))
                yield position + LINE_OF_OFFSET, kind, value
                position += len(value)
        except TemplateSyntaxError as error:
            error.lineno = position + LINE_OF_OFFSET
            raise


class TracingGenerator(CodeGenerator):
    """Code that gives the text that Jinja's gives, in pieces that know where they come from."""

    environment: Any
    filename: str

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802  (Jinja's name)
        """A template, after what its code needs."""
        self._text: TemplateText = self.environment.texts[self.filename]
        self._origins: list[Any] = self.environment.origins.setdefault(self.filename, [])
        self._is_in_tag = False
        self.writeline(f"origins = environment.origins[{self.filename!r}]")
        self.writeline("put_in, joined = environment.put_in, environment.concat")
        super().visit_Template(node, frame)

    def visit_Const(self, node: nodes.Const, frame: Frame) -> None:  # noqa: N802
        """Text between quotes: where it comes out in the SQL, it is this text that is meant."""
        span = self._text.literal(self._offset(node), node.value) if type(node.value) is str else None
        if span is None:
            super().visit_Const(node, frame)
        else:
            self.write(self._origin(written(node.value, span)))

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        """``a ~ b``, which is text."""
        if frame.eval_ctx.volatile or frame.eval_ctx.autoescape:
            super().visit_Concat(node, frame)
            return
        self.write("joined(map(str, (")
        for each in node.nodes:
            self.visit(each, frame)
            self.write(", ")
        self.write(")))")

    def start_write(self, frame: Frame, node: nodes.Node | None = None) -> None:
        """``{% call %}`` and ``{% filter %}``: what the macro or the filter gives is put in by this tag."""
        super().start_write(frame, node)
        if isinstance(node, (nodes.CallBlock, nodes.FilterBlock)):
            self.write(f"put_in({self._tag(node)}, ")
            self._is_in_tag = True

    def end_write(self, frame: Frame) -> None:
        """The end of what was started."""
        if self._is_in_tag:
            self.write(")")
            self._is_in_tag = False
        super().end_write(frame)

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        """Only the template's own text is known before rendering."""
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        text = super()._output_child_to_const(node, frame, finalize)
        offset = self._offset(node)
        return written(text, Span(self._text, offset, offset + len(text))) if type(text) is str else text

    def _output_const_repr(self, group: Iterable[Any]) -> str:
        return self._origin(joined(group))

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write(f"put_in({self._tag(node)}, ")
        super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        super()._output_child_post(node, frame, finalize)
        self.write(")")

    def _tag(self, node: nodes.Node) -> str:
        return self._origin(self._text.tag(self._offset(node)))

    def _origin(self, origin: Any) -> str:
        self._origins.append(origin)
        return f"origins[{len(self._origins) - 1}]"

    def _offset(self, node: nodes.Node) -> int:
        return self._text.start + node.lineno - LINE_OF_OFFSET


def follow_filters(filters: MutableMapping[str, Callable[..., Any]]) -> None:
    """Make Jinja's filters of text keep its origin. The text that they give stays the same."""
    for name in _FOLLOWED:
        filters[name] = _followed(filters[name])
    join = filters["join"]

    @functools.wraps(join)
    def join_traced(eval_ctx: Any, value: Any, d: str = "", attribute: Any = None) -> Any:
        return join(eval_ctx, value, Traced(d) if type(d) is str else d, attribute)

    filters["join"] = join_traced


def _followed(filter_: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(filter_)
    def followed(*arguments: Any, **named: Any) -> Any:
        after = filter_(*arguments, **named)
        before = next((each for each in arguments[:2] if isinstance(each, Traced)), None)
        return after if before is None or type(after) is not str else changed(before, after)

    return followed
