"""A division by zero stops the whole query."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.compile.nodes import conjuncts
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import TableColumn, columns_in, outputs_of

_NEVER_NEGATIVE = (exp.Exp, exp.Abs, exp.Count, exp.CountIf, exp.Length, exp.Sqrt)
_CONDITIONALS = (exp.If, exp.Case)
_FORMS: dict[type[exp.Expr], tuple[str, str]] = {
    exp.Div: ("/", "SAFE_DIVIDE(x, y)"),
    exp.IntDiv: ("DIV", "DIV(x, NULLIF(y, 0))"),
    exp.Mod: ("MOD", "MOD(x, NULLIF(y, 0))"),
}


class Division:
    """``x / y`` where ``y`` may be zero."""

    code = Code(
        "L044",
        "division",
        """A number is divided by one that may be zero.

BigQuery then stops the whole query with "division by zero": one carrier without departures, and no carrier gets its
row. (DuckDB gives NULL, so the laptop does not show it.) Write `SAFE_DIVIDE(x, y)`, which gives NULL, or
`x / NULLIF(y, 0)`. Nothing is said where `y` is a constant, `COUNT(*)` of a group, or tested before, by IF, CASE, WHERE
or HAVING.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT flight_date, COUNTIF(cancelled) / COUNT(dep_delay) AS rate FROM staging.flights GROUP BY flight_date"
    good = """SELECT flight_date, SAFE_DIVIDE(COUNTIF(cancelled), COUNT(dep_delay)) AS rate
FROM staging.flights
GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per division."""
        known: dict[int, bool] = {}
        for node in subject.qualified.of(*_FORMS):
            divisor = node.expression.unnest()
            if (
                not _is_never_zero(divisor, subject, known)
                and not _is_tested(node)
                and not _is_filtered(divisor, subject)
            ):
                sign, advice = _FORMS[type(node)]
                name = divisor.name if isinstance(divisor, exp.Column) else f"what stands here to the right of {sign}"
                place = subject.query.place_of(node.expression)
                yield Diagnostic(place, self.code, f"{name} may be zero", f"write {advice}, which gives NULL then")


def _is_never_zero(node: exp.Expr, subject: Inspected, known: dict[int, bool]) -> bool:
    """``known`` keeps what was found out of the nodes before."""
    if id(node) not in known:
        known[id(node)] = False  # a recursive WITH meets itself
        known[id(node)] = _is_surely_not_zero(node.unnest(), subject, known)
    return known[id(node)]


def _is_surely_not_zero(node: exp.Expr, subject: Inspected, known: dict[int, bool]) -> bool:
    if node.find(exp.Column, exp.AggFunc, exp.Query) is None:
        return True  # a constant; who divides by 0 as such notices
    if isinstance(node, exp.Column):
        found = list(subject.relations.definitions(node))
        made = [each for each in found if not isinstance(each, TableColumn)]
        return bool(found) and len(made) == len(found) and all(_is_never_zero(each, subject, known) for each in made)
    if isinstance(node, (exp.Cast, exp.Neg)):
        return _is_never_zero(node.this, subject, known)
    if isinstance(node, exp.Mul):
        return _is_never_zero(node.left, subject, known) and _is_never_zero(node.right, subject, known)
    return isinstance(node, (exp.Nullif, exp.Exp)) or _is_above_zero(node) or _counts_a_group(node)


def _is_above_zero(node: exp.Expr) -> bool:
    """``1 + EXP(x)`` and ``GREATEST(x, 1)``."""
    if isinstance(node, exp.Add):
        sides = ((node.left, node.right), (node.right, node.left))
        return any(_is_positive(one) and _is_at_least_zero(other) for one, other in sides)
    return isinstance(node, exp.Greatest) and any(map(_is_positive, (node.this, *node.expressions)))


def _counts_a_group(node: exp.Expr) -> bool:
    """``COUNT(*)`` of a group, which has a row at least, or of a window around the row itself; or the sum of such."""
    count = node.this if isinstance(node, exp.Window) else node
    if isinstance(node, exp.Window) and isinstance(count, exp.Sum):
        return node.args.get("spec") is None and _counts_a_group(count.this)
    if not isinstance(count, exp.Count) or not isinstance(count.this, (exp.Star, exp.Literal)):
        return False
    if isinstance(node, exp.Window):
        return node.args.get("spec") is None
    select = node.find_ancestor(exp.Select)
    return select is not None and bool(select.args.get("group"))


def _is_positive(node: exp.Expr) -> bool:
    node = node.unnest()
    return isinstance(node, exp.Literal) and not node.is_string and float(node.name) > 0


def _is_at_least_zero(node: exp.Expr) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Pow):
        return isinstance(node.expression, exp.Literal) and node.expression.name in ("2", "2.0")
    return isinstance(node, _NEVER_NEGATIVE)


def _is_tested(division: exp.Expr) -> bool:
    """Whether a condition around a division, or on its rows, looks at what it divides by."""
    divisor = division.expression.unnest()
    node: exp.Expr = division
    while node.parent is not None and not isinstance(node, exp.Select):
        if isinstance(node.parent, _CONDITIONALS) and _looks_at(_condition(node.parent, node), divisor):
            return True
        node = node.parent
    if not isinstance(node, exp.Select):
        return False
    return _is_chosen_by(node, divisor)


def _is_filtered(divisor: exp.Expr, subject: Inspected) -> bool:
    """Whether a query in WITH or FROM, through which a column comes, keeps only rows by a condition on it."""
    source = subject.relations.source_of(divisor) if isinstance(divisor, exp.Column) else None
    if not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
        return False
    names = (item for item in outputs_of(source) if item.alias_or_name.casefold() == divisor.name.casefold())
    made = next((item.unalias().unnest() for item in names), None)
    if made is None or made is divisor:
        return False
    return _is_chosen_by(source.expression, made) or _is_filtered(made, subject)


def _is_chosen_by(select: exp.Select, value: exp.Expr) -> bool:
    """Whether a condition on the rows or groups of a SELECT looks at a value of theirs."""
    clauses = ("having", "qualify") if any(value.find_all(exp.AggFunc)) else ("where", "having", "qualify")
    conditions = [select.args[key].this for key in clauses if select.args.get(key)]
    if "where" in clauses:
        conditions += [join.args.get("on") for join in select.args.get("joins") or () if not join.side]
    return any(_looks_at([test], value) for condition in conditions for test in conjuncts(condition))


def _condition(parent: exp.Expr, child: exp.Expr) -> list[exp.Expr]:
    """The conditions on which a branch of IF or CASE is taken; none of them is itself the branch."""
    if isinstance(parent, exp.Case):
        subject = [parent.this] if parent.this is not None else []
        return [*subject, *(each.this for each in parent.args["ifs"] if each is not child)]
    return [] if parent.this is child else [parent.this]


def _looks_at(conditions: list[exp.Expr], divisor: exp.Expr) -> bool:
    """Whether conditions name the divisor, or something that it is made from."""
    wanted: set[exp.Expr] = {*columns_in(divisor)} or {divisor}
    return any(part == divisor or part in wanted for condition in conditions for part in condition.walk())
