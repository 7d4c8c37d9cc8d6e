"""Variables of a function that are kept in memory, put into locals of WebAssembly.

A compiler that does not optimise keeps each variable in a frame: a piece of the stack in the module's memory, whose
address it takes from global variable 0 when the function begins. Every use is a load or a store, which no runtime may
leave out, as somebody else might look there. Nobody can where the function hands the address to no one. Of such a
function, each place in the frame becomes a local, and the frame is gone.

A function is walked once, with what is on WebAssembly's own stack as far as it has to do with frames. Whenever an
address could go anywhere but into a load, a store or a local, the function is left as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from typing import Final, NamedTuple, TypeAlias

from aggregator.analyzers.googlesql.webassembly.binary import (
    F32,
    F64,
    I32,
    I64,
    Binary,
    Code,
    Function,
    number,
    signed,
    unsigned,
)


class Constant(NamedTuple):
    """A number, and the instruction that gives it."""

    value: int
    at: int


class Address(NamedTuple):
    """A place in a frame, which is known by the instruction that makes it."""

    frame: int
    offset: int


class Pointer(NamedTuple):
    """The address of the stack itself."""


class Unclear(NamedTuple):
    """What a local holds after it was given one thing or another."""


Value: TypeAlias = "Constant | Address | Pointer | Unclear | None"
"""None is any other value, about which nothing is known."""


class _Kept(Exception):  # noqa: N818  (no error: an answer)
    """This function can't be changed."""


class _Width(NamedTuple):
    """How much a load or store moves, as what type, and how it is made as wide as the type."""

    size: int
    type: int
    extends: bytes = b""


_BYTE, _HALF = b"\x41\xff\x01\x71", b"\x41\xff\xff\x03\x71"
"""What is kept of a number in one and in two bytes: ``i32.const 255`` and ``i32.and``, and so on."""

_LOADS: Final = {
    0x28: _Width(4, I32),
    0x29: _Width(8, I64),
    0x2A: _Width(4, F32),
    0x2B: _Width(8, F64),
    0x2C: _Width(1, I32, b"\xc0"),
    0x2D: _Width(1, I32),
    0x2E: _Width(2, I32, b"\xc1"),
    0x2F: _Width(2, I32),
}
_STORES: Final = {
    0x36: _Width(4, I32),
    0x37: _Width(8, I64),
    0x38: _Width(4, F32),
    0x39: _Width(8, F64),
    0x3A: _Width(1, I32, _BYTE),
    0x3B: _Width(2, I32, _HALF),
}
_GET, _SET, _TEE, _STACK, _ADD, _LOOP, _IF, _ELSE = 0x20, 0x21, 0x22, 0x00, 0x6A, 0x03, 0x04, 0x05
_NO_RESULT = 0x40


@dataclasses.dataclass
class _Scope:
    """A block that has begun: what was on the stack before, and the locals that have been given something else."""

    height: int
    has_result: bool
    is_loop: bool
    changed: set[int] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(frozen=True)
class _Access:
    """A load or store in a frame."""

    at: int
    place: Address
    width: _Width
    stores: bool


def without_frames(binary: Binary, function: Function) -> bool:
    """Put what a function keeps in its frames into locals; whether that could be done."""
    walk = _Walk(binary, function.code)
    try:
        walk.run()
        names = _locals_of(walk)
    except _Kept:
        return False
    for _, type_ in names.values():
        function.locals.append(type_)
    first = len(function.locals) - len(names)
    replaced = {each.at: _moved(each, first + names[each.place][0]) for each in walk.accesses}
    code: Code = []
    for at, instruction in enumerate(function.code):
        if at in replaced:
            code += replaced[at]
        elif at not in walk.dropped:
            code.append(instruction)
    function.code = code
    return True


def _locals_of(walk: _Walk) -> dict[Address, tuple[int, int]]:
    """For each place that is used, which local it becomes, and of what type. No two may share a byte."""
    widths: dict[Address, _Width] = {}
    for each in walk.accesses:
        known = widths.setdefault(each.place, each.width)
        if known[:2] != each.width[:2]:
            raise _Kept
    end = Address(-1, 0)
    for place, width in sorted(widths.items()):
        if place < end or place.offset < 0 or place.offset + width.size > walk.sizes[place.frame]:
            raise _Kept
        end = Address(place.frame, place.offset + width.size)
    return {place: (index, width.type) for index, (place, width) in enumerate(widths.items())}


def _moved(access: _Access, local: int) -> Code:
    """What stands for a load or a store."""
    extends = access.width.extends
    if access.stores:
        return [*([extends[:-1], extends[-1:]] if extends else []), bytes([_SET]) + unsigned(local)]
    return [bytes([_GET]) + unsigned(local), *([extends] if extends else [])]


