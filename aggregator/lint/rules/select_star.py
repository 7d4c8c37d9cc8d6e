"""A table's columns are listed, not inherited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Edit, Layer
from aggregator.core.project import Kind
from aggregator.lint.protocol import Inspected

_SHORT = 60
"""Names that together have fewer characters are listed on one line."""


class SelectStar:
    """``SELECT *`` as the output of a table."""

    code = Code(
        "L003",
        "select-star",
        """The output of a table is `SELECT *`.

A column added upstream would then appear in this table, and one removed would vanish from it, without anyone having
decided so; a dashboard breaks. It also reads every column, and BigQuery bills by the columns read. List the columns;
`aggregator lint --fix` does it where it can tell which they are.
`SELECT *` inside WITH, in a view, and over a query that lists its columns itself, is fine.""",
        Layer.LINT,
    )
    bad = "SELECT * FROM staging.flights"
    good = "SELECT flight_date, carrier, origin FROM staging.flights"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per star in the final SELECT, or in a branch of a final UNION."""
        if subject.model.model.kind is Kind.VIEW:
            return
        lists = _Lists({cte.alias.casefold(): cte.this for cte in subject.query.nodes.of(exp.CTE)})
        for select in _final_selects(subject.query.tree):
            for item in lists.inheriting(select):
                star = item.find(exp.Star)
                if star is not None and subject.query.text[star.meta.get("start", 0)] == "*":  # a pipe ends in another
                    message = "SELECT * lets the columns of this table change by themselves"
                    place, edits = subject.query.place_of(item), _listed(subject, select, item)
                    yield Diagnostic(place, self.code, message, "list the columns", edits=edits)


class _Lists:
    """Knows which queries of a model list their columns; each is looked at once."""

    def __init__(self, named: Mapping[str, exp.Expr]) -> None:
        self._named = named
        """The queries in WITH."""
        self._known: dict[int, bool] = {}

    def inheriting(self, select: exp.Select) -> Iterator[exp.Expr]:
        """The stars of a SELECT that stand for columns which this model never lists."""
        read = [each.this for each in (select.args.get("from_"), *(select.args.get("joins") or ())) if each is not None]
        for item in select.expressions:
            if item.is_star:
                starred = [each for each in read if item.text("table") in ("", each.alias_or_name)]
                if not starred or not all(map(self._lists_columns, starred)):
                    yield item

    def _lists_columns(self, source: exp.Expr) -> bool:
        """Whether what a SELECT reads is a query of this model whose columns are all listed."""
        query = source
        if isinstance(source, exp.Table):
            found = None if source.db else self._named.get(source.name.casefold())
            if found is None:
                return False
            query = found
        if id(query) not in self._known:
            self._known[id(query)] = False  # a recursive one meets itself
            selects = list(_final_selects(query))
            self._known[id(query)] = bool(selects) and not any(True for each in selects for _ in self.inheriting(each))
        return self._known[id(query)]


def _listed(subject: Inspected, select: exp.Select, item: exp.Expr) -> tuple[Edit, ...]:
    """The columns that a star stands for now, written out; nothing where they can't be told."""
    root, star = subject.analysis.root, item.find(exp.Star)
    items = select.expressions
    if root is None or star is None or select is not subject.query.tree or any(star.args.values()):
        return ()
    columns, position = subject.model.columns, items.index(item)
    selects = root.expression.selects if isinstance(root.expression, exp.Select) else []
    is_only = sum(each.is_star for each in items) == 1
    stood_for = slice(position, position + len(selects) - len(items) + 1)
    if not is_only or len(columns) != len(selects) or not all(_is_column(each) for each in selects[stood_for]):
        return ()
    is_joined = bool(select.args.get("joins")) or isinstance(item, exp.Column)
    names = [
        (f"{each.unalias().text('table')}." if is_joined else "") + exp.to_identifier(column.name).sql("bigquery")
        for each, column in zip(selects[stood_for], columns[stood_for], strict=True)
    ]
    start = min(node.meta["start"] for node in item.walk() if "start" in node.meta)
    indent = " " * (start - subject.query.text.rfind("\n", 0, start) - 1)
    separator = ", " if sum(map(len, names)) < _SHORT else f",\n{indent}"
    return subject.edit(start, star.meta["end"] + 1, separator.join(names))


def _is_column(item: exp.Expr) -> bool:
    """Whether an output column is a column of a table under its own name."""
    column = item.unalias()
    return isinstance(column, exp.Column) and bool(column.table) and column.name == item.alias_or_name


def _final_selects(query: exp.Expr) -> Iterator[exp.Select]:
    if isinstance(query, exp.SetOperation):
        yield from _final_selects(query.left)
        yield from _final_selects(query.right)
    elif isinstance(query, exp.Subquery):
        yield from _final_selects(query.this)
    elif isinstance(query, exp.Select):
        yield query
