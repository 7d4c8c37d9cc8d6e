"""Makes code of WebAssembly faster that was compiled without optimisation, before the runtime sees it.

Only what runtimes can't do themselves: they must not leave out a store, and do not look beyond the function at hand.
What is done here is exact by the meaning of the instructions, if global variable 0 is the stack pointer and nobody
looks into the frames of functions that have returned: compilers of C and C++ see to both (decision 86); and if nobody
starts a thread (decision 96).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.analyzers.googlesql.webassembly.assertions import without_assertions
from aggregator.analyzers.googlesql.webassembly.binary import Binary, Function, encoded
from aggregator.analyzers.googlesql.webassembly.frames import without_frames
from aggregator.analyzers.googlesql.webassembly.inlining import Template, call_of, template_of, with_calls_replaced
from aggregator.analyzers.googlesql.webassembly.order import in_order
from aggregator.analyzers.googlesql.webassembly.single_thread import without_threads

_NOTHING = b"\x01"

_ROUNDS = 4
"""How often calls are replaced: functions in functions in functions."""


def optimised(module: bytes, used: Sequence[int], failure: int | None = None) -> bytes:
    """The same module, faster. Raises :class:`ValueError` where it is not understood.

    ``used`` are the numbers of the functions that are worth the work, the most used first; ``failure`` is that of the
    one which an assertion calls that does not hold.
    """
    binary = Binary(module)
    binary.unshare_memory()
    functions = {each: binary.function(each - binary.first) for each in used}
    for function in functions.values():
        function.code = [each for each in function.code if each != _NOTHING]
        without_threads(function)
        if failure is not None:
            function.code = without_assertions(function.code, failure)
    _without_calls(binary, functions)
    for each, function in functions.items():
        binary.bodies[each - binary.first] = encoded(function)
    return in_order(binary.written(), used)


def _without_calls(binary: Binary, functions: Mapping[int, Function]) -> None:
    """Put what is short where it is called, and variables that are in nobody else's hands then into locals."""
    framed = {each for each, function in functions.items() if not without_frames(binary, function)}
    templates: dict[bytes, Template] = {}
    again = set(functions)
    for _ in range(_ROUNDS):
        for each in again:
            template = template_of(binary, each, functions[each])
            if template is not None:
                templates[call_of(each)] = template
            else:
                templates.pop(call_of(each), None)
        again = {each for each in functions if with_calls_replaced(each, functions[each], templates)}
        framed -= {each for each in again & framed if without_frames(binary, functions[each])}
