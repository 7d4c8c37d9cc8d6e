"""Variables of a function that are kept in memory, put into locals of WebAssembly.

A compiler that does not optimise keeps each variable in a frame: a piece of the stack in the module's memory, whose
address it takes from global variable 0 when the function begins. Every use is a load or a store, which no runtime may
leave out, as somebody else might look there. Nobody can where the function hands the address to no one. Of such a
function, each place in the frame becomes a local, and the frame is gone.

A function is walked once, with what is on WebAssembly's own stack as far as it has to do with frames. Whenever an
address could go anywhere but into a load, a store or a local, the function is left as it is.
"""

from __future__ import annotations

from aggregator.analyzers.googlesql.webassembly.binary import Binary, Code, Function, unsigned
from aggregator.analyzers.googlesql.webassembly.effects import Width
from aggregator.analyzers.googlesql.webassembly.walk import GET, SET, Access, Address, Kept, Walk


def without_frames(binary: Binary, function: Function) -> bool:
    """Put what a function keeps in its frames into locals; whether that could be done."""
    walk = Walk(binary, function.code)
    try:
        walk.run()
        names = _locals_of(walk)
    except Kept:
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


def _locals_of(walk: Walk) -> dict[Address, tuple[int, int]]:
    """For each place that is used, which local it becomes, and of what type. No two may share a byte."""
    widths: dict[Address, Width] = {}
    for each in walk.accesses:
        known = widths.setdefault(each.place, each.width)
        if known[:2] != each.width[:2]:
            raise Kept
    end = Address(-1, 0)
    for place, width in sorted(widths.items()):
        if place < end or place.offset < 0 or place.offset + width.size > walk.sizes[place.frame]:
            raise Kept
        end = Address(place.frame, place.offset + width.size)
    return {place: (index, width.type) for index, (place, width) in enumerate(widths.items())}


def _moved(access: Access, local: int) -> Code:
    """What stands for a load or a store."""
    extends = access.width.extends
    if access.stores:
        return [*([extends[:-1], extends[-1:]] if extends else []), bytes([SET]) + unsigned(local)]
    return [bytes([GET]) + unsigned(local), *([extends] if extends else [])]
