"""Files to :class:`Project`: the first stage of the line."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.core.diagnostics import Diagnostic, Document, Place, did_you_mean
from aggregator.core.names import TableName, is_identifier
from aggregator.core.project import LocalFile, Model, Partitioning, Project, Source
from aggregator.load import codes
from aggregator.load.files import leads_out, project_files, read_document
from aggregator.load.partitions import PartitionDeclaration
from aggregator.load.schema import MODEL, PROJECT, SOURCE_FILE, LocalDeclaration, ProjectFile
from aggregator.load.shapes import Invalid, Report, Shape
from aggregator.load.yaml_nodes import Mapping, read_yaml

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

    Every mistake in every file is reported. A file that its mistakes leave without meaning is left out of the project.
    """
    root = root.absolute()
    report = Report()
    file = _read(root, root / "aggregator.yml", PROJECT, report)
    if isinstance(file, Invalid) or report.diagnostics:
        return Loaded(None, report.sorted())
    chosen = _environment(file, environment, report)
    if chosen is None or report.diagnostics:
        return Loaded(None, report.sorted())
    project = _Files(root, file.zone, report).project(file, chosen)
    return Loaded(project, report.sorted())


def _environment(file: ProjectFile, name: str | None, report: Report) -> Environment | None:
    _check_environments(file, report)
    wanted = name or str(file.default_environment)
    chosen = next((declared for key, declared in file.environments.items() if key == wanted), None)
    if chosen is None:
        place = next((key.place for key in file.environments), file.default_environment.place)
        advice = did_you_mean(wanted, file.environments) or f"there are: {', '.join(file.environments)}"
        place = place if name else file.default_environment.place
        report.add(place, codes.UNKNOWN_ENVIRONMENT, f"there is no environment {wanted}", advice)
        return None
    return dataclasses.replace(chosen, name=wanted)


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
    if root is None and problems:
        return Invalid()
    value = shape.read(root or Mapping((), document.place(span[0])), report)  # nothing lacks every required key
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
        if path.is_symlink():
            document = read_document(self._root, path)
            if isinstance(document, Diagnostic):
                self._report.diagnostics.append(document)
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
        comment_end = text.find("*/", start)
        end = comment_end - len(CLOSE) + len("*/")
        if comment_end >= 0 and text.startswith(CLOSE, end):
            return start + len(OPEN), end
        at, advice = comment_end, "write ---*/ instead of */"
        if comment_end < 0:
            at, advice = start, "write a line ---*/ between the YAML and the SELECT"
        elif text[comment_end + 2 : comment_end + 3].isdigit():
            advice = "in a cron expression write 0,15,30,45 instead of */15: `*/` ends an SQL comment"
        message = "the front matter is not closed by ---*/"
        self._report.add(document.place(at, at + 2), codes.MISSING_FRONT_MATTER, message, advice)
        return None

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
        place = declared.file.place
        if declared.package and (declared.file.startswith("/") or ".." in declared.file.split("/")):
            message = f"{declared.file} leads out of the package {declared.package}"
            return self._report.add(place, codes.OUTSIDE_PROJECT, message, "name a file inside the package")
        if not declared.package and leads_out(self._root, self._root / declared.file):
            message = f"{declared.file} leads out of the project"
            return self._report.add(place, codes.OUTSIDE_PROJECT, message, "copy the file into the project")
        return LocalFile(str(declared.file), str(declared.package or ""), declared.place, declared.nulls)
