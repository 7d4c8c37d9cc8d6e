"""The module without sizes that it computes for nothing when it writes an answer.

A node of a resolved tree is written in layers: what is special about it, and what it has in common with others. For
each layer the module computes the size of what is below, to leave out a layer that is empty, so that a tree is measured
again for each of its levels. Then it computes the size of the whole answer twice, one right after the other. In the one
build that we know, empty layers are written (two bytes each, which mean the same), and an answer is measured once.
"""

from __future__ import annotations

_IF_EMPTY = bytes.fromhex("10 e3ff02 45 04 40")
"""``call MessageSize``, ``i32.eqz``, ``if``: 303 times ``if (proto->parent().ByteSizeLong() == 0)`` in what
``gen_resolved_ast.py`` makes."""
_NEVER = bytes.fromhex("1a 41 00 01 01 04 40")
"""``drop``, ``i32.const 0``, two times nothing, ``if``."""

_SERIALIZE = bytes.fromhex("10 f98503 41 01 71 45")
"""``call MessageLite::SerializeToArray``, and whether it failed: 17 times, once for each method of the service, when
``ByteSizeLong`` has just been called."""
_WRITE = bytes.fromhex("10 f48503 41 00 01 01")
"""``call SerializeToArrayImpl``, which is all that the other does after measuring, and does not fail."""


def with_sizes_computed_once(module: bytes) -> bytes:
    """The same module, measuring less. Only for the build that we know."""
    return module.replace(_IF_EMPTY, _NEVER).replace(_SERIALIZE, _WRITE)
