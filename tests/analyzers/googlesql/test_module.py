"""The compiled module: made once, kept whole, and refused where it could be someone else's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

wasmtime = pytest.importorskip("wasmtime", reason="wasmtime is not installed")

from aggregator.analyzers.googlesql import module  # noqa: E402
from aggregator.analyzers.googlesql.message_sizes import with_sizes_computed_once  # noqa: E402
from aggregator.analyzers.googlesql.self_checks import without_self_checks  # noqa: E402
from aggregator.analyzers.protocol import NotAvailableError  # noqa: E402

_NO_LOCALS, _NOP, _DROP, _CONSTANT = 0x00, 0x01, 0x1A, 0x41
EMPTY = bytes(wasmtime.wat2wasm("(module)"))


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that is compiled in no time, and a folder of its own to keep it in."""
    monkeypatch.setenv(module.FOLDER_VARIABLE, str(tmp_path / "cache"))
    file = tmp_path / "empty.wasm"
    file.write_bytes(EMPTY)
    return file


def test_is_compiled_once(source: Path):
    path = module.compile_module(source)
    before = path.stat().st_mtime_ns
    module.compile_module(source)

    assert path.parent == source.parent / "cache"
    assert path.stat().st_mtime_ns == before
    assert module.load(path, module.engine()) is not None


def test_leaves_nothing_else_behind(source: Path):
    path = module.compile_module(source)

    assert {each.suffix for each in path.parent.iterdir()} == {".bin", ".lock"}


def test_has_another_name_for_another_module(source: Path):
    other = source.with_name("other.wasm")
    other.write_bytes(EMPTY + b"\x00\x02\x01x")  # a custom section

    assert module.compiled_path(other) != module.compiled_path(source)


def test_is_compiled_once_by_two_processes_at_once(source: Path):
    code = (
        "import sys; from pathlib import Path; from aggregator.analyzers.googlesql import module;"
        "print(module.compile_module(Path(sys.argv[1])))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, source], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {process.communicate(timeout=60)[0].strip() for process in both}

    assert [process.returncode for process in both] == [0, 0]
    assert said == {str(module.compiled_path(source))}
    assert module.load(module.compiled_path(source), module.engine()) is not None


def test_says_which_folder_cannot_be_written(source: Path, monkeypatch: pytest.MonkeyPatch):
    taken = source.with_name("taken")
    taken.write_text("a file where the folder should be")
    monkeypatch.setenv(module.FOLDER_VARIABLE, str(taken))

    with pytest.raises(NotAvailableError, match=rf"taken can't be written .*; set {module.FOLDER_VARIABLE}"):
        module.compile_module(source)


@pytest.mark.parametrize("damage", [lambda whole: whole[: len(whole) // 2], lambda _: b"", lambda _: b"other"])
def test_a_damaged_file_is_removed_and_made_anew(source: Path, damage):
    path = module.compile_module(source)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(NotAvailableError, match="damaged and is removed; run `aggregator setup-analyzer`"):
        module.load(path, module.engine())
    assert module.load(module.compile_module(source), module.engine()) is not None


@pytest.mark.skipif(os.name != "posix", reason="only POSIX says who may write a file")
@pytest.mark.parametrize("which", ["the file", "its folder"])
def test_what_others_can_write_is_not_run(source: Path, which: str):
    path = module.compile_module(source)
    (path if which == "the file" else path.parent).chmod(0o777)

    with pytest.raises(NotAvailableError, match="can be written by other users"):
        module.load(path, module.engine())


def test_a_module_of_another_build_is_taken_as_it_is():
    assert without_self_checks(EMPTY) == EMPTY


def test_the_known_build_loses_its_checks_and_nothing_else():
    if module.why_missing():
        pytest.skip(module.why_missing())
    whole = module.source_path().read_bytes()
    prepared = without_self_checks(whole)
    written = Counter(new for old, new in zip(whole, prepared, strict=True) if old != new)

    assert written.keys() == {_NO_LOCALS, _NOP, _DROP, _CONSTANT}
    assert (written[_NO_LOCALS], written[_DROP], written[_CONSTANT]) == (96, 1, 1)
    assert written[_NOP] < 338 + 95 * 493
    wasmtime.Module.validate(module.engine(), prepared)


def test_the_known_build_measures_its_answers_once():
    if module.why_missing():
        pytest.skip(module.why_missing())
    whole = module.source_path().read_bytes()
    prepared = with_sizes_computed_once(whole)

    assert sum(old != new for old, new in zip(whole, prepared, strict=True)) == 303 * 5 + 17 * 4
    wasmtime.Module.validate(module.engine(), prepared)


def test_without_the_wheel_it_says_what_to_install():
    code = (
        "import sys; sys.modules['zetasql'] = None; import importlib.util as u; f = u.find_spec;"
        "u.find_spec = lambda name, *a: None if name == 'zetasql' else f(name, *a);"
        "from aggregator.analyzers.googlesql import module; print(module.why_missing())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "zetasql not installed: pip install 'aggregator[googlesql]'"
