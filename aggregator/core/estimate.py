"""What a build reads and costs: the result of estimating."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.core.names import TableName
    from aggregator.core.project import Environment

MEBIBYTE, TEBIBYTE = 2**20, 2**40
LEAST_BILLED = 10 * MEBIBYTE
"""What BigQuery bills at least, for each table that a query refers to and for the query."""

LIST_PRICE = 6.25
"""US dollars per TiB: BigQuery's price on demand in the United States and the European Union."""

DAYS_PER_MONTH = 365.25 / 12


@dataclasses.dataclass(frozen=True)
class TableRead:
    """What one build reads of one table.

    ``columns`` are those whose bytes count; ``partitions`` is how many are read, None for the whole table. ``bytes`` is
    None where the size of the table is not known. ``at_least`` is what is read for certain, but for clusters, of which
    nobody knows how many are passed over before the query has run. ``how`` says where the size is from, or why there is
    none; ``limits`` say why ``bytes`` is only an upper bound, and are empty where it is not.
    """

    table: TableName
    columns: tuple[str, ...]
    partitions: int | None
    bytes: int | None
    at_least: int
    how: str
    limits: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What a build of one partition reads and costs; of the whole table where there are none.

    ``reads`` has every table that is read in the end, views looked through. ``measured`` is what the warehouse's own
    dry run says. ``runs_per_day`` is how often a partition is built, None where nothing says so; ``price_per_tib`` is
    None where nothing is paid by the byte.
    """

    model: TableName
    partition: str
    reads: tuple[TableRead, ...]
    runs_per_day: float | None = None
    price_per_tib: float | None = None
    measured: int | None = None

    @property
    def unknown(self) -> tuple[TableRead, ...]:
        """The tables whose size is not known."""
        return tuple(read for read in self.reads if read.bytes is None)

    @property
    def bytes(self) -> int | None:
        """The bytes of a build: the lower of what the rules and the warehouse say; None where neither can."""
        ruled = None if self.unknown else sum(read.bytes or 0 for read in self.reads)
        known = [each for each in (ruled, self.measured) if each is not None]
        return min(known, default=None)

    @property
    def at_least(self) -> int:
        """What a build reads for certain, as far as sizes are known."""
        found = sum(read.at_least for read in self.reads)
        if self.measured is None:
            return found
        return self.bytes or 0

    @property
    def at_most(self) -> bool:
        """Whether the bytes are an upper bound."""
        return any(read.limits for read in self.reads)

    @property
    def billed(self) -> int | None:
        """The bytes that are paid for: at least 10 MB a table, in whole MB; nothing for a query that reads nothing."""
        if self.bytes is None:
            return None
        by_table = [read.bytes for read in self.reads if read.bytes is not None]
        if self.bytes != sum(by_table) or self.unknown:  # the warehouse knows of no single table
            by_table = [self.bytes, *(0 for _ in self.reads[1:])]
        return billed(by_table)

    @property
    def billed_at_least(self) -> int:
        """The bytes that are paid for in any case."""
        if self.measured is not None:
            return self.billed or 0
        return billed(read.at_least for read in self.reads)

    @property
    def bytes_per_day(self) -> float | None:
        """Read in a day, on average."""
        return _times(self.bytes, self.runs_per_day)

    @property
    def bytes_per_month(self) -> float | None:
        """Read in a month of 30.4 days."""
        return _times(self.bytes_per_day, DAYS_PER_MONTH)

    @property
    def price(self) -> float | None:
        """Of one build."""
        return price(self.billed, self.price_per_tib)

    @property
    def price_per_day(self) -> float | None:
        """Paid in a day, on average."""
        return _times(self.price, self.runs_per_day)

    @property
    def price_per_month(self) -> float | None:
        """Paid in a month of 30.4 days."""
        return _times(self.price_per_day, DAYS_PER_MONTH)

    @property
    def how(self) -> str:
        """How the bytes were found, or why they were not, for people."""
        if self.measured is not None and self.bytes == self.measured:
            return "the warehouse's own dry run"
        if self.unknown:
            return "not known: " + "; ".join(f"{read.table} {read.how}" for read in self.unknown)
        grounds = ", ".join(dict.fromkeys(read.how for read in self.reads))
        if not self.reads:
            return "nothing is read"
        if not self.at_most:
            return f"exact rule over {grounds}"
        limits = "; ".join(f"{read.table}: {limit}" for read in self.reads for limit in read.limits)
        return f"at most, over {grounds}: {limits}"


def billed(by_table: Iterable[int]) -> int:
    """What BigQuery bills for a query that reads so many bytes of each of its tables."""
    sizes = list(by_table)
    if not any(sizes):
        return 0
    total = max(sum(max(size, LEAST_BILLED) for size in sizes), LEAST_BILLED)
    return -(-total // MEBIBYTE) * MEBIBYTE


def price(billed: int | None, per_tib: float | None) -> float | None:
    """What so many bytes cost; None where they are not known, or not paid for."""
    return _times(billed, None if per_tib is None else per_tib / TEBIBYTE)


def price_per_tib(environment: Environment) -> float | None:
    """What a TiB costs: as declared, else the list price where there is a Google Cloud project to pay it."""
    if environment.price_per_tib is not None:
        return environment.price_per_tib
    return LIST_PRICE if environment.project else None


def size_text(size: float) -> str:
    """Bytes as people read them, in the units in which budgets are written: ``6.2 GB``."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}" if size < 1000 * factor else f"{size / factor:,.0f} {unit}"
    return f"{size:.0f} B"


def _times(amount: float | None, factor: float | None) -> float | None:
    return None if amount is None or factor is None else amount * factor
