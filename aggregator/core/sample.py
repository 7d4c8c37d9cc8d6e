"""Samples of sources: real rows of a few partitions, copied to this machine for the embedded engine."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.core.names import TableName

FOLDER = ".aggregator/samples"
"""Where samples are, in the project; it is not committed."""


SAMPLED = "a sample of "
"""How the name of a sample begins, which is the name of no file."""


@dataclasses.dataclass(frozen=True)
class Share:
    """Which rows of a partition are copied: those whose hashes are the smallest, so that they are always the same.

    ``rows`` is how many at most, ``percent`` how many of a hundred; both may be None. ``by`` is a column: rows with one
    value of it are taken together, in all tables that have it, and tables without it are not cut by ``percent``.
    """

    rows: int | None = None
    percent: float | None = None
    by: str = ""

    def __str__(self) -> str:
        """For people: ``1 % by user_id, at most 10,000 rows``."""
        by = f" by {self.by}" if self.by else ""
        parts = [f"{self.percent:g} %{by}"] if self.percent is not None else []
        parts += [f"at most {self.rows:,} rows"] if self.rows is not None else []
        return ", ".join(parts) or "all rows"


@dataclasses.dataclass(frozen=True)
class Part:
    """The sampled rows of one partition, in a Parquet file in the folder of its table."""

    partition: str
    file: str
    rows: int


@dataclasses.dataclass(frozen=True)
class Sample:
    """All that there is of one table. ``taken_at`` is in UTC; values of ``masked`` columns are not the real ones."""

    table: TableName
    environment: str
    taken_at: datetime
    share: str
    masked: tuple[str, ...]
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        """For messages."""
        return f"{SAMPLED}{self.environment}, {self.taken_at:%Y-%m-%d %H:%M} UTC"


def sample_folder(root: Path, table: TableName) -> Path:
    """Where the sample of a table is; a star can't be in the name of a file everywhere."""
    return root / FOLDER / str(table).replace("*", "@")
