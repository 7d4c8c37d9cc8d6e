"""Small functions put where they are called.

Without optimisation, each dereference of a pointer is a call, and often one of a function that calls another. What has
no branch in it, and is short, takes less as it is than the call of it.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

from aggregator.analyzers.googlesql.webassembly.binary import CALL, END, Code, Function, number, unsigned

MOST_INSTRUCTIONS = 14

_GET, _SET, _TEE, _GLOBAL_GET, _GLOBAL_SET, _NOTHING = 0x20, 0x21, 0x22, 0x23, 0x24, b"\x01"
_OF_LOCALS = (_GET, _SET, _TEE)
_STRAIGHT = frozenset({0x01, CALL, 0x11, 0x1A, 0x1B, *range(0x20, 0x25), *range(0x28, 0x3F), *range(0x41, 0xC5), 0xFE})
"""Instructions after which the next one follows."""

Templates = Mapping[bytes, "Template"]
"""By the instruction that calls it, what can stand for it."""


@dataclasses.dataclass(frozen=True)
class Template:
    """A function as what stands for a call of it, over locals of its own.

    Its arguments are in the first of them, unless they are used where they are, on the stack. ``types`` are those of
    all its locals.
    """

    arguments: int
    code: Code
    types: bytes


class _Kind(NamedTuple):
    """Which of the locals of a type is meant."""

    type: int
    place: int


def template_of(number_of: int, function: Function) -> Template | None:
    """A function as a template; None where it is too long, or more than a line of instructions."""
    *code, last = function.code
    if len(code) >= MOST_INSTRUCTIONS or last[0] != END or not _is_straight(number_of, function.parameters, code):
        return None
    gets = [bytes([_GET]) + unsigned(each) for each in range(function.parameters)]
    rest = code[len(gets) :]
    used_again = any(each[0] in _OF_LOCALS and number(each, 1)[0] < function.parameters for each in rest)
    if code[: len(gets)] == gets and not used_again:
        return Template(0, rest, bytes(function.locals))
    return Template(function.parameters, code, bytes(function.locals))


def _is_straight(number_of: int, parameters: int, code: Code) -> bool:
    """Whether all is done once, in order, without the stack in memory, and no local is read before it is set."""
    known = set(range(parameters))
    for each in code:
        kind = each[0]
        if kind not in _STRAIGHT or (kind in (_GLOBAL_GET, _GLOBAL_SET) and each[1] == 0):
            return False
        if kind in _OF_LOCALS:
            local, _ = number(each, 1)
            if kind == _GET and local not in known:
                return False
            known.add(local)
        if kind == CALL and number(each, 1)[0] == number_of:
            return False
    return True


def with_calls_replaced(function: Function, templates: Templates) -> bool:
    """Put templates for the calls of a function; whether there were any. They share locals: none outlives its call."""
    if templates.keys().isdisjoint(function.code):
        return False
    shared: dict[_Kind, int] = {}
    code: Code = []
    for each in function.code:
        template = templates.get(each)
        if template is None:
            _add(code, each)
            continue
        names = _Names(function, shared, template.types)
        arguments = [names.of(each) for each in range(template.arguments)]
        for name in reversed(arguments):
            _add(code, bytes([_SET]) + name)
        for inner in template.code:
            _add(code, inner[:1] + names.of(number(inner, 1)[0]) if inner[0] in _OF_LOCALS else inner)
    function.code = code
    return True


def _add(code: Code, instruction: bytes) -> None:
    """Append an instruction; setting a local and getting it is one."""
    if instruction[0] == _GET and code and code[-1] == bytes([_SET]) + instruction[1:]:
        code[-1] = bytes([_TEE]) + instruction[1:]
    elif instruction != _NOTHING:
        code.append(instruction)


class _Names:
    """Locals of a function for those of one template."""

    def __init__(self, function: Function, shared: dict[_Kind, int], types: bytes) -> None:
        self._function = function
        self._shared = shared
        self._types = types
        self._known: dict[int, bytes] = {}
        self._counts: collections.Counter[int] = collections.Counter()

    def of(self, local: int) -> bytes:
        """The operand that names the local that stands for one of the template's."""
        if local not in self._known:
            type_ = self._types[local]
            kind = _Kind(type_, self._counts[type_])
            self._counts[type_] += 1
            if kind not in self._shared:
                self._shared[kind] = len(self._function.locals)
                self._function.locals.append(type_)
            self._known[local] = unsigned(self._shared[kind])
        return self._known[local]
