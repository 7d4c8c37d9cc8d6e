"""Functions of the analyzer's module that statements use: ``python -m benchmarks.used_functions`` lists them anew.

Each function of the module is made to count its calls. Then statements are judged and computed: generated models, and
all cases of ``tests/conformance``. What is not in the list works as well, only slower (decision 96), so the list is to
be made again for another build of the module, and not when statements change.
"""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Sequence
from pathlib import Path

from wasmtime import Module

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.client import Instance
from aggregator.analyzers.googlesql.evaluate import Evaluator
from aggregator.analyzers.googlesql.judge import Judge
from aggregator.analyzers.googlesql.tables import Question
from aggregator.analyzers.googlesql.webassembly.binary import Binary, encoded, number
from aggregator.analyzers.protocol import Statement
from benchmarks.generate import design
from benchmarks.judging import larges, small
from tests.conformance import corpus

_COUNTS = 4096
"""Where in the module's memory the counts are: at the end of its stack, which is never reached."""
_SIZE = 4
_MODELS, _LARGES, _SMALLS = 1000, 60, 20
_WIDTH = 118
_FEW = 20
"""What is called less often is not worth the work."""


def main() -> None:
    """Count, and write the list."""
    calls = counted(module.without_waste(module.source_path().read_bytes()))
    used = sorted((each for each in calls if calls[each] >= _FEW), key=lambda each: (-calls[each], each))
    module.USED.write_text(_lines(used), encoding="ascii")
    print(f"{len(used):,} of {len(calls):,} functions are used")


def counted(source: bytes) -> dict[int, int]:
    """How often each function is called, by its number."""
    binary = Binary(source)
    for index in range(len(binary.bodies)):
        function = binary.function(index)
        place = b"\x41" + _signed(_COUNTS + _SIZE * index)
        function.code[:0] = [place, place, b"\x28\x02\x00", b"\x41\x01", b"\x6a", b"\x36\x02\x00"]
        binary.bodies[index] = encoded(function)
    engine = module.engine()
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder, "counting.bin")
        compiled.write_bytes(bytes(Module(engine, binary.written()).serialize()))
        instance = Instance(engine, module.load(compiled, engine))
        judge = Judge(_One(instance))
        judge.verdicts([small(0)])
        found = (ctypes.c_uint32 * len(binary.bodies)).from_address(instance.room.base + _COUNTS)
        ctypes.memset(found, 0, ctypes.sizeof(found))
        _work(judge)
        return {binary.first + index: count for index, count in enumerate(found)}


def _work(judge: Judge) -> None:
    """Something of all that statements do. Tables that they are computed on are empty."""
    judge.verdicts(larges(design(_MODELS))[:_LARGES])
    for each in range(_SMALLS):
        judge.verdicts([small(each)])
    cases: Sequence[Statement] = [corpus.statement(case) for case in corpus.cases()]
    judge.verdicts(cases)
    evaluator = Evaluator(judge)
    for case in corpus.cases():
        if case.is_valid:
            evaluator.evaluate(Question(case.sql))


class _One:
    """The only instance that there is."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def take(self) -> Instance:
        return self._instance


def _lines(numbers: Sequence[int]) -> str:
    lines, line = [], ""
    for each in numbers:
        if len(line) + len(f" {each}") > _WIDTH:
            lines.append(line)
            line = ""
        line = f"{line} {each}".strip()
    return "\n".join([*lines, line, ""])


def _signed(value: int) -> bytes:
    found = bytearray()
    while value > 0x3F:  # noqa: PLR2004  (the bits of the last byte, without the sign)
        found.append(value & 0x7F | 0x80)
        value >>= 7
    assert number(bytes([*found, value]))[1] == len(found) + 1
    return bytes([*found, value])


if __name__ == "__main__":
    main()
