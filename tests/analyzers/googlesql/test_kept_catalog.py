"""The catalog of a question is kept for the next one, if that is about the same rows."""

from __future__ import annotations

import math

import pytest

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.client import Trapped
from aggregator.analyzers.googlesql.tables import Question, Rows, Table, Unchecked
from aggregator.analyzers.protocol import Field, Relation

ZERO, MINUS_ZERO = ((0.0,),), ((-0.0,),)
SIGN = "SELECT IEEE_DIVIDE(1, v) AS v FROM t"
TWICE = "CREATE FUNCTION twice(x FLOAT64) AS (2 * x)"
THRICE = "CREATE FUNCTION twice(x FLOAT64) AS (3 * x)"


@pytest.fixture(scope="module")
def evaluator():
    missing = module.why_missing()
    if missing:
        pytest.skip(missing)
    from side_by_side.agreement_of_cases import reference

    return reference()


@pytest.fixture
def ask(evaluator):
    def asked(sql, rows, routines=(), name="t"):
        table = Table(Relation(name, (Field("v", "FLOAT64"),)), rows)
        answer = evaluator.evaluate(Question(sql, (table,), (), routines))
        assert isinstance(answer, Rows), answer
        return answer.values

    return asked


def test_rows_that_are_equal_and_not_the_same(ask):
    assert ask(SIGN, ZERO) == ((math.inf,),)
    assert ask(SIGN, MINUS_ZERO) == ((-math.inf,),)
    assert ask(SIGN, ZERO) == ((math.inf,),)


def test_other_tables_and_other_functions(ask):
    rows = ((2.0,),)

    assert ask("SELECT v FROM t", rows) == ((2.0,),)
    assert ask("SELECT v FROM s", rows, name="s") == ((2.0,),)
    assert ask("SELECT twice(v) AS v FROM t", rows, (TWICE,)) == ((4.0,),)
    assert ask("SELECT twice(v) AS v FROM t", rows, (THRICE,)) == ((6.0,),)


def test_after_a_mistake_the_same_rows_are_there(ask, evaluator):
    rows = ((2.0,),)
    table = Table(Relation("t", (Field("v", "FLOAT64"),)), rows)
    wrong = evaluator.evaluate(Question("SELECT 1 / (v - 2) AS v FROM t", (table,)))

    assert "division by zero" in str(wrong)
    assert ask("SELECT v FROM t", rows) == ((2.0,),)


def test_after_a_breakdown_the_rows_are_told_anew(ask, evaluator, monkeypatch):
    rows = ((2.0,),)
    assert ask("SELECT v FROM t", rows) == ((2.0,),)
    with monkeypatch.context() as patch:
        patch.setattr(evaluator.judge._instance, "call", broken_down)
        answer = evaluator.evaluate(Question("SELECT v FROM t"))

    assert answer == Unchecked("out of memory")
    assert ask("SELECT v FROM t", rows) == ((2.0,),)


def broken_down(*_: object) -> object:
    raise Trapped("out of memory")
