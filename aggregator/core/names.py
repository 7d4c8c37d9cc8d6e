"""Names of tables: ``dataset.table``, the same in every environment."""

from __future__ import annotations

import dataclasses
import re

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_identifier(text: str) -> bool:
    """Whether a dataset, table or column may be called so.

    Stricter than BigQuery (which allows dashes and Unicode in tables), so that a name needs no quoting anywhere:
    not in SQL, not in a file system, not in an Airflow task id.
    """
    return IDENTIFIER.fullmatch(text) is not None


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class TableName:
    """The logical name of a table, source, view or model.

    One that ends in a star, ``events_*``, is of a source that stands for many tables.
    """

    dataset: str
    table: str

    def __str__(self) -> str:
        """As an analyst writes it."""
        return f"{self.dataset}.{self.table}"

    @property
    def is_many(self) -> bool:
        """Whether it stands for all tables whose names begin so."""
        return self.table.endswith("*")

    @property
    def of_many(self) -> TableName:
        """What a source is called that stands for all tables whose names begin so."""
        return TableName(self.dataset, f"{self.table}*")

    @classmethod
    def parse(cls, text: str) -> TableName | None:
        """Read ``dataset.table`` or ``dataset.table_*``; None if it is anything else."""
        dataset, _, table = text.partition(".")
        return cls(dataset, table) if is_identifier(dataset) and is_identifier(table.removesuffix("*")) else None
