"""``partition:`` and ``inputs:``: how a table is cut, and which partitions of its inputs it reads."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime
from typing import ClassVar

from aggregator.core.calendar import OTHER_NAMES, Grain
from aggregator.core.diagnostics import Place, Word, did_you_mean
from aggregator.core.maps import ALL, PREVIOUS, SAME, PartitionMap, Reach
from aggregator.core.pseudo import SUFFIXES, TABLE_SUFFIX
from aggregator.load import codes
from aggregator.load.amounts import SECONDS
from aggregator.load.report import Invalid, Report
from aggregator.load.shapes import Choice, Field, Identifier, Moment, Record, Truth
from aggregator.load.words import Zone
from aggregator.load.yaml_nodes import Mapping, Node, Scalar


@dataclasses.dataclass(frozen=True)
class PartitionDeclaration:
    """``partition:`` or ``shards:`` as written; the zone may still come from the project."""

    by: Word
    grain: Grain
    start: datetime
    end: datetime | None
    zone: str | None
    requires_filter: bool
    place: Place
    suffix: str = ""
    expire: int | None = None


class Lifetime:
    """How long partitions are kept, in whole hours: BigQuery would keep those of no time at all for no time at all."""

    LEAST: ClassVar = 3600

    def read(self, node: Node, report: Report) -> int | Invalid:
        """The duration, in seconds."""
        seconds = SECONDS.read(node, report)
        if isinstance(seconds, Invalid) or seconds >= self.LEAST:
            return seconds
        return report.wrong(node, "at least an hour, such as 400 days")


GRAIN = Choice(Grain, tuple(OTHER_NAMES))

PARTITION = Record(
    "partition",
    {
        "by": Field(Identifier("the name of a column"), required="name the column: `by: flight_date`"),
        "grain": Field(GRAIN, required="say how long a partition is: `grain: day`"),
        "from": Field(Moment(), required="say where the table begins: `from: 2013-01-01`"),
        "to": Field(Moment()),
        "zone": Field(Zone()),
        "require_filter": Field(Truth(), default=False),
        "expire": Field(Lifetime()),
    },
    lambda v, place: PartitionDeclaration(
        v["by"], v["grain"], v["from"], v["to"], v["zone"], v["require_filter"], place, expire=v["expire"]
    ),
)


class Suffix:
    """How the ends of the names of many tables are made from a date."""

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The format."""
        if isinstance(node, Scalar) and node.text in SUFFIXES:
            return node.text
        expected = f"the form of a date at the end of a table's name: {', '.join(SUFFIXES)}"
        return report.wrong(node, expected, "BigQuery finds the tables by comparing texts, so years come first")


SHARDS = Record(
    "shards",
    {
        "suffix": Field(Suffix(), default="%Y%m%d"),
        "from": PARTITION.fields["from"],
        "to": Field(Moment()),
        "zone": Field(Zone()),
    },
    lambda v, place: PartitionDeclaration(
        by=Word(TABLE_SUFFIX, place),
        grain=SUFFIXES[v["suffix"]],
        start=v["from"],
        end=v["to"],
        zone=v["zone"],
        requires_filter=False,
        place=place,
        suffix=v["suffix"],
    ),
)


@dataclasses.dataclass(frozen=True)
class PartitionShape:
    """``partition:``, or ``shards:``, the same of many tables."""

    record: Record[PartitionDeclaration] = PARTITION

    def read(self, node: Node, report: Report) -> PartitionDeclaration | Invalid:
        """How a table is cut; it begins before it ends."""
        declared = self.record.read(node, report)
        if isinstance(declared, Invalid) or declared.end is None or declared.end > declared.start:
            return declared
        end = node.get("to") if isinstance(node, Mapping) else None
        message = f"the table ends on {declared.end:%Y-%m-%d} but begins on {declared.start:%Y-%m-%d}"
        advice = "`from:` is the first moment of the table, `to:` the first one after it"
        return report.add(end.place if end else declared.place, codes.WRONG_VALUE, message, advice)


class Length:
    """A length of time."""

    FORM: ClassVar = re.compile(r"([1-9][0-9]{0,4})\s*(hour|day|week|month|quarter|year)s?")

    def read(self, node: Node, report: Report) -> PartitionMap | Invalid:
        """The map of what so long a stretch covers that ends where the partition does."""
        found = self.FORM.fullmatch(node.text) if isinstance(node, Scalar) else None
        if found is None:
            return report.wrong(node, "a length in hours, days, weeks, months, quarters or years, such as 7 days")
        return PartitionMap(Reach.LAST, int(found[1]), Grain(found[2]))


@dataclasses.dataclass(frozen=True)
class InputDeclaration:
    """What stands under ``inputs:`` for one table: its map, if it is not the default, and whether it may go."""

    map: PartitionMap | None
    keeps_gone: bool = False


class Gone:
    """``keep``: rows that were made from what is gone are not built again without it."""

    WORD: ClassVar = "keep"

    def read(self, node: Node, report: Report) -> bool | Invalid:
        """True."""
        if isinstance(node, Scalar) and node.text == self.WORD:
            return True
        return report.wrong(node, self.WORD)


class InputMap:
    """A partition map: ``same``, ``all``, ``previous``, ``{last: 7 days}``, ``{offset: 7 days}``, ``{latest: 7 days}``.

    ``gone: keep`` may stand beside a length, or alone for the map that is the default.
    """

    WORDS: ClassVar = {"same": SAME, "all": ALL, "previous": PREVIOUS}
    LONG = (Reach.LAST, Reach.OFFSET, Reach.LATEST)
    KEYS = (*LONG, "gone")

    def read(self, node: Node, report: Report) -> InputDeclaration | Invalid:
        """The map, and what is to become of rows whose input is gone."""
        if isinstance(node, Scalar) and node.text in self.WORDS:
            return InputDeclaration(self.WORDS[node.text])
        if not isinstance(node, Mapping) or not node.entries:
            return self._no_map(node, report)
        lengths = [(key, length) for key, length in node.entries if key.text != "gone"]
        for key, _ in lengths:
            if key.text not in self.LONG:
                return report.wrong(key, "last, offset, latest or gone", did_you_mean(key.text, self.KEYS))
        if len(lengths) > 1:
            message = f"this input has two maps, {lengths[0][0].text} and {lengths[1][0].text}"
            return report.add(lengths[1][0].place, codes.WRONG_VALUE, message, "keep one; an alias may have another")
        gone = node.get("gone")
        keeps = Gone().read(gone, report) if gone is not None else False
        map_ = self._long(Reach(lengths[0][0].text), lengths[0][1], report) if lengths else None
        if isinstance(keeps, Invalid) or isinstance(map_, Invalid):
            return Invalid()
        return InputDeclaration(map_, keeps)

    def _no_map(self, node: Node, report: Report) -> Invalid:
        """Say what a map looks like."""
        text = node.text if isinstance(node, Scalar) else ""
        if text in self.LONG:
            far = "may be" if text == Reach.LATEST else "is"
            message = f"how far back {text} {far} is not said"
            return report.add(node.place, codes.WRONG_VALUE, message, f"give it a length: {{{text}: 7 days}}")
        expected = "a partition map: same, all, previous, {last: 7 days}, {offset: 7 days} or {latest: 7 days}"
        return report.wrong(node, expected, did_you_mean(text, self.WORDS) if text else "")

    def _long(self, reach: Reach, node: Node, report: Report) -> PartitionMap | Invalid:
        """A map with a length."""
        length = Length().read(node, report)
        return length if isinstance(length, Invalid) else dataclasses.replace(length, reach=reach)
