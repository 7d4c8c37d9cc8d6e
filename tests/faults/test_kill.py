"""kill -9 and Ctrl-C at every point of a run: what is seen then is whole, and the next run leaves no trace of it."""

from __future__ import annotations

import itertools
import random
import shutil
import time
from pathlib import Path

import duckdb
import pytest
from driving import drive
from lab import Lab, Rows, State, daily, load_graph, model, name, project_file, source, write_files

from aggregator.core.graph import Graph

DAYS = ["2013-01-01", "2013-01-02", "2013-01-03"]
FACTS = "day,k,n\n" + "".join(f"{day},{k},{n}\n" for day in DAYS for k, n in (("a", 1), ("b", 2), ("a", 3)))
CHANGED = FACTS.replace("2013-01-02,a,1\n", "2013-01-02,a,5\n2013-01-02,c,6\n").replace("2013-01-03", "2012-12-31")
FILES = {
    "aggregator.yml": project_file(),
    "facts.csv": FACTS,
    "models/lake/facts.yml": source(
        {"day": "DATE", "k": "STRING", "n": "INT64"},
        partition=daily("day", "2013-01-01", "2013-01-04"),
        local="facts.csv",
    ),
    "models/marts/by_day.sql": model(
        "SELECT day, k, SUM(n) AS total FROM lake.facts GROUP BY day, k",
        partition=daily("day", "2013-01-01"),
        key=["day", "k"],
    ),
    "models/marts/so_far.sql": model(
        "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(total) AS total FROM"
        " (SELECT total FROM marts.so_far UNION ALL SELECT total FROM marts.by_day)",
        partition=daily("day", "2013-01-03"),
        inputs={"marts.so_far": "previous"},
        columns={"total": {"type": "INT64"}},
    ),
    "models/marts/whole.sql": model("SELECT k, SUM(total) AS total FROM marts.by_day GROUP BY k"),
    "models/marts/seen.sql": model("SELECT k, total FROM marts.whole", kind="view"),
}
LATER = {
    "facts.csv": CHANGED,
    "models/marts/by_day.sql": FILES["models/marts/by_day.sql"].replace("AS total", "AS total, COUNT(*) AS c"),
    "models/marts/seen.sql": FILES["models/marts/seen.sql"].replace("k, total", "k, -total AS total"),
}
"""The second state: a day changed, a day emptied, a column more, another view."""


def lab_at(root: Path) -> Lab:
    return Lab(load_graph(root))


