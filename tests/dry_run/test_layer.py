"""One analyzer over a graph: order, overlay, cache, and what can't be judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from lab import daily, load_graph, model, name, project_file, source, write_files

from aggregator.analyzers.protocol import Field, Mistake, Statement, Verdict
from aggregator.cache import Cache
from aggregator.dry_run.layer import Asked, judge

DAILY = {"partition": daily("day", "2024-01-01")}
FILES = {
    "aggregator.yml": project_file(),
    "models/lake/raw.yml": source({"day": "DATE", "x": "INT64"}, **DAILY),
    "models/a/one.sql": model("SELECT day, x FROM lake.raw", **DAILY),
    "models/a/two.sql": model("SELECT day, SUM(x) AS s FROM a.one GROUP BY day", **DAILY),
    "models/a/three.sql": model("SELECT day, s + 1 AS t FROM a.two", **DAILY),
    "models/a/other.sql": model("SELECT day, COUNT(*) AS n FROM lake.raw GROUP BY day", **DAILY),
}


SECOND = {"a.one": "x", "a.two": "s", "a.three": "t", "a.other": "n"}
"""The column of each model beside the day, an INT64."""


class Scripted:
    """An analyzer that gives each model the columns it is told to, and remembers what it was asked."""

    name = "scripted"
    parallel = 2

    def __init__(self, answers: dict[str, Verdict] | None = None, version: str = "1") -> None:
        self.asked: list[Statement] = []
        self._answers = answers or {}
        self._version = version

    def version(self) -> str:
        return self._version

    def analyse(self, statements: Sequence[Statement]) -> Sequence[Verdict]:
        self.asked += statements
        return [self._answers.get(each.name) or _as_compiled(each.name) for each in statements]

    def close(self) -> None:
        pass

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.asked]

    def statement(self, model_: str) -> Statement:
        return next(each for each in reversed(self.asked) if each.name == model_)


def _as_compiled(model_: str) -> Verdict:
    return Verdict(columns=(Field("day", "DATE"), Field(SECOND[model_], "INT64")))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path, FILES)


def judged(root: Path, analyzer: Scripted, cache: Cache | None = None, names: str = ""):
    graph = load_graph_with(root, cache)
    wanted = {name(each) for each in names.split()} or set(graph.models)
    return judge(Asked(graph, wanted, lambda _: ()), analyzer, cache or Cache(None), lambda _done, _total: None)


def load_graph_with(root: Path, cache: Cache | None):
    if cache is None:
        return load_graph(root)
    from aggregator.review import review

    return review(root, None, cache).graph


def test_where_compiling_was_right_each_model_is_asked_once(root: Path):
    analyzer = Scripted()
    judged(root, analyzer)

    assert sorted(analyzer.names) == ["a.one", "a.other", "a.three", "a.two"]


def test_readers_of_a_model_with_other_columns_than_compiled_are_asked_again(root: Path):
    answers = {"a.one": Verdict(columns=(Field("day", "DATE"), Field("x", "NUMERIC")))}
    analyzer = Scripted(answers)
    verdicts = judged(root, analyzer)

    assert sorted(analyzer.names) == ["a.one", "a.other", "a.three", "a.two", "a.two"]
    (one,) = analyzer.statement("a.two").tables
    assert [(each.name, each.type) for each in one.columns] == [("day", "DATE"), ("x", "NUMERIC")]
    assert set(map(str, verdicts)) == set(SECOND)


def test_other_columns_are_handed_on_from_model_to_model(root: Path):
    answers = {
        "a.one": Verdict(columns=(Field("day", "DATE"), Field("x", "NUMERIC"))),
        "a.two": Verdict(columns=(Field("day", "DATE"), Field("s", "NUMERIC"))),
    }
    analyzer = Scripted(answers)
    judged(root, analyzer)

    (two,) = analyzer.statement("a.three").tables
    assert two.columns[1] == Field("s", "NUMERIC")


def test_sources_have_the_columns_that_they_declare(root: Path):
    analyzer = Scripted()
    judged(root, analyzer)
    (raw,) = analyzer.statement("a.one").tables

    assert (raw.name, [each.type for each in raw.columns]) == ("lake.raw", ["DATE", "INT64"])


def test_parameters_have_the_type_of_the_partition_column(root: Path):
    analyzer = Scripted()
    judged(root, analyzer)

    assert analyzer.statement("a.one").parameters == (Field("start", "DATE"), Field("end", "DATE"))


def test_below_a_refused_model_the_compilers_columns_count(root: Path):
    analyzer = Scripted({"a.one": Verdict(Mistake("no", 0))})
    verdicts = judged(root, analyzer)

    assert verdicts[name("a.one")].mistake == Mistake("no", 0)
    (one,) = analyzer.statement("a.two").tables
    assert [each.type for each in one.columns] == ["DATE", "INT64"]


def untyped(root: Path) -> Path:
    """A project in which compiling can't tell the columns of a.one."""
    (root / "models/a/one.sql").write_text(model("SELECT day, no_such(x) AS x FROM lake.raw", **DAILY))
    return root


