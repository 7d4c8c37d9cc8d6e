"""An analyzer for all tests of the layer; without the extra they are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.analyzers.googlesql import module


@pytest.fixture(scope="session")
def compiled() -> Path:
    """The compiled module; the first time on a machine, compiling it takes most of a minute."""
    missing = module.why_missing()
    if missing:
        pytest.skip(missing)
    return module.compile_module(module.source_path())


@pytest.fixture(scope="session")
def analyzer(compiled: Path) -> Iterator[object]:
    """One analyzer, with the processes that it has started."""
    from aggregator.analyzers.googlesql.analyzer import GoogleSql

    found = GoogleSql(compiled)
    yield found
    found.close()
