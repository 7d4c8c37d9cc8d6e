"""SQL in which nothing is wrong: a finding here would keep someone from working."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_lake import compile_quickly

LINES = (Path(__file__).parent / "accepted.sql").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("sql", [line for line in LINES if not line.startswith("--")])
def test_sound_sql_is_accepted(sql):
    model = compile_quickly(sql)

    assert "flight_date" in {column.name.casefold() for column in model.columns}


def test_there_are_many():
    assert len(LINES) > 75
