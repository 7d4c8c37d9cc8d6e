"""``aggregator rollback`` where there is nothing to go back to, and what it says of arguments that make no sense."""

from __future__ import annotations

import pytest
from lab import daily, load_graph, model, project_file, source, write_files

from aggregator.cli.main import main
from aggregator.core.names import TableName
from aggregator.core.warehouse import Outcome
from aggregator.engines import open_engine

QUERY = "SELECT day, COUNT(*) AS events FROM lake.events WHERE number > {} GROUP BY day"


@pytest.fixture
def project(tmp_path):
    write_files(
        tmp_path,
        {
            "aggregator.yml": project_file(),
            "data/events.csv": "day,number\n2024-01-01,1\n2024-01-01,2\n",
            "models/lake/events.yml": source(
                {"day": "DATE", "number": "INT64"},
                partition=daily("day", "2024-01-01", "2024-01-02"),
                local={"file": "data/events.csv"},
            ),
            "models/marts/daily.sql": model(QUERY.format(0), partition=daily("day", "2024-01-01", "2024-01-02")),
            "models/marts/total.sql": model("SELECT SUM(events) AS events FROM marts.daily"),
        },
    )
    return tmp_path


def run(capsys, project, *arguments):
    code = main([*arguments, "--project", str(project), "--quiet"])
    return code, *capsys.readouterr()


def test_duckdb_keeps_no_earlier_rows_and_says_so(project, capsys):
    assert run(capsys, project, "run")[0] == 0
    changed = model(QUERY.format(1), partition=daily("day", "2024-01-01", "2024-01-02"))
    (project / "models/marts/daily.sql").write_text(changed)
    assert run(capsys, project, "run", "--run-id", "second")[0] == 0

    code, out, err = run(capsys, project, "rollback", "marts.daily@2024-01-01")

    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "error: marts.daily can't be rolled back: DuckDB keeps no earlier rows of a table",
        "help: go back to the earlier SQL, and build it again: `aggregator run`",
    ]
    engine = open_engine(load_graph(project), lambda _: None, wait=1.0)
    try:
        history = engine.history(TableName("marts", "daily"), "2024-01-01")
    finally:
        engine.close()
    assert [(row.outcome, row.run_id == "second") for row in history] == [
        (Outcome.BUILT, False),
        (Outcome.BUILT, True),
    ]


def test_a_partition_of_one_build_has_nothing_before_it(project, capsys):
    run(capsys, project, "run")

    code, _, err = run(capsys, project, "rollback", "marts.total")

    assert code == 1
    assert "R513 marts.total is not rolled back: the ledger knows of no rows that it had before" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say what to roll back: MODEL@PARTITION, or --run ID"),
        (["marts.dialy@2024-01-01"], "marts.dialy is not a model. Did you mean marts.daily?"),
        (["marts.daily"], "marts.daily has partitions: say which one, as MODEL@PARTITION"),
        (["marts.total@2024-01-01"], "marts.total has no partitions: `aggregator rollback marts.total`"),
        (["--run", "other"], "no rows that are there now were written by a run other"),
    ],
)
def test_arguments_that_make_no_sense(project, capsys, arguments, message):
    code, _, err = run(capsys, project, "rollback", *arguments)

    assert code == 2
    assert message.casefold() in err.casefold()
