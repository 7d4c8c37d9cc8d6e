"""The file formats, declared: ``aggregator.yml``, the front matter of a model, and a source.

Each key of the formats stands here once, with its shape; what is read becomes a value of ``core.project``.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from aggregator.core.declared import Budget, DeclaredSize, Freshness, Scheduling
from aggregator.core.diagnostics import Place, Word, did_you_mean
from aggregator.core.names import is_identifier
from aggregator.core.project import CheckDeclaration, Column, Environment, Kind
from aggregator.load import codes
from aggregator.load.aggregates import ROLLUP, Measures
from aggregator.load.amounts import BYTES, SECONDS, Count, Number
from aggregator.load.exports import EXPORT, Prefix
from aggregator.load.learned import ML_MODELS
from aggregator.load.monitoring import MONITORING, RUNBOOK
from aggregator.load.partitions import SHARDS, InputMap, PartitionShape
from aggregator.load.plain import AnyPlain
from aggregator.load.policies import ChangeShape, DurationShape, Volatility
from aggregator.load.project_file import ProjectFile
from aggregator.load.report import INVALID, Invalid, Report
from aggregator.load.shapes import Choice, Field, Identifier, ListOf, MapOf, OneAtLeast, Record, Text, Truth
from aggregator.load.words import Deadline, Reservation, Schedule, Type, Zone
from aggregator.load.yaml_nodes import Mapping, Node, Scalar

ENGINES = ("duckdb", "bigquery")


@dataclasses.dataclass(frozen=True)
class LocalDeclaration:
    """``local:`` as written; the file has not been looked for."""

    file: Word
    package: Word | None
    nulls: tuple[str, ...]
    place: Place


@dataclasses.dataclass(frozen=True)
class Columns:
    """``columns:`` of a model or source. ``short`` is what a bare string under a name means."""

    short: str
    key = Identifier("a column name made of letters, digits and underscores")

    def read(self, node: Node, report: Report) -> tuple[Column, ...] | Invalid:
        """The columns, in the order written."""
        if not isinstance(node, Mapping):
            return report.wrong(node, "a mapping of column names")
        columns = [self._column(name, value, report) for name, value in node.entries]
        seen: dict[str, Scalar] = {}
        for name, _ in node.entries:
            first = seen.setdefault(name.text.casefold(), name)
            if first is not name:
                message = f"the column {name.text} is here twice: {first.text} on line {first.place.line} is the same"
                report.add(name.place, codes.DUPLICATE_KEY, message, "upper and lower case do not count; keep one")
        sound = tuple(column for column in columns if not isinstance(column, Invalid))
        if self.short == "description":
            return sound
        if not columns:
            return report.wrong(node, "at least one column", "declare every column with its type: `carrier: STRING`")
        return sound if len(sound) == len(columns) else INVALID  # whoever reads the table would miss the others

    def _column(self, name: Scalar, value: Node, report: Report) -> Column | Invalid:
        word = self.key.read(name, report)
        if isinstance(value, Mapping):
            fields: Any = COLUMN.read(value, report)
        else:
            text = (Type() if self.short == "type" else Text()).read(value, report)
            fields = text if isinstance(text, Invalid) else dict.fromkeys(COLUMN.fields) | {self.short: text}
        if isinstance(word, Invalid):
            return word
        if isinstance(fields, Invalid):
            return fields
        return Column(
            word, fields["type"] or "", fields["description"] or "", fields["bytes"], bool(fields["sensitive"])
        )


COLUMN = Record(
    "a column",
    {
        "type": Field(Type()),
        "description": Field(Text()),
        "bytes": Field(Count("an average length in bytes, such as 40")),
        "sensitive": Field(Truth(), default=False),
    },
    lambda values, _place: values,
)


class CheckShape:
    """One item of ``checks:``: a mapping of one name to its arguments, or a name alone."""

    def read(self, node: Node, report: Report) -> CheckDeclaration | Invalid:
        """The declaration; whether there is such a check is for the checks to say."""
        if isinstance(node, Scalar) and is_identifier(node.text):
            return CheckDeclaration(Word(node.text, node.place), None, node.place)
        if not isinstance(node, Mapping) or len(node.entries) != 1:
            return report.wrong(node, "a check, such as `not_null: [carrier]`")
        name, arguments = node.entries[0]
        value = AnyPlain().read(arguments, report)
        if isinstance(value, Invalid):
            return value
        return CheckDeclaration(Word(name.text, name.place), value, name.place)


FRESHNESS = OneAtLeast(
    "for example `error_after: 48h`, or `by: 06:00`",
    Record(
        "freshness",
        {"warn_after": Field(SECONDS), "error_after": Field(SECONDS), "by": Field(Deadline())},
        lambda values, _place: Freshness(**values),
    ),
)
BUDGET = OneAtLeast(
    "for example `bytes: 5 GB`",
    Record(
        "budget",
        {
            "bytes": Field(BYTES),
            "bytes_per_month": Field(BYTES),
            "price_per_month": Field(Number("a price, such as 200")),
        },
        lambda values, place: Budget(place, **values),
    ),
)
SIZE = OneAtLeast(
    "for example `rows: 5 M`, or `bytes: 800 MB`",
    Record("size", {"rows": Field(Count()), "bytes": Field(BYTES)}, lambda values, _place: DeclaredSize(**values)),
)
_DESCRIPTION = Field(Text(), required="say in a sentence what a row means: `description: Flights per day.`")
_OWNER = Field(Text(), required="say who hears when it breaks: `owner: ops@example.com`")

SCHEDULING = {
    "dag": Field(Identifier("a name made of letters, digits and underscores"), default=""),
    "group": Field(Truth(), default=False),
    "pool": Field(Text("the name of an Airflow pool"), default=""),
    "retries": Field(Count("a number of retries, such as 2")),
    "timeout": Field(SECONDS),
    "alerts": Field(ListOf(Text("the id of an Airflow connection")), default=()),
}
"""What a scheduler wants to know beyond ``schedule:``; read into one value."""


def _model_values(values: dict[str, Any], _place: Place) -> dict[str, Any]:
    """The values of a model's file, those about scheduling put together."""
    said = {name: values.pop(name) for name in SCHEDULING}
    return {**values, "scheduling": Scheduling(is_grouped=said.pop("group"), **said)}


