"""What an author says of partitions that would be built again otherwise: on_change, gone."""

from __future__ import annotations

import pytest
from lab import Lab, daily, graph_of, model, planned, source, statuses, write_files
from policy_project import DAYS, MARTS, OTHER_SQL, SQL, START, TOTAL, of_days, project

from aggregator.core.plan import Policy
from aggregator.core.warehouse import Outcome


def numbers(lab: Lab) -> list[int]:
    return [n for _, n in lab.rows(MARTS)]


def exempt(lab: Lab, **options: object) -> dict[str, Policy]:
    found = lab.plan(**options).exempt
    return {
        partition: each.policy for name, of in found.items() for partition, each in of.items() if str(name) == MARTS
    }


# --- on_change ---


def test_a_change_builds_everything_anew(tmp_path):
    project(tmp_path)
    lab = project(tmp_path, OTHER_SQL)

    assert planned(lab.plan()) == of_days("logic", *DAYS) | TOTAL


def test_a_change_is_accepted_and_written_down(tmp_path):
    before = project(tmp_path).ledger()
    lab = project(tmp_path, OTHER_SQL, on_change="accept")
    plan, was = lab.plan(), exempt(lab)
    ended = statuses(lab.run())
    after = lab.ledger()

    assert planned(plan) == of_days("accept", *DAYS)
    assert was == dict.fromkeys(DAYS, Policy.ACCEPT)
    assert ended == dict.fromkeys(of_days("", *DAYS), "accepted")
    assert numbers(lab) == [1, 2, 3, 4]
    assert lab.plan().steps == ()
    assert exempt(lab) == dict.fromkeys(DAYS, Policy.ACCEPTED)
    for day in DAYS:
        (old,), (new,) = (
            [rows[day] for name, rows in ledger.built.items() if str(name) == MARTS] for ledger in (before, after)
        )
        assert (new.outcome, new.message) == (Outcome.ACCEPTED, f"built with the logic {old.fingerprint} in run test")
        assert new.fingerprint != old.fingerprint
        assert (new.inputs, new.rows, new.version, new.checksum, new.read_at) == (
            *(old.inputs, old.rows, old.version, old.checksum),
            old.read_at,
        )


def test_what_is_accepted_is_built_with_the_new_logic_when_its_input_changes(tmp_path):
    project(tmp_path)
    lab = project(tmp_path, OTHER_SQL, on_change="accept")
    lab.run()
    lab.execute(f"INSERT INTO lake.facts VALUES (DATE '{DAYS[1]}', 10)")

    assert planned(lab.plan()) == of_days("input", DAYS[1]) | TOTAL
    assert lab.run().is_clean
    assert numbers(lab) == [1, 112, 3, 4]


def test_what_changed_before_it_could_be_accepted_is_not_accepted(tmp_path):
    lab = project(tmp_path)
    lab.execute(
        f"INSERT INTO lake.facts VALUES (DATE '{DAYS[1]}', 10)",
        f"UPDATE {MARTS} SET n = 0 WHERE day = DATE '{DAYS[2]}'",
    )
    lab = project(tmp_path, OTHER_SQL, on_change="accept")

    expected = of_days("accept", DAYS[0], DAYS[3]) | of_days("input", DAYS[1]) | of_days("touched", DAYS[2])
    assert planned(lab.plan()) == expected | TOTAL
    assert lab.run().is_clean
    assert numbers(lab) == [1, 112, 103, 4]
    assert lab.plan().steps == ()


def test_a_change_is_accepted_before_a_date(tmp_path):
    project(tmp_path)
    lab = project(tmp_path, OTHER_SQL, on_change="from 2013-01-03")

    assert planned(lab.plan()) == of_days("accept", *DAYS[:2]) | of_days("logic", *DAYS[2:]) | TOTAL
    lab.run()
    assert numbers(lab) == [1, 2, 103, 104]


