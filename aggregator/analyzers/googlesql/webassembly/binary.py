"""A WebAssembly module as bytes, its functions as lists of instructions, and back.

See the binary format in the WebAssembly core specification. Of a module, only the code is looked into; all else is kept
as it is. An instruction is its bytes, its operands included.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

Code = list[bytes]

I32, I64, F32, F64 = 0x7F, 0x7E, 0x7D, 0x7C
"""Types of values."""

END, BRANCH_TABLE, CALL = 0x0B, 0x0E, 0x10
BLOCKS, NO_RESULT = frozenset({0x02, 0x03, 0x04}), 0x40
"""Instructions with which a block begins, and what they say where it gives nothing."""

_TYPES, _IMPORTS, _FUNCTIONS, _MEMORIES, _CODE = 1, 2, 3, 5, 10
"""Sections."""

_SHARED, _BOUNDED = 3, 1
"""How a memory is limited: it has a largest size in both cases."""

_NUMBER = rb"[\x80-\xff]*[\x00-\x7f]"
_INSTRUCTION = re.compile(
    rb"[\x02-\x04\x0c\x0d\x10\x20-\x24\x3f-\x42\xd2]" + _NUMBER + rb"|[\x00\x01\x05\x0b\x0f\x1a\x1b\x45-\xc4]"
    rb"|[\x11\x28-\x3e]" + _NUMBER * 2 + rb"|\x43.{4}|\x44.{8}"
    rb"|\xfc(?:[\x08\x0a]" + _NUMBER * 2 + rb"|[\x09\x0b]" + _NUMBER + rb"|[\x00-\x07])"
    rb"|\xfe(?:\x03.|" + _NUMBER * 3 + rb")",
    re.DOTALL,
)
"""Any instruction but a table of branches, whose length is in it."""

_HEADER = 8


@dataclasses.dataclass
class Function:
    """A function: the types of its parameters and, after them, of its other locals; and its instructions."""

    parameters: int
    locals: bytearray
    code: Code


@dataclasses.dataclass(frozen=True)
class Signature:
    """The types that a function takes and gives."""

    parameters: bytes
    results: bytes


class Binary:
    """A module whose functions can be replaced. Raises :class:`ValueError` where it is not understood."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._sections = list(_sections(content))
        places = dict(self._sections)
        self.signatures = list(_signatures(content, places[_TYPES].start))
        imported = list(_imported(content, places[_IMPORTS].start)) if _IMPORTS in places else []
        self._kinds = imported + list(_numbers(content, places[_FUNCTIONS].start))
        self.first = len(imported)
        """The number of the first function that has a body."""
        self.bodies = list(_bodies(content, places[_CODE].start))
        self._replaced: dict[int, bytes] = {}

    def signature(self, function: int) -> Signature:
        """What a function takes and gives."""
        return self.signatures[self._kinds[function]]

    def function(self, index: int) -> Function:
        """A function of those with a body, decoded."""
        body, parameters = self.bodies[index], self.signature(self.first + index).parameters
        types = bytearray(parameters)
        groups, at = number(body)
        for _ in range(groups):
            count, at = number(body, at)
            types += body[at : at + 1] * count
            at += 1
        return Function(len(parameters), types, instructions(body, at))

    def section(self, kind: int) -> bytes:
        """What is in a section; nothing where there is none."""
        return next((self._content[place] for each, place in self._sections if each == kind), b"")

    def unshare_memory(self) -> None:
        """Make its memory one that belongs to one thread."""
        memories = self.section(_MEMORIES)
        if memories[:2] == bytes([1, _SHARED]):
            self._replaced[_MEMORIES] = bytes([1, _BOUNDED]) + memories[2:]

    def written(self) -> bytes:
        """The module with its bodies as they are now."""
        return self._written({_CODE: _listed([unsigned(len(each)) + each for each in self.bodies])})

    def rearranged(self, order: Sequence[int], bodies: Iterable[bytes], sections: Mapping[int, bytes]) -> bytes:
        """The module with its functions in another order, with these bodies; ``sections`` has what names functions."""
        kinds = self._kinds[self.first :]
        code = _listed([unsigned(len(each)) + each for each in bodies])
        functions = _listed([unsigned(kinds[each]) for each in order])
        return self._written({**sections, _FUNCTIONS: functions, _CODE: code})

    def _written(self, sections: Mapping[int, bytes]) -> bytes:
        parts = [self._content[:_HEADER]]
        for kind, place in self._sections:
            section = {**self._replaced, **sections}.get(kind, self._content[place])
            parts += [bytes([kind]), unsigned(len(section)), section]
        return b"".join(parts)


