"""What Jinja says of a template that can't be rendered, in words for people who write SQL, and where the mistake is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from aggregator.compile.templates.text import Span, TemplateText

_NAMES = (
    (re.compile(r"'(\w+)' is undefined"), "names"),
    (re.compile(r"'dict object' has no attribute '(\w+)'"), "variables"),
    (re.compile(r"has no attribute '(\w+)'"), ""),
    (re.compile(r"access to attribute '(\w+)'"), ""),
    (re.compile(r"No filter named '(\w+)'"), "filters"),
    (re.compile(r"No test named '(\w+)'"), "tests"),
    (re.compile(r"[Uu]nknown tag '(\w+)'"), ""),
    (re.compile(r"takes no keyword argument '(\w+)'"), ""),
    (re.compile(r"parameter '(\w+)' was not provided"), ""),
)
"""The name that is to blame, and what it may be a misspelling of."""

_UNCLOSED = re.compile(r"Unexpected end of template.*innermost block that needs to be closed is '(\w+)'")
_NOT_GIVEN = re.compile(r"parameter '\w+' was not provided")
_SAID = {"RecursionError": "a macro calls itself without end", "MemoryError": "it needs too much memory"}
_MARKS = {"'end of print statement'": "'}}'", "'end of statement block'": "'%}'", "'Traced'": "'str'"}
_SENTENCES = tuple(
    (re.compile(pattern, re.DOTALL), sentence)
    for pattern, sentence in (
        (r"'dict object' has no attribute '(\w+)'", r"there is no variable \1"),
        (r"'([\w.]+)(?: object)?' has no attribute '(\w+)'", r"there is no \2 here"),
        (r"'caller' is undefined", "caller() stands in a macro, for what {% call %} gives it, and here nothing does"),
        (r"list object has no element (-?\d+)", r"the list has no element \1: the first is 0"),
        (r"'(\w+)' is undefined", r"there is no \1: a template sees `vars` and the macros in macros/"),
        (r"Unexpected end.*innermost block that needs to be closed is '(\w+)'.*", r"{% \1 %} is never closed"),
        (
            r"Encountered unknown tag '(\w+)'.*innermost block that needs to be closed is '(\w+)'.*",
            r"{% \1 %} is not expected here: {% \2 %} is to be closed first",
        ),
        (r"Encountered unknown tag 'end(\w+)'.*", r"there is no {% \1 %} here that {% end\1 %} could close"),
        (r"Encountered unknown tag '(\w+)'.*", r"there is no tag {% \1 %}"),
        (r"tag name expected", "the name of a tag, such as if or for, is missing after {%"),
        (r"Missing end of comment tag", "this comment is never closed"),
        (r"Missing end of raw directive", "{% raw %} is never closed"),
        (r"expected token '(.+)', got '(.+)'", r"\1 is expected here, not \2"),
        (r"unexpected '(.+)', expected '(.+)'", r"\2 is expected here, not \1"),
        (r"unexpected char [\"'](.+)[\"'] at \d+", r"\1 is not expected here"),
        (r"too many statically nested blocks.*", "loops are nested too deeply: at most 20"),
        (r"Exceeds the limit .* for integer string conversion.*", "the number is too large"),
        (r"unexpected '(.+)'", r"\1 is not expected here"),
        (r"Expected an expression, got '(.+)'", r"a value is expected here, not \1"),
        (r"No (filter|test) named '(\w+)'", r"there is no \1 \2"),
        (r"parameter '(\w+)' was not provided", r"the macro MACRO needs a value for \1"),
        (r"macro '(\w+)' takes not more than 0 argument\(s\)", r"the macro \1 takes no arguments"),
        (r"macro '(\w+)' takes not more than 1 argument\(s\)", r"the macro \1 takes one argument"),
        (r"macro '(\w+)' takes not more than (\d+) argument\(s\)", r"the macro \1 takes at most \2 arguments"),
        (r"macro '(\w+)' takes no keyword argument '(\w+)'", r"the macro \1 has no parameter \2"),
        (r"integer division or modulo by zero|float floor division by zero", "division by zero"),
        (r"can only concatenate str .*|unsupported operand .* for \+: .*'str'.*", "+ adds numbers: join texts with ~"),
        (r"access to attribute '(\w+)' of '.+' object is unsafe", r"a template can't use \1"),
        (r"Range too big.*", "the range is too long: at most 100,000 numbers"),
        (r"'int' object is not iterable|'float' object is not iterable", "a number is not a list to loop over"),
        (r"'(?:str|int|float|list|dict)' object is not callable", "this is not a macro and can't be called"),
        (r"sequence item \d+: expected str instance.*", "only texts can be written or joined here"),
        (r"no loader for this environment specified", "a template can't include, import or extend a file"),
    )
)
"""The first that fits is said instead."""


class Mishap(NamedTuple):
    """What went wrong. ``spans`` are the tags that led there, from the outermost; the last holds the mistake.

    ``at`` is narrower than that, where it is known. ``used`` are the tags in which the mistake came to light. ``name``
    is to blame, and was meant to be one of the ``among``: names, variables, filters, tests or nothing that is known.
    """

    spans: tuple[Span, ...]
    problem: str
    at: Span | None = None
    name: str = ""
    among: str = ""
    used: tuple[Span, ...] = ()


def mishap(template: TemplateText, texts: Mapping[str, TemplateText], error: Exception) -> Mishap:
    """What an error that Jinja raised over a template means. ``texts`` are all templates, by their paths."""
    said = _SAID.get(type(error).__name__) or getattr(error, "message", None) or str(error) or "syntax error"
    said = said.strip().removesuffix(".")
    for jinjas, written in _MARKS.items():
        said = said.replace(jinjas, written)
    found = ((match[1], among) for pattern, among in _NAMES if (match := pattern.search(said)))
    name, among = next(found, ("", ""))
    line = getattr(error, "lineno", None)
    if isinstance(line, int):
        return _while_reading(template, template.start + line - 1, said, name)._replace(among=among)
    calls = tuple(_calls(template, texts, error))
    if isinstance(error, RecursionError) and len(calls) > 1 and calls[-1] not in calls[:-1]:
        calls = calls[:-1]  # a call that had only just begun, and stands at the beginning of its macro
    if isinstance(error, RecursionError) and len(calls) == 1:
        said = "it is nested too deeply"  # no call led there: it was being read
    return _while_rendering(calls, said, name)._replace(among=among)


def _while_reading(template: TemplateText, offset: int, said: str, name: str) -> Mishap:
    unclosed = _UNCLOSED.search(said)
    opening = template.opening(unclosed[1]) if unclosed else None
    if said.startswith("Missing end of"):
        opening = template.token(template.lexemes[-1].start)
    at = opening or template.token(offset)
    return Mishap((at,), _sentence(said), None if opening else template.name(template.tag(offset), name), name)


def _while_rendering(calls: tuple[Span, ...], said: str, name: str) -> Mishap:
    """The mistake is in the innermost tag; or around it, in the one that has the name to blame."""
    if _NOT_GIVEN.search(said) and len(calls) > 1:
        macro = calls[-1].template.macro(calls[-1].start)
        return Mishap(calls[:-1], _sentence(said).replace("MACRO", macro), None, name, used=calls[-1:])
    for index in range(len(calls) - 1, -1, -1) if name else ():
        at = calls[index].template.name(calls[index], name)
        if at is not None:
            return Mishap(calls[: index + 1], _sentence(said), at, name, used=calls[:index:-1])
    return Mishap(calls, _sentence(said), None, name)


def _calls(template: TemplateText, texts: Mapping[str, TemplateText], error: Exception) -> Iterator[Span]:
    """The tags that the traceback leads through, from the outermost; the first one of the file if there is none."""
    found = False
    step = error.__traceback__
    while step is not None:
        text = texts.get(step.tb_frame.f_code.co_filename)
        if text is not None:
            found = True
            yield text.tag(text.start + step.tb_lineno - 1)
        step = step.tb_next
    if not found:
        openings = (lexeme.start for lexeme in template.lexemes if lexeme.kind.endswith("_begin"))
        yield template.tag(next(openings, template.start))


def _sentence(said: str) -> str:
    for pattern, sentence in _SENTENCES:
        if pattern.search(said):
            return pattern.sub(sentence, said)
    return said
