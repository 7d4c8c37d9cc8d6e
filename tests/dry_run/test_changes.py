"""What is different between two versions of a project, and whom it breaks."""

from __future__ import annotations

import pytest
from estimated import graph
from hypothesis import given
from hypothesis import strategies as st
from lab import daily, model, name, project_file, source, write_files

from aggregator.analyzers.protocol import Field
from aggregator.compile import compile_project
from aggregator.core.change import Change, Effect, Fate
from aggregator.core.diagnostics import errors
from aggregator.core.estimate import Estimate, TableRead
from aggregator.dry_run.changes import changes, compare
from aggregator.dry_run.retype import retyping
from aggregator.dry_run.type_tree import type_tree
from aggregator.load import load_project

FACTS = {"day": "DATE", "k": "STRING", "n": "INT64"}
DAYS = daily("day", "2025-05-01")
BASE = {
    "models/lake/facts.yml": source(FACTS, partition=DAYS),
    "models/marts/daily.sql": model(
        "SELECT day, k, SUM(n) AS n FROM lake.facts GROUP BY day, k", partition=DAYS, cluster=["k"]
    ),
    "models/marts/total.sql": model("SELECT k, SUM(n) AS total FROM marts.daily WHERE day > '2025-01-01' GROUP BY k"),
    "models/marts/best.sql": model("SELECT MAX(t.total) AS most FROM marts.total AS t"),
}
DAILY = "models/marts/daily.sql"


@pytest.fixture
def after(tmp_path):
    """The project with some files altered, which need not compile."""

    def make(**files):
        paths = {f"models/{path.replace('__', '/')}": text for path, text in files.items()}
        kept = {path: text for path, text in {**BASE, **paths}.items() if text is not None}
        loaded = load_project(write_files(tmp_path, {"aggregator.yml": project_file(), **kept}))
        compiled = compile_project(loaded.project)
        wrong = {each.place.path for each in errors((*loaded.diagnostics, *compiled.diagnostics))}
        models = compiled.graph.project.models.items()
        return compiled.graph, frozenset(each for each, model in models if model.document.path in wrong)

    return make


@pytest.fixture(scope="module")
def before():
    return graph(BASE)


def said(found: tuple[Change, ...]) -> list[str]:
    lines = []
    for each in found:
        lines.append(str(each))
        lines += [f"  {a.model}: {', '.join(a.columns) or '-'} {a.fate}" for a in each.affected]
    return lines


def altered(sql: str, **front) -> dict[str, str]:
    front = {"partition": DAYS, "cluster": ["k"], **front}
    return {"marts__daily.sql": model(sql, **{key: value for key, value in front.items() if value})}