class _Walk:
    """One walk over the instructions of a function. ``dropped`` are those that only make addresses."""

    def __init__(self, binary: Binary, code: Code) -> None:
        self.accesses: list[_Access] = []
        self.dropped: set[int] = set()
        self.sizes: dict[int, int] = {}
        self._binary = binary
        self._code = code
        self._stack: list[Value] = []
        self._scopes: list[_Scope] = []
        self._loops = 0
        self._holds: dict[int, Value] = {}
        self._read: set[int] = set()
        self._given_in_loops: set[int] = set()
        self._dead: int | None = None
        """Behind a branch, how many blocks have begun that nobody reaches."""

    def run(self) -> None:
        """Walk to the end. Raises :class:`_Kept`."""
        for at, instruction in enumerate(self._code):
            if self._dead is None or self._revives(instruction[0]):
                _HANDLERS[instruction[0]](self, at, instruction)
        if self._read & self._given_in_loops or not self.dropped:
            raise _Kept  # when a loop begins again, such a local could hold an address

    def _revives(self, kind: int) -> bool:
        assert self._dead is not None  # noqa: S101  (asked before)
        if kind in _BLOCKS:
            self._dead += 1
        elif kind == _END and self._dead:
            self._dead -= 1
        elif kind in (_ELSE, _END) and not self._dead:
            return True
        return False

    def _pop(self) -> Value:
        if len(self._stack) <= (self._scopes[-1].height if self._scopes else 0):
            raise _Kept
        return self._stack.pop()

    def _use(self, count: int = 1) -> None:
        """Take values for what needs more than an address of ours."""
        for _ in range(count):
            if not isinstance(self._pop(), Constant | None):
                raise _Kept

    def _give(self, count: int = 1) -> None:
        self._stack += [None] * count

    def local_get(self, at: int, instruction: bytes) -> None:
        local, _ = number(instruction, 1)
        value = self._holds.get(local)
        if isinstance(value, Unclear):
            raise _Kept
        if value is None:
            self._read.add(local)
        else:
            self.dropped.add(at)
        self._stack.append(value)

    def local_set(self, at: int, instruction: bytes) -> None:
        value = self._pop()
        if isinstance(value, Pointer):
            raise _Kept
        address = value if isinstance(value, Address) else None
        if address is not None:
            self.dropped.add(at)
        self._assign(number(instruction, 1)[0], address)
        if instruction[0] == _TEE:
            self._stack.append(address)

    def _assign(self, local: int, value: Value) -> None:
        """Have a local hold something; where that is something else than before, it is unclear behind the block."""
        before = self._holds.get(local)
        if before == value and type(before) is type(value):
            return
        if self._loops and isinstance(before, Address):
            raise _Kept
        if self._loops and value is not None:
            self._given_in_loops.add(local)
        if self._scopes:
            self._scopes[-1].changed.add(local)
        self._holds[local] = value

    def constant(self, at: int, instruction: bytes) -> None:
        self._stack.append(Constant(signed(instruction, 1), at))

    def global_get(self, at: int, instruction: bytes) -> None:
        if instruction[1] == _STACK:
            self.dropped.add(at)
            self._stack.append(Pointer())
        else:
            self._give()

    def global_set(self, at: int, instruction: bytes) -> None:
        if instruction[1] != _STACK:
            self._use()
        elif isinstance(self._pop(), Address | Pointer):
            self.dropped.add(at)
        else:
            raise _Kept

    def arithmetic(self, at: int, instruction: bytes) -> None:
        """Addresses are made by adding and subtracting constants."""
        right, left = self._pop(), self._pop()
        if not isinstance(left, Address | Pointer):
            if isinstance(right, Address | Pointer):
                raise _Kept
            self._give()
            return
        if not isinstance(right, Constant):
            raise _Kept
        self.dropped |= {at, right.at}
        adds = instruction[0] == _ADD
        if isinstance(left, Address):
            self._stack.append(Address(left.frame, left.offset + (right.value if adds else -right.value)))
        elif adds:
            self._stack.append(left)  # given back to the stack
        else:
            self.sizes[at] = right.value
            self._stack.append(Address(at, 0))

    def load(self, at: int, instruction: bytes) -> None:
        self._access(at, instruction, self._pop(), _LOADS)
        self._give()

    def store(self, at: int, instruction: bytes) -> None:
        self._use()
        self._access(at, instruction, self._pop(), _STORES)

    def _access(self, at: int, instruction: bytes, address: Value, widths: dict[int, _Width]) -> None:
        if isinstance(address, Address):
            if instruction[0] not in widths:
                raise _Kept
            _, start = number(instruction, 1)
            offset, _ = number(instruction, start)
            place = Address(address.frame, address.offset + offset)
            self.accesses.append(_Access(at, place, widths[instruction[0]], widths is _STORES))
        elif not isinstance(address, Constant | None):
            raise _Kept

    def call(self, _: int, instruction: bytes) -> None:
        signature = self._binary.signature(number(instruction, 1)[0])
        self._use(len(signature.parameters))
        self._give(len(signature.results))

    def call_indirect(self, _: int, instruction: bytes) -> None:
        signature = self._binary.signatures[number(instruction, 1)[0]]
        self._use(1 + len(signature.parameters))
        self._give(len(signature.results))

    def begin(self, _: int, instruction: bytes) -> None:
        if instruction[0] == _IF:
            self._use()
        if instruction[1] not in (_NO_RESULT, I32, I64, F32, F64):
            raise _Kept
        scope = _Scope(len(self._stack), instruction[1] != _NO_RESULT, instruction[0] == _LOOP)
        self._scopes.append(scope)
        self._loops += scope.is_loop

    def end(self, _: int, instruction: bytes) -> None:
        """The end of a block, of the first branch of an IF, or of the function."""
        if not self._scopes:
            if self._dead is None:
                self._use(len(self._stack))
            return
        scope = self._scopes[-1]
        if self._dead is None and scope.has_result:
            self._use()
        del self._stack[scope.height :]
        self._dead = None
        self._holds.update(dict.fromkeys(scope.changed, Unclear()))
        if instruction[0] == _ELSE:
            scope.changed = set()
            return
        self._scopes.pop()
        self._loops -= scope.is_loop
        self._give(scope.has_result)

    def leave(self, _: int, instruction: bytes) -> None:
        """Nothing behind a branch is reached. What it may hand over is no address."""
        if instruction[0] == _BRANCH_TABLE:
            self._use()
        self._hand_over()
        self._dead = 0

    def leave_if(self, _: int, __: bytes) -> None:
        self._use()
        self._hand_over()

    def _hand_over(self) -> None:
        height = self._scopes[-1].height if self._scopes else 0
        if len(self._stack) > height and not isinstance(self._stack[-1], Constant | None):
            raise _Kept

    def drop(self, at: int, _: bytes) -> None:
        if isinstance(self._pop(), Address | Pointer):
            self.dropped.add(at)

    def plain(self, _: int, instruction: bytes) -> None:
        """All that takes values and gives one, or none."""
        taken, given = _EFFECTS[instruction[0]]
        self._use(taken)
        self._give(given)

    def extended(self, _: int, instruction: bytes) -> None:
        """Instructions of two bytes: memory as a whole, and what is done at once with threads in mind."""
        effects = _EXTENDED.get(instruction[:2])
        if effects is None:
            raise _Kept
        self._use(effects[0])
        self._give(effects[1])


