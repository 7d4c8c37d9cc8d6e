"""The module without the checks that it makes of itself: it was built with those that are meant for its developers.

At each use of an identifier, the module looks up under a lock whether the memory behind it is still there; at each look
into a small table of hashes, whether all its keys are hashed consistently; at each message that it writes, whether its
fields are all there. None of them can change what an analysis says, and together they take two thirds of its time. In
the one build that we know, the functions that do it are replaced by ones that do nothing, and a call by its result. Any
other build is taken as it is, and works, only slower (decision 14).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

_BUILD = "00135b44fe391fa8d56f6804dca013bc681e45d607561a638b81c98a08744bcb"
"""SHA-256 of the module in ``zetasql`` 0.1.5."""

_CHECK_ALIVE = slice(0x1082CD, 0x1082CD + 338)
"""The body of ``zetasql::IdString::CheckAlive`` (``zetasql/public/id_string.cc``), a function without a result."""

_CALL = slice(0x16BE0E8, 0x16BE0E8 + 4)
"""The call of ``IsInitialized`` where a message is written (``google/protobuf/message_lite.cc``)."""

_FUNCTIONS = 0x2198C
"""Where the functions begin: how many there are, and each as its length and its body."""

_HASH_MESSAGE = b"\x41\xd4\x93\xa7\x04"
"""The instruction that loads the address of "hash is not idempotent": in the 95 functions that compare a key with one
in a table of hashes (``AssertHashEqConsistent`` in ``absl/container/internal/raw_hash_set.h``), and in no others."""

ASSERTION_FAILED = 51398
"""The number of ``__assert_fail``, which ends the process."""

_NO_LOCALS, _NOP, _DROP, _TRUE, _END = b"\x00", b"\x01", b"\x1a", b"\x41\x01", b"\x0b"


def is_known(module: bytes) -> bool:
    """Whether this is the build that we know from inside."""
    return hashlib.sha256(module).hexdigest() == _BUILD


def without_self_checks(module: bytes) -> bytes:
    """The same module, with functions in it that do nothing; a module of another build, unchanged."""
    if not is_known(module):
        return module
    found = bytearray(module)
    for body in (_CHECK_ALIVE, *_consistency_checks(module)):
        found[body] = _body(body)
    found[_CALL] = _DROP + _TRUE + _NOP
    return bytes(found)


def _body(place: slice) -> bytes:
    """A function as long as the one at a place, that does nothing."""
    length: int = place.stop - place.start
    return _NO_LOCALS + _NOP * (length - len(_NO_LOCALS + _END)) + _END


def _consistency_checks(module: bytes) -> Iterator[slice]:
    """The bodies of the functions that look whether keys are hashed consistently."""
    count, start = _number(module, _FUNCTIONS)
    for _ in range(count):
        length, start = _number(module, start)
        if module.find(_HASH_MESSAGE, start, start + length) >= 0:
            yield slice(start, start + length)
        start += length


def _number(module: bytes, start: int) -> tuple[int, int]:
    """An unsigned number as WebAssembly writes it, and where it ends."""
    found = shift = 0
    while module[start] >= 0x80:  # noqa: PLR2004  (the bit that says that more follows)
        found |= (module[start] & 0x7F) << shift
        shift, start = shift + 7, start + 1
    return found | module[start] << shift, start + 1
