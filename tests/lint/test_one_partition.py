"""An input that is moved back from partition to partition shows one of them, and joins by the rest of its key."""

from __future__ import annotations

import pytest
from linted import linted

BEFORE = """/*---
description: Flights of each carrier, and those of the month before.
owner: ops-analytics@example.com
key: [flight_month, carrier]
partition: {{by: flight_month, grain: month, from: 2013-01-01}}
inputs: {{before: {{offset: {length}}}}}
---*/
SELECT m.flight_month, m.carrier, SUM(m.flights) AS flights, SUM(before.flights) AS before
FROM marts.monthly_carrier AS m
JOIN marts.monthly_carrier AS before ON before.carrier = m.carrier
GROUP BY m.flight_month, m.carrier"""


@pytest.mark.parametrize("length", ["1 month", "1 quarter", "1 year"])
def test_moved_by_whole_partitions(length):
    assert linted(BEFORE.format(length=length), codes="L043") == []


@pytest.mark.parametrize("length", ["1 day", "4 weeks"])
def test_moved_by_less_it_shows_two(length):
    found = linted(BEFORE.format(length=length), codes="L043")

    assert {each.split()[1] for each in found} == {"L043"}
