"""What BigQuery's grammar does not have, or has in fewer places: samples, pivots, set operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from aggregator.analyzers.googlesql.restrictions.protocol import Broken, Rule
from aggregator.analyzers.googlesql.restrictions.trees import Node, Tree, common, is_a, span, unwrapped

_WITHOUT_ALL = {2: "EXCEPT", 4: "INTERSECT"}
_ALL, _ROWS = 1, 1
_SAMPLE, _PIVOTS = "ASTSampleClause", {"ASTPivotClause": "PIVOT", "ASTUnpivotClause": "UNPIVOT"}


def set_operations(tree: Tree) -> Iterator[Broken]:
    """INTERSECT and EXCEPT take DISTINCT only."""
    for operation in tree.of("ASTSetOperationMetadata"):
        name = _WITHOUT_ALL.get(operation.op_type.value)
        if name and operation.all_or_distinct.value == _ALL:
            yield Broken(f"{name} ALL is not supported", operation.all_or_distinct)


def pivots_of_arrays(tree: Tree) -> Iterator[Broken]:
    """PIVOT and UNPIVOT follow a table or a subquery."""
    for path in tree.of("ASTTablePathExpression"):
        if path.HasField("unnest_expr"):
            for node in map(unwrapped, common(path, "postfix_operators")):
                if is_a(node, *_PIVOTS):
                    name = _PIVOTS[node.DESCRIPTOR.name.removesuffix("Proto")]
                    yield Broken(f"{name} is not allowed with array scans", node)


def sample_clauses(tree: Tree) -> Iterator[Broken]:
    """A sample is a percentage of a table's blocks, and nothing else."""
    for sample in tree.of(_SAMPLE):
        if sample.sample_method.id_string.upper() != "SYSTEM":
            yield Broken("Only SYSTEM sampling is supported", sample.sample_method)
        size = sample.sample_size
        if size.unit == _ROWS:
            length = span(size).stop - span(size).start
            yield Broken("Only PERCENT is supported as the unit of TABLESAMPLE", size, length - len("ROWS"))
        if sample.HasField("sample_suffix"):
            suffix = sample.sample_suffix
            if suffix.HasField("weight"):
                yield Broken("TABLESAMPLE does not support WITH WEIGHT", suffix.weight)
            if suffix.HasField("repeat"):
                yield Broken("TABLESAMPLE does not support REPEATABLE", suffix.repeat)


def sampled_tables(tree: Tree) -> Iterator[Broken]:
    """What is sampled is a table, and stands in the statement once."""
    queries = {each.alias.id_string.casefold() for each in tree.of("ASTAliasedQuery")}
    paths = [(_name(each), each) for each in tree.of("ASTTablePathExpression") if each.HasField("path_expr")]
    sampled = [(name, sample) for name, each in paths for sample in _samples(each)]
    counts = Counter(name for name, _ in paths)
    for subquery in tree.of("ASTTableSubquery"):
        for sample in _samples(subquery):
            yield Broken("TABLESAMPLE cannot be applied to a subquery", sample)
    for name, sample in sampled:
        if name.casefold() in queries:
            yield Broken("TABLESAMPLE cannot be applied to a query of WITH", sample)
    for name, sample in dict(sampled).items():
        if counts[name] > 1 and name.casefold() not in queries:
            yield Broken(f"TABLESAMPLE: table {name} can only be referenced once in a query", sample)


def samples_in_tests(tree: Tree) -> Iterator[Broken]:
    """The subquery of IN is read whole."""
    for test in tree.of("ASTInExpression"):
        select = unwrapped(test.query.query_expr) if test.HasField("query") else test
        waiting = [unwrapped(select.from_clause.table_expression)] if is_a(select, "ASTSelect") else []
        while waiting:
            item = waiting.pop()
            if is_a(item, "ASTJoin"):
                waiting += [unwrapped(item.lhs), unwrapped(item.rhs)]
            elif is_a(item, "ASTTablePathExpression"):
                for sample in _samples(item):
                    yield Broken("TABLESAMPLE cannot be applied in an IN subquery", sample)


RULES = (
    Rule(("intersect", "except"), set_operations),
    Rule(("pivot",), pivots_of_arrays),
    Rule(("tablesample",), sample_clauses),
    Rule(("tablesample",), sampled_tables),
    Rule(("tablesample",), samples_in_tests),
)


def _samples(item: Node) -> Iterator[Node]:
    return (each for each in map(unwrapped, common(item, "postfix_operators")) if is_a(each, _SAMPLE))


def _name(path: Node) -> str:
    return ".".join(each.id_string for each in path.path_expr.names)
