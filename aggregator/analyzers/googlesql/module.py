"""Google's analyzer as machine code: compiled once per machine, and kept in the user's cache folder.

Beside it is the memory of an instance that has begun, see :mod:`memory`.

Compiling the module of the wheel takes about a minute of CPU and 1 GB of memory; what comes of it is read in
milliseconds. It holds for one version of the module, one of the runtime, and one kind of processor.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.analyzers.googlesql.message_sizes import with_sizes_computed_once
from aggregator.analyzers.googlesql.self_checks import ASSERTION_FAILED, is_known, without_self_checks
from aggregator.analyzers.protocol import NotAvailableError
from aggregator.cache import key_of

if TYPE_CHECKING:
    from wasmtime import Engine, Module

FOLDER_VARIABLE = "AGGREGATOR_CACHE_DIR"
"""The environment variable that says where the compiled module is kept."""

PACKAGES = ("zetasql", "wasmtime")
_PREPARATION = "5"
"""Raised when the module is prepared otherwise before it is compiled."""

USED = Path(__file__).with_name("used_functions.txt")
"""Numbers of functions of the module that we know."""

_MAX_STACK = 512 * 1024
"""Of WebAssembly code, in bytes: that for which the module was built. With more, the runtime ends the process."""


def why_missing() -> str:
    """Why the layer can't be used at all; empty if it can."""
    missing = [package for package in PACKAGES if importlib.util.find_spec(package) is None]
    if not missing:
        return ""
    return f"{' and '.join(missing)} not installed: pip install 'aggregator[googlesql]'"


def version() -> str:
    """The version of the module and of the runtime."""
    from importlib.metadata import version as of  # noqa: PLC0415  (slow: not for the processes that know their file)

    return " ".join(f"{package} {of(package)}" for package in PACKAGES)


def source_path() -> Path:
    """The module in the wheel. Raises :class:`NotAvailableError` without the wheel."""
    found = importlib.util.find_spec("zetasql")
    if found is None or found.origin is None:
        raise NotAvailableError(why_missing())
    return Path(found.origin).parent / "wasi" / "zetasql.wasm"


def compiled_path(source: Path) -> Path:
    """Where what is compiled from a module is, or will be."""
    module = (version(), str(source.stat().st_size), _PREPARATION)
    key = key_of(*module, sys.platform, platform.machine(), _processor())
    return _folder() / f"googlesql-{key}.bin"


def compile_module(source: Path) -> Path:
    """Compile a module, unless that was done before; two processes that want it at once do it once.

    Raises :class:`NotAvailableError` where there is no place to keep it.
    """
    target = compiled_path(source)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(target.with_suffix(".lock")):
            if not target.exists():
                _make(source.read_bytes(), target)
    except OSError as error:
        advice = f"set {FOLDER_VARIABLE} to a folder that can be written"
        raise NotAvailableError(f"{target.parent} can't be written ({error.strerror}); {advice}") from None
    return target


def image_path(compiled: Path) -> Path:
    """Where the memory of an instance is that has begun; of a build that we do not know, there is none."""
    return compiled.with_suffix(".memory")


def engine() -> Engine:
    """A runtime with the settings that the module needs."""
    from wasmtime import Config, Engine  # noqa: PLC0415  (an extra)

    config = Config()
    config.shared_memory = True
    config.max_wasm_stack = _MAX_STACK
    return Engine(config)


def load(path: Path, into: Engine) -> Module:
    """The compiled module. Raises :class:`NotAvailableError` where the file is damaged or not this user's."""
    from wasmtime import Module, WasmtimeError  # noqa: PLC0415  (an extra)

    _refuse_strangers(path, path.parent, image_path(path))
    try:
        return Module.deserialize_file(into, str(path))
    except WasmtimeError:
        with contextlib.suppress(OSError):
            path.unlink()
        advice = "run `aggregator setup-analyzer`"
        raise NotAvailableError(f"the compiled analyzer was damaged and is removed; {advice}") from None


def _refuse_strangers(*paths: Path) -> None:
    """What is loaded is run: it must be written by nobody but this user."""
    if os.name != "posix":
        return
    for each in paths:
        if not each.exists():
            continue
        status = each.stat()
        if status.st_uid not in (os.getuid(), 0) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise NotAvailableError(f"{each} can be written by other users; set {FOLDER_VARIABLE} to a folder of yours")


def _make(source: bytes, target: Path) -> None:
    """Compile a module. The one that we know is made faster before, and has its memory kept when it has begun."""
    from wasmtime import Module  # noqa: PLC0415  (an extra)

    if not is_known(source):
        _write(target, bytes(Module(engine(), source).serialize()))
        return
    from aggregator.analyzers.googlesql.webassembly import optimised  # noqa: PLC0415  (only to compile)

    compiled = target.with_suffix(".part")
    faster = optimised(without_waste(source), used_functions(), ASSERTION_FAILED)
    _write(compiled, bytes(Module(engine(), faster).serialize()))
    command = [sys.executable, "-P", "-m", "aggregator.analyzers.googlesql.beginning", str(compiled)]
    begun = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)  # noqa: S603  (ours)
    _write(image_path(target), begun.stdout if begun.returncode == 0 else b"")
    compiled.replace(target)


def without_waste(source: bytes) -> bytes:
    """The module that we know, without what it does for nobody; its functions have the numbers that they had."""
    return with_sizes_computed_once(without_self_checks(source))


def used_functions() -> list[int]:
    """The numbers of the functions that statements use, the most called first; ``benchmarks.used_functions`` counts."""
    return [int(each) for each in USED.read_text(encoding="ascii").split()]


def _write(target: Path, content: bytes) -> None:
    """All of it or nothing, so that no other process reads half."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=target.stem, delete=False) as file:
        try:
            file.write(content)
            file.close()
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process at a time. Without locks on files (Windows), two may do the same work, and no harm."""
    with lock.open("a") as file:
        with contextlib.suppress(ImportError):
            import fcntl  # noqa: PLC0415  (only POSIX has it)

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _folder() -> Path:
    said = os.environ.get(FOLDER_VARIABLE)
    if said:
        return Path(said)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "aggregator"
    home = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "aggregator"


def _processor() -> str:
    """What tells processors apart that machine code is made for, as far as it is told."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("flags", "Features")):
                return line
    return platform.processor()