def test_other_maps_are_accepted_and_followed_from_then_on(tmp_path):
    project(tmp_path)
    lab = project(tmp_path, on_change="accept", inputs={"lake.facts": {"last": "2 days"}})
    lab.run()

    assert lab.plan().steps == ()
    lab.execute(f"DELETE FROM lake.facts WHERE day = DATE '{DAYS[0]}'")
    assert planned(lab.plan()) == of_days("input", *DAYS[:2]) | TOTAL


def test_a_second_change_keeps_what_the_rows_come_from(tmp_path):
    project(tmp_path)
    project(tmp_path, OTHER_SQL, on_change="accept").run()
    first = {day: each.detail for day, each in next(iter(project(tmp_path, OTHER_SQL).plan().exempt.values())).items()}
    lab = project(tmp_path, OTHER_SQL.replace("100", "200"), on_change="accept")
    lab.run()

    assert {day: each.detail for day, each in next(iter(lab.plan().exempt.values())).items()} == first


def test_what_was_accepted_stays_so_without_the_policy(tmp_path):
    project(tmp_path)
    project(tmp_path, OTHER_SQL, on_change="accept").run()
    lab = project(tmp_path, OTHER_SQL)

    assert lab.plan().steps == ()
    assert planned(lab.plan(full=True)).keys() == (of_days("", *DAYS) | TOTAL).keys()


def test_what_waits_for_its_input_is_accepted_if_that_is_as_before(tmp_path):
    lab = project(tmp_path)
    reader = {
        "models/marts/reader.sql": model(
            "SELECT day, n FROM marts.daily", partition=daily("day", START), on_change="accept"
        )
    }
    lab = lab.on(graph_of(write_files(tmp_path / "project", reader), {}))
    lab.run()
    other = {"models/marts/reader.sql": reader["models/marts/reader.sql"].replace("day, n ", "day, 2 * n AS n ")}
    same = {"models/marts/daily.sql": model(SQL.replace("SUM(n)", "0 + SUM(n)"), partition=daily("day", START))}
    lab = lab.on(graph_of(tmp_path / "project", other | same))

    assert {planned(lab.plan())["marts.reader", day] for day in DAYS} == {"input"}
    ended = statuses(lab.run())
    assert {str(ended["marts.reader", day]) for day in DAYS} == {"accepted"}
    assert lab.plan().steps == ()


# --- gone ---

KEEP = {"inputs": {"lake.facts": {"gone": "keep"}}}


def test_to_keep_what_may_go_is_no_change_of_logic(tmp_path):
    project(tmp_path)

    assert project(tmp_path, **KEEP).plan().steps == ()


@pytest.mark.parametrize(
    "options",
    [pytest.param({}, id="if nothing else is asked"), pytest.param({"full": True}, id="even if all is to be built")],
)
def test_what_lost_its_input_is_kept(tmp_path, options):
    project(tmp_path)
    lab = project(tmp_path, **KEEP)
    lab.execute(f"DELETE FROM lake.facts WHERE day <= DATE '{DAYS[1]}'")

    assert exempt(lab, **options) == dict.fromkeys(DAYS[:2], Policy.KEPT)
    assert lab.run(**options).is_clean
    assert numbers(lab) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        pytest.param({}, [0, 0, 103, 104], id="of another logic"),
        pytest.param(
            {"inputs": {"lake.facts": {"last": "2 days", "gone": "keep"}}}, [0, 0, 103, 107], id="of another map"
        ),
    ],
)
def test_what_lost_its_input_is_kept_when_the_logic_changes(tmp_path, front, expected):
    project(tmp_path, **KEEP).execute(f"DELETE FROM lake.facts WHERE day <= DATE '{DAYS[1]}'")
    sql = OTHER_SQL if not front else OTHER_SQL.replace("day, SUM", "@start AS day, SUM").replace(" GROUP BY day", "")
    lab = project(tmp_path, sql, **{**KEEP, **front})
    lab.run()

    assert numbers(lab) == [1, 2, *expected[2:]]
    assert exempt(lab) == dict.fromkeys(DAYS[:2], Policy.KEPT)


