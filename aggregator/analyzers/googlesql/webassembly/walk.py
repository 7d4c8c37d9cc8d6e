"""A walk over the instructions of a function, with where the addresses of its frames go."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from aggregator.analyzers.googlesql.webassembly.binary import (
    BLOCKS,
    BRANCH_TABLE,
    END,
    F32,
    F64,
    I32,
    I64,
    NO_RESULT,
    Binary,
    Code,
    number,
    signed,
)
from aggregator.analyzers.googlesql.webassembly.effects import EFFECTS, EXTENDED, LOADS, STORES, Width


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


class Kept(Exception):  # noqa: N818  (no error: an answer)
    """This function can't be changed."""


GET, SET, _TEE, _STACK, _ADD, _LOOP, _IF, _ELSE = 0x20, 0x21, 0x22, 0x00, 0x6A, 0x03, 0x04, 0x05


@dataclasses.dataclass
class _Scope:
    """A block that has begun: what was on the stack before, and the locals that have been given something else."""

    height: int
    has_result: bool
    is_loop: bool
    changed: set[int] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(frozen=True)
class Access:
    """A load or store in a frame."""

    at: int
    place: Address
    width: Width
    stores: bool


class Walk:
    """One walk over the instructions of a function. ``dropped`` are those that only make addresses."""

    def __init__(self, binary: Binary, code: Code) -> None:
        self.accesses: list[Access] = []
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
        """Walk to the end. Raises :class:`Kept`."""
        for at, instruction in enumerate(self._code):
            if self._dead is None or self._revives(instruction[0]):
                _HANDLERS[instruction[0]](self, at, instruction)
        if self._read & self._given_in_loops or not self.dropped:
            raise Kept  # when a loop begins again, such a local could hold an address

    def _revives(self, kind: int) -> bool:
        assert self._dead is not None  # noqa: S101  (asked before)
        if kind in BLOCKS:
            self._dead += 1
        elif kind == END and self._dead:
            self._dead -= 1
        elif kind in (_ELSE, END) and not self._dead:
            return True
        return False

    def _pop(self) -> Value:
        if len(self._stack) <= (self._scopes[-1].height if self._scopes else 0):
            raise Kept
        return self._stack.pop()

    def _use(self, count: int = 1) -> None:
        """Take values for what needs more than an address of ours."""
        for _ in range(count):
            if not isinstance(self._pop(), Constant | None):
                raise Kept

    def _give(self, count: int = 1) -> None:
        self._stack += [None] * count

    def local_get(self, at: int, instruction: bytes) -> None:
        """A local that holds an address gives it, and the instruction goes."""
        local, _ = number(instruction, 1)
        value = self._holds.get(local)
        if isinstance(value, Unclear):
            raise Kept
        if value is None:
            self._read.add(local)
        else:
            self.dropped.add(at)
        self._stack.append(value)

    def local_set(self, at: int, instruction: bytes) -> None:
        """A local is given something; where that is an address, the instruction goes."""
        value = self._pop()
        if isinstance(value, Pointer):
            raise Kept
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
            raise Kept
        if self._loops and value is not None:
            self._given_in_loops.add(local)
        if self._scopes:
            self._scopes[-1].changed.add(local)
        self._holds[local] = value

    def constant(self, at: int, instruction: bytes) -> None:
        """A number, which may become part of an address."""
        self._stack.append(Constant(signed(instruction, 1), at))

    def global_get(self, at: int, instruction: bytes) -> None:
        """Global variable 0 is where the stack is."""
        if instruction[1] == _STACK:
            self.dropped.add(at)
            self._stack.append(Pointer())
        else:
            self._give()

    def global_set(self, at: int, instruction: bytes) -> None:
        """The stack is only moved for the sake of frames."""
        if instruction[1] != _STACK:
            self._use()
        elif isinstance(self._pop(), Address | Pointer):
            self.dropped.add(at)
        else:
            raise Kept

    def arithmetic(self, at: int, instruction: bytes) -> None:
        """Addresses are made by adding and subtracting constants."""
        right, left = self._pop(), self._pop()
        if not isinstance(left, Address | Pointer):
            if isinstance(right, Address | Pointer):
                raise Kept
            self._give()
            return
        if not isinstance(right, Constant):
            raise Kept
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
        """Something is taken from memory."""
        self._access(at, instruction, self._pop(), LOADS)
        self._give()

    def store(self, at: int, instruction: bytes) -> None:
        """Something is put into memory."""
        self._use()
        self._access(at, instruction, self._pop(), STORES)

    def _access(self, at: int, instruction: bytes, address: Value, widths: dict[int, Width]) -> None:
        if isinstance(address, Address):
            if instruction[0] not in widths:
                raise Kept
            _, start = number(instruction, 1)
            offset, _ = number(instruction, start)
            place = Address(address.frame, address.offset + offset)
            self.accesses.append(Access(at, place, widths[instruction[0]], widths is STORES))
        elif not isinstance(address, Constant | None):
            raise Kept

    def call(self, _: int, instruction: bytes) -> None:
        """A function is called."""
        signature = self._binary.signature(number(instruction, 1)[0])
        self._use(len(signature.parameters))
        self._give(len(signature.results))

    def call_indirect(self, _: int, instruction: bytes) -> None:
        """A function is called by its number."""
        signature = self._binary.signatures[number(instruction, 1)[0]]
        self._use(1 + len(signature.parameters))
        self._give(len(signature.results))

    def begin(self, _: int, instruction: bytes) -> None:
        """A block, a loop or an IF."""
        if instruction[0] == _IF:
            self._use()
        if instruction[1] not in (NO_RESULT, I32, I64, F32, F64):
            raise Kept
        scope = _Scope(len(self._stack), instruction[1] != NO_RESULT, instruction[0] == _LOOP)
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
        if instruction[0] == BRANCH_TABLE:
            self._use()
        self._hand_over()
        self._dead = 0

    def leave_if(self, _: int, __: bytes) -> None:
        """A branch that may be taken."""
        self._use()
        self._hand_over()

    def _hand_over(self) -> None:
        height = self._scopes[-1].height if self._scopes else 0
        if len(self._stack) > height and not isinstance(self._stack[-1], Constant | None):
            raise Kept

    def drop(self, at: int, _: bytes) -> None:
        """A value is not needed."""
        if isinstance(self._pop(), Address | Pointer):
            self.dropped.add(at)

    def plain(self, _: int, instruction: bytes) -> None:
        """All that takes values and gives one, or none."""
        taken, given = EFFECTS[instruction[0]]
        self._use(taken)
        self._give(given)

    def extended(self, _: int, instruction: bytes) -> None:
        """Instructions of two bytes: memory as a whole, and what is done at once with threads in mind."""
        effects = EXTENDED.get(instruction[:2])
        if effects is None:
            raise Kept
        self._use(effects[0])
        self._give(effects[1])


_HANDLERS: dict[int, Callable[[Walk, int, bytes], None]] = (
    dict.fromkeys(EFFECTS, Walk.plain)
    | dict.fromkeys(range(0x28, 0x36), Walk.load)
    | dict.fromkeys(range(0x36, 0x3F), Walk.store)
    | dict.fromkeys((0x02, _LOOP, _IF), Walk.begin)
    | dict.fromkeys((0x00, 0x0C, BRANCH_TABLE, 0x0F), Walk.leave)
    | dict.fromkeys((_ELSE, END), Walk.end)
    | dict.fromkeys((SET, _TEE), Walk.local_set)
    | dict.fromkeys((_ADD, 0x6B), Walk.arithmetic)
    | dict.fromkeys((0xFC, 0xFE), Walk.extended)
    | {
        0x0D: Walk.leave_if,
        0x10: Walk.call,
        0x11: Walk.call_indirect,
        0x1A: Walk.drop,
        GET: Walk.local_get,
        0x23: Walk.global_get,
        0x24: Walk.global_set,
        0x41: Walk.constant,
    }
)
