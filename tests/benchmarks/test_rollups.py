"""The log that is made up is one of a video platform, and states of it answer what rows answer."""

from __future__ import annotations

import duckdb
import pytest

from benchmarks.billed import Counts, dashboards
from benchmarks.figures import Workshop
from benchmarks.plays import COUNTRIES, DAYS, PLATFORMS, write_log
from benchmarks.rollups import rollups

COUNTS = Counts(20_000_000, 4_000_000, 4.0, 7.0, 29_200, 960, 7300, 240)


@pytest.fixture(scope="module")
def db():
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def counts(db):
    return write_log(db, 100_000)


def test_a_log_has_about_as_many_plays_as_are_asked_for(counts):
    assert 95_000 < counts["plays"] < 105_000


def test_who_comes_watches_several_videos(counts):
    assert 4 < counts["plays"] / counts["user_days"] < 6


def test_all_days_countries_and_platforms_occur(counts, db):
    sql = "SELECT COUNT(DISTINCT day), COUNT(DISTINCT country), COUNT(DISTINCT platform) FROM lake.plays"

    assert db.execute(sql).fetchone() == (DAYS, len(COUNTRIES), len(PLATFORMS))


def test_a_person_has_one_country(counts, db):
    sql = "SELECT MAX(n) FROM (SELECT COUNT(DISTINCT country) AS n FROM lake.plays GROUP BY user_id)"

    assert db.execute(sql).fetchone() == (1,)


def test_the_same_number_gives_the_same_log(counts, db):
    with duckdb.connect() as other:
        assert write_log(other, 100_000) == counts


def test_bytes_are_those_of_the_columns():
    line = list(dashboards(COUNTS))[1]

    assert line.split()[-4:] == ["540.00", "0.788", "685×", "0.026"]  # 8 + 4 + 7 + 8 bytes a row


def test_a_sketch_does_not_grow_for_ever():
    crowded = Counts(10**9, 10**9, 4.0, 7.0, 29_200, 960, 7300, 240)

    assert (COUNTS.state, crowded.state) == (4 * 4_000_000 / 7300, 2**15)


def test_states_and_rows_agree(tmp_path):
    figure = rollups(10_000, Workshop(tmp_path))

    assert "groups by month that differ between states and rows: 0" in figure.notes
    assert [goal.is_least for goal in figure.goals] == [True] * 5