_END, _BRANCH_TABLE = 0x0B, 0x0E
_BLOCKS: Collection[int] = frozenset({0x02, _LOOP, _IF})
_ONE_OPERAND: Collection[int] = frozenset(
    {0x45, 0x50, 0x67, 0x68, 0x69, 0x79, 0x7A, 0x7B, *range(0x8B, 0x92), *range(0x99, 0xA0), *range(0xA7, 0xC5)}
)
_EFFECTS: dict[int, tuple[int, int]] = (
    {0x01: (0, 0), 0x1B: (3, 1), 0x3F: (0, 1), 0x40: (1, 1), 0x42: (0, 1), 0x43: (0, 1), 0x44: (0, 1)}
    | dict.fromkeys(range(0x45, 0xC5), (2, 1))
    | dict.fromkeys(_ONE_OPERAND, (1, 1))
)
"""How many values an instruction takes and gives."""

_EXTENDED: dict[bytes, tuple[int, int]] = (
    {bytes([0xFC, kind]): (1, 1) for kind in range(8)}
    | {bytes([0xFC, kind]): (3, 0) for kind in (0x08, 0x0A, 0x0B)}
    | {bytes([0xFC, 0x09]): (0, 0), bytes([0xFE, 0x03]): (0, 0)}
    | {bytes([0xFE, kind]): (1, 1) for kind in range(0x10, 0x17)}
    | {bytes([0xFE, kind]): (2, 0) for kind in range(0x17, 0x1E)}
    | {bytes([0xFE, kind]): (2, 1) for kind in range(0x1E, 0x48)}
    | {bytes([0xFE, kind]): (3, 1) for kind in range(0x48, 0x4F)}
)
_HANDLERS: dict[int, Callable[[_Walk, int, bytes], None]] = (
    dict.fromkeys(_EFFECTS, _Walk.plain)
    | dict.fromkeys(range(0x28, 0x36), _Walk.load)
    | dict.fromkeys(range(0x36, 0x3F), _Walk.store)
    | dict.fromkeys((0x02, _LOOP, _IF), _Walk.begin)
    | dict.fromkeys((0x00, 0x0C, _BRANCH_TABLE, 0x0F), _Walk.leave)
    | dict.fromkeys((_ELSE, _END), _Walk.end)
    | dict.fromkeys((_SET, _TEE), _Walk.local_set)
    | dict.fromkeys((_ADD, 0x6B), _Walk.arithmetic)
    | dict.fromkeys((0xFC, 0xFE), _Walk.extended)
    | {
        0x0D: _Walk.leave_if,
        0x10: _Walk.call,
        0x11: _Walk.call_indirect,
        0x1A: _Walk.drop,
        _GET: _Walk.local_get,
        0x23: _Walk.global_get,
        0x24: _Walk.global_set,
        0x41: _Walk.constant,
    }
)
