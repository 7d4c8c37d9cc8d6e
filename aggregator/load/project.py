"""Files to :class:`Project`: the first stage of the line."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from aggregator.cache import Cache, Row, key_of, software
from aggregator.core.codec import Context, decode, encode
from aggregator.core.diagnostics import Diagnostic, Document, Place, did_you_mean
from aggregator.core.lazily import Lazily
from aggregator.core.names import TableName, is_identifier
from aggregator.core.project import Project, Source
from aggregator.load import codes
from aggregator.load.defaults import checks_of, digest_with, with_checks
from aggregator.load.files import (
    NOTHING_UNSAVED,
    File,
    Unsaved,
    local_problem,
    project_files,
    read_document,
    read_file,
)
from aggregator.load.functions import read_functions
from aggregator.load.known import Templates, read_all
from aggregator.load.project_file import ProjectFile
from aggregator.load.report import Invalid, Report

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.core.monitoring import Monitoring
    from aggregator.core.project import Environment, Function


_LAYOUT = "models live in models/<dataset>/<table>.sql"
_LETTERS = "a name is of letters from a to z, digits and _, and no digit comes first"


@dataclasses.dataclass(frozen=True)
class Loaded:
    """What was found. Without a sound ``aggregator.yml`` there is no project."""

    project: Project | None
    diagnostics: tuple[Diagnostic, ...]


def load_project(
    root: Path, environment: str | None = None, cache: Cache | None = None, unsaved: Unsaved = NOTHING_UNSAVED
) -> Loaded:
    """Read the project in a folder, for one of its environments (None: the default one).

    Every mistake in every file is reported. A file that its mistakes leave without meaning is left out of the project.
    Files that ``cache`` knows are not parsed again. What is ``unsaved`` stands for what is on disk.
    """
    root, cache = root.absolute(), cache or Cache(None)
    report = Report()
    document = read_document(root, root / "aggregator.yml", unsaved)
    if isinstance(document, Diagnostic):
        return Loaded(None, (document,))
    file = _project_file(document, cache, report)
    if file is None:
        return Loaded(None, report.sorted())
    chosen = _environment(file, environment, report)
    functions = read_functions(file.functions, document, cache, report)
    if chosen is None or report.diagnostics:
        return Loaded(None, report.sorted())
    project = _Files(root, file.zone, report, cache, unsaved).project(file, chosen, functions)
    return Loaded(project, report.sorted())


def _environment(file: ProjectFile, name: str | None, report: Report) -> Environment | None:
    _check_environments(file, report)
    wanted = name or str(file.default_environment)
    chosen = _named(file, wanted)
    if chosen is None:
        place = next((key.place for key in file.environments), file.default_environment.place)
        advice = did_you_mean(wanted, file.environments) or f"there are: {', '.join(file.environments)}"
        place = place if name else file.default_environment.place
        report.add(place, codes.UNKNOWN_ENVIRONMENT, f"there is no environment {wanted}", advice)
        return None
    return chosen


def _named(file: ProjectFile, name: str) -> Environment | None:
    """The environment of a name, if there is one; it doesn't know its name by itself."""
    declared = next((declared for key, declared in file.environments.items() if key == name), None)
    return dataclasses.replace(declared, name=name) if declared else None


def _monitoring(file: ProjectFile, environment: Environment) -> Monitoring | None:
    """What is declared for an environment, if anything."""
    declared = file.monitoring
    return declared.monitoring if declared is not None and environment.name in declared.environments else None


def _check_environments(file: ProjectFile, report: Report) -> None:
    """What each engine needs, and whether environments know each other."""
    if not file.environments:
        advice = "declare one: `local: {engine: duckdb, path: .aggregator/local.duckdb}`"
        report.add(file.default_environment.place, codes.MISSING_KEY, "there are no environments", advice)
    for key, declared in file.environments.items():
        if declared.engine == "duckdb" and not declared.path:
            advice = "add `path: .aggregator/local.duckdb`"
            report.add(key.place, codes.MISSING_KEY, f"the duckdb environment {key} has no path:", advice)
        if declared.engine == "bigquery" and not declared.project:
            advice = "add the Google Cloud project: `project: acme-data`"
            report.add(key.place, codes.MISSING_KEY, f"the bigquery environment {key} has no project:", advice)
        if declared.read_from and declared.read_from not in file.environments:
            place, advice = (
                getattr(declared.read_from, "place", key.place),
                did_you_mean(declared.read_from, file.environments),
            )
            message = f"there is no environment {declared.read_from} to read from"
            report.add(place, codes.UNKNOWN_ENVIRONMENT, message, advice)
    for word in file.monitoring.environments if file.monitoring is not None else ():
        if word not in file.environments:
            advice = did_you_mean(word, file.environments) or f"there are: {', '.join(file.environments)}"
            report.add(word.place, codes.UNKNOWN_ENVIRONMENT, f"there is no environment {word} to monitor", advice)