MODEL = Record(
    "a model",
    {
        "description": _DESCRIPTION,
        "owner": _OWNER,
        "schedule": Field(Schedule(), default=""),
        **SCHEDULING,
        "kind": Field(Choice(Kind), default=Kind.TABLE),
        "partition": Field(PartitionShape()),
        "cluster": Field(ListOf(Identifier("a column name")), default=()),
        "key": Field(ListOf(Identifier("a column name")), default=()),
        "inputs": Field(MapOf(Text(), InputMap(), "a mapping of tables or aliases to partition maps"), default={}),
        "columns": Field(Columns("description"), default=()),
        "checks": Field(ListOf(CheckShape()), default=()),
        "freshness": Field(FRESHNESS),
        "budget": Field(BUDGET),
        "export": Field(EXPORT),
        "size": Field(SIZE),
        "tags": Field(ListOf(Text()), default=()),
        "runbook": Field(RUNBOOK, default=""),
        "on_change": Field(ChangeShape()),
        "volatile": Field(Volatility()),
        "lookback": Field(DurationShape()),
        "dimensions": Field(ListOf(Identifier("a column name")), default=()),
        "measures": Field(Measures(), default=()),
    },
    _model_values,
)
NOT_OF_ROLLUPS = ("kind", "partition", "key", "inputs", "dimensions", "measures")
ROLLUP_FILE = Record(
    "a roll-up's file",
    {name: field for name, field in MODEL.fields.items() if name not in NOT_OF_ROLLUPS} | {"rollup": Field(ROLLUP)},
    _model_values,
)


class LocalShape:
    """``local:`` of a source: a path, or ``{package, file, null}``."""

    def read(self, node: Node, report: Report) -> LocalDeclaration | Invalid:
        """Where the embedded engine should look."""
        if isinstance(node, Scalar):
            file = Text("the path of a file in the project").read(node, report)
            return file if isinstance(file, Invalid) else LocalDeclaration(file, None, ("",), node.place)
        return LOCAL.read(node, report)