def _listed(items: Sequence[bytes]) -> bytes:
    return b"".join([unsigned(len(items)), *items])


def encoded(function: Function) -> bytes:
    """The body of a function."""
    groups = [(len(list(group)), type_) for type_, group in itertools.groupby(function.locals[function.parameters :])]
    types = (unsigned(count) + bytes([type_]) for count, type_ in groups)
    return b"".join([unsigned(len(groups)), *types, *function.code])


def instructions(body: bytes, at: int = 0) -> Code:
    """What a body consists of, from a place on."""
    if BRANCH_TABLE not in body:
        found: Code = _INSTRUCTION.findall(body, at)
        if sum(map(len, found)) != len(body) - at:
            raise ValueError("an unknown instruction")
        return found
    return list(_one_by_one(body, at))


def _one_by_one(body: bytes, at: int) -> Iterator[bytes]:
    while at < len(body):
        if body[at] == BRANCH_TABLE:
            count, end = number(body, at + 1)
            for _ in range(count + 1):
                _, end = number(body, end)
        else:
            found = _INSTRUCTION.match(body, at)
            if found is None:
                raise ValueError("an unknown instruction")
            end = found.end()
        yield body[at:end]
        at = end


def number(content: Sequence[int], at: int = 0) -> tuple[int, int]:
    """An unsigned number at a place, and where it ends."""
    found = shift = 0
    while content[at] >= 0x80:  # noqa: PLR2004  (the bit that says that more follows)
        found |= (content[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return found | content[at] << shift, at + 1


def signed(content: bytes, at: int = 0) -> int:
    """A signed number at a place."""
    found, end = number(content, at)
    bits = 7 * (end - at)
    return found - (1 << bits) if found >> (bits - 1) else found


def unsigned(value: int) -> bytes:
    """An unsigned number as bytes."""
    found = bytearray()
    while value > 0x7F:  # noqa: PLR2004  (as above)
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _sections(content: bytes) -> Iterator[tuple[int, slice]]:
    at = _HEADER
    while at < len(content):
        size, start = number(content, at + 1)
        yield content[at], slice(start, start + size)
        at = start + size


def _signatures(content: bytes, at: int) -> Iterator[Signature]:
    count, at = number(content, at)
    for _ in range(count):
        taken, start = number(content, at + 1)
        given, end = number(content, start + taken)
        yield Signature(content[start : start + taken], content[end : end + given])
        at = end + given


def _imported(content: bytes, at: int) -> Iterator[int]:
    """The signatures of what is imported: functions, and nothing else."""
    count, at = number(content, at)
    for _ in range(count):
        for _ in ("module", "name"):
            length, at = number(content, at)
            at += length
        if content[at]:
            raise ValueError("something is imported that is no function")
        kind, at = number(content, at + 1)
        yield kind


def _numbers(content: bytes, at: int) -> Iterable[int]:
    count, at = number(content, at)
    for _ in range(count):
        found, at = number(content, at)
        yield found


def _bodies(content: bytes, at: int) -> Iterator[bytes]:
    count, at = number(content, at)
    for _ in range(count):
        size, start = number(content, at)
        at = start + size
        yield content[start:at]
