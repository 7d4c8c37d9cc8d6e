"""Jobs that write: rows into a place of their own, from there into the table, or straight into it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aggregator.core.calendar import Calendar
from aggregator.core.estimate import LEAST_BILLED, MEBIBYTE
from aggregator.core.writes import OverwritePartitions, ReplaceTable, Write
from aggregator.engines.bigquery.jobs import Job, Work, digest, job_name
from aggregator.engines.bigquery.layout import STAGING, Layout
from aggregator.engines.bigquery.parameters import Parameter, named
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.schemas import Shape, label, reference
from aggregator.engines.bigquery.tables import stored_id
from aggregator.engines.bigquery.types import Type

if TYPE_CHECKING:
    from aggregator.core.graph import CompiledModel

STAGING_LIFE = timedelta(hours=24)
"""After how long staged rows go by themselves, should nobody drop them."""


@dataclasses.dataclass(frozen=True)
class Order:
    """One write of a run, with all that its jobs need: the query as BigQuery reads it, and what makes its ids.

    ``read`` stands for the versions of what the query reads: a job of the same id has read the same rows.
    """

    model: CompiledModel
    write: Write
    query: str
    read: str
    run_key: str
    opened_at: datetime

    def name(self, layout: Layout, purpose: str, partition: str = "") -> str:
        """The id of a job, without the number of the attempt."""
        parts = (str(self.model.name), partition or stretch(self.write), self.model.fingerprint, self.read)
        return job_name(layout.environment.name, *parts, self.run_key, purpose)

    def labels(self, layout: Layout, purpose: str) -> dict[str, str]:
        """What a job says of itself, so that costs can be told apart."""
        return labels(layout, self.run_key, purpose) | {
            "model": label(str(self.model.name)),
            "owner": label(self.model.model.owner),
        }


def labels(layout: Layout, run_key: str, purpose: str) -> dict[str, str]:
    """The labels of a job that is about no model alone."""
    environment = label(layout.environment.name)
    return {"tool": "aggregator", "environment": environment, "run": label(run_key), "purpose": purpose}


def stretch(write: Write) -> str:
    """The partitions of a write, in an id."""
    if not isinstance(write, OverwritePartitions):
        return "whole"
    calendar = write.calendar
    first, last = calendar.id(write.start), calendar.id(calendar.grain.shift(write.end, -1))
    return first if first == last else f"{first}--{last}"


def is_one_stored(write: Write) -> bool:
    """Whether one job with one destination writes it: a table, or a partition that BigQuery has as one."""
    if isinstance(write, ReplaceTable):
        return True
    return write.calendar.next(write.start) == write.end and write.calendar.grain.pieces == 1


def stored_ids(calendar: Calendar, partition: str) -> list[str]:
    """BigQuery's partitions of which one of the project's consists."""
    start = calendar.parse(partition)
    stored = calendar.grain.stored
    return [stored_id(each, stored) for each in stored.range(start, calendar.next(start))]


def decorated(address: Address, id_: str) -> Address:
    """One partition of a table, as an address."""
    return dataclasses.replace(address, table=f"{address.table}${id_}")


def staging_address(order: Order, layout: Layout) -> Address:
    """Where the rows of a write wait. The name is that of the job that puts them there."""
    return layout.internal(STAGING + order.name(layout, "stage").removeprefix("agg_"))


def staging_table(address: Address, shape: Shape, now: datetime) -> dict[str, Any]:
    """The table in which rows wait: partitions and clusters are those of the target, so that one can be copied."""
    expiration = str(int((now + STAGING_LIFE).timestamp() * 1000))
    return shape.resource(address, expirationTime=expiration, labels={"made_by": "aggregator"})


def staging_job(order: Order, layout: Layout, address: Address, shape: Shape, accept_from: datetime) -> Work:
    """Put the rows of a query into the empty staging table."""
    query = {
        **_asked(order, layout),
        "destinationTable": reference(address),
        "writeDisposition": "WRITE_EMPTY",
        "createDisposition": "CREATE_NEVER",
        **shape.layout(),
    }
    configuration = {"query": query, "labels": order.labels(layout, "build")}
    return Work(order.name(layout, "stage"), configuration, accept_from, may_be_left=True)


def trial_job(order: Order, layout: Layout, address: Address, shape: Shape) -> Work:
    """Add the rows of a query to a table that is only there to be compared."""
    query = {
        **_asked(order, layout),
        "destinationTable": reference(address),
        "writeDisposition": "WRITE_APPEND",
        "createDisposition": "CREATE_NEVER",
        **shape.layout(),
    }
    return Work(order.name(layout, "trial"), {"query": query, "labels": order.labels(layout, "diff")}, order.opened_at)


def direct_job(order: Order, layout: Layout, shape: Shape, *, keeps_columns: bool) -> Work:
    """Replace a partition, or a table that has none, by the rows of a query.

    ``WRITE_TRUNCATE_DATA`` leaves descriptions and policies of a whole table as they are; it wants the same columns.
    """
    target = layout.own(order.write.table)
    query = {**_asked(order, layout), **shape.layout(), "createDisposition": "CREATE_NEVER"}
    if isinstance(order.write, OverwritePartitions):
        (id_,) = stored_ids(order.write.calendar, order.write.calendar.id(order.write.start))
        query |= {"destinationTable": reference(decorated(target, id_)), "writeDisposition": "WRITE_TRUNCATE"}
    else:
        disposition = "WRITE_TRUNCATE_DATA" if keeps_columns else "WRITE_TRUNCATE"
        query |= {"destinationTable": reference(target), "writeDisposition": disposition}
    configuration = {"query": query, "labels": order.labels(layout, "build")}
    return Work(order.name(layout, "write"), configuration, order.opened_at, target)


def whole_job(order: Order, layout: Layout, staging: Address, shape: Shape, *, keeps_columns: bool) -> Work:
    """Replace a table without partitions by the staged rows."""
    staged = dataclasses.replace(order, query=f"SELECT * FROM {staging.sql}")
    work = direct_job(staged, layout, shape, keeps_columns=keeps_columns)
    configuration = {**work.configuration, "labels": order.labels(layout, "publish")}
    return dataclasses.replace(work, name=order.name(layout, "publish"), configuration=configuration)


def copy_jobs(
    order: Order, layout: Layout, staging: Address, staged: Collection[str], partitions: Sequence[str]
) -> Iterator[Work]:
    """Replace partitions by the staged ones, one job each. One of which nothing was staged is emptied, by a query."""
    write, target = order.write, layout.own(order.write.table)
    assert isinstance(write, OverwritePartitions)  # noqa: S101  (tables without partitions are not copied)
    for partition in partitions:
        (id_,) = stored_ids(write.calendar, partition)
        destination: dict[str, Any] = {
            "destinationTable": reference(decorated(target, id_)),
            "writeDisposition": "WRITE_TRUNCATE",
        }
        if partition in staged:
            job = {"copy": {"sourceTable": reference(decorated(staging, id_)), **destination}}
        else:
            empty = f"SELECT * FROM {staging.sql} WHERE FALSE"
            job = {"query": {"query": empty, "useLegacySql": False, **destination}}
        configuration = {**job, "labels": order.labels(layout, "publish")}
        yield Work(order.name(layout, "publish", partition), configuration, order.opened_at, target)


def transaction_job(
    order: Order, layout: Layout, staging: Address, columns: Sequence[str], partitions: Sequence[str]
) -> Work:
    """Replace partitions of which each is several of BigQuery's, so that no reader sees one half replaced."""
    write, target = order.write, layout.own(order.write.table)
    assert isinstance(write, OverwritePartitions)  # noqa: S101  (as above)
    calendar, column = write.calendar, f"`{write.calendar.column}`"
    conditions, parameters = [], []
    for number, partition in enumerate(partitions):
        start = calendar.parse(partition)
        conditions.append(f"({column} >= @start{number} AND {column} < @end{number})")
        parameters += _bounds(calendar, start, calendar.next(start), str(number))
    where, listed = " OR ".join(conditions), ", ".join(f"`{each}`" for each in columns)
    script = (
        f"BEGIN TRANSACTION;\nDELETE FROM {target.sql} WHERE {where};\n"
        f"INSERT INTO {target.sql} ({listed}) SELECT {listed} FROM {staging.sql} WHERE {where};\nCOMMIT TRANSACTION;"
    )
    configuration = {
        "query": {"query": script, "useLegacySql": False, **named(parameters)},
        "labels": order.labels(layout, "publish"),
    }
    return Work(order.name(layout, "publish"), configuration, order.opened_at, target)


