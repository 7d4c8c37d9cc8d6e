"""What is done with other threads in mind, done plainly: nobody starts any.

The module was built for threads. Its memory is one that threads can share, whose place is looked up twice in each
function; and what is counted or locked is read and written as one, which takes a processor twenty times as long.
"""

from __future__ import annotations

from typing import NamedTuple

from aggregator.analyzers.googlesql.webassembly.binary import I32, I64, Code, Function, unsigned

_ATOMIC, _FENCE = 0xFE, 0x03
_GET, _SET, _TEE, _IF, _END, _NO_RESULT = b"\x20", b"\x21", b"\x22", b"\x04", b"\x0b", b"\x40"

_MOVES = {0x10: 0x28, 0x11: 0x29, 0x12: 0x2D, 0x13: 0x2F, 0x17: 0x36, 0x18: 0x37, 0x19: 0x3A, 0x1A: 0x3B}
"""Loads and stores, and what they are without threads."""


class _Change(NamedTuple):
    """A value in memory that is read and changed: how it is read and written, of what type, and what with the operand.

    ``with_operand`` is an instruction that takes both; empty where the operand replaces the value.
    """

    load: int
    store: int
    type: int
    with_operand: bytes = b""


_CHANGES = {
    0x1E: _Change(0x28, 0x36, I32, b"\x6a"),
    0x1F: _Change(0x29, 0x37, I64, b"\x7c"),
    0x25: _Change(0x28, 0x36, I32, b"\x6b"),
    0x26: _Change(0x29, 0x37, I64, b"\x7d"),
    0x33: _Change(0x28, 0x36, I32, b"\x72"),
    0x41: _Change(0x28, 0x36, I32),
    0x43: _Change(0x2D, 0x3A, I32),
}
_EXCHANGES = {0x48: _Change(0x28, 0x36, I32), 0x49: _Change(0x29, 0x37, I64), 0x4A: _Change(0x2D, 0x3A, I32)}
"""Values that are replaced if they are what is expected."""

_BYTE, _LAST_BYTE, _AND = 0x2D, b"\x41\xff\x01", b"\x71"
"""What loads a byte, and keeps that much of a number."""

_EQUAL = {I32: b"\x46", I64: b"\x51"}


def without_threads(function: Function) -> None:
    """Have a function do plainly what it does with other threads in mind. Waiting and waking stay as they are."""
    if not any(each[0] == _ATOMIC for each in function.code):
        return
    names = _Names(function)
    code: Code = []
    for each in function.code:
        kind, place = each[1] if each[0] == _ATOMIC else None, each[2:]
        if kind in _MOVES:
            code.append(bytes([_MOVES[kind]]) + place)
        elif kind in _CHANGES:
            code += _changed(_CHANGES[kind], place, names)
        elif kind in _EXCHANGES:
            code += _exchanged(_EXCHANGES[kind], place, names)
        elif kind != _FENCE:
            code.append(each)
    function.code = code


class _Names:
    """Locals that are added to a function, each as an operand."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._known: dict[tuple[str, int], bytes] = {}

    def of(self, what: str, type_: int) -> bytes:
        if (what, type_) not in self._known:
            self._known[what, type_] = unsigned(len(self._function.locals))
            self._function.locals.append(type_)
        return self._known[what, type_]


def _read(change: _Change, place: bytes, address: bytes, found: bytes) -> Code:
    """Take an address from the stack, and keep what is there."""
    return [_TEE + address, bytes([change.load]) + place, _SET + found]


def _changed(change: _Change, place: bytes, names: _Names) -> Code:
    address, found = names.of("address", I32), names.of("found", change.type)
    operand = names.of("operand", change.type)
    kept = [_GET + found, _GET + operand, change.with_operand] if change.with_operand else [_GET + operand]
    write = [_GET + address, *kept, bytes([change.store]) + place]
    return [_SET + operand, *_read(change, place, address, found), *write, _GET + found]


def _exchanged(change: _Change, place: bytes, names: _Names) -> Code:
    address, found = names.of("address", I32), names.of("found", change.type)
    operand, expected = names.of("operand", change.type), names.of("expected", change.type)
    bits = [_LAST_BYTE, _AND] if change.load == _BYTE else []
    compare = [_GET + found, _GET + expected, *bits, _EQUAL[change.type], _IF + _NO_RESULT]
    write = [_GET + address, _GET + operand, bytes([change.store]) + place, _END]
    read = _read(change, place, address, found)
    return [_SET + operand, _SET + expected, *read, *compare, *write, _GET + found]
