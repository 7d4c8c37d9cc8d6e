"""The memory of an instance that has begun, kept so that no later one has to begin.

Before an instance answers for the first time, it fills tables: a third of a second in which nothing depends on what is
asked. Of the one build that we know, an instance is its memory: whatever else there is of it (two global variables, the
folder with the time zones) is the same whenever it waits for a question. Whoever copies the memory of one that waits
into a new one has another that waits (decision 85).
"""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasmtime import SharedMemory

_PAGE = 65536
"""Bytes by which memory grows."""
_HEAD = struct.Struct("<II")
"""How many pages there are, and where the content begins; before that, all is zero."""


def fill(memory: SharedMemory, image: Path) -> bool:
    """Make a new memory what an image says. False where there is none, or half of one, and nothing was changed."""
    try:
        with image.open("rb") as file:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return False
            pages, start = _HEAD.unpack(head)
            size = pages * _PAGE - start
            missing = pages - memory.data_len() // _PAGE
            if image.stat().st_size != _HEAD.size + size or missing < 0:
                return False
            memory.grow(missing)
            into = (ctypes.c_char * size).from_address(base(memory) + start)
            return bool(file.readinto(into) == size)
    except OSError:
        return False


def image_of(memory: SharedMemory) -> bytes:
    """A memory as it is kept in a file."""
    found = ctypes.string_at(base(memory), memory.data_len())
    content = found.lstrip(b"\0")
    return _HEAD.pack(len(found) // _PAGE, len(found) - len(content)) + content


def base(memory: SharedMemory) -> int:
    """Where a module's memory begins in ours."""
    return ctypes.addressof(memory.data_ptr().contents)
