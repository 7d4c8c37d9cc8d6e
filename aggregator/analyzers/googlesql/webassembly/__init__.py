"""Makes code of WebAssembly faster that was compiled without optimisation, before the runtime sees it.

Only what runtimes can't do themselves: they must not leave out a store, and do not look beyond the function at hand.
What is done here is exact by the meaning of the instructions, if global variable 0 is the stack pointer and nobody
looks into the frames of functions that have returned: compilers of C and C++ see to both (decision 86).
"""

from __future__ import annotations

from aggregator.analyzers.googlesql.webassembly.binary import CALL, Binary, encoded, unsigned
from aggregator.analyzers.googlesql.webassembly.frames import without_frames
from aggregator.analyzers.googlesql.webassembly.inlining import Template, template_of, with_calls_replaced

_LARGEST = 1500
"""Bytes of a function that is looked into. Longer ones are two thirds of the code, and gain next to nothing."""

_ROUNDS = 2
"""How often calls are replaced: functions in functions in functions are rare."""


def optimised(module: bytes) -> bytes:
    """The same module, faster. Raises :class:`ValueError` where it is not understood."""
    binary = Binary(module)
    small = [index for index, body in enumerate(binary.bodies) if len(body) <= _LARGEST]
    functions = {index: binary.function(index) for index in small}
    changed = {index for index in small if without_frames(binary, functions[index])}
    done = set(changed)
    templates: dict[bytes, Template] = {}
    again = set(small)
    for _ in range(_ROUNDS):
        for index in again:
            template = template_of(binary.first + index, functions[index])
            if template is not None:
                templates[bytes([CALL]) + unsigned(binary.first + index)] = template
        again = {index for index in small if with_calls_replaced(functions[index], templates)}
        done |= {index for index in again - done if without_frames(binary, functions[index])}
        changed |= again
    for index in changed:
        binary.bodies[index] = encoded(functions[index])
    return binary.written()
