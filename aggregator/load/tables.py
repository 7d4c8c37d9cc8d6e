"""One file of ``models/`` to what it declares: a :class:`Model` or a :class:`Source`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.core.diagnostics import Diagnostic, Document, Word
from aggregator.core.project import Kind, LocalFile, Model, Partitioning, Source
from aggregator.load import codes
from aggregator.load.policies import check_policies
from aggregator.load.report import Invalid, Report
from aggregator.load.schema import MODEL, ROLLUP_FILE, SOURCE_FILE, LocalDeclaration
from aggregator.load.shapes import Shape
from aggregator.load.yaml_nodes import Mapping, Node
from aggregator.load.yaml_reader import read_yaml

if TYPE_CHECKING:
    from aggregator.core.names import TableName
    from aggregator.load.partitions import InputDeclaration, PartitionDeclaration

T = TypeVar("T")
OPEN, CLOSE = "/*---", "---*/"


def read_shape(document: Document, span: tuple[int, int], shape: Shape[T], report: Report) -> T | Invalid:
    """The YAML between two offsets of a document, as a shape reads it."""
    root, problems = read_yaml(document, *span)
    report.diagnostics.extend(problems)
    if root is None and problems:
        return Invalid()
    value = shape.read(root or Mapping((), document.place(span[0])), report)  # nothing lacks every required key
    return Invalid() if problems else value


def read_table(document: Document, name: TableName, zone: str) -> tuple[Model | Source | None, list[Diagnostic]]:
    """What a file declares, unless its mistakes leave it without meaning, and these. ``zone`` is the project's."""
    report = Report()
    read = _model if document.path.endswith(".sql") else _declaration
    return read(document, name, zone, report), report.diagnostics


class _DeclarationShape:
    """A ``.yml`` file: a source, unless it has a ``rollup:``."""

    def read(self, node: Node, report: Report) -> dict[str, Any] | Invalid:
        is_rollup = isinstance(node, Mapping) and node.get("rollup") is not None
        values: dict[str, Any] | Invalid = (ROLLUP_FILE if is_rollup else SOURCE_FILE).read(node, report)
        return values


def _declaration(document: Document, name: TableName, zone: str, report: Report) -> Model | Source | None:
    values = read_shape(document, (0, len(document.text)), _DeclarationShape(), report)
    if isinstance(values, Invalid):
        return None
    if "rollup" not in values:
        return _source(document, name, zone, values, report)
    if not check_policies(values, report):
        return None
    return Model(name=name, document=document, sql_start=len(document.text), kind=Kind.TABLE, **values)


def _model(document: Document, name: TableName, zone: str, report: Report) -> Model | None:
    span = _front_matter(document, report)
    if span is None:
        return None
    values = read_shape(document, span, MODEL, report)
    if isinstance(values, Invalid) or not check_policies(values, report):
        return None
    values["partition"] = _partition(values["partition"], zone)
    inputs: dict[Word, InputDeclaration] = values["inputs"]
    values["inputs"] = {word: each.map for word, each in inputs.items() if each.map is not None}
    values["kept"] = tuple(word for word, each in inputs.items() if each.keeps_gone)
    return Model(name=name, document=document, sql_start=span[1] + len(CLOSE), **values)


def _front_matter(document: Document, report: Report) -> tuple[int, int] | None:
    """The offsets of the YAML in a model's file."""
    text = document.text
    start = len(text) - len(text.lstrip())
    if not text.startswith(OPEN, start):
        message = "the file does not begin with front matter"
        advice = "begin with /*--- and a YAML description; `aggregator explain A108` shows an example"
        report.add(document.place(0), codes.MISSING_FRONT_MATTER, message, advice)
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
    report.add(document.place(at, at + 2), codes.MISSING_FRONT_MATTER, message, advice)
    return None


def _source(document: Document, name: TableName, zone: str, values: dict[str, Any], report: Report) -> Source | None:
    shards = values["shards"]
    if shards is not None and values["partition"] is not None:
        message = "many tables are cut by their names, not by a column"
        report.add(values["partition"].place, codes.WRONG_VALUE, message, "keep `shards:`, and remove `partition:`")
        return None
    return Source(
        name=name if shards is None else name.of_many,
        document=document,
        description=values["description"],
        owner=values["owner"],
        columns=values["columns"],
        partition=_partition(shards or values["partition"], zone),
        freshness=values["freshness"],
        local=_local(values["local"]),
        size=values["size"],
        key=values["key"],
    )


def _partition(declared: PartitionDeclaration | None, zone: str) -> Partitioning | None:
    if declared is None:
        return None
    return Partitioning(
        by=declared.by,
        grain=declared.grain,
        zone=declared.zone or zone,
        place=declared.place,
        start=declared.start,
        end=declared.end,
        requires_filter=declared.requires_filter,
        expire=declared.expire,
        suffix=declared.suffix,
    )


def _local(declared: LocalDeclaration | None) -> LocalFile | None:
    if declared is None:
        return None
    file, package = str(declared.file), str(declared.package or "")
    return LocalFile(file, package, declared.file.place, declared.nulls)
