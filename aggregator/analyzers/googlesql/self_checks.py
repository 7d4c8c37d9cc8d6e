"""The module without the checks that it makes of itself: it was built with those that are meant for its developers.

At each use of an identifier, the module looks up under a lock whether the memory behind it is still there. That cannot
change what an analysis says, and takes two thirds of its time. In the one build that we know, the function that
does it is replaced by one that does nothing. Any other build is taken as it is, and works, only slower (decision 14).
"""

from __future__ import annotations

import hashlib

_BUILD = "00135b44fe391fa8d56f6804dca013bc681e45d607561a638b81c98a08744bcb"
"""SHA-256 of the module in ``zetasql`` 0.1.5."""

_CHECK_ALIVE = slice(0x1082CD, 0x1082CD + 338)
"""The body of ``zetasql::IdString::CheckAlive`` (``zetasql/public/id_string.cc``), a function without a result."""

_NO_LOCALS, _NOP, _END = b"\x00", b"\x01", b"\x0b"


def without_self_checks(module: bytes) -> bytes:
    """The same module, with a function in it that does nothing; a module of another build, unchanged."""
    if hashlib.sha256(module).hexdigest() != _BUILD:
        return module
    length = _CHECK_ALIVE.stop - _CHECK_ALIVE.start
    nothing = _NO_LOCALS + _NOP * (length - 2) + _END
    return module[: _CHECK_ALIVE.start] + nothing + module[_CHECK_ALIVE.stop :]
