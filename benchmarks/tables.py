"""What a generated project is made of, in nobody's format: columns, the schema of its sources, and models."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from string import Template


@dataclasses.dataclass(frozen=True)
class Column:
    """A column. ``role`` is what may be done with it: key, label, amount and count (both add up), or other.

    Only the types of sources are declared; those of models are inferred.
    """

    name: str
    role: str
    description: str
    type: str = ""


SOURCE_COLUMNS = (
    Column("event_date", "key", "Day of the event in UTC", "DATE"),
    Column("event_id", "key", "Number of the event; a corrected event comes again under its number", "INT64"),
    Column("customer_id", "key", "Who it was", "INT64"),
    Column("happened_at", "other", "Moment of the event", "TIMESTAMP"),
    Column("updated_at", "other", "Moment at which this version was written", "TIMESTAMP"),
    Column("country", "label", "Code of the country as the client sends it", "STRING"),
    Column("channel", "label", "Where it was bought; empty if not known", "STRING"),
    Column("device", "label", "Kind of device", "STRING"),
    Column("status", "label", "P paid and S shipped and R returned and O open", "STRING"),
    Column("amount", "amount", "Amount in euros before discount", "NUMERIC"),
    Column("tax", "amount", "Tax in euros", "NUMERIC"),
    Column("discount", "amount", "Discount in euros", "NUMERIC"),
    Column("cost", "amount", "What it cost us in euros", "NUMERIC"),
    Column("quantity", "count", "Number of items", "INT64"),
    Column("returned", "count", "Number of items sent back", "INT64"),
    Column("seconds", "count", "Seconds from first look to the event", "INT64"),
    Column("is_test", "other", "Whether it was made by a test account", "BOOL"),
)


@dataclasses.dataclass(frozen=True)
class Model:
    """A model. ``text`` is its SQL with a place for each input, ``templated`` that of a file, maybe with Jinja."""

    name: str
    description: str
    inputs: tuple[str, ...]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    text: str
    templated: str

    @property
    def dataset(self) -> str:
        """The dataset that it is in."""
        return self.name.partition(".")[0]

    def sql(self, spell: Callable[[str], str] = str) -> str:
        """The SELECT without Jinja, with each table that it reads spelled in some way."""
        return self._filled(self.text, spell)

    def written(self) -> str:
        """The SELECT as it stands in the file."""
        return self._filled(self.templated, str)

    def _filled(self, text: str, spell: Callable[[str], str]) -> str:
        return Template(text).substitute({f"input_{i}": spell(name) for i, name in enumerate(self.inputs)})

    def having(self, *roles: str) -> list[Column]:
        """The columns with one of some roles."""
        return [column for column in self.columns if column.role in roles]