def asking(order: Order, layout: Layout, sql: str) -> Work:
    """A question about staged rows."""
    query = {"query": sql, "useLegacySql": False}
    configuration = {"query": query, "labels": order.labels(layout, "check")}
    return Work(order.name(layout, f"check-{digest(sql)}"), configuration, datetime.max.replace(tzinfo=UTC))


def of_partition(calendar: Calendar | None, partition: str) -> tuple[str, dict[str, date | datetime]]:
    """The condition for the rows of a partition, and its parameters; nothing for a whole table."""
    if not partition or calendar is None:
        return "", {}
    start = calendar.parse(partition)
    where = f"WHERE `{calendar.column}` >= @start AND `{calendar.column}` < @end"
    return where, {"start": calendar.value(start), "end": calendar.value(calendar.next(start))}


def parameters_of(write: Write) -> list[Parameter]:
    """The parameters of the query of a write."""
    return of_values(write.parameters) if isinstance(write, OverwritePartitions) else []


def of_values(values: Mapping[str, date | datetime]) -> list[Parameter]:
    """Moments as parameters, of the types that they have."""
    return [Parameter(name, Type(_type(value)), value) for name, value in values.items()]


def _bounds(calendar: Calendar, start: datetime, end: datetime, suffix: str = "") -> list[Parameter]:
    type_ = Type(str(calendar.type))
    values = {"start": start, "end": end}
    return [Parameter(f"{name}{suffix}", type_, calendar.value(moment)) for name, moment in values.items()]


