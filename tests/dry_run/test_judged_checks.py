"""The SQL of checks, judged by Google's analyzer, with places in the files of their authors."""

from __future__ import annotations

import pytest
from lab import daily, model, source

from aggregator.analyzers.googlesql import module
from aggregator.dry_run.check_questions import written

pytestmark = pytest.mark.skipif(bool(module.why_missing()), reason=module.why_missing() or "all there")

CUT = daily("day", "2025-01-01", "2025-01-11")
LAKE = source({"day": "DATE", "id": "INT64", "country": "STRING", "amount": "FLOAT64"}, partition=CUT)
FRONT = """\
/*---
description: Events, checked.
owner: a@example.com
partition: {by: day, grain: day, from: 2025-01-01, to: 2025-01-11}
checks:
"""
BODY = "---*/\nSELECT day, id, country, amount FROM lake.events\n"
SOUND = """\
  - not_null: {column: id, row_condition: amount > 3}
  - unique: id
  - no_new_values: {column: country}
  - expect_column_median_to_be_between: {column: amount, min_value: 0}
  - relationships: {column: id, to: lake.events, field: id}
  - sql: SELECT * FROM marts.events WHERE day >= @start AND tools.twice(id) < 0
"""
FUNCTIONS = "functions:\n  - CREATE FUNCTION tools.twice(n INT64) AS (2 * n)\n"
BLOCK = """\
  - unexpected_rows_expectation:
      unexpected_rows_query: |
        SELECT e.country, COUNT(*) AS n
        FROM {batch} AS e JOIN lake.events AS l USING (id)
        WHERE e.day = @start AND l.amount = 'many'
        GROUP BY 1
"""


@pytest.fixture
def judged(make_project, aggregator):
    """The findings of a dry run of a project with these checks, and those of a second one, which recalls them."""

    def run(checks):
        files = {"models/lake/events.yml": LAKE, "models/marts/events.sql": FRONT + checks + BODY}
        root = make_project(files)
        (root / "aggregator.yml").write_text((root / "aggregator.yml").read_text() + FUNCTIONS)
        found = [aggregator(root, "dry-run", "--layer", "googlesql", "--format", "json") for _ in range(2)]
        said = [[each for one in run.json["models"] for each in one["diagnostics"]] for run in found]
        assert said[0] == said[1]
        return [(each["code"], each["path"], each["line"], each["column"], each["message"]) for each in said[0]]

    return run


def test_sound_checks_are_accepted(judged):
    assert judged(SOUND) == []


@pytest.mark.parametrize(
    ("check", "line", "column", "message"),
    [
        pytest.param(
            "  - not_null: {column: id, row_condition: country > 3}\n",
            6,
            43,
            "No matching signature for operator > for argument types: STRING, INT64",
            id="a condition of the wrong type, at the condition",
        ),
        pytest.param(
            "  - sql: SELECT * FROM marts.events WHERE country = 7\n",
            6,
            43,
            "No matching signature for operator = for argument types: STRING, INT64",
            id="a SELECT, at its word",
        ),
        pytest.param(
            '  - sql: "SELECT * FROM marts.events WHERE no_such(id)"\n',
            6,
            44,
            "Function not found: no_such",
            id="a SELECT in quotes",
        ),
        pytest.param(
            BLOCK,
            10,
            34,
            "No matching signature for operator = for argument types: FLOAT64, STRING",
            id="a line of a block, after a name that was put in",
        ),
    ],
)
def test_what_is_refused_is_told_where_it_is_written(judged, check, line, column, message):
    assert judged(check) == [("D603", "models/marts/events.sql", line, column, message)]


def test_one_mistake_hides_no_other(judged):
    conditions = ("country > 3", "amount > 3", "FOO(id)")
    checks = "".join(f"  - not_null: {{column: id, row_condition: {each}}}\n" for each in conditions)

    found = judged(checks + "  - sql: SELECT * FROM marts.events WHERE country = 7\n")

    assert [line for _, _, line, _, _ in found] == [6, 8, 9]


def test_a_check_of_the_whole_project_is_told_in_its_file(make_project, aggregator):
    """Also if the model was judged before, with another one."""
    checks = 'checks:\n  "*":\n    - not_null: {column: id, row_condition: amount > 3}\n'
    files = {"models/lake/events.yml": LAKE, "models/marts/events.sql": FRONT + "  - unique: id\n" + BODY}
    root = make_project(files)
    declared = (root / "aggregator.yml").read_text() + checks
    (root / "aggregator.yml").write_text(declared)
    before = aggregator(root, "dry-run", "--layer", "googlesql")
    (root / "aggregator.yml").write_text(declared.replace("amount > 3", "country > 3"))
    after = aggregator(root, "dry-run", "--layer", "googlesql")

    assert (before.code, after.code) == (0, 1)
    line = declared.count("\n")
    assert f"aggregator.yml:{line}:45: D603 No matching signature for operator >" in after.out + after.err


def test_a_check_that_suits_one_model_may_not_suit_another(make_project, aggregator):
    """The same words about columns of the same name are another question where the types are others."""
    check = "  - not_null: {column: id, row_condition: amount > 3}\n"
    text = "---*/\nSELECT day, id, CAST(amount AS STRING) AS amount FROM lake.events\n"
    files = {f"models/marts/events{number}.sql": FRONT + check + BODY for number in range(3)}
    root = make_project({"models/lake/events.yml": LAKE, **files, "models/marts/texts.sql": FRONT + check + text})
    found = aggregator(root, "dry-run", "--layer", "googlesql", "--format", "json")
    said = [each for one in found.json["models"] for each in one["diagnostics"]]

    assert [(each["path"], each["line"], each["code"]) for each in said] == [("models/marts/texts.sql", 6, "D603")]


def test_what_a_check_reads_elsewhere_is_judged_as_it_is_now(make_project, aggregator):
    """A column that gets another type in the same change counts at once, though the model itself is as it was."""
    other = {"models/lake/limits.yml": source({"most": "INT64"})}
    text = FRONT + "  - sql: SELECT * FROM marts.events WHERE id > (SELECT MAX(most) FROM lake.limits)\n" + BODY
    root = make_project({"models/lake/events.yml": LAKE, "models/marts/events.sql": text, **other})
    before = aggregator(root, "dry-run", "--layer", "googlesql")
    (root / "models/lake/limits.yml").write_text(source({"most": "STRING"}))
    after = aggregator(root, "dry-run", "--layer", "googlesql")

    assert (before.code, after.code) == (0, 1)
    assert "models/marts/events.sql:6:43: D603 No matching signature for operator >" in after.err + after.out


@pytest.mark.parametrize("offset", range(len("a b.c d b.c")))
def test_places_are_those_of_the_text_before_the_name_was_put_in(offset):
    text, judged_text = "a {batch} d {batch}", "a b.c d b.c"

    place = written(text, "b.c", offset)

    assert text[place] == (judged_text[offset] if judged_text[offset] not in "b.c" else "{")


def test_a_model_without_checks_is_accepted(make_project, aggregator):
    root = make_project({"models/lake/events.yml": LAKE, "models/marts/all.sql": model("SELECT id FROM lake.events")})

    assert aggregator(root, "dry-run", "--layer", "googlesql").code == 0
