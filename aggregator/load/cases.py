"""Unit tests of models as written: ``tests/models/<dataset>/<table>/<case>.yml``, and the CSV files that they name."""

from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from aggregator.core.diagnostics import Diagnostic, Document, Place, Word
from aggregator.core.names import TableName, is_identifier
from aggregator.core.plain import Plain
from aggregator.load import codes
from aggregator.load.amounts import Number
from aggregator.load.files import File, project_files, read_document, read_file
from aggregator.load.plain import AnyPlain
from aggregator.load.report import INVALID, Invalid, Report
from aggregator.load.shapes import Field, Identifier, MapOf, Moment, Record, Text, Truth
from aggregator.load.tables import read_shape
from aggregator.load.yaml_nodes import Mapping, Node, Scalar, Sequence

FOLDER = "tests/models"
FIXTURES = "tests"
"""Where the paths of CSV files begin."""

TOLERANCE = 1e-9


@dataclasses.dataclass(frozen=True)
class RowsWritten:
    """Rows of a table: each a mapping of columns to values that nobody has looked at.

    ``file`` has them if it is named. They may be what a SELECT gives, too: ``sql``.
    """

    records: tuple[Mapping, ...]
    place: Place
    file: Word | None = None
    sql: Word | None = None


@dataclasses.dataclass(frozen=True)
class IntervalWritten:
    """The partitions to build, half-open, on the model's own clock."""

    start: datetime
    end: datetime
    place: Place


@dataclasses.dataclass(frozen=True)
class Case:
    """One unit test. Without ``expect``, an error is expected; ``now`` has no zone where none is written."""

    model: TableName
    name: str
    document: Document
    place: Place
    interval: IntervalWritten | None
    given: MappingType[Word, RowsWritten]
    expect: RowsWritten | None
    expect_error: Word | None
    variables: MappingType[Word, Plain]
    now: datetime | None
    ordered: bool
    tolerance: float

    @property
    def path(self) -> str:
        """Its file, relative to the project."""
        return self.document.path


class RowsShape:
    """Rows, as a list of mappings, as the path of a CSV file below ``tests/``, or as a SELECT that gives them."""

    def read(self, node: Node, report: Report) -> RowsWritten | Invalid:
        """The rows as written; a file has not been looked for."""
        expected = (
            "a list of rows such as `- {carrier: UA, flights: 2}`, the path of a CSV file, or `sql:` with a SELECT"
        )
        if isinstance(node, Scalar) and node.text.endswith(".csv"):
            return RowsWritten((), node.place, Word(node.text, node.place))
        sql = node.get("sql") if isinstance(node, Mapping) and len(node.entries) == 1 else None
        if isinstance(sql, Scalar):
            return RowsWritten((), node.place, sql=Word(sql.text, sql.place))
        if not isinstance(node, Sequence):
            return report.wrong(node, expected)
        wrong = [each for each in node.items if not isinstance(each, Mapping)]
        for each in wrong:
            report.wrong(each, "a row: a mapping of columns to values")
        records = tuple(each for each in node.items if isinstance(each, Mapping))
        return INVALID if wrong else RowsWritten(records, node.place)


@dataclasses.dataclass(frozen=True)
class Instant(Moment):
    """A moment to the second; without a zone, it is on the project's clock."""

    expected: str = "a moment such as 2013-01-02T06:00, or with a zone 2013-01-02T06:00Z"
    FORM: ClassVar = re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+\-][0-9]{2}:[0-9]{2})?)?"
    )


INTERVAL = Record(
    "interval",
    {
        "from": Field(Moment(), required="the start of the first partition: `from: 2013-01-01`"),
        "to": Field(Moment(), required="where the last partition ends, exclusive: `to: 2013-01-02`"),
    },
    lambda values, place: IntervalWritten(values["from"], values["to"], place),
)
UNIT_TEST = Record(
    "a unit test",
    {
        "interval": Field(INTERVAL),
        "given": Field(MapOf(Text("the name of a table"), RowsShape(), "a mapping of tables to rows"), default={}),
        "expect": Field(RowsShape()),
        "expect_error": Field(Text("a part of the message")),
        "variables": Field(MapOf(Identifier(), AnyPlain()), default={}),
        "now": Field(Instant()),
        "ordered": Field(Truth(), default=False),
        "tolerance": Field(Number("a number such as 0.001"), default=TOLERANCE),
    },
    lambda values, place: {**values, "place": place},
)


