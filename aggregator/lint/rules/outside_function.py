"""What a function of one's own does can't be seen from here."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.routines import path_of
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected

_GOOGLES = frozenset(
    {"ai", "aead", "bigframes", "d3a_count", "hll_count", "keys", "kll_quantiles", "ml", "net", "obj", "safe"}
)
"""What may stand before the dot of BigQuery's own functions."""


class OutsideFunction:
    """``dataset.function(…)``: a function that lives in the warehouse, not in the project."""

    code = Code(
        "L017",
        "outside-function",
        """The SQL calls a function that somebody made in the warehouse: `tools.clean_name(carrier)`.

What it does is written elsewhere. It may read other tables, call a server or draw random numbers; when it is changed,
the partitions that were built with it still count as fresh, so that old and new days disagree without a word. It does
not exist on the embedded engine either. Write what it does into a macro (`macros/`), which is part of the project, or
declare the function under `functions:` in aggregator.yml: then it is checked with the model, and when its declaration
changes, the partitions that were built with it are stale.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT flight_date, tools.clean_name(carrier) AS carrier FROM staging.flights"
    good = "SELECT flight_date, UPPER(TRIM(carrier)) AS carrier FROM staging.flights"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per call."""
        for call in subject.written.of(exp.Anonymous):
            path = path_of(call)
            is_outside = len(path) > 1 and path[0].casefold() not in _GOOGLES
            if is_outside and ".".join(path) not in subject.model.functions:
                message = f"what {'.'.join(path)} does is not part of this project"
                place = subject.query.place_of(call.parent if isinstance(call.parent, exp.Dot) else call)
                advice = "write it as a macro, or declare it under `functions:` in aggregator.yml"
                yield Diagnostic(place, self.code, message, advice)
