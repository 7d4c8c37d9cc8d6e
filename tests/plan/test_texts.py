"""What the ledger says of input partitions is JSON, whatever tokens an engine gives, and is up to date where asked."""

from __future__ import annotations

import json

import hypothesis
from hypothesis import strategies as st

from aggregator.core.names import TableName
from aggregator.core.warehouse import WHOLE, Version, whole_version
from aggregator.plan.texts import Texts

FACTS = TableName("lake", "facts")


@hypothesis.given(partition=st.text(min_size=1), rows=st.integers(0), token=st.text())
def test_it_is_what_json_has(partition, rows, token):
    texts = Texts({FACTS: {partition: Version(rows, token)}})
    expected = json.dumps({"table": "lake.facts", "partition": partition, "rows": rows, "version": token})

    assert texts.of(FACTS)(partition) == texts.live(FACTS)(partition) == expected


def test_what_is_not_there_has_no_rows():
    absent = json.dumps({"table": "lake.facts", "partition": "2013-01-01", "rows": 0, "version": ""})

    assert Texts({}).of(FACTS)("2013-01-01") == Texts({FACTS: {}}).of(FACTS)("2013-01-01") == absent


def test_a_table_as_a_whole_has_one_version():
    partitions = {"2013-01-01": Version(1, "a"), "2013-01-02": Version(2, "b")}
    said = json.loads(Texts({FACTS: partitions}).of(FACTS)(WHOLE))

    assert (said["rows"], said["version"]) == (3, whole_version(partitions).token)


def test_only_a_live_table_is_asked_again():
    """Also where the table itself is made in the meantime."""
    versions = {}
    texts = Texts(versions)
    live, remembered = texts.live(FACTS), texts.of(FACTS)
    before = live("2013"), remembered("2013")
    versions[FACTS] = {"2013": Version(1, "a")}

    assert before[0] == before[1] == remembered("2013")
    assert json.loads(live("2013"))["version"] == "a"