def test_a_partition_is_kept_if_part_of_what_it_read_is_gone(tmp_path):
    front = {"inputs": {"lake.facts": {"last": "2 days", "gone": "keep"}}}
    lab = project(tmp_path, "SELECT @start AS day, SUM(n) AS n FROM lake.facts", **front)
    lab.execute(
        f"DELETE FROM lake.facts WHERE day = DATE '{DAYS[0]}'",
        f"UPDATE lake.facts SET n = 9 WHERE day = DATE '{DAYS[1]}'",
    )

    assert planned(lab.plan()) == of_days("input", DAYS[2]) | TOTAL
    assert exempt(lab) == dict.fromkeys(DAYS[:2], Policy.KEPT)


def test_what_comes_back_is_an_input_again(tmp_path):
    lab = project(tmp_path, **KEEP)
    lab.execute(f"DELETE FROM lake.facts WHERE day <= DATE '{DAYS[1]}'")
    lab.run()
    lab.execute(f"INSERT INTO lake.facts VALUES (DATE '{DAYS[0]}', 1), (DATE '{DAYS[1]}', 20)")

    assert planned(lab.plan()) == of_days("input", DAYS[1]) | TOTAL


def test_a_run_that_empties_an_input_keeps_what_was_made_from_it(tmp_path):
    lab = project(tmp_path)
    reader = "SELECT day, n FROM marts.daily"
    front = {"partition": daily("day", START), "inputs": {"marts.daily": {"gone": "keep"}}}
    path = "models/marts/reader.sql"
    lab = lab.on(graph_of(write_files(tmp_path / "project", {path: model(reader, **front)}), {}))
    lab.run()
    lab.execute(f"DELETE FROM lake.facts WHERE day = DATE '{DAYS[0]}'")
    lab = lab.on(graph_of(tmp_path / "project", {path: model(reader.replace("n F", "n + 1 AS n F"), **front)}))

    assert {planned(lab.plan())["marts.reader", day] for day in DAYS} == {"logic"}
    ended = statuses(lab.run())
    assert [str(ended["marts.reader", day]) for day in DAYS] == ["kept", "built", "built", "built"]
    assert [n for _, n in lab.rows("marts.reader")] == [1, 3, 4, 5]


def test_what_was_made_from_an_expiring_table_is_kept(tmp_path):
    lab = project(tmp_path)
    partition = daily("day", START, "2013-01-05", expire="36500 days")
    facts = source({"day": "DATE", "n": "INT64"}, partition=partition)
    lab = lab.on(graph_of(tmp_path / "project", {"models/lake/facts.yml": facts}))
    lab.execute(f"DELETE FROM lake.facts WHERE day <= DATE '{DAYS[1]}'")

    assert exempt(lab) == dict.fromkeys(DAYS[:2], Policy.KEPT)
    assert lab.run().is_clean
    assert numbers(lab) == [1, 2, 3, 4]


def test_a_roll_up_keeps_buckets_whose_days_are_gone(tmp_path):
    facts = source({"day": "DATE", "n": "INT64"}, partition=daily("day", START, "2013-03-01"))
    of = {"partition": daily("day", START), "dimensions": ["day"], "measures": {"n": {"sum": "n"}}}
    rollup = "description: A.\nowner: a@example.com\nrollup: {of: marts.daily, to: month, gone: keep}\n"
    files = {"models/lake/facts.yml": facts, "models/marts/daily.sql": model("SELECT day, n FROM lake.facts", **of)}
    lab = Lab.at(tmp_path / "db", graph_of(tmp_path / "project", files | {"models/marts/monthly.yml": rollup}))
    with lab.engine():
        pass
    lab.execute("CREATE SCHEMA lake", "CREATE TABLE lake.facts AS SELECT DATE '2013-01-07' AS day, 5::BIGINT AS n")
    lab.run()
    lab.execute("DELETE FROM lake.facts")
    ended = statuses(lab.run())

    assert str(ended["marts.monthly", "2013-01"]) == "kept"
    assert [row[1] for row in lab.rows("marts.monthly")] == [5]