def test_columns_that_compiling_can_not_type_are_waited_for(root: Path):
    analyzer = Scripted()
    judged(untyped(root), analyzer)

    assert sorted(analyzer.names) == ["a.one", "a.other", "a.three", "a.two"]
    assert analyzer.names.index("a.one") < analyzer.names.index("a.two")


def test_why_columns_are_not_known_is_told(root: Path):
    verdicts = judged(untyped(root), Scripted({"a.one": Verdict(Mistake("Function not found: no_such", 12))}))

    reason = "the columns of a.one (which is refused: Function not found: no_such) are not known"
    assert verdicts[name("a.two")].unchecked == reason
    assert verdicts[name("a.three")].unchecked == "the columns of a.two (which is not checked) are not known"


def test_only_what_is_asked_for_is_judged(root: Path):
    analyzer = Scripted()
    verdicts = judged(root, analyzer, names="a.two a.other")

    assert sorted(analyzer.names) == ["a.other", "a.two"]
    assert sorted(map(str, verdicts)) == ["a.other", "a.two"]


def test_what_was_judged_is_not_judged_again(root: Path, tmp_path: Path):
    cache = Cache(tmp_path / "cache.sqlite")
    first, second = Scripted(), Scripted()
    verdicts = judged(root, first, cache)
    again = judged(root, second, Cache(tmp_path / "cache.sqlite"))

    assert second.asked == []
    assert dict(again) == dict(verdicts)


def test_refusals_are_remembered_and_what_could_not_be_judged_is_asked_again(root: Path, tmp_path: Path):
    answers = {"a.one": Verdict(Mistake("no", 3, "help")), "a.other": Verdict(unchecked="lost")}
    judged(root, Scripted(answers), Cache(tmp_path / "cache.sqlite"))
    second = Scripted(answers)
    again = judged(root, second, Cache(tmp_path / "cache.sqlite"))

    assert second.names == ["a.other"]
    assert again[name("a.one")].mistake == Mistake("no", 3, "help")


def test_another_version_judges_everything_again(root: Path, tmp_path: Path):
    judged(root, Scripted(), Cache(tmp_path / "cache.sqlite"))
    second = Scripted(version="2")
    judged(root, second, Cache(tmp_path / "cache.sqlite"))

    assert sorted(second.names) == ["a.one", "a.other", "a.three", "a.two"]


def test_a_change_is_judged_with_what_it_changes_downstream(root: Path, tmp_path: Path):
    wide = {"a.one": Verdict(columns=(Field("day", "DATE"), Field("x", "NUMERIC")))}
    judged(root, Scripted(), Cache(tmp_path / "cache.sqlite"))
    (root / "models/a/one.sql").write_text(model("SELECT day, CAST(x AS NUMERIC) AS x FROM lake.raw", **DAILY))
    second = Scripted(wide)
    judged(root, second, Cache(tmp_path / "cache.sqlite"))

    assert "a.other" not in second.names
    assert {"a.one", "a.two"} <= set(second.names)


def test_a_change_of_layout_is_judged_alone(root: Path, tmp_path: Path):
    judged(root, Scripted(), Cache(tmp_path / "cache.sqlite"))
    (root / "models/a/one.sql").write_text(model("SELECT  day,\n x FROM lake.raw", **DAILY))
    second = Scripted()
    judged(root, second, Cache(tmp_path / "cache.sqlite"))

    assert second.names == ["a.one"]


def test_progress_is_told(root: Path):
    told: list[tuple[int, int]] = []
    graph = load_graph(root)
    judge(Asked(graph, set(graph.models), lambda _: ()), Scripted(), Cache(None), lambda *each: told.append(each))

    assert told[-1] == (4, 4)
