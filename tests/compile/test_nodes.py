"""The nodes of a tree."""

from __future__ import annotations

import sqlglot
from side_by_side import compare
from side_by_side.agreed_cases import GROUPS

from aggregator.compile.nodes import Nodes

QUERIES = [compare.query_of(case) for cases in GROUPS.values() for case in cases]


def test_a_tree_that_was_let_go_leaves_all_others_as_they_are() -> None:
    """Sqlglot puts some nodes into several trees, where a function has a default."""
    trees = [sqlglot.parse_one(sql, read="bigquery") for sql in QUERIES]
    before = [repr(tree) for tree in trees]
    for sql in QUERIES:
        Nodes(sqlglot.parse_one(sql, read="bigquery")).release()
    assert [repr(tree) for tree in trees] == before


def test_in_a_tree_that_was_let_go_no_node_holds_another() -> None:
    nodes = Nodes(sqlglot.parse_one("SELECT a + 1 AS b FROM t WHERE c = 'x'", read="bigquery"))
    assert any(list(node.iter_expressions()) for node in nodes.in_order)
    nodes.release()
    assert not any(list(node.iter_expressions()) for node in nodes.in_order)
