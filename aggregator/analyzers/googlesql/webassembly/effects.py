"""What instructions of WebAssembly move: between memory and the stack, and on the stack."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from aggregator.analyzers.googlesql.webassembly.binary import F32, F64, I32, I64


class Width(NamedTuple):
    """How much a load or store moves, as what type, and how it is made as wide as the type."""

    size: int
    type: int
    extends: bytes = b""


_BYTE, _HALF = b"\x41\xff\x01\x71", b"\x41\xff\xff\x03\x71"
"""What is kept of a number in one and in two bytes: ``i32.const 255`` and ``i32.and``, and so on."""

LOADS: Final = {
    0x28: Width(4, I32),
    0x29: Width(8, I64),
    0x2A: Width(4, F32),
    0x2B: Width(8, F64),
    0x2C: Width(1, I32, b"\xc0"),
    0x2D: Width(1, I32),
    0x2E: Width(2, I32, b"\xc1"),
    0x2F: Width(2, I32),
}
STORES: Final = {
    0x36: Width(4, I32),
    0x37: Width(8, I64),
    0x38: Width(4, F32),
    0x39: Width(8, F64),
    0x3A: Width(1, I32, _BYTE),
    0x3B: Width(2, I32, _HALF),
}
_ONE_OPERAND: Collection[int] = frozenset(
    {0x45, 0x50, 0x67, 0x68, 0x69, 0x79, 0x7A, 0x7B, *range(0x8B, 0x92), *range(0x99, 0xA0), *range(0xA7, 0xC5)}
)
EFFECTS: dict[int, tuple[int, int]] = (
    {0x01: (0, 0), 0x1B: (3, 1), 0x3F: (0, 1), 0x40: (1, 1), 0x42: (0, 1), 0x43: (0, 1), 0x44: (0, 1)}
    | dict.fromkeys(range(0x45, 0xC5), (2, 1))
    | dict.fromkeys(_ONE_OPERAND, (1, 1))
)
"""How many values an instruction takes and gives."""

EXTENDED: dict[bytes, tuple[int, int]] = (
    {bytes([0xFC, kind]): (1, 1) for kind in range(8)}
    | {bytes([0xFC, kind]): (3, 0) for kind in (0x08, 0x0A, 0x0B)}
    | {bytes([0xFC, 0x09]): (0, 0), bytes([0xFE, 0x03]): (0, 0)}
    | {bytes([0xFE, kind]): (1, 1) for kind in range(0x10, 0x17)}
    | {bytes([0xFE, kind]): (2, 0) for kind in range(0x17, 0x1E)}
    | {bytes([0xFE, kind]): (2, 1) for kind in range(0x1E, 0x48)}
    | {bytes([0xFE, kind]): (3, 1) for kind in range(0x48, 0x4F)}
)
