"""``measures:`` and ``rollup:``: numbers that are declared instead of written."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from aggregator.core.aggregate import MeasureDeclaration, RollupDeclaration
from aggregator.core.calendar import Grain
from aggregator.core.diagnostics import Place, Word
from aggregator.core.maps import PartitionMap
from aggregator.core.names import TableName
from aggregator.load.partitions import GRAIN, Gone, Length
from aggregator.load.plain import AnyPlain
from aggregator.load.report import Invalid, Report
from aggregator.load.shapes import Field, Identifier, ListOf, MapOf, Moment, Record, Text
from aggregator.load.words import Zone
from aggregator.load.yaml_nodes import Mapping, Node, Scalar

COMPLETE = {"require": False, "partial": True}


class MeasureShape:
    """What a measure is: a mapping with its kind and arguments. Which kinds there are is not for this stage to say."""

    def read(self, node: Node, report: Report) -> MeasureDeclaration | Invalid:
        """The declaration, without its name."""
        if not isinstance(node, Mapping) or not node.entries:
            return report.wrong(node, "a measure, such as `{sum: distance}`")
        value = AnyPlain().read(node, report)
        return value if isinstance(value, Invalid) else MeasureDeclaration("", value, node.place)  # type: ignore[arg-type]


class Measures:
    """``measures:``, in the order written."""

    entries: ClassVar = MapOf(Identifier("a name for the measure"), MeasureShape(), "a mapping of names to measures")

    def read(self, node: Node, report: Report) -> tuple[MeasureDeclaration, ...] | Invalid:
        """The declarations."""
        read = self.entries.read(node, report)
        if isinstance(read, Invalid):
            return read
        named = ((name, each) for name, each in read.items() if isinstance(name, Word))
        return tuple(dataclasses.replace(each, name=name, place=name.place) for name, each in named)


class TableReference:
    """The name of a table."""

    def read(self, node: Node, report: Report) -> Word | Invalid:
        """The name, with its place."""
        if isinstance(node, Scalar) and TableName.parse(node.text):
            return Word(node.text, node.place)
        return report.wrong(node, "the name of a table, such as marts.daily_performance")


@dataclasses.dataclass(frozen=True)
class Target:
    """``to:``: the grain of the buckets, or how long the stretch is that rolls along."""

    place: Place
    grain: Grain | None = None
    rolling: PartitionMap | None = None


class TargetShape:
    """``to: month`` or ``to: {rolling: 28 days}``."""

    def read(self, node: Node, report: Report) -> Target | Invalid:
        """The grain, or the length."""
        if not isinstance(node, Mapping):
            grain = GRAIN.read(node, report)
            return grain if isinstance(grain, Invalid) else Target(node.place, grain)
        length = ROLLING.read(node, report)
        return length if isinstance(length, Invalid) else Target(node.place, rolling=length)


class Completeness:
    """``require`` or ``partial``."""

    def read(self, node: Node, report: Report) -> bool | Invalid:
        """Whether a bucket may be published before it is over."""
        if isinstance(node, Scalar) and node.text in COMPLETE:
            return COMPLETE[node.text]
        return report.wrong(node, "require or partial")


ROLLING: Record[PartitionMap] = Record(
    "to",
    {"rolling": Field(Length(), required="say how long: `{rolling: 28 days}`")},
    lambda values, _place: values["rolling"],
)
_COLUMNS = ListOf(Identifier("a column name"))
ROLLUP: Record[RollupDeclaration] = Record(
    "a roll-up",
    {
        "of": Field(
            TableReference(), required="name the table whose rows are rolled up: `of: marts.daily_performance`"
        ),
        "to": Field(TargetShape(), required="say how far: `to: month`, or `to: {rolling: 28 days}`"),
        "dimensions": Field(_COLUMNS),
        "measures": Field(ListOf(Text("the name of a measure, or all"))),
        "where": Field(Text("a condition on dimensions")),
        "complete": Field(Completeness(), default=False),
        "as": Field(Identifier("a name for the time column"), default=""),
        "zone": Field(Zone(), default=""),
        "from": Field(Moment()),
        "gone": Field(Gone(), default=False),
    },
    lambda v, place: RollupDeclaration(
        of=v["of"],
        place=place,
        at=v["to"].place,
        to=v["to"].grain,
        rolling=v["to"].rolling,
        dimensions=v["dimensions"],
        measures=None if v["measures"] in (None, ("all",)) else v["measures"],
        where=v["where"],
        is_partial=v["complete"],
        column=v["as"],
        zone=v["zone"],
        start=v["from"],
        keeps_gone=v["gone"],
    ),
)
