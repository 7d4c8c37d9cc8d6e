"""In a join, a column says which table it is from."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected

_BY_ALIAS = (exp.Group, exp.Having, exp.Qualify, exp.Order)
"""Clauses in which an output column may be named."""

_SHOWN = 5


class UnqualifiedColumn:
    """A column without its table, in a SELECT from several."""

    code = Code(
        "L057",
        "unqualified-column",
        """A SELECT joins several tables and names a column without saying of which.

A reader has to know all their schemas. On the day when another of the tables gets a column of that name, the query
fails as ambiguous, and nobody has touched it. Write `flights.carrier`. Columns of USING belong to both sides and are
meant to stand alone.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flight_date, airports.name
FROM staging.flights AS flights
JOIN dims.airports AS airports ON airports.airport = flights.dest"""
    good = """SELECT flights.flight_date, airports.name
FROM staging.flights AS flights
JOIN dims.airports AS airports ON airports.airport = flights.dest"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per SELECT, at the first such column."""
        joined = [select for select in subject.written.of(exp.Select) if _joins_tables(select)]
        if not joined:
            return
        bare = [each for each in subject.written.of(exp.Column) if _says_no_table(each)]
        bare.sort(key=lambda column: int(column.this.meta["start"]))
        for select in joined:
            free, outputs = _free_names(select), {each.alias.casefold() for each in select.expressions if each.alias}
            found = [
                column
                for column in bare
                if column.name.casefold() not in free
                and column.find_ancestor(exp.Select) is select
                and not (column.name.casefold() in outputs and _may_name_output(column))
            ]
            if found:
                names = list(dict.fromkeys(column.name for column in found))
                others = f" (nor do {', '.join(names[1:_SHOWN])}{', …' if names[_SHOWN:] else ''})" if names[1:] else ""
                message = f"{names[0]} does not say of which table it is{others}"
                advice = f"write {example}.{names[0]}, or whichever it is" if (example := _example(select)) else ""
                yield Diagnostic(subject.query.place_of(found[0]), self.code, message, advice)


def _says_no_table(column: exp.Column) -> bool:
    """Whether the author names a column alone; in ``a.* EXCEPT (x)`` the star says whose it is."""
    return column.args.get("table") is None and "start" in column.this.meta and not isinstance(column.parent, exp.Star)


def _may_name_output(column: exp.Column) -> bool:
    return isinstance(column.find_ancestor(*_BY_ALIAS, exp.Select), _BY_ALIAS)


def _joins_tables(select: exp.Select) -> bool:
    """Whether a SELECT is from two tables or more; an unnested array is part of a table."""
    joins = select.args.get("joins") or ()
    return any(isinstance(join.this, (exp.Table, exp.Subquery)) for join in joins)


def _free_names(select: exp.Select) -> set[str]:
    """Names that need no table: columns of USING, and aliases of FROM items, which stand for whole rows."""
    names = set()
    first = select.args.get("from_")
    joins = select.args.get("joins") or []
    for item in ([first.this] if first else []) + [join.this for join in joins]:
        names.add(item.alias_or_name.casefold())
        alias, offset = item.args.get("alias"), item.args.get("offset")
        names.update(column.name.casefold() for column in (alias.args.get("columns") or () if alias else ()))
        if isinstance(offset, exp.Expr):
            names.add(offset.name.casefold())
    names.update(column.name.casefold() for join in joins for column in join.args.get("using") or ())
    return names


def _example(select: exp.Select) -> str:
    """A table that the author named; none where pipe syntax made them all."""
    items = [each.this for each in (select.args.get("from_"), *(select.args.get("joins") or ())) if each is not None]
    names = (each.alias_or_name for each in items if isinstance(each, (exp.Table, exp.Subquery)))
    return next((name for name in names if name and not name.startswith("__tmp")), "")