GROUPS = "FROM lake.facts GROUP BY day, k"
CHANGES = {
    "nothing": ({}, []),
    "a column more, in the middle": (
        altered(f"SELECT day, COUNT(*) AS c, k, SUM(n) AS n {GROUPS}"),
        ["marts.daily.c: column added (INT64), additive"],
    ),
    "columns in another order": (altered(f"SELECT SUM(n) AS n, k, day {GROUPS}"), []),
    "a column less, which others need": (
        altered(f"SELECT day, k {GROUPS}"),
        [
            "marts.daily.n: column dropped, breaking",
            "  marts.total: total breaks",
            "  marts.best: most breaks",
        ],
    ),
    "a column that another one filters by": (
        altered("SELECT k, SUM(n) AS n FROM lake.facts GROUP BY k", partition=None),
        [
            "marts.daily: partitioning changed (day of day to no partitions), breaking",
            "  marts.total: k, total breaks",
            "  marts.best: most breaks",
            "marts.daily.day: column dropped, breaking",
            "  marts.total: - breaks",
        ],
    ),
    "a column with another name": (
        altered(f"SELECT day, k, SUM(n) AS amount {GROUPS}"),
        [
            "marts.daily.n: column renamed (n to amount), breaking",
            "  marts.total: total breaks",
            "  marts.best: most breaks",
        ],
    ),
    "a column made otherwise, under another name": (
        altered(f"SELECT day, k, COUNT(*) AS c, MAX(n) AS most {GROUPS}"),
        [
            "marts.daily.n: column dropped, breaking",
            "  marts.total: total breaks",
            "  marts.best: most breaks",
            "marts.daily.c: column added (INT64), additive",
            "marts.daily.most: column added (INT64), additive",
        ],
    ),
    "a wider type, all the way down": (
        altered(f"SELECT day, k, CAST(SUM(n) AS NUMERIC) AS n {GROUPS}"),
        [
            "marts.best.most: column retyped (INT64 to NUMERIC), widening",
            "marts.daily.n: column retyped (INT64 to NUMERIC), widening",
            "marts.total.total: column retyped (INT64 to NUMERIC), widening",
        ],
    ),
    "another type": (
        altered(f"SELECT day, k, CAST(SUM(n) AS STRING) AS n {GROUPS}"),
        [
            "marts.daily.n: column retyped (INT64 to STRING), breaking",
            "  marts.total: total breaks",
            "  marts.best: most compiles",
        ],
    ),
    "another order on disk": (
        altered(f"SELECT day, k, SUM(n) AS n {GROUPS}", cluster=["n"]),
        ["marts.daily: clustering changed (k to n), breaking"],
    ),
    "a table more": (
        {"marts__more.sql": model("SELECT k FROM marts.daily")},
        ["marts.more: table added, additive"],
    ),
    "a table less": (
        {"marts__total.sql": None, "marts__best.sql": None},
        [
            "marts.best: table removed, breaking",
            "marts.total: table removed, breaking",
            "  marts.best: most removed",
        ],
    ),
    "a view instead of a table": (
        {"marts__total.sql": model(BASE["models/marts/total.sql"].partition("---*/\n")[2].strip(), kind="view")},
        [
            "marts.total: kind changed (table to view), breaking",
            "  marts.best: most compiles",
        ],
    ),
    "a source with a column of another name": (
        {"lake__facts.yml": source({"day": "DATE", "k": "STRING", "m": "INT64"}, partition=DAYS)},
        [
            "lake.facts.n: column renamed (n to m), breaking",
            "  marts.daily: n breaks",
            "  marts.total: total breaks",
            "  marts.best: most breaks",
        ],
    ),
}


@pytest.mark.parametrize(("files", "expected"), CHANGES.values(), ids=CHANGES)
def test_changes(before, after, files, expected):
    graph, refused = after(**files)

    assert said(changes(before, graph, {}, {}, refused)) == expected


def test_the_schemas_of_the_analyzer_count(before):
    old = {name("marts.best"): (Field("most", "NUMERIC"),)}
    new = {name("marts.best"): (Field("most", "INT64"),)}

    assert said(changes(before, before, old, new)) == [
        "marts.best.most: column narrowed (NUMERIC to INT64), breaking",
    ]


def test_models_that_an_analyzer_refuses_break(before, after):
    graph, _ = after(**altered(f"SELECT day, k, CAST(SUM(n) AS STRING) AS n {GROUPS}"))

    (found,) = changes(before, graph, {}, {}, (name("marts.total"),))

    assert {str(each.model): each.fate for each in found.affected} == {
        "marts.total": Fate.BREAKS,
        "marts.best": Fate.COMPILES,
    }


