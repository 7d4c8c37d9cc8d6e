"""Conditions of joins that BigQuery can't run, and correlated subqueries that it can't turn into joins.

BigQuery's documentation does not say exactly where the limits are. These rules name the forms that are reported to
fail, and only those: whatever else there is may work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aggregator.analyzers.googlesql.restrictions.protocol import Broken, Rule
from aggregator.analyzers.googlesql.restrictions.trees import Node, Tree, below, common, is_a, unwrapped

_OUTER = {1: "LEFT OUTER", 2: "RIGHT OUTER", 3: "FULL OUTER"}
_LEFT, _RIGHT = 1, 2
_SCALAR, _ARRAY, _EXISTS = 0, 1, 2
_INEQUALITIES = frozenset({"$less", "$less_or_equal", "$greater", "$greater_or_equal", "$between"})
_DISTINCTNESS = "$is_not_distinct_from"

_NO_EQUALITY = "{} JOIN cannot be used without a condition that is an equality of fields from both sides of the join"
_IN_CONDITION = "Unsupported subquery with table in join predicate"
_CORRELATED = "Correlated subqueries that reference other tables are not supported unless they can be de-correlated"
_IN_UNNEST = "Correlated Subquery is unsupported in UNNEST clause"


def outer_joins(tree: Tree) -> Iterator[Broken]:
    """An outer join needs an equality of the two sides; without, no row can be told to have no partner."""
    for join in tree.of("ResolvedJoinScan"):
        if join.join_type not in _OUTER or join.is_lateral or not join.HasField("join_expr"):
            continue
        left, right = _columns(join.left_scan), _columns(join.right_scan)
        crossing = [each for each in _conjuncts(join.join_expr) if _refers(each) & left and _refers(each) & right]
        optional = {_LEFT: right, _RIGHT: left}.get(join.join_type, left | right)
        if not crossing or optional & _filtered(tree, join):
            continue
        if any(_is_one_row(_without_projections(side)) for side in (join.left_scan, join.right_scan)):
            continue
        if all(_can_not_be_hashed(each, is_full=optional == left | right) for each in crossing):
            yield Broken(_NO_EQUALITY.format(_OUTER[join.join_type]), unwrapped(join.join_expr))


def subqueries_in_conditions(tree: Tree) -> Iterator[Broken]:
    """The condition of a join can't look into a table."""
    for join in tree.of("ResolvedJoinScan"):
        conditions = [join.join_expr] if join.HasField("join_expr") else []
        for subquery in _subqueries(conditions):
            if _reads_table(subquery.subquery):
                yield Broken(_IN_CONDITION, subquery)


def correlated_values(tree: Tree) -> Iterator[Broken]:
    """A subquery for each row that gives a value: the first of an order, or an aggregate by inequalities only."""
    for project in tree.of("ResolvedProjectScan"):
        for subquery in _subqueries(project.expr_list, _SCALAR):
            scan = _without_projections(subquery.subquery)
            if not subquery.parameter_list or not _reads_table(project.input_scan):
                continue
            if _is_first_of_correlated(scan):
                yield Broken(_CORRELATED, subquery)
            elif _is_one_row(scan) and _has_inequalities_only(_without_projections(scan.parent.input_scan)):
                yield Broken(_NO_EQUALITY.format("LEFT OUTER"), subquery)


def correlated_tests(tree: Tree) -> Iterator[Broken]:
    """EXISTS in WHERE becomes a join too, and needs an equality as well."""
    for scan in tree.of("ResolvedFilterScan"):
        for each in _conjuncts(scan.filter_expr):
            is_negated = _function(each) == "$not"
            test = unwrapped(each.parent.argument_list[0]) if is_negated else each
            if not is_a(test, "ResolvedSubqueryExpr") or test.subquery_type != _EXISTS:
                continue
            if _has_inequalities_only(_without_projections(test.subquery)) and _reads_table(scan.input_scan):
                yield Broken(_NO_EQUALITY.format("LEFT ANTISEMI" if is_negated else "LEFT SEMI"), test)


def correlated_arrays(tree: Tree) -> Iterator[Broken]:
    """An array that is gathered from a table for each row can't be unnested beside that row."""
    for scan in tree.of("ResolvedArrayScan"):
        for subquery in _subqueries(scan.array_expr_list, _ARRAY):
            if subquery.parameter_list and _reads_table(subquery.subquery):
                yield Broken(_IN_UNNEST, subquery)


