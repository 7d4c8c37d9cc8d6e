"""A partition map and a WHERE that leave nothing together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from aggregator.core.calendar import Calendar
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.lint.bounds import Bound, bounds, mapped, meet
from aggregator.lint.protocol import Inspected


class MapContradictsWhere:
    """A condition on the partition column that no row read through the map can meet."""

    code = Code(
        "L022",
        "map-contradicts-where",
        """A WHERE asks for other partitions of an input than its partition map reads, so that no row is left.

The filter from the map is put into the SQL: an input that is read through `same` has the rows from `@start` to `@end`
and no others. `WHERE flight_date < @start` then keeps nothing, in every partition, and the table is empty, or a LEFT
JOIN finds no match, without an error. Say in `inputs:` which partitions are meant, `{staging.flights: {last: 8 days}}`
for this day and the seven before it, and keep or drop the WHERE as it fits.""",
        Layer.LINT,
    )
    bad = """SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS flight_date, carrier, COUNT(*) AS flights
FROM staging.flights
WHERE flight_date < @start
GROUP BY carrier"""
    good = """SELECT flight_date, carrier, COUNT(*) AS flights
FROM staging.flights
WHERE flight_date >= @start AND flight_date < @end
GROUP BY flight_date, carrier"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per condition."""
        reader, partition = subject.model.calendar, subject.model.model.partition
        if reader is None or partition is None:
            return
        for bound in bounds(subject):
            if not bound.is_constant and not any(
                _holds(bound, reader, each) for each in _samples(partition.start, reader)
            ):
                edge = bound.edge
                message = f"{edge.table} is read through {edge.map}, and none of those rows is left by this condition"
                place = subject.query.place_of(bound.node)
                yield Diagnostic(place, self.code, message, "say in `inputs:` which partitions are meant")


def _samples(first: datetime, reader: Calendar) -> list[datetime]:
    """Partitions that differ in length and in their place in the month and the year."""
    return [reader.grain.shift(reader.grain.ceil(first), count) for count in (0, 1, 13, 30, 31, 59)]


def _holds(bound: Bound, reader: Calendar, start: datetime) -> bool:
    """Whether a row can meet the condition when a partition is built; yes where that can't be computed."""
    end = reader.next(start)
    asked = bound.stretch(start, end)
    return asked is None or meet(asked, mapped(bound.edge.map, bound.source, start, end, reader.grain)) is not None