class NullText:
    """A text that stands for NULL in a CSV file; the empty text is one."""

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The text."""
        return node.text if isinstance(node, Scalar) else report.wrong(node, "the text that stands for NULL")


LOCAL = Record(
    "local",
    {
        "file": Field(Text("the path of a file"), required="name the file: `file: data/flights.csv`"),
        "package": Field(Text("the name of an installed package")),
        "null": Field(ListOf(NullText()), default=("",)),
    },
    lambda v, place: LocalDeclaration(v["file"], v["package"], v["null"], place),
)
SOURCE = Record(
    "a source",
    {
        "description": _DESCRIPTION,
        "owner": _OWNER,
        "columns": Field(Columns("type"), required="declare every column with its type: `carrier: STRING`"),
        "partition": Field(PartitionShape()),
        "key": Field(ListOf(Identifier("a column name")), default=()),
        "shards": Field(PartitionShape(SHARDS)),
        "freshness": Field(FRESHNESS),
        "local": Field(LocalShape()),
        "size": Field(SIZE),
    },
    lambda values, _place: values,
)
SOURCE_FILE = Record(
    "a source file",
    {"source": Field(SOURCE, required="a .yml file in models/ is a source or a roll-up: write `source:` or `rollup:`")},
    lambda values, _place: values["source"],
)


class EngineName:
    """Which engine an environment runs on."""

    def read(self, node: Node, report: Report) -> str | Invalid:
        """Its name."""
        if isinstance(node, Scalar) and node.text in ENGINES:
            return node.text
        advice = did_you_mean(node.text, ENGINES) if isinstance(node, Scalar) else ""
        return report.wrong(node, " or ".join(ENGINES), advice)


_EXPORTS = {"duckdb": ("gs://",)}
"""What exports may begin with where nothing is said: locally, all is written to a folder of the project."""

ENVIRONMENT = Record(
    "an environment",
    {
        "engine": Field(EngineName(), required="`engine: duckdb` or `engine: bigquery`"),
        "path": Field(Text("the path of a database file"), default=""),
        "project": Field(Text("the name of a Google Cloud project"), default=""),
        "location": Field(Text("a BigQuery location such as EU"), default=""),
        "datasets": Field(Text("a pattern such as dev_{user}_{dataset}"), default="{dataset}"),
        "read_from": Field(Identifier("the name of an environment"), default=""),
        "max_bytes_billed": Field(BYTES),
        "price_per_tib": Field(Number("a price per TiB, such as 6.25")),
        "storage": Field(Text("the path of a folder"), default=""),
        "exports": Field(ListOf(Prefix()), default=()),
        "impersonate": Field(Text("the address of a service account"), default=""),
        "reservation": Field(Reservation(), default=""),
    },
    lambda values, place: Environment(
        name="",
        place=place,
        **values | {"exports": values["exports"] or _EXPORTS.get(values["engine"], ())},
    ),
)
PROJECT = Record(
    "aggregator.yml",
    {
        "project": Field(Identifier(), required="name the project: `project: flights`"),
        "time_zone": Field(Zone(), default="UTC"),
        "environments": Field(
            MapOf(Identifier(), ENVIRONMENT, "a mapping of environment names"),
            required="declare at least one: `local: {engine: duckdb, path: .aggregator/local.duckdb}`",
        ),
        "default_environment": Field(Identifier("the name of an environment"), required="for example `local`"),
        "variables": Field(MapOf(Identifier(), AnyPlain()), default={}),
        "functions": Field(ListOf(Text("a CREATE FUNCTION statement")), default=()),
        "ml_models": Field(ML_MODELS, default={}),
        "checks": Field(
            MapOf(Text("names of models, such as marts.*"), ListOf(CheckShape()), "a mapping of names to checks"),
            default={},
        ),
        "monitoring": Field(MONITORING),
    },
    lambda v, _place: ProjectFile(
        v["project"],
        v["time_zone"],
        v["environments"],
        v["default_environment"],
        v["variables"],
        v["functions"],
        tuple(dataclasses.replace(model, name=str(name)) for name, model in v["ml_models"].items()),
        v["checks"],
        v["monitoring"],
    ),
)
