"""The front door for pytest: unit tests of models are collected and run like any other tests.

Every run of pytest where aggregator is installed imports this file, so nothing else is imported before a test of a
model is run. Where the root folder of a run is no project, nothing is collected.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Diagnostic
    from aggregator.core.graph import Graph
    from aggregator.unit_tests.engines import Computer

_INI = "aggregator_project"
_OFF = "none"
_FOLDER = ("tests", "models")
_SUFFIXES = (".yml", ".yaml")


class CaseError(Exception):
    """A test did not pass; the message is what is to be shown."""


class _Project:
    """One project, compiled when its first test is run; its engines stay open until the end."""

    def __init__(self, root: Path, engine: str | None) -> None:
        self.root, self._engine = root, engine
        self._stack = contextlib.ExitStack()

    def holds(self, path: Path) -> bool:
        """Whether a file is a test of this project's models."""
        return path.suffix in _SUFFIXES and path.is_relative_to(self.root.joinpath(*_FOLDER))

    def run(self, path: Path) -> None:
        """Run the test of a file. Raises :class:`CaseError`."""
        from aggregator.core.diagnostics import Diagnostic  # noqa: PLC0415
        from aggregator.load.cases import read_case  # noqa: PLC0415
        from aggregator.load.files import read_document  # noqa: PLC0415
        from aggregator.load.report import Report  # noqa: PLC0415
        from aggregator.unit_tests.report import findings  # noqa: PLC0415
        from aggregator.unit_tests.run import run_cases  # noqa: PLC0415

        graph, computers = self._opened
        document, report = read_document(self.root, path), Report()
        if isinstance(document, Diagnostic):
            raise CaseError(_told([document]))
        case = read_case(self.root, document, report)
        found = list(report.sorted())
        if case is not None:
            found += (each for outcome in run_cases([case], graph, computers) for each in findings(outcome))
        if found:
            raise CaseError(_told(found))

    def close(self) -> None:
        """Let go of what is open."""
        self._stack.close()

    @functools.cached_property
    def _opened(self) -> tuple[Graph, list[Computer]]:
        from aggregator.analyzers.protocol import NotAvailableError  # noqa: PLC0415
        from aggregator.unit_tests.opened import computers  # noqa: PLC0415

        graph, wrong = self._compiled
        if graph is None or wrong:
            raise CaseError(f"the project has errors:\n{_told(wrong)}")
        try:
            return graph, self._stack.enter_context(computers(graph, self._engine, lambda _: None))
        except NotAvailableError as error:
            raise CaseError(f"--aggregator-engine: {error}") from None

    @functools.cached_property
    def _compiled(self) -> tuple[Graph | None, list[Diagnostic]]:
        from aggregator.cache import FILE, Cache  # noqa: PLC0415
        from aggregator.core.diagnostics import errors  # noqa: PLC0415
        from aggregator.review import review  # noqa: PLC0415

        found = review(self.root, None, Cache(self.root / FILE))
        return found.graph, list(errors(found.findings))


def _told(found: list[Diagnostic]) -> str:
    """Findings as the command line prints them, without the lines of the files."""
    return "\n".join(
        f"{each.place.path}:{each.place.line}:{each.place.column}: {each.code.id} {each.message}"
        + (f"\n  help: {each.help}" if each.help else "")
        for each in found
    )


class CaseFile(pytest.File):
    """A file of a unit test: one test."""

    def collect(self) -> Iterator[pytest.Item]:
        """Under the name of the case."""
        yield CaseItem.from_parent(self, name=self.path.stem)


class CaseItem(pytest.Item):
    """A unit test of a model."""

    def runtest(self) -> None:
        """Compute the model over what is given, and compare."""
        project = self.config.stash[_PROJECT]
        assert project is not None  # noqa: S101  (it was, when this was collected)
        project.run(self.path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What is different, and not where we noticed."""
        return str(excinfo.value) if isinstance(excinfo.value, CaseError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The headline of a failure: the model and the case."""
        return self.path, None, f"{'.'.join(self.path.parts[-3:-1])} {self.name}"


_PROJECT = pytest.StashKey["_Project | None"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the project is, and what computes."""
    group = parser.getgroup("aggregator", "unit tests of SQL models")
    group.addoption(
        "--aggregator-engine",
        choices=("duckdb", "reference", "both"),
        help="who computes unit tests of models; without it, all that are here",
    )
    parser.addini(_INI, f"the folder of aggregator.yml, from the root folder; `{_OFF}` collects nothing", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Look whether this is a project."""
    declared = str(config.getini(_INI))
    root = config.rootpath / declared
    is_project = declared != _OFF and (root / "aggregator.yml").is_file()
    if declared not in ("", _OFF) and not is_project:
        raise pytest.UsageError(f"{_INI}: there is no aggregator.yml in {root}")
    engine = config.getoption("--aggregator-engine")
    config.stash[_PROJECT] = _Project(root.resolve(), engine) if is_project else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let go of the engines."""
    project = config.stash.get(_PROJECT, None)
    if project is not None:
        project.close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Files below ``tests/models`` of the project."""
    project = parent.config.stash.get(_PROJECT, None)
    is_ours = project is not None and project.holds(file_path.resolve())
    return CaseFile.from_parent(parent, path=file_path) if is_ours else None
