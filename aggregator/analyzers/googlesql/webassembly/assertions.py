"""Assertions taken out, as a build for use would leave them out."""

from __future__ import annotations

from aggregator.analyzers.googlesql.webassembly.binary import Code
from aggregator.analyzers.googlesql.webassembly.inlining import call_of

_IF, _CONSTANT, _UNREACHABLE, _END, _DROP = b"\x04\x40", 0x41, b"\x00", b"\x0b", b"\x1a"
_ARGUMENTS = 4
"""What the function that says so is told: expression, file, line and function, all of them constants."""


def without_assertions(code: Code, failure: int) -> Code:
    """The same code, without asking whether to call ``failure``, the function that ends the process."""
    fails = [call_of(failure), _UNREACHABLE, _END]
    found: Code = []
    at = 0
    while at < len(code):
        behind = at + 1 + _ARGUMENTS
        arguments = code[at + 1 : behind]
        if code[at] == _IF and code[behind : behind + 3] == fails and all(each[0] == _CONSTANT for each in arguments):
            found.append(_DROP)
            at = behind + len(fails)
        else:
            found.append(code[at])
            at += 1
    return found
