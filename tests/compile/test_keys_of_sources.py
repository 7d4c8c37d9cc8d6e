"""``key:`` of a source: believed by those who read it, and made of its columns."""

from __future__ import annotations

from small_lake import LAKE, model_file

from aggregator.compile.tables import table_of_source
from aggregator.core.graph import Table
from aggregator.core.names import TableName

AIRLINES = "models/lake/airlines.yml"


def test_readers_know_it(compile_files):
    files = {
        AIRLINES: LAKE[AIRLINES] + "  key: [Carrier]\n",
        "models/marts/model.sql": model_file(
            "SELECT flight_date, MAX(carrier) AS c FROM lake.flights GROUP BY flight_date"
        ),
    }
    compiled = compile_files(files)

    table = table_of_source(compiled.graph.sources[TableName("lake", "airlines")])
    assert compiled.diagnostics == ()
    assert isinstance(table, Table)
    assert table.key == ("Carrier",)


def test_it_is_made_of_columns(compile_files):
    compiled = compile_files({AIRLINES: LAKE[AIRLINES] + "  key: [carier]\n"})

    assert [(each.code.id, each.message, each.help) for each in compiled.diagnostics] == [
        ("A208", "the source has no column carier", "did you mean carrier?")
    ]
