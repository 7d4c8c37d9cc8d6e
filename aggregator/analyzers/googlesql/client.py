"""An instance of the analyzer's module: requests in, responses out, as protocol buffers.

The package's own client copies byte by byte, and sends all functions of the language with every request; this one
does neither.
"""

from __future__ import annotations

import ctypes
import importlib.util
import threading
from pathlib import Path
from typing import Any, Protocol, TypeVar

from google.protobuf.message import DecodeError, Message
from wasmtime import Engine, Func, Linker, Memory, Module, SharedMemory, Store, Trap, WasiConfig, WasmtimeError

from aggregator.analyzers.googlesql import memory, module

R = TypeVar("R", bound=Message)

_SERVICE = "ZetaSqlLocalService"
_ZONES = "/usr/share/zoneinfo"
"""Where the module looks for time zones."""


class Refused(Exception):  # noqa: N818  (no error of ours: it is the answer)
    """The analyzer says no; the message is its own."""


class Trapped(Exception):  # noqa: N818  (as above)
    """The module broke down in a call. Its memory can't be trusted any more: throw the instance away."""


class Instance:
    """One analyzer, with what was registered there. For one thread at a time."""

    def __init__(self, engine: Engine, module: Module, image: Path | None = None) -> None:
        self._store = Store(engine)
        wasi = WasiConfig()
        wasi.preopen_dir(str(_zones()), _ZONES)
        self._store.set_wasi(wasi)
        linker = Linker(engine)
        linker.define_wasi()
        self._exports = linker.instantiate(self._store, module).exports(self._store)
        self._functions: dict[str, Func] = {}
        found = self._exports["memory"]
        assert isinstance(found, Memory | SharedMemory)  # noqa: S101  (the module has one)
        self.room = memory.Room(found, self._store)
        if image is None or not memory.fill(self.room, image):
            self._call("_initialize")

    def image(self) -> bytes:
        """What makes a new instance of the same module one like this."""
        return memory.image_of(self.room)

    def call(self, method: str, request: Message, response: type[R]) -> R:
        """Call a method of the service. Raises :class:`Refused` or :class:`Trapped`."""
        try:
            answer: R = response.FromString(self._answer(f"{_SERVICE}_{method}", request.SerializeToString()))
        except (Trap, WasmtimeError) as error:
            raise Trapped(_reason(error)) from None
        except DecodeError:
            raise Trapped("the statement is nested too deeply") from None
        return answer

    def _answer(self, function: str, request: bytes) -> bytes:
        address, size = self._call("wasm_malloc", max(1, len(request))), self._call("wasm_malloc", 4)
        self._write(address, request)
        answer = self._call(function, address, len(request), size)
        if answer:
            response = self._read(answer, int.from_bytes(self._read(size, 4), "little"))
            self._call("wasm_free", answer)
        message = "" if answer else self._last_error()
        self._call("wasm_free", address)
        self._call("wasm_free", size)
        if not answer:
            raise Refused(message)
        return response

    def _last_error(self) -> str:
        size = self._call("wasm_get_last_error_size")
        return self._read(self._call("wasm_get_last_error"), size).decode(errors="replace")

    def _call(self, name: str, *arguments: int) -> Any:
        if name not in self._functions:
            function = self._exports[name]
            assert isinstance(function, Func)  # noqa: S101  (the module has these)
            self._functions[name] = function
        return self._functions[name](self._store, *arguments)

    def _write(self, address: int, content: bytes) -> None:
        ctypes.memmove(self.room.base + address, content, len(content))

    def _read(self, address: int, size: int) -> bytes:
        return ctypes.string_at(self.room.base + address, size)


class Source(Protocol):
    """Where instances come from."""

    def take(self) -> Instance:
        """An instance that nobody else asks."""
        ...


class Instances:
    """Instances of the compiled module. The first is begun at once, beside the imports of whoever is to ask it.

    Raises :class:`~aggregator.analyzers.protocol.NotAvailableError` where the compiled module can't be read.
    """

    def __init__(self, compiled: Path) -> None:
        self._engine = module.engine()
        self._module = module.load(compiled, self._engine)
        self._image = module.image_path(compiled)
        self._begun: list[Instance] = []
        self._thread = threading.Thread(target=self._begin, daemon=True)
        self._thread.start()

    def take(self) -> Instance:
        """An instance that nobody has asked."""
        self._thread.join()
        return self._begun.pop() if self._begun else self._new()

    def _begin(self) -> None:
        self._begun.append(self._new())

    def _new(self) -> Instance:
        return Instance(self._engine, self._module, self._image)


def _zones() -> Path:
    """The time zones of the package ``tzdata``: the same on every machine."""
    found = importlib.util.find_spec("tzdata")
    assert found is not None  # noqa: S101  (a dependency)
    assert found.origin is not None  # noqa: S101
    return Path(found.origin).parent / "zoneinfo"


def _reason(error: Exception) -> str:
    """What went wrong, in a few words."""
    said = str(error)
    if "call stack exhausted" in said or "out of bounds" in said:
        return "the statement is nested too deeply"
    if "allocat" in said or "memory" in said:
        return "the statement needs too much memory"
    return said.strip().splitlines()[-1].strip() if said.strip() else type(error).__name__
