"""What is asked of an engine that is to write a table's rows to files."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.core.names import TableName
    from aggregator.core.project import ExportDeclaration, FileFormat

DONE = "_SUCCESS"
"""The file that is written last: whoever finds it finds all files of the folder, and no others."""


@dataclasses.dataclass(frozen=True)
class Unload:
    """Let the files of a folder be the rows of one partition; an empty id is the whole table.

    ``files`` is an address with one star in the name of the file, ``columns`` are those to write, and ``version`` is
    that of the rows: it is kept in the folder, so it tells later whether the files are still those of the table.
    """

    table: TableName
    partition: str
    columns: tuple[str, ...]
    files: str
    format: FileFormat
    version: str

    @property
    def folder(self) -> str:
        """The address of the folder, with a slash at its end. All in it belongs to this partition."""
        return self.files[: self.files.rindex("/") + 1]


def address(declared: ExportDeclaration, table: TableName, partition: str) -> str:
    """Where the files of a partition go."""
    values = {"model": str(table), "dataset": table.dataset, "table": table.table, "partition": partition}
    return str(declared.to).format_map(values)
