"""Files to :class:`Project`: the first stage of the line."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.core.diagnostics import Diagnostic, Document, Place, did_you_mean
from aggregator.core.names import TableName, is_identifier
from aggregator.core.project import LocalFile, Model, Partitioning, Project, Source
from aggregator.load import codes
from aggregator.load.files import project_files, read_document
from aggregator.load.schema import MODEL, PROJECT, SOURCE_FILE, LocalDeclaration, PartitionDeclaration, ProjectFile
from aggregator.load.shapes import Invalid, Report, Shape
from aggregator.load.yaml_nodes import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.core.project import Environment

T = TypeVar("T")
OPEN, CLOSE = "/*---", "---*/"


@dataclasses.dataclass(frozen=True)
class Loaded:
    """What was found. Without a sound ``aggregator.yml`` there is no project."""

    project: Project | None
    diagnostics: tuple[Diagnostic, ...]


def load_project(root: Path, environment: str | None = None) -> Loaded:
    """Read the project in a folder, for one of its environments (None: the default one).

    Every mistake in every file is reported; files with mistakes are left out of the project, the others are in.
    """
    root = root.absolute()
    report = Report()
    file = _read(root, root / "aggregator.yml", PROJECT, report)
    if isinstance(file, Invalid):
        return Loaded(None, tuple(report.diagnostics))
    chosen = _environment(file, environment, report)
    if chosen is None:
        return Loaded(None, tuple(report.diagnostics))
    project = _Files(root, file.zone, report).project(file, chosen)
    return Loaded(project, tuple(report.diagnostics))


def _environment(file: ProjectFile, name: str | None, report: Report) -> Environment | None:
    wanted = name or str(file.default_environment)
    place = file.default_environment.place
    for key, declared in file.environments.items():
        if key == wanted:
            if declared.engine == "duckdb" and not declared.path:
                advice = "add `path: .aggregator/local.duckdb`"
                report.add(declared.place, codes.MISSING_KEY, "a duckdb environment has no path:", advice)
                return None
            return dataclasses.replace(declared, name=wanted)
    advice = did_you_mean(wanted, file.environments) or f"there are: {', '.join(file.environments)}"
    report.add(place, codes.UNKNOWN_ENVIRONMENT, f"there is no environment {wanted}", advice)
    return None


def _read(root: Path, path: Path, shape: Shape[T], report: Report) -> T | Invalid:
    """A whole file of YAML."""
    document = read_document(root, path)
    if isinstance(document, Diagnostic):
        report.diagnostics.append(document)
        return Invalid()
    return _read_yaml(document, (0, len(document.text)), shape, report)


def _read_yaml(document: Document, span: tuple[int, int], shape: Shape[T], report: Report) -> T | Invalid:
    root, problems = read_yaml(document, *span)
    report.diagnostics.extend(problems)
    if root is None:
        if not problems:
            report.add(document.place(span[0]), codes.WRONG_VALUE, "there is nothing here", "see docs/reference.md")
        return Invalid()
    value = shape.read(root, report)
    return Invalid() if problems else value


class _Files:
    """Reads models, sources and macros; remembers which names are taken."""

    def __init__(self, root: Path, zone: str, report: Report) -> None:
        self._root = root
        self._zone = zone
        self._report = report
        self._taken: dict[str, str] = {}
        self._broken: set[TableName] = set()

    def project(self, file: ProjectFile, environment: Environment) -> Project:
        models: dict[TableName, Model] = {}
        sources: dict[TableName, Source] = {}
        for path in project_files(self._root, "models", (".sql", ".yml", ".yaml")):
            name = self._name(path)
            if name is None:
                continue
            table = self._model(path, name) if path.suffix == ".sql" else self._source(path, name)
            if table is None:
                self._broken.add(name)
            elif isinstance(table, Model):
                models[name] = table
            else:
                sources[name] = table
        return Project(
            root=self._root,
            name=file.project,
            zone=self._zone,
            environment=environment,
            environments=tuple(file.environments),
            variables=file.variables,
            macros=self._macros(),
            sources=sources,
            models=models,
            broken=frozenset(self._broken),
        )

    def _name(self, path: Path) -> TableName | None:
        relative = path.relative_to(self._root)
        place = Place(relative.as_posix())
        if path.is_symlink() and not path.resolve().is_relative_to(self._root.resolve()):
            document = read_document(self._root, path)
            self._report.diagnostics += [document] if isinstance(document, Diagnostic) else []
            return None
        parts = (*relative.parts[1:-1], relative.stem)
        if len(parts) != 2 or not all(is_identifier(part) for part in parts):  # noqa: PLR2004
            message = f"{relative.as_posix()} does not name a table"
            self._report.add(place, codes.BAD_NAME, message, "models live in models/<dataset>/<table>.sql")
            return None
        taken = self._taken.setdefault(".".join(parts).casefold(), relative.as_posix())
        if taken != relative.as_posix():
            message = f"the table {'.'.join(parts)} is also defined in {taken}"
            self._report.add(place, codes.DUPLICATE_MODEL, message, "rename one of them")
            return None
        return TableName(*parts)

    def _model(self, path: Path, name: TableName) -> Model | None:
        document = self._document(path)
        if document is None:
            return None
        span = self._front_matter(document)
        if span is None:
            return None
        values = _read_yaml(document, span, MODEL, self._report)
        if isinstance(values, Invalid):
            return None
        return Model(
            name=name,
            document=document,
            sql_start=span[1] + len(CLOSE),
            kind=values["kind"],
            description=values["description"],
            owner=values["owner"],
            schedule=values["schedule"],
            partition=self._partition(values["partition"]),
            cluster=values["cluster"],
            key=values["key"],
            inputs=values["inputs"],
            columns=values["columns"],
            checks=values["checks"],
            freshness=values["freshness"],
            budget_bytes=values["budget"],
            tags=values["tags"],
        )

    def _front_matter(self, document: Document) -> tuple[int, int] | None:
        """The offsets of the YAML in a model's file."""
        text = document.text
        start = len(text) - len(text.lstrip())
        if not text.startswith(OPEN, start):
            message = "the file does not begin with front matter"
            advice = "begin with /*--- and a YAML description; `aggregator explain A108` shows an example"
            self._report.add(document.place(0), codes.MISSING_FRONT_MATTER, message, advice)
            return None
        end = text.find(CLOSE, start)
        comment_end = text.find("*/", start)
        if end < 0 or comment_end < end:
            at = comment_end if 0 <= comment_end < max(end, len(text)) else start
            message = "the front matter is not closed by ---*/"
            advice = "in a cron expression write 0,15,30,45 instead of */15: `*/` ends an SQL comment"
            self._report.add(document.place(at), codes.MISSING_FRONT_MATTER, message, advice)
            return None
        return start + len(OPEN), end

    def _source(self, path: Path, name: TableName) -> Source | None:
        values: Any = Invalid()
        document = self._document(path)
        if document is not None:
            values = _read_yaml(document, (0, len(document.text)), SOURCE_FILE, self._report)
        if document is None or isinstance(values, Invalid):
            return None
        local = self._local(values["local"])
        if isinstance(local, Invalid):
            return None
        return Source(
            name=name,
            document=document,
            description=values["description"],
            owner=values["owner"],
            columns=values["columns"],
            partition=self._partition(values["partition"]),
            freshness=values["freshness"],
            local=local,
        )

    def _macros(self) -> tuple[Document, ...]:
        paths = project_files(self._root, "macros", (".sql", ".jinja"))
        documents = (self._document(path) for path in paths)
        return tuple(document for document in documents if document is not None)

    def _document(self, path: Path) -> Document | None:
        document = read_document(self._root, path)
        if isinstance(document, Document):
            return document
        self._report.diagnostics.append(document)
        return None

    def _partition(self, declared: PartitionDeclaration | None) -> Partitioning | None:
        if declared is None:
            return None
        return Partitioning(
            by=declared.by,
            grain=declared.grain,
            zone=declared.zone or self._zone,
            place=declared.place,
            start=declared.start,
            end=declared.end,
        )

    def _local(self, declared: LocalDeclaration | None) -> LocalFile | Invalid | None:
        """Whether the file is there is asked when it is read: linting needs no data."""
        if declared is None:
            return None
        if not declared.package and not (self._root / declared.file).resolve().is_relative_to(self._root.resolve()):
            return self._report.add(
                declared.file.place,
                codes.OUTSIDE_PROJECT,
                f"{declared.file} leads out of the project",
                "copy the file into the project",
            )
        return LocalFile(str(declared.file), str(declared.package or ""), declared.place, declared.nulls)
