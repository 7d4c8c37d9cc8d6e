"""Compiling one SELECT over a small lake, without a command line."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from small_lake import DAILY, LAKE, MODEL, model_file, write_files

from aggregator.compile import Compiled, compile_project
from aggregator.core.graph import CompiledModel
from aggregator.load import load_project


@pytest.fixture
def compile_files(tmp_path: Path) -> Callable[[Mapping[str, str]], Compiled]:
    """Load and compile the lake and further files."""

    def run(files: Mapping[str, str]) -> Compiled:
        loaded = load_project(write_files(Path(tempfile.mkdtemp(dir=tmp_path)), {**LAKE, **files}))
        assert loaded.project is not None, loaded.diagnostics
        assert not loaded.diagnostics
        return compile_project(loaded.project)

    return run


@pytest.fixture
def compile_select(compile_files: Callable[[Mapping[str, str]], Compiled]) -> Callable[..., CompiledModel]:
    """Compile one SELECT in which nothing is wrong."""

    def run(sql: str, partition: str = DAILY, more: str = "", files: Mapping[str, str] | None = None) -> CompiledModel:
        compiled = compile_files({"models/marts/model.sql": model_file(sql, partition, more), **(files or {})})
        assert [f"{found.code.id} {found.message}" for found in compiled.diagnostics] == []
        return compiled.graph.models[MODEL]

    return run
