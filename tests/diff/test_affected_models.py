"""Which models differ between two versions of a project, and what has to be computed to compare them."""

from __future__ import annotations

import dataclasses

import pytest
from lab import NEVER_OVER, daily, graph_of, model, name, source

from aggregator.diff.affected import How, affected
from aggregator.diff.needed import needed
from aggregator.plan.due import due_partitions

BY_DAY = {"partition": daily("day", "2024-01-01", "2024-01-11")}
FILES = {
    "models/lake/raw.yml": source({"day": "DATE", "x": "INT64"}, **BY_DAY),
    "models/a/one.sql": model("SELECT day, x FROM lake.raw", **BY_DAY),
    "models/a/two.sql": model("SELECT day, x FROM a.one", **BY_DAY),
    "models/a/week.sql": model("SELECT day, x FROM a.one", inputs={"a.one": {"last": "3 days"}}, **BY_DAY),
    "models/a/whole.sql": model("SELECT SUM(x) AS x FROM a.two"),
    "models/a/view.sql": model("SELECT x FROM a.two", kind="view"),
    "models/a/seen.sql": model("SELECT SUM(x) AS x FROM a.view"),
    "models/a/apart.sql": model("SELECT day, x FROM lake.raw WHERE x > 0", **BY_DAY),
}


@pytest.fixture
def graph(tmp_path):
    def make(**changed):
        files = {**FILES, **{f"models/a/{each}.sql": text for each, text in changed.items()}}
        return graph_of(
            tmp_path / str(len(list(tmp_path.iterdir()))), {key: text for key, text in files.items() if text}
        )

    return make


def hows(before, after) -> dict[str, str]:
    return {str(each): str(how) for each, how in affected(before, after).items()}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(FILES["models/a/one.sql"], id="nothing"),
        pytest.param(model("SELECT day, x -- as it is\nFROM lake.raw", **BY_DAY), id="a comment"),
        pytest.param(model("SELECT day,  x FROM\nlake.raw", **BY_DAY, owner="b@example.com"), id="layout and owner"),
    ],
)
def test_what_concerns_nobody(graph, text):
    assert hows(graph(), graph(one=text)) == {}


def test_a_changed_model_and_all_that_read_it(graph):
    found = hows(graph(), graph(two=model("SELECT day, x + 1 AS x FROM a.one", **BY_DAY)))

    assert found == {"a.two": "changed", "a.view": "downstream", "a.seen": "downstream", "a.whole": "downstream"}
    assert next(iter(found)) == "a.two"


def test_a_changed_view(graph):
    found = hows(graph(), graph(view=model("SELECT x FROM a.two WHERE x > 1", kind="view")))

    assert found.keys() == {"a.view", "a.seen"}
    assert found["a.view"] == "changed"


def test_models_that_come_and_go(graph):
    with_more = graph(more=model("SELECT day, x FROM a.two", **BY_DAY))

    assert hows(graph(), with_more) == {"a.more": "new"}
    assert hows(with_more, graph()) == {"a.more": "deleted"}


def test_a_model_that_no_longer_reads_what_changes(graph):
    after = graph(
        one=model("SELECT day, x + 1 AS x FROM lake.raw", **BY_DAY),
        two=model("SELECT day, x FROM lake.raw", **BY_DAY),
        week="",
    )

    assert hows(graph(), after)["a.two"] == "changed"
    assert hows(graph(), after)["a.week"] == "deleted"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param({"a.two": ["2024-01-05"]}, {"a.one": 1, "a.two": 1}, id="the same day of what it reads"),
        pytest.param({"a.week": ["2024-01-05"]}, {"a.one": 3, "a.week": 1}, id="the days that it reads"),
        pytest.param({"a.week": ["2024-01-01"]}, {"a.one": 1, "a.week": 1}, id="not those before the first"),
        pytest.param({"a.whole": [""]}, {"a.one": 10, "a.two": 10, "a.whole": 1}, id="all days of what is read whole"),
        pytest.param({"a.seen": [""]}, {"a.one": 10, "a.two": 10, "a.view": 1, "a.seen": 1}, id="what is below a view"),
        pytest.param(
            {"a.two": ["2024-01-05"], "a.week": ["2024-01-06"]},
            {"a.one": 3, "a.two": 1, "a.week": 1},
            id="each partition once",
        ),
        pytest.param({"a.apart": ["2024-01-05"]}, {"a.apart": 1}, id="what reads nothing that changes"),
    ],
)
def test_what_has_to_be_computed(graph, wanted, expected):
    one = graph()
    among = {name(each) for each in ("a.one", "a.two", "a.week", "a.whole", "a.view", "a.seen")}
    found = needed(one, {name(each): days for each, days in wanted.items()}, among, due_partitions(one, NEVER_OVER))

    assert {str(each): len(partitions) for each, partitions in found.items()} == expected
    order = [each for each in one.models if each in found]
    assert list(found) == order


def test_what_does_not_change_is_read_as_it_is(graph):
    one = graph()
    due = due_partitions(one, NEVER_OVER)

    assert needed(one, {name("a.whole"): [""]}, {name("a.whole")}, due) == {name("a.whole"): [""]}


def test_two_versions_of_one_graph_are_equal(graph):
    one = graph()
    other = dataclasses.replace(one)

    assert affected(one, other) == {}
    assert How.CHANGED == "changed"