@pytest.fixture(scope="module", params=["the first fill of an empty warehouse", "a refill after changes"])
def before(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with work to do."""
    root = write_files(tmp_path_factory.mktemp("before"), FILES)
    if request.param == "a refill after changes":
        assert lab_at(root).run().is_clean
        write_files(root, LATER)
    return root


@pytest.fixture(scope="module")
def graph(before: Path) -> Graph:
    """It is the same wherever the project is copied to."""
    return load_graph(before)


@pytest.fixture(scope="module")
def undisturbed(before: Path, tmp_path_factory: pytest.TempPathFactory) -> State:
    """What is there when the work is done."""
    root = tmp_path_factory.mktemp("undisturbed") / "project"
    shutil.copytree(before, root)
    lab = lab_at(root)
    assert lab.run().is_clean
    return lab.state()


@pytest.fixture(scope="module")
def statements(before: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """All statements of an undisturbed run."""
    work = tmp_path_factory.mktemp("statements")
    found = drive(template=before, work=work, arguments=["run", "--quiet"], fate="nothing", moments=[-1])
    assert found[0]["exit"] == 0, found[0]["output"]
    return found[0]["statements"]


@pytest.fixture(scope="module")
def whole(before: Path, undisturbed: State) -> dict[tuple[str, str], list[Rows]]:
    """For each partition, the rows that a reader may see: those before the run, or those after it."""
    old = partitions(lab_at(before).tables()) if lab_at(before).path.exists() else {}
    new = partitions(undisturbed[0])
    return {key: [old.get(key, []), widened(old.get(key, [])), new.get(key, [])] for key in old.keys() | new.keys()}


def partitions(tables: dict[str, Rows]) -> dict[tuple[str, str], Rows]:
    """Rows by table and, for those with days, by day. A view shows what is below it: it has no rows to be half-way."""
    found: dict[tuple[str, str], Rows] = {}
    for table, rows in tables.items():
        for row in rows if table != "marts.seen" else []:
            day = row[0].isoformat() if table in ("marts.by_day", "marts.so_far") else ""
            found.setdefault((table, day), []).append(row)
    return found


def widened(rows: Rows) -> Rows:
    """Rows of the first state in a table to which the second has added its column."""
    return [(*row, None) for row in rows]


def check_whole(lab: Lab, whole: dict[tuple[str, str], list[Rows]]) -> None:
    """Each partition holds the rows of one run, all of them, and the ledger claims nothing that is not there."""
    if not lab.path.exists():
        return
    now = partitions(lab.tables())
    try:
        ledger = lab.ledger().built
    except duckdb.CatalogException:  # so early that there is no ledger yet
        ledger = {}

    assert {key for key in whole.keys() | now.keys() if now.get(key, []) not in whole[key]} == set()
    for table, partition in now.keys() | whole.keys():
        row = ledger.get(name(table), {}).get(partition)
        assert row is None or row.rows == len(now.get((table, partition), []))


def check_repaired(lab: Lab, undisturbed: State) -> None:
    """The next run builds what is missing, and the state is that of a run that nothing happened to."""
    assert lab.run().is_clean
    assert lab.state() == undisturbed


KINDS = {
    "LINK": "making the file",
    "CREATE SCHEMA _aggregator": "making the ledger",
    'CREATE OR REPLACE TABLE "lake"': "loading a source",
    "CREATE OR REPLACE TEMP TABLE": "staging",
    "BEGIN": "beginning",
    'DELETE FROM "marts"': "deleting",
    'INSERT INTO "marts"': "inserting",
    'ALTER TABLE "marts"': "adding a column",
    "CREATE OR REPLACE VIEW": "replacing a view",
    "INSERT INTO _aggregator.ledger": "recording",
    "COMMIT": "committing",
    **dict.fromkeys(["SELECT", "DESCRIBE", "SET", "RESET"], "reading"),
}
"""What a statement does, by its first words, in the words of the fault matrix."""


def kind(sql: str) -> str:
    return next((word for start, word in KINDS.items() if sql.startswith(start)), "other")


def telling(statements: list[str]) -> list[int]:
    """The moments that differ: before all, and after each statement that writes; of alike ones in a row, the last."""
    sequence = [kind(sql) for sql in statements] + ["reading"]
    pairs = enumerate(itertools.pairwise(sequence), start=1)
    is_write = {each for each in sequence if each not in ("reading", "beginning")}
    return [0, *(moment for moment, (done, next_) in pairs if done in is_write and (done, next_) != ("other", "other"))]


def test_moments_cover_the_order_of_things(statements, before):
    expected = {"loading a source", "staging", "deleting", "inserting", "replacing a view", "recording", "committing"}
    expected |= {"adding a column"} if lab_at(before).path.exists() else {"making the file"}
    before_these = {kind(statements[moment]) for moment in telling(statements)[:-1]}
    after_these = {kind(statements[moment - 1]) for moment in telling(statements) if moment}

    assert expected <= after_these
    assert {"inserting", "recording", "committing"} <= before_these


EXIT_CODES = {"kill": -9, "interrupt": 130}


@pytest.mark.parametrize("fate", EXIT_CODES)
def test_ended_at_any_point(statements, graph, whole, undisturbed, tmp_path, fate):
    task = {"template": graph.project.root, "work": tmp_path, "arguments": ["run", "--quiet"]}
    for found in drive(**task, fate=fate, moments=telling(statements)[:-1]):
        lab = Lab.at(tmp_path / str(found["moment"]), graph)

        assert found["exit"] == EXIT_CODES[fate], found
        begun = [kind(sql) for sql in found["statements"]]
        assert begun[: found["moment"]] == [kind(sql) for sql in statements[: found["moment"]]]
        check_whole(lab, whole)
        check_repaired(lab, undisturbed)


HEAVY = {
    **FILES,
    "models/marts/by_day.sql": model(
        "SELECT day, k, n, x, TO_HEX(SHA256(CONCAT(k, CAST(x AS STRING)))) AS digest"
        " FROM lake.facts CROSS JOIN UNNEST(GENERATE_ARRAY(1, 6000)) AS x",
        partition=daily("day", "2013-01-01"),
        checks=[{"expect_table_row_count_to_be_between": {"min_value": 18000, "max_value": 18000}}],
    ),
    "models/marts/so_far.sql": model(
        "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(n) AS total FROM"
        " (SELECT total AS n FROM marts.so_far UNION ALL SELECT n FROM marts.by_day)",
        partition=daily("day", "2013-01-01"),
        inputs={"marts.so_far": "previous"},
        columns={"total": {"type": "INT64"}},
    ),
    "models/marts/whole.sql": model("SELECT k, SUM(n) AS total FROM marts.by_day GROUP BY k"),
}


def test_killed_at_random_times(tmp_path):
    """In the middle of a statement, too: while rows are written, the log is flushed, the file is closed."""
    root = write_files(tmp_path / "before", HEAVY)
    done = tmp_path / "done"
    shutil.copytree(root, done)
    lab = lab_at(done)
    began = time.monotonic()
    assert lab.run().is_clean
    longest = 1.5 * (time.monotonic() - began)
    undisturbed = lab.state()
    delays = [random.uniform(0, longest) for _ in range(6)]
    whole = {key: [[], rows] for key, rows in partitions(undisturbed[0]).items()}

    for found in drive(template=root, work=tmp_path / "work", arguments=["run", "--quiet"], delays=delays):
        lab = lab_at(tmp_path / "work" / str(found["moment"]))

        assert found["exit"] in (-9, 0)  # or it was done before
        check_whole(lab, whole)
        check_repaired(lab, undisturbed)
