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
    """The logical name of a table, source, view or model."""

    dataset: str
    table: str

    def __str__(self) -> str:
        """As an analyst writes it."""
        return f"{self.dataset}.{self.table}"

    @classmethod
    def parse(cls, text: str) -> TableName | None:
        """Read ``dataset.table``; None if it is anything else."""
        dataset, _, table = text.partition(".")
        return cls(dataset, table) if is_identifier(dataset) and is_identifier(table) else None
