"""What a piece of YAML may look like, declared: each shape reads a node into a value and reports what is wrong.

The schemas in ``schema.py`` are made of these. A shape never raises; it reports and returns ``INVALID``, so that one
mistake hides no other.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as MappingType
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from aggregator.core.calendar import EARLIEST, LATEST
from aggregator.core.diagnostics import Place, Word, did_you_mean
from aggregator.core.names import is_identifier
from aggregator.load import codes
from aggregator.load.report import INVALID, Invalid, Report
from aggregator.load.yaml_nodes import Mapping, Node, Scalar, Sequence

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
K = TypeVar("K")


class Shape(Protocol[T_co]):
    """Reads one node."""

    def read(self, node: Node, report: Report) -> T_co | Invalid:
        """The value, or INVALID with the reason in the report."""
        ...


@dataclasses.dataclass(frozen=True)
class Text:
    """A line or paragraph; never empty, and without control characters."""

    expected: str = "text"

    def read(self, node: Node, report: Report) -> Word | Invalid:
        """The text with its place."""
        if not isinstance(node, Scalar) or not node.text.strip():
            return report.wrong(node, self.expected)
        if _CONTROL.search(node.text):
            return report.wrong(node, f"{self.expected} without control characters")
        return Word(node.text, node.place)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclasses.dataclass(frozen=True)
class Identifier:
    """The name of a column, table or environment."""

    expected: str = "a name made of letters, digits and underscores"

    def read(self, node: Node, report: Report) -> Word | Invalid:
        """The name with its place."""
        if not isinstance(node, Scalar) or not is_identifier(node.text):
            return report.wrong(node, self.expected)
        return Word(node.text, node.place)


Member = TypeVar("Member", bound=StrEnum)


@dataclasses.dataclass(frozen=True)
class Choice(Generic[Member]):
    """One of a few words."""

    options: type[Member]
    others: tuple[str, ...] = ()
    """Second names of members: understood, and not offered in messages."""

    def read(self, node: Node, report: Report) -> Member | Invalid:
        """The member of the enumeration."""
        words = [option.value for option in self.options]
        if isinstance(node, Scalar) and node.text in (*words, *self.others):
            return self.options(node.text)
        advice = did_you_mean(node.text, words) if isinstance(node, Scalar) else ""
        return report.wrong(node, _one_of(words), advice)


@dataclasses.dataclass(frozen=True)
class Truth:
    """Yes or no, in the two words that every version of YAML agrees on."""

    def read(self, node: Node, report: Report) -> bool | Invalid:
        """The truth value."""
        if isinstance(node, Scalar) and node.text in ("true", "false"):
            return node.text == "true"
        return report.wrong(node, "true or false")


@dataclasses.dataclass(frozen=True)
class Moment:
    """A date, or a date and a time to the hour, on a table's own wall clock."""

    expected: str = "a date such as 2013-01-31, or an hour such as 2013-01-31T05"
    FORM: ClassVar = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}(:00(:00)?)?)?")

    def read(self, node: Node, report: Report) -> datetime | Invalid:
        """The moment, without a time zone."""
        text = node.text if isinstance(node, Scalar) else ""
        if not self.FORM.fullmatch(text):
            return report.wrong(node, self.expected)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            return report.wrong(node, self.expected, str(error))
        if not EARLIEST <= moment.replace(tzinfo=None) <= LATEST:
            return report.wrong(node, self.expected, "BigQuery's partitions begin with 1960 and end with 2159")
        return moment


@dataclasses.dataclass(frozen=True)
class ListOf(Generic[T]):
    """A list of one kind of thing; a single thing may stand for a list of one."""

    item: Shape[T]

    def read(self, node: Node, report: Report) -> tuple[T, ...] | Invalid:
        """The items that fit."""
        nodes = node.items if isinstance(node, Sequence) else (node,)
        values = [self.item.read(each, report) for each in nodes]
        return tuple(value for value in values if not isinstance(value, Invalid))


@dataclasses.dataclass(frozen=True)
class MapOf(Generic[K, T]):
    """A mapping from names chosen by the author."""

    key: Shape[K]
    value: Shape[T]
    expected: str = "a mapping of names to values"

    def read(self, node: Node, report: Report) -> dict[K, T] | Invalid:
        """The entries that fit."""
        if not isinstance(node, Mapping):
            return report.wrong(node, self.expected)
        pairs = [(self.key.read(k, report), self.value.read(v, report)) for k, v in node.entries]
        return {k: v for k, v in pairs if not isinstance(k, Invalid) and not isinstance(v, Invalid)}


@dataclasses.dataclass(frozen=True)
class Field:
    """One key of a record."""

    shape: Shape[Any]
    required: str = ""
    """Why the key must be there; empty when it need not."""
    default: Any = None


@dataclasses.dataclass(frozen=True)
class Record(Generic[T]):
    """A mapping with known keys; ``build`` makes the value from what was read and the record's place."""

    what: str
    fields: MappingType[str, Field]
    build: Callable[[dict[str, Any], Place], T]

    def read(self, node: Node, report: Report) -> T | Invalid:
        """The value, if every field that is there fits and every required one is there."""
        if not isinstance(node, Mapping):
            wanted = [name for name, field in self.fields.items() if field.required] or self.fields
            return report.wrong(node, f"{self.what}: a mapping with {_listed(wanted)}")
        values = {name: field.default for name, field in self.fields.items()}
        sound = self._no_unknown_keys(node, report)
        written = {key.text: value for key, value in node.entries}
        for name, field in self.fields.items():
            given = written.get(name)
            if given is not None:
                values[name] = field.shape.read(given, report)
                sound &= not isinstance(values[name], Invalid)
            elif field.required:
                report.add(_head(node), codes.MISSING_KEY, f"{self.what} has no {name}:", field.required)
                sound = False
        return self.build(values, node.place) if sound else INVALID

    def _no_unknown_keys(self, node: Mapping, report: Report) -> bool:
        unknown = [key for key, _ in node.entries if key.text not in self.fields]
        for key in unknown:
            advice = did_you_mean(key.text, self.fields) or f"known here: {_listed(self.fields)}"
            report.add(key.place, codes.UNKNOWN_KEY, f"{key.text} is not a key of {self.what}", advice)
        return not unknown


@dataclasses.dataclass(frozen=True)
class OneAtLeast(Generic[T]):
    """A record of which any key may be left out, but not all of them."""

    example: str
    record: Record[T]

    def read(self, node: Node, report: Report) -> T | Invalid:
        """The value of the record."""
        if isinstance(node, Mapping) and not node.entries:
            message = f"{self.record.what} says nothing"
            return report.add(node.place, codes.MISSING_KEY, message, self.example)
        return self.record.read(node, report)


def _head(node: Mapping) -> Place:
    """Where to point for something that is missing: the first line of the mapping."""
    place = node.entries[0][0].place if node.entries else node.place
    return Place(place.path, place.line, place.column)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _one_of(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
