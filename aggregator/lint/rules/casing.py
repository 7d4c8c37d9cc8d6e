"""One column, one spelling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected


class Casing:
    """A column that is written ``carrier`` here and ``Carrier`` there."""

    code = Code(
        "L055",
        "casing",
        """One SELECT spells a column in several ways: `carrier` and `Carrier`.

BigQuery takes both for the same column. A reader does not, and a search for one misses the other; tools such as Tableau
tell them apart. Spell it as its table does.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT flight_date, carrier FROM staging.flights WHERE Carrier <> 'UA'"
    good = "SELECT flight_date, carrier FROM staging.flights WHERE carrier <> 'UA'"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per rarer spelling in a SELECT."""
        spellings: dict[tuple[int, str], list[exp.Identifier]] = {}
        names = [each.this for each in subject.written.of(exp.Column) if isinstance(each.this, exp.Identifier)]
        distinct = {name.this for name in names}
        if len(distinct) == len({name.casefold() for name in distinct}):
            return
        for name in names:
            select = id(name.find_ancestor(exp.Select))
            spellings.setdefault((select, name.name.casefold()), []).append(name)
        declared = {c.name.casefold(): c.name for table in subject.tables.values() for c in table.columns}
        for (_, folded), alike in spellings.items():
            alike.sort(key=lambda name: int(name.meta.get("start", 0)))
            counts = Counter(name.name for name in alike)
            usual = declared.get(folded, max(counts, key=lambda spelling: counts[spelling]))
            if len(counts) == 1:
                continue
            for spelling in counts.keys() - {usual}:
                first = next(name for name in alike if name.name == spelling)
                message = f"this column is called {usual}"
                yield Diagnostic(subject.query.place_of(first), self.code, message, f"write {usual}")