RETYPED = {
    "the same": ("STRING", "STRING", (None, False)),
    "another name of the same": ("INT64", "INTEGER", (None, False)),
    "an integer becomes exact": ("INT64", "NUMERIC", (Effect.WIDENING, False)),
    "an integer becomes exact and long": ("INT64", "BIGNUMERIC", (Effect.WIDENING, False)),
    "an integer becomes a float": ("INT64", "FLOAT64", (Effect.WIDENING, False)),
    "a number becomes long": ("NUMERIC", "BIGNUMERIC", (Effect.WIDENING, False)),
    "a long number becomes a float": ("BIGNUMERIC", "FLOAT64", (Effect.WIDENING, False)),
    "a float becomes an integer": ("FLOAT64", "INT64", (Effect.BREAKING, True)),
    "an integer in ten digits": ("INT64", "NUMERIC(10, 2)", (Effect.BREAKING, False)),
    "a longer text": ("STRING(10)", "STRING(20)", (Effect.WIDENING, False)),
    "a text of any length": ("STRING(10)", "STRING", (Effect.WIDENING, False)),
    "a shorter text": ("STRING(20)", "STRING(10)", (Effect.BREAKING, True)),
    "a text that gets a limit": ("STRING", "STRING(10)", (Effect.BREAKING, True)),
    "more digits on both sides": ("NUMERIC(10, 2)", "NUMERIC(12, 3)", (Effect.WIDENING, False)),
    "digits move behind the point": ("NUMERIC(10, 2)", "NUMERIC(10, 3)", (Effect.BREAKING, False)),
    "a day becomes a moment": ("DATE", "TIMESTAMP", (Effect.BREAKING, False)),
    "a value becomes a list": ("INT64", "ARRAY<INT64>", (Effect.BREAKING, False)),
    "a wider element": ("ARRAY<INT64>", "ARRAY<NUMERIC>", (Effect.WIDENING, False)),
    "a field more": ("STRUCT<a INT64>", "STRUCT<b STRING, a INT64>", (Effect.ADDITIVE, False)),
    "a field less": ("STRUCT<a INT64, b STRING>", "STRUCT<a INT64>", (Effect.BREAKING, False)),
    "a field more and one wider": ("STRUCT<a INT64>", "STRUCT<a NUMERIC, b INT64>", (Effect.WIDENING, False)),
    "a field more in a list": ("ARRAY<STRUCT<a INT64>>", "ARRAY<STRUCT<a INT64, b INT64>>", (Effect.ADDITIVE, False)),
    "a type that was not known": ("", "INT64", (None, False)),
}


@pytest.mark.parametrize(("old", "new", "expected"), RETYPED.values(), ids=RETYPED)
def test_another_type(old, new, expected):
    assert retyping(type_tree(old), type_tree(new)) == expected


TYPES = st.sampled_from(["INT64", "NUMERIC", "NUMERIC(9, 2)", "STRING", "ARRAY<INT64>", "STRUCT<a INT64>", "FLOAT64"])
SCHEMAS = st.dictionaries(st.sampled_from("abcdefgh"), TYPES, min_size=1)


def schema(columns):
    return {name("marts.best"): tuple(Field(each, type_) for each, type_ in columns.items())}


@given(columns=SCHEMAS)
def test_a_project_does_not_differ_from_itself(before, columns):
    assert changes(before, before, schema(columns), schema(columns)) == ()


@given(columns=SCHEMAS, more=SCHEMAS, order=st.randoms())
def test_columns_that_are_only_added_break_nothing(before, columns, more, order):
    items = list({**more, **columns}.items())
    order.shuffle(items)

    found = changes(before, before, schema(columns), schema(dict(items)))

    assert {each.effect for each in found} <= {Effect.ADDITIVE}
    assert {each.column for each in found} == more.keys() - columns.keys()


@given(one=SCHEMAS, other=SCHEMAS)
def test_a_column_that_goes_is_always_said(before, one, other):
    found = changes(before, before, schema(one), schema(other))

    gone = {each.column for each in found if each.effect is Effect.BREAKING}
    assert one.keys() - other.keys() <= gone


def costs(bytes_: int | None) -> Estimate:
    read = TableRead(name("lake.facts"), ("n",), 1, bytes_, bytes_ or 0, "catalog")
    return Estimate(name("marts.daily"), "2025-05-31", (read,), runs_per_day=1.0, price_per_tib=6.25)


COMPARED = {
    "more": (costs(2**40), costs(2**41), 2**40, 6.25 * 30.4375),
    "less": (costs(2**41), costs(2**40), -(2**40), -6.25 * 30.4375),
    "new": (None, costs(2**40), 2**40, 6.25 * 30.4375),
    "gone": (costs(2**40), None, -(2**40), -6.25 * 30.4375),
    "not known before": (costs(None), costs(2**40), None, None),
}


@pytest.mark.parametrize(("old", "new", "bytes_", "price"), COMPARED.values(), ids=COMPARED)
def test_another_cost(old, new, bytes_, price):
    sides = [{name("marts.daily"): each} if each else {} for each in (old, new)]

    (found,) = compare(*sides)

    assert (found.bytes, found.price_per_month) == (bytes_, price)


def test_the_same_cost_is_no_change():
    assert compare({name("marts.daily"): costs(5)}, {name("marts.daily"): costs(5)}) == ()
