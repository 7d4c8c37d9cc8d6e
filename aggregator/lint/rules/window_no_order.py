"""A window function that counts or picks rows must say in which order."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.compile.nodes import name_of
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.lint.order import BY_ORDER, fixed_columns, row_key, tells_all_apart, texts, windows
from aggregator.lint.protocol import Inspected

_WHOLE_ROW = ("TO_JSON_STRING(", "FORMAT('%T'", "FORMAT('%t'")
"""A window parted by the text of a whole row holds equal rows only."""


class WindowNoOrder:
    """``ROW_NUMBER()``, ``LAG()``, ``FIRST_VALUE()`` and their kin without ``ORDER BY``."""

    code = Code(
        "L013",
        "window-no-order",
        """A window function that goes by the order of rows has none: `ROW_NUMBER() OVER (PARTITION BY tailnum)`.

Which row is the first is then up to the engine. Where duplicates are removed by `= 1`, another row survives each time,
with another delay, and a rebuilt day disagrees with the report that was made of it. Add an ORDER BY whose columns are
unique within the partition: `ORDER BY scheduled_departure, flight`. Where all that is selected is in the PARTITION BY,
the rows are equal anyway, and nothing is said.""",
        Layer.LINT,
    )
    bad = """SELECT flight_date, tailnum, carrier
FROM staging.flights
QUALIFY ROW_NUMBER() OVER (PARTITION BY flight_date, tailnum) = 1"""
    good = """SELECT flight_date, tailnum, carrier
FROM staging.flights
QUALIFY ROW_NUMBER() OVER (PARTITION BY flight_date, tailnum ORDER BY scheduled_departure, carrier) = 1"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per window function."""
        for window in windows(subject):
            if not isinstance(window.function, BY_ORDER) or window.order:
                continue
            known = texts(window.partition) | fixed_columns(subject, window.select)
            key = row_key(subject, window.select)
            is_single = key is not None and key <= known
            is_equal = any(text.upper().startswith(_WHOLE_ROW) for text in known)
            if not is_single and not is_equal and not tells_all_apart(window.select, known):
                name = name_of(window.function)
                place = subject.query.place_of(window.function)
                yield Diagnostic(place, self.code, f"{name} goes by the order of rows, and has none", "add ORDER BY")