def load_cases(root: Path) -> tuple[tuple[Case, ...], tuple[Diagnostic, ...]]:
    """All unit tests of a project, by path, and what is wrong with their files. Never raises for what a file holds."""
    report, cases = Report(), []
    for file in project_files(root, FOLDER, (".yml", ".yaml")):
        case = _case(root, file, report)
        if case is not None:
            cases.append(case)
    return tuple(cases), report.sorted()


def read_case(root: Path, document: Document, report: Report) -> Case | None:
    """One file as a test, with the rows of the CSV files that it names."""
    model = _model(document.path, report)
    values = read_shape(document, (0, len(document.text)), UNIT_TEST, report)
    if isinstance(values, Invalid) or model is None:
        return None
    place = Place(document.path)
    if (values["expect"] is None) == (values["expect_error"] is None):
        both = values["expect"] is not None
        message = "rows and an error can't both be expected" if both else "nothing is expected"
        report.add(place, codes.MISSING_KEY, message, "write `expect:` with rows, or `expect_error:` with a message")
        return None
    rows = {**values["given"], "": values["expect"]}
    filled = {name: _filled(root, each, report) for name, each in rows.items() if each is not None}
    if any(isinstance(each, Invalid) for each in filled.values()):
        return None
    values["expect"] = filled.pop("", None)
    return Case(**{**values, "model": model, "name": Path(document.path).stem, "document": document, "given": filled})


def _case(root: Path, file: File, report: Report) -> Case | None:
    document = read_file(root, file)
    if isinstance(document, Diagnostic):
        report.diagnostics.append(document)
        return None
    return read_case(root, document, report)


def _model(path: str, report: Report) -> TableName | None:
    """The model that a file's folder names."""
    parts = Path(path).parts[len(Path(FOLDER).parts) : -1]
    if len(parts) == 2 and all(is_identifier(part) for part in parts):  # noqa: PLR2004
        return TableName(*parts)
    message = f"{path} does not name a model"
    report.add(Place(path), codes.BAD_NAME, message, f"unit tests live in {FOLDER}/<dataset>/<table>/<case>.yml")
    return None


def _filled(root: Path, rows: RowsWritten, report: Report) -> RowsWritten | Invalid:
    if rows.file is None:
        return rows
    document = read_document(root, root / FIXTURES / rows.file)
    if isinstance(document, Diagnostic):
        at = f"{FIXTURES}/{rows.file}"
        message = document.message if document.place.path != at else f"{at}: {document.message}"
        return report.add(rows.file.place, codes.BAD_FILE, message, document.help)
    return dataclasses.replace(rows, records=tuple(_records(document, report)))


def _records(document: Document, report: Report) -> Iterator[Mapping]:
    """The lines of a CSV file as rows; an empty cell is NULL, and the type of its column says what another means."""
    reader = csv.reader(document.text.splitlines(keepends=True), strict=True)
    names: list[str] = []
    try:
        for cells in reader:
            place = Place(document.path, reader.line_num)
            if not names:
                names = cells
            elif len(cells) != len(names):
                message = f"there are {len(cells)} values for {len(names)} columns"
                report.add(place, codes.BAD_FILE, message, "quote values that contain a comma")
            else:
                pairs = zip(names, cells, strict=True)
                entries = (
                    (Scalar(name, plain=True, place=place), Scalar(cell, not cell, place)) for name, cell in pairs
                )
                yield Mapping(tuple(entries), place)
    except csv.Error as error:
        report.add(Place(document.path, reader.line_num), codes.BAD_FILE, f"this is not valid CSV: {error}")
