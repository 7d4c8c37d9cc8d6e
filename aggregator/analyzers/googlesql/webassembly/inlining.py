"""Functions put where they are called.

Without optimisation, each dereference of a pointer is a call, and often one of a function that calls another. A short
function takes less as it is than the call of it, and what its caller hands it by an address in a frame can become a
local of the caller's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from aggregator.analyzers.googlesql.webassembly.binary import (
    BLOCKS,
    BRANCH_TABLE,
    CALL,
    END,
    F32,
    F64,
    I32,
    I64,
    NO_RESULT,
    Binary,
    Code,
    Function,
    number,
    unsigned,
)

MOST_INSTRUCTIONS = 60
"""Of a function that is put where it is called. With 30, an analysis takes a tenth more; with 14, a quarter."""

_LARGEST = 6000
"""Instructions of a function into which no more is put."""

_GET, _SET, _TEE, _NOTHING = 0x20, 0x21, 0x22, b"\x01"
_OF_LOCALS = (_GET, _SET, _TEE)
_BRANCH, _BRANCH_IF, _RETURN, _BLOCK = 0x0C, 0x0D, 0x0F, b"\x02"
_STACK = (b"\x23\x00", b"\x24\x00")
"""To get and set the stack pointer. Who does has a frame, and would keep his caller's."""

_ZEROS = {I32: b"\x41\x00", I64: b"\x42\x00", F32: b"\x43" + bytes(4), F64: b"\x44" + bytes(8)}
"""By type, the instruction that gives nothing: what a local holds when a function begins."""

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


class _Body:
    """A function's instructions as they can stand in another: what leaves the function leaves a block."""

    def __init__(self, parameters: int) -> None:
        self.code: Code = []
        self.is_left = False
        self.unset: dict[int, None] = {}
        """Locals that may be read before they are set."""
        self._set = set(range(parameters))
        self._depth = 0

    def add(self, instruction: bytes) -> None:
        kind = instruction[0]
        if kind in BLOCKS:
            self._depth += 1
        elif kind == END:
            self._depth -= 1
        elif kind == _RETURN:
            instruction = bytes([_BRANCH]) + unsigned(self._depth)
            self.is_left = True
        elif kind in (_BRANCH, _BRANCH_IF):
            self.is_left |= number(instruction, 1)[0] == self._depth
        elif kind in _OF_LOCALS:
            self._local(kind, number(instruction, 1)[0])
        self.code.append(instruction)

    def _local(self, kind: int, local: int) -> None:
        if kind == _GET and local not in self._set:
            self.unset[local] = None
        elif kind != _GET and not self._depth:
            self._set.add(local)


def call_of(function: int) -> bytes:
    """The instruction that calls a function."""
    return bytes([CALL]) + unsigned(function)


def template_of(binary: Binary, number_of: int, function: Function) -> Template | None:
    """A function as a template; None where it is too long, has a frame, or can't stand elsewhere."""
    *code, last = function.code
    results = binary.signature(number_of).results
    if len(code) >= MOST_INSTRUCTIONS or last[0] != END or len(results) > 1 or not _can_move(number_of, code):
        return None
    body = _Body(function.parameters)
    for each in code:
        body.add(each)
    types = bytes(function.locals)
    zeros = [part for local in body.unset for part in (_ZEROS[types[local]], bytes([_SET]) + unsigned(local))]
    if body.is_left:
        return Template(
            function.parameters, [*zeros, _BLOCK + (results or bytes([NO_RESULT])), *body.code, last], types
        )
    gets = [bytes([_GET]) + unsigned(each) for each in range(function.parameters)]
    rest = body.code[len(gets) :]
    used_again = any(each[0] in _OF_LOCALS and number(each, 1)[0] < function.parameters for each in rest)
    if not zeros and body.code[: len(gets)] == gets and not used_again:
        return Template(0, rest, types)
    return Template(function.parameters, [*zeros, *body.code], types)


def _can_move(number_of: int, code: Code) -> bool:
    """Whether there is no frame, table of branches, call of itself, or block that gives several values in it."""
    return not any(
        each in _STACK
        or each[0] == BRANCH_TABLE
        or each == call_of(number_of)
        or (each[0] in BLOCKS and each[1] not in (NO_RESULT, *_ZEROS))
        for each in code
    )


def with_calls_replaced(number_of: int, function: Function, templates: Templates) -> bool:
    """Put templates for the calls of a function; whether there were any."""
    own = call_of(number_of)
    length = len(function.code)
    code: Code = []
    is_changed = False
    for each in function.code:
        template = templates.get(each)
        if template is None or each == own or length + len(template.code) > _LARGEST:
            _add(code, each)
            continue
        is_changed = True
        length += len(template.code)
        first = len(function.locals)
        function.locals += template.types
        for argument in reversed(range(template.arguments)):
            _add(code, bytes([_SET]) + unsigned(first + argument))
        for inner in template.code:
            is_local = inner[0] in _OF_LOCALS
            _add(code, inner[:1] + unsigned(first + number(inner, 1)[0]) if is_local else inner)
    function.code = code
    return is_changed


def _add(code: Code, instruction: bytes) -> None:
    """Append an instruction; setting a local and getting it is one."""
    if instruction[0] == _GET and code and code[-1] == bytes([_SET]) + instruction[1:]:
        code[-1] = bytes([_TEE]) + instruction[1:]
    elif instruction != _NOTHING:
        code.append(instruction)
