"""What SELECTs of authors would show of sensitive columns."""

from __future__ import annotations

import pytest

from aggregator.checks.disclosed import hidden_names

KNOWN = ("day", "email", "n", "contact")


@pytest.mark.parametrize(
    ("query", "given", "hidden"),
    [
        pytest.param("SELECT * FROM marts.t", KNOWN, {"email"}, id="by its name"),
        pytest.param("SELECT email AS x, n FROM marts.t", ("x", "n"), {"x"}, id="under another name"),
        pytest.param("SELECT day AS email FROM marts.t", ("email",), {"email"}, id="its name for something else"),
        pytest.param(
            "SELECT z, n AS m FROM (SELECT UPPER(y) AS z, n FROM (SELECT email AS y, n FROM marts.t))",
            ("z", "m"),
            {"z"},
            id="through subqueries",
        ),
        pytest.param("WITH c AS (SELECT email AS y FROM marts.t) SELECT * FROM c", ("y",), {"y"}, id="through WITH"),
        pytest.param("SELECT TO_JSON_STRING(STRUCT(email AS a)) AS j FROM marts.t", ("j",), {"j"}, id="inside JSON"),
        pytest.param("SELECT TO_JSON_STRING(t) AS j, n FROM marts.t AS t", ("j", "n"), {"j"}, id="a row as JSON"),
        pytest.param("SELECT t FROM marts.t AS t", ("t",), {"t"}, id="a row"),
        pytest.param("SELECT STRUCT(t.*) AS s FROM marts.t AS t", ("s",), {"s"}, id="all columns of a row"),
        pytest.param("SELECT UPPER(email), n FROM marts.t", ("f0_", "n"), {"f0_"}, id="without a name"),
        pytest.param("SELECT n + 1 FROM marts.t", ("f0_",), {"f0_"}, id="without a name, to be safe"),
        pytest.param("SELECT COUNT(email) AS emails FROM marts.t", ("emails",), set(), id="how many"),
        pytest.param("SELECT COUNT(DISTINCT email) AS m, COUNT(*) AS k FROM marts.t", ("m", "k"), set(), id="counts"),
        pytest.param("SELECT MAX(email) AS most FROM marts.t", ("most",), {"most"}, id="one of its values"),
        pytest.param("SELECT part FROM marts.t, UNNEST(SPLIT(email, '@')) AS part", ("part",), {"part"}, id="cut up"),
        pytest.param("SELECT n AS m, day FROM marts.t", ("M", "day"), set(), id="nothing of it"),
    ],
)
def test_what_must_not_be_shown(query, given, hidden):
    assert hidden_names(query, {"email"}, KNOWN, given) == hidden


def test_a_field_of_a_sensitive_struct_is_sensitive():
    query = "SELECT contact.phone AS p, contact.phone FROM marts.t"

    assert hidden_names(query, {"contact"}, KNOWN, ("p", "phone")) == {"p", "phone"}


def test_without_sensitive_columns_all_is_shown():
    assert hidden_names("SELECT 1 FROM marts.t", set(), KNOWN, ("f0_",)) == set()