RULES = (
    Rule(("join",), outer_joins),
    Rule(("join",), subqueries_in_conditions, kind="ResolvedSubqueryExpr"),
    Rule(("select",), correlated_values, times=2, kind="ResolvedSubqueryExpr"),
    Rule(("exists",), correlated_tests, kind="ResolvedSubqueryExpr"),
    Rule(("unnest",), correlated_arrays, kind="ResolvedSubqueryExpr"),
)


def _function(node: Node) -> str:
    """The name of a built-in function that is called; empty if it is something else."""
    if not is_a(node, "ResolvedFunctionCall"):
        return ""
    name: str = node.parent.function.name
    return name.removeprefix("ZetaSQL:")


def _subqueries(expressions: Iterable[Node], kind: int | None = None) -> Iterator[Node]:
    """The subqueries in expressions, of one kind or of any, without those inside them."""
    for expression in expressions:
        for node in below(unwrapped(expression), into=False):
            if is_a(node, "ResolvedSubqueryExpr") and kind in (None, node.subquery_type):
                yield node


def _conjuncts(condition: Node) -> Iterator[Node]:
    node = unwrapped(condition)
    if _function(node) == "$and":
        for each in node.parent.argument_list:
            yield from _conjuncts(each)
    else:
        yield node


def _can_not_be_hashed(condition: Node, *, is_full: bool) -> bool:
    """Whether a condition is for certain none by which rows of both sides find each other in a table of hashes."""
    name = _function(condition)
    if name == _DISTINCTNESS:
        return is_full
    if name == "$or":
        sides = [unwrapped(each) for each in condition.parent.argument_list]
        pairs = [_refers(each) for each in sides]
        return all(_function(each) == "$equal" for each in sides) and not frozenset.intersection(*pairs)
    return name in _INEQUALITIES


def _refers(node: Node) -> frozenset[int]:
    """The columns of the statement's own that an expression refers to."""
    return frozenset(each.column.column_id for each in below(node) if is_a(each, "ResolvedColumnRef"))


def _columns(scan: Node) -> frozenset[int]:
    return frozenset(column.column_id for column in common(unwrapped(scan), "column_list"))


def _filtered(tree: Tree, join: Node) -> frozenset[int]:
    """The columns that other conditions look at: where they want a value, an outer join is as good as an inner one."""
    conditions = [scan.filter_expr for scan in tree.of("ResolvedFilterScan")]
    conditions += [each.join_expr for each in tree.of("ResolvedJoinScan") if each is not join]
    return frozenset[int]().union(*(_refers(unwrapped(each)) for each in conditions))


def _is_one_row(scan: Node) -> bool:
    """Whether a scan is an aggregate over everything."""
    return is_a(scan, "ResolvedAggregateScan") and not scan.parent.group_by_list


def _reads_table(scan: Node) -> bool:
    return any(is_a(node, "ResolvedTableScan") for node in below(unwrapped(scan)))


def _without_projections(scan: Node) -> Node:
    scan = unwrapped(scan)
    while is_a(scan, "ResolvedProjectScan"):
        scan = unwrapped(scan.input_scan)
    return scan


def _is_first_of_correlated(scan: Node) -> bool:
    """Whether the first in some order is taken of rows of a table that are picked by a value from outside."""
    if not is_a(scan, "ResolvedLimitOffsetScan") or not is_a(unwrapped(scan.input_scan), "ResolvedOrderByScan"):
        return False
    picked = _without_projections(unwrapped(scan.input_scan).input_scan)
    return _is_filtered_table(picked) and any(map(_is_from_outside, _conjuncts(picked.filter_expr)))


def _has_inequalities_only(scan: Node) -> bool:
    """Whether rows of a table are picked by values from outside, and never by equality."""
    if not _is_filtered_table(scan):
        return False
    outside = [each for each in _conjuncts(scan.filter_expr) if _is_from_outside(each)]
    return bool(outside) and all(_function(each) in _INEQUALITIES for each in outside)


def _is_filtered_table(scan: Node) -> bool:
    return is_a(scan, "ResolvedFilterScan") and is_a(unwrapped(scan.input_scan), "ResolvedTableScan")


def _is_from_outside(condition: Node) -> bool:
    return any(is_a(each, "ResolvedColumnRef") and each.is_correlated for each in below(condition))
