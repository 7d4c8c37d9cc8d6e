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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wasmtime import Memory, SharedMemory, Store

_PAGE = 65536
"""Bytes by which memory grows."""
_HEAD = struct.Struct("<II")
"""How many pages there are, and where the content begins; before that, all is zero."""


class Room:
    """The memory of an instance: of the build that we know, one that belongs to one thread, else as it was built."""

    def __init__(self, memory: Memory | SharedMemory, store: Store) -> None:
        self._memory: Any = memory
        self._of = (store,) if type(memory).__name__ == "Memory" else ()

    @property
    def size(self) -> int:
        """In bytes."""
        return int(self._memory.data_len(*self._of))

    @property
    def base(self) -> int:
        """Where it begins in ours."""
        return ctypes.cast(self._memory.data_ptr(*self._of), ctypes.c_void_p).value or 0

    def grow(self, pages: int) -> None:
        """Make it larger by so many pages."""
        self._memory.grow(*self._of, pages)


def fill(room: Room, image: Path) -> bool:
    """Make a new memory what an image says. False where there is none, or half of one, and nothing was changed."""
    try:
        with image.open("rb") as file:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return False
            pages, start = _HEAD.unpack(head)
            size = pages * _PAGE - start
            missing = pages - room.size // _PAGE
            if image.stat().st_size != _HEAD.size + size or missing < 0:
                return False
            room.grow(missing)
            into = (ctypes.c_char * size).from_address(room.base + start)
            return bool(file.readinto(into) == size)
    except OSError:
        return False


def image_of(room: Room) -> bytes:
    """A memory as it is kept in a file."""
    found = ctypes.string_at(room.base, room.size)
    content = found.lstrip(b"\0")
    return _HEAD.pack(len(found) // _PAGE, len(found) - len(content)) + content
