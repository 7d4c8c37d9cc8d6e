"""Functions of a module put in another order: those that are used beside each other.

The machine code of a module is in the order of its functions. Where the used tenth is spread over all of it, a
processor finds little of it in its caches. A function is known by its number, so who names it names another one then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from aggregator.analyzers.googlesql.webassembly.binary import CALL, Binary, Code, encoded, number, unsigned

_EXPORTS, _START, _ELEMENTS = 7, 8, 9
_FUNCTION_OF = 0xD2
"""An instruction that gives a function as a value."""

Renamed = Callable[[int], int]


def in_order(content: bytes, first: Sequence[int]) -> bytes:
    """The same module, its functions in this order and the others behind. Raises :class:`ValueError`."""
    binary = Binary(content)
    leading = [each - binary.first for each in first]
    chosen = set(leading)
    order = [*leading, *(each for each in range(len(binary.bodies)) if each not in chosen)]
    places = {old + binary.first: new + binary.first for new, old in enumerate(order)}

    def renamed(function: int) -> int:
        return places.get(function, function)

    bodies = [_body(binary, index, renamed) for index in order]
    sections = {
        kind: rename(binary.section(kind), renamed) for kind, rename in _SECTIONS.items() if binary.section(kind)
    }
    return binary.rearranged(order, bodies, sections)


def _body(binary: Binary, index: int, renamed: Renamed) -> bytes:
    """A function that calls others by their new numbers."""
    if CALL not in binary.bodies[index] and _FUNCTION_OF not in binary.bodies[index]:
        return binary.bodies[index]
    function = binary.function(index)
    function.code = list(_renamed(function.code, renamed))
    return encoded(function)


def _renamed(code: Code, renamed: Renamed) -> Iterator[bytes]:
    for each in code:
        names = each[0] in (CALL, _FUNCTION_OF)
        yield each[:1] + unsigned(renamed(number(each, 1)[0])) if names else each


def _exports(content: bytes, renamed: Renamed) -> bytes:
    count, at = number(content)
    found = [unsigned(count)]
    for _ in range(count):
        length, start = number(content, at)
        end = start + length
        what, after = number(content, end + 1)
        found += [content[at : end + 1], unsigned(what if content[end] else renamed(what))]
        at = after
    return b"".join(found)


def _start(content: bytes, renamed: Renamed) -> bytes:
    return unsigned(renamed(number(content)[0]))


def _elements(content: bytes, renamed: Renamed) -> bytes:
    """The one table of functions, which begins at a constant place."""
    count, at = number(content)
    if (count, content[at : at + 2]) != (1, b"\x00\x41"):
        raise ValueError("more than one table of functions")
    _, at = number(content, at + 2)
    length, end = number(content, at + 1)
    found = [content[: at + 1], unsigned(length)]
    for _ in range(length):
        function, end = number(content, end)
        found.append(unsigned(renamed(function)))
    return b"".join(found)


_SECTIONS: dict[int, Callable[[bytes, Renamed], bytes]] = {_EXPORTS: _exports, _START: _start, _ELEMENTS: _elements}
"""Besides the code, what names functions."""
