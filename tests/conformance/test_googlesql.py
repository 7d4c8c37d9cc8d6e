"""The layer ``googlesql`` against the cases: verdict, schema, message and place of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import corpus
import pytest

from aggregator.analyzers.googlesql import module, open_analyzer
from aggregator.analyzers.protocol import Field, Relation, Statement, Verdict

pytestmark = pytest.mark.skipif(bool(module.why_missing()), reason=module.why_missing() or "installed")

_AT_A_TIME = 40
_DIFFERENCES = {"accepts": 5, "unchecked": 6}
"""How many cases are judged otherwise than by BigQuery. These numbers may only become smaller."""


def _judged(statements: Sequence[Statement]) -> Mapping[str, Verdict]:
    analyzer = open_analyzer(None, lambda _: None)
    found: dict[str, Verdict] = {}
    for start in range(0, len(statements), _AT_A_TIME):
        together = statements[start : start + _AT_A_TIME]
        found |= {each.name: verdict for each, verdict in zip(together, analyzer.analyse(together), strict=True)}
    analyzer.close()
    return found


@pytest.fixture(scope="module")
def verdicts() -> Mapping[str, Verdict]:
    return _judged([corpus.statement(case) for case in corpus.cases()])


@pytest.mark.parametrize("case", corpus.cases(), ids=str)
def test_judged_like_bigquery(case: corpus.Case, verdicts: Mapping[str, Verdict]) -> None:
    verdict = verdicts[str(case)]
    if case.googlesql == "unchecked":
        assert verdict.unchecked
        return
    assert not verdict.unchecked
    if case.googlesql == "accepts":
        assert verdict.mistake is None, "no known difference any more: remove the keys"
    elif case.is_valid:
        assert verdict.mistake is None
        assert corpus.written(verdict.columns) == case.schema
    else:
        assert verdict.mistake is not None
        assert case.says in f"{verdict.mistake.message}; {verdict.mistake.help}"
        assert verdict.mistake.start == case.start


def test_no_more_differences_than_are_known() -> None:
    differences = [case.googlesql for case in corpus.cases() if case.googlesql]
    assert {kind: differences.count(kind) for kind in sorted(set(differences))} == _DIFFERENCES


# --- cases of an earlier experiment, which lie beside the repository ---

_EXPERIMENT = corpus.HERE.parents[2] / "shared" / "prototypes" / "dry_run_cases.json"
_SCRIPTS = {"V16 temp fn script"}
"""Several statements: a model is one SELECT, and so is what the layer judges."""


@pytest.mark.skipif(not _EXPERIMENT.exists(), reason="dry_run_cases.json does not lie beside the repository")
def test_judged_like_the_experiment() -> None:
    given = json.loads(_EXPERIMENT.read_text(encoding="utf-8"))
    cases = [case for case in (*given["valid"], *given["invalid"]) if case["name"] not in _SCRIPTS]
    found = _judged([_experiment(case, given) for case in cases])
    wrong = {}
    for case in cases:
        verdict, is_valid = found[case["name"]], case in given["valid"]
        has_schema = not is_valid or case["schema"] in (None, corpus.written(verdict.columns))
        if verdict.unchecked or is_valid != (verdict.mistake is None) or not has_schema:
            wrong[case["name"]] = verdict
    assert not wrong


def _experiment(case: Mapping[str, str], given: Mapping[str, Mapping[str, Sequence[Sequence[str]]]]) -> Statement:
    def fields(columns: Sequence[Sequence[str]]) -> tuple[Field, ...]:
        return tuple(Field(*each) for each in columns)

    pseudo = given["pseudo_columns"]
    relations = (
        Relation(f"proj.ds.{name}", fields(columns), fields(pseudo.get(name, ())))
        for name, columns in given["tables"].items()
    )
    return Statement(
        name=case["name"],
        sql=case["sql"],
        tables=tuple(relations),
        parameters=tuple(Field(*each) for each in given["parameters"].items()),
        routines=tuple(text.replace("shop.", "ds.") for text in corpus.ROUTINES.values()),
    )
