"""Tables as their readers see them: columns, and how they are cut into partitions."""

from __future__ import annotations

from collections.abc import Iterable

from aggregator.compile import codes
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.diagnostics import Diagnostic, did_you_mean
from aggregator.core.graph import CompiledModel, OutputColumn, Table
from aggregator.core.project import Kind, Partitioning, Source
from aggregator.core.pseudo import PARTITION_DATE, TABLE_SUFFIX, is_pseudo


def table_of_model(compiled: CompiledModel) -> Table:
    """What the readers of a model can know of it."""
    model = compiled.model
    logic = compiled.fingerprint if model.kind is Kind.VIEW else ""
    key = tuple(map(str, model.key))
    return Table(model.name, compiled.columns, compiled.calendar, key, logic, compiled.aggregate)


def table_of_source(source: Source) -> Table | Diagnostic:
    """What the readers of a source can know of it."""
    declared = (*source.columns, *source.pseudo_columns)
    columns = tuple(OutputColumn(str(each.name), each.type, each.description) for each in declared)
    calendar = calendar_of(source.partition, columns)
    if isinstance(calendar, Diagnostic):
        return calendar
    names = [column.name for column in columns]
    for word in source.key:
        if word.casefold() not in map(str.casefold, names):
            advice = did_you_mean(word, names) or f"there are: {', '.join(names)}"
            message = f"the source has no column {word}"
            return Diagnostic(word.place, codes.MISSING_COLUMN, message, advice)
    return Table(source.name, columns, calendar, tuple(map(str, source.key)))


def calendar_of(
    partition: Partitioning | None, columns: tuple[OutputColumn, ...], tables: Iterable[Table] = ()
) -> Calendar | Diagnostic | None:
    """How a table is cut; ``tables`` are those that it is made from."""
    if partition is None:
        return None
    column = next((each for each in columns if each.name.casefold() == partition.by.casefold()), None)
    if column is None:
        message = f"there is no column {partition.by} to partition by"
        return Diagnostic(partition.by.place, codes.MISSING_COLUMN, message, _instead(partition.by, columns, tables))
    if partition.suffix:
        return Calendar(column.name, ColumnType.DATE, partition.grain, partition.zone, partition.suffix)
    types = [member.value for member in ColumnType]
    if column.type not in types:
        found = f"is {column.type}" if column.type else "has a type that can't be inferred"
        advice = "make it DATE, DATETIME or TIMESTAMP"
        advice += "" if column.type else f", or declare `columns: {{{column.name}: {{type: DATE}}}}`"
        message = f"the partition column {column.name} {found}"
        return Diagnostic(partition.by.place, codes.PARTITION_TYPE, message, advice)
    if column.type == ColumnType.DATE and partition.grain is Grain.HOUR:
        message = f"the partition column {column.name} is a DATE, which has no hours"
        advice = "partition by day, or by a TIMESTAMP column"
        return Diagnostic(partition.by.place, codes.PARTITION_TYPE, message, advice)
    zone = "UTC" if column.name == PARTITION_DATE else partition.zone
    return Calendar(column.name, ColumnType(column.type), partition.grain, zone)


def _instead(by: str, columns: tuple[OutputColumn, ...], tables: Iterable[Table]) -> str:
    """What to do about a partition column that is not there."""
    if by.upper() == TABLE_SUFFIX:
        return "many tables that are read as one are declared with `shards:`"
    readable = [table.name for table in tables if any(each.name == by for each in table.columns)]
    if is_pseudo(by) and readable:
        return "select it under another name, and partition by that"
    if readable:
        return f"select it: it is a column of {readable[0]}"
    return did_you_mean(by, (each.name for each in columns))