def _project_file(document: Document, cache: Cache, report: Report) -> ProjectFile | None:
    """What ``aggregator.yml`` declares, parsed only if the cache does not know its text; None if something is wrong."""
    key = key_of("project", software(), document.path, document.text)
    head = cache.head(key)
    if head is not None:
        kept: ProjectFile = decode(ProjectFile, json.loads(head), Context(document))
        return kept
    from aggregator.load.schema import PROJECT  # noqa: PLC0415  (the file formats: nothing may have changed)
    from aggregator.load.tables import read_shape  # noqa: PLC0415

    file = read_shape(document, (0, len(document.text)), PROJECT, report)
    if isinstance(file, Invalid) or report.diagnostics:
        return None
    cache.put(key, Row(json.dumps(encode(file, document.path))))
    return file


class _Files:
    """Reads models, sources and macros; remembers which names are taken."""

    def __init__(self, root: Path, zone: str, report: Report, cache: Cache, unsaved: Unsaved) -> None:
        self._root = root
        self._unsaved = unsaved
        self._zone = zone
        self._report = report
        self._cache = cache
        self._taken: dict[str, str] = {}
        self._broken: set[TableName] = set()

    def project(self, file: ProjectFile, environment: Environment, functions: tuple[Function, ...]) -> Project:
        macros = self._macros()
        templates = Templates(macros, file.variables, functions, file.ml_models)
        documents: dict[TableName, Document] = {}
        for found in project_files(self._root, "models", (".sql", ".yml", ".yaml"), self._unsaved):
            name = self._name(found)
            document = self._document(found) if name else None
            if name and document:
                documents[name] = document
            elif name:
                self._broken.add(name)
        tables = read_all(documents, self._zone, self._cache)
        for name, reading in tables.items():
            self._report.diagnostics += reading.diagnostics
            if not reading.is_sound:
                self._broken |= {name} if reading.is_model else {name, name.of_many}
        declared = {name: source for name, each in tables.items() if isinstance(source := each.source(), Source)}
        sources = {source.name: source for source in declared.values()}
        self._check_locals(sources)
        models = {name: each for name, each in tables.items() if each.is_model and each.is_sound}
        checks = {name: checks_of(file.checks, name) for name in models}
        return Project(
            root=self._root,
            name=file.project,
            zone=self._zone,
            environment=environment,
            environments=tuple(file.environments),
            variables=file.variables,
            macros=macros,
            sources=sources,
            models=Lazily({name: with_checks(each.model, checks[name]) for name, each in models.items()}),
            broken=frozenset(self._broken),
            digests={
                **{
                    name: digest_with(templates.digest(each.key, each.document), checks[name])
                    for name, each in models.items()
                },
                **{source.name: tables[name].key for name, source in declared.items()},
            },
            read_from=_named(file, environment.read_from),
            functions=functions,
            ml_models=file.ml_models,
            monitoring=_monitoring(file, environment),
        )

    def _check_locals(self, sources: dict[TableName, Source]) -> None:
        for name, source in list(sources.items()):
            problem = local_problem(self._root, source.local) if source.local else None
            if problem is not None:
                self._report.diagnostics.append(problem)
                self._broken.add(name)
                del sources[name]

    def _name(self, file: File) -> TableName | None:
        place = Place(file.relative)
        if file.is_doubtful:
            document = read_file(self._root, file, self._unsaved)
            if isinstance(document, Diagnostic):
                self._report.diagnostics.append(document)
                return None
        _, *parts = file.relative.rpartition(".")[0].split("/")
        if len(parts) != 2 or not all(is_identifier(part) for part in parts):  # noqa: PLR2004
            message = f"{file.relative} does not name a table"
            self._report.add(place, codes.BAD_NAME, message, _LETTERS if len(parts) == 2 else _LAYOUT)  # noqa: PLR2004
            return None
        taken = self._taken.setdefault(".".join(parts).casefold(), file.relative)
        if taken != file.relative:
            message = f"the table {'.'.join(parts)} is also defined in {taken}"
            self._report.add(place, codes.DUPLICATE_MODEL, message, "rename one of them")
            return None
        return TableName(*parts)

    def _macros(self) -> tuple[Document, ...]:
        found = project_files(self._root, "macros", (".sql", ".jinja"), self._unsaved)
        documents = (self._document(each) for each in found)
        return tuple(document for document in documents if document is not None)

    def _document(self, file: File) -> Document | None:
        document = read_file(self._root, file, self._unsaved)
        if isinstance(document, Document):
            return document
        self._report.diagnostics.append(document)
        return None
