"""Names that need backticks wherever they are used."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.reserved import RESERVED
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected


class ReservedName:
    """A column, table alias or query in WITH that is called like a keyword."""

    code = Code(
        "L054",
        "reserved-name",
        """A column or an alias has the name of a reserved keyword, such as `rows`, `group`, `to` or `hash`.

BigQuery refuses the name where it stands without backticks, and so do other engines, at other places. Everybody who
reads the table has to write them, for ever. Choose another name: `row_count`, `group_name`.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT flight_date, COUNT(*) AS `rows` FROM staging.flights GROUP BY flight_date"
    good = "SELECT flight_date, COUNT(*) AS row_count FROM staging.flights GROUP BY flight_date"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per alias."""
        for node in subject.written.of(exp.Alias, exp.TableAlias):
            name = node.args.get("alias") if isinstance(node, exp.Alias) else node.this
            if not isinstance(name, exp.Identifier) or not name.args.get("quoted"):
                continue  # compiling refuses it
            if name.this.upper() in RESERVED and "start" in name.meta:
                message = f"{name.name} is a reserved keyword: everyone who reads it needs backticks"
                yield Diagnostic(subject.query.place_of(name), self.code, message, "choose another name")
