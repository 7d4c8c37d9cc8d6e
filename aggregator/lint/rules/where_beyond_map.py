"""A WHERE can't read more than the partition map does."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.maps import Reach
from aggregator.lint.bounds import FIRST, LAST, bounds, mapped, meet
from aggregator.lint.protocol import Inspected


class WhereBeyondMap:
    """A condition that reaches further back, or forward, than the partition map of the input."""

    code = Code(
        "L023",
        "where-beyond-map",
        """A WHERE asks for partitions of an input that its partition map does not read.

`WHERE flight_date >= DATE_SUB(@end, INTERVAL 7 DAY)` looks like a week, but an input that is read through `same` has
one day; the filter from the map is put into the SQL, and the other six days are not there. Sums come out seven times
too small, and a late row of the day before does not make this partition stale. Say the week in `inputs:`,
`{staging.flights: {last: 7 days}}`, and leave the condition out.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS flight_date, carrier, COUNT(*) AS flights
FROM staging.flights
WHERE flight_date >= DATE_SUB(@end, INTERVAL 7 DAY)
GROUP BY carrier"""
    good = """SELECT flight_date, carrier, COUNT(*) AS flights
FROM staging.flights
WHERE flight_date >= @start
GROUP BY flight_date, carrier"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per condition."""
        reader, partition = subject.model.calendar, subject.model.model.partition
        if reader is None or partition is None:
            return
        start = reader.grain.ceil(partition.start)
        end = reader.next(start)
        for bound in bounds(subject):
            asked = None if bound.is_constant else bound.stretch(start, end)
            read = mapped(bound.edge.map, bound.source, start, end, reader.grain)
            if asked is None or meet(asked, read) is None or bound.edge.map.reach not in (Reach.SAME, Reach.LAST):
                continue
            # What reaches beyond by less than a partition only repeats the map: `flight_date <= @end`.
            is_early = asked[0] != FIRST and asked[0] < read[0]
            is_late = asked[1] != LAST and asked[1] > bound.source.next(read[1])
            if is_early or is_late:
                edge, direction = bound.edge, "before" if is_early else "after"
                message = f"{edge.table} is read through {edge.map}; what lies {direction} that is not there"
                place = subject.query.place_of(bound.node)
                yield Diagnostic(place, self.code, message, "say in `inputs:` which partitions are meant")