def _type(value: date | datetime) -> str:
    if not isinstance(value, datetime):
        return "DATE"
    return "DATETIME" if value.tzinfo is None else "TIMESTAMP"


def _asked(order: Order, layout: Layout) -> dict[str, Any]:
    """The query of a model, its parameters, and what it may cost."""
    limit = _limit(order, layout)
    asked = {"query": order.query, "useLegacySql": False, **named(parameters_of(order.write))}
    return asked | ({"maximumBytesBilled": str(limit)} if limit is not None else {})


def _limit(order: Order, layout: Layout) -> int | None:
    """How many bytes a query may bill: the budget of each partition, and what the environment allows any query."""
    budget = order.model.model.budget.bytes if order.model.model.budget else None
    allowed = [layout.environment.max_bytes_billed]
    if budget is not None:
        count = 1
        if isinstance(order.write, OverwritePartitions):
            count = order.write.calendar.grain.number(order.write.start, order.write.end)
        tables = len({edge.table for edge in order.model.inputs})
        billed = max(budget * count, LEAST_BILLED * max(tables, 1))
        allowed.append(-(-billed // MEBIBYTE) * MEBIBYTE)
    return min((each for each in allowed if each is not None), default=None)


def total(jobs: Sequence[Job]) -> int:
    """What jobs billed."""
    return sum(each.bytes for each in jobs)


def started(done: Job) -> int:
    """When a job began, in microseconds since 1970."""
    return int(done.started.timestamp() * 1_000_000) if done.started is not None else 0
