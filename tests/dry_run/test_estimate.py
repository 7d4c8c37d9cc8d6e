"""What a build reads, in numbers worked out by hand."""

from __future__ import annotations

import math
from datetime import datetime

import pytest
from estimated import NOW, estimated, graph, priced, stored
from hypothesis import given
from hypothesis import strategies as st
from lab import daily, model, name, source

from aggregator.core.calendar import Grain
from aggregator.core.catalog import Size
from aggregator.core.estimate import LEAST_BILLED, MEBIBYTE, billed, size_text
from aggregator.dry_run.cadence import firings_per_day
from aggregator.dry_run.sizes import Width, spread
from aggregator.dry_run.type_tree import type_tree

FACTS = {"day": "DATE", "k": "STRING", "n": "INT64", "x": "FLOAT64"}
DAYS = daily("day", "2025-05-01")
LAKE = {
    "models/lake/facts.yml": source(FACTS, partition=DAYS),
    "models/lake/names.yml": source({"k": "STRING", "label": "STRING"}),
    "models/lake/events.yml": source(
        {"moment": "TIMESTAMP", "n": "INT64"}, partition=daily("moment", "2025-03-01", grain="hour")
    ),
}
ROWS = {"2025-05-28": 100, "2025-05-29": 200, "2025-05-31": 400}
"""Of each day; the 30th has none."""

STORED = stored(
    "lake.facts",
    {"day": ("DATE", 5600), "k": ("STRING", 7000), "n": ("INT64", 5600), "x": ("FLOAT64", 5600)},
    (700, 23800),
    {day: (rows, rows * 34) for day, rows in ROWS.items()},
)
"""Every value of k takes 10 bytes: 2 and 8 letters."""

NAMES = stored("lake.names", {"k": ("STRING", 500), "label": ("STRING", 1500)}, (50, 2000))
GROUPED = "SELECT day, COUNT(*) AS c, SUM(n) AS n FROM lake.facts GROUP BY day"
TWICE = """
SELECT f.day, COUNT(*) AS c
FROM lake.facts AS f
JOIN lake.facts AS before ON before.n = f.n
GROUP BY f.day"""


def project(sql: str, zone: str = "UTC", **front):
    return graph({**LAKE, "models/marts/out.sql": model(sql, **front)}, zone)


def of(sql: str, columns: tuple[str, ...], tables=(STORED, NAMES), **front):
    return estimated(project(sql, **front), reads={"lake.facts": columns}, tables=tables)


BYTES = {
    "counting rows alone": (of, ("SELECT COUNT(*) AS c FROM lake.facts", ()), {}, 0),
    "one column of the whole table": (of, ("SELECT SUM(n) AS n FROM lake.facts", ("n",)), {}, 700 * 8),
    "texts of the whole table": (of, ("SELECT MAX(k) AS k FROM lake.facts", ("k",)), {}, 700 * 10),
    "all columns of the whole table": (of, ("SELECT * FROM lake.facts", tuple(FACTS)), {}, 23800),
    "a condition on the partition column": (
        of,
        ("SELECT SUM(n) AS n FROM lake.facts WHERE day > '2025-05-29'", ("day", "n")),
        {},
        sum(rows for day, rows in ROWS.items() if day > "2025-05-29") * 16,
    ),
    "a condition that narrows what a map reads": (
        of,
        ("SELECT MAX(n) AS n, @start AS day FROM lake.facts WHERE day >= @start", ("day", "n")),
        {"partition": {**DAYS, "by": "day"}, "inputs": {"lake.facts": {"last": "3 days"}}},
        ROWS["2025-05-31"] * 16,
    ),
    "a condition on another column": (
        of,
        ("SELECT * FROM lake.facts WHERE n > 0", tuple(FACTS)),
        {},
        23800,
    ),
    "names of columns in any case": (of, ("SELECT SUM(N) AS n FROM lake.facts", ("N", "n")), {}, 700 * 8),
    "the newest day": (of, (GROUPED, ("day", "n")), {"partition": DAYS}, 400 * 16),
    "texts of the newest day": (of, (GROUPED, ("k",)), {"partition": DAYS}, 400 * 10),
    "the day before, which has no rows": (
        of,
        (GROUPED, ("day", "n")),
        {"partition": DAYS, "inputs": {"lake.facts": {"offset": "1 day"}}},
        0,
    ),
    "two days before": (
        of,
        (GROUPED, ("day", "n")),
        {"partition": DAYS, "inputs": {"lake.facts": {"offset": "2 days"}}},
        200 * 16,
    ),
    "three days": (
        of,
        (GROUPED, ("n",)),
        {"partition": DAYS, "inputs": {"lake.facts": {"last": "3 days"}}},
        (400 + 0 + 200) * 8,
    ),
    "more days than there are": (
        of,
        (GROUPED, ("n",)),
        {"partition": DAYS, "inputs": {"lake.facts": {"last": "90 days"}}},
        700 * 8,
    ),
    "all days, for each day": (of, (GROUPED, ("n",)), {"partition": DAYS, "inputs": {"lake.facts": "all"}}, 700 * 8),
    "a month of days": (
        of,
        (GROUPED.replace("day,", "DATE_TRUNC(day, MONTH) AS month,", 1).replace("BY day", "BY month"), ("n",)),
        {"partition": daily("month", "2025-05-01", grain="month")},
        700 * 8,
    ),
    "a table twice, once of the day and once of two days before": (
        of,
        (TWICE, ("day", "n")),
        {"partition": DAYS, "inputs": {"before": {"offset": "2 days"}}},
        (400 + 200) * 16,
    ),
    "a table twice, the days overlap": (
        of,
        (TWICE, ("day", "n")),
        {"partition": DAYS, "inputs": {"before": {"last": "3 days"}}},
        (400 + 200) * 16,
    ),
    "a table twice, once whole": (
        of,
        (TWICE, ("n",)),
        {"partition": DAYS, "inputs": {"before": "all"}},
        700 * 8,
    ),
}


@pytest.mark.parametrize(("make", "arguments", "front", "expected"), BYTES.values(), ids=BYTES)
def test_bytes_over_a_catalog(make, arguments, front, expected):
    found = make(*arguments, **front)

    assert found.bytes == found.at_least == expected
    assert not found.at_most
    assert found.how == "exact rule over catalog of 2025-06-01"


def test_the_partition_is_the_newest_that_is_complete():
    found = of(GROUPED, ("n",), partition=DAYS)

    assert (found.partition, found.reads[0].partitions) == ("2025-05-31", 1)


def test_tables_are_summed():
    sql = "SELECT f.n, names.label FROM lake.facts AS f JOIN lake.names AS names ON names.k = f.k"
    reads = {"lake.facts": ("k", "n"), "lake.names": ("k", "label")}

    found = estimated(project(sql), reads=reads, tables=(STORED, NAMES))

    assert [(str(each.table), each.bytes) for each in found.reads] == [("lake.facts", 12600), ("lake.names", 2000)]
    assert found.bytes == 14600


def test_a_partition_that_is_not_there_yet_is_an_average_one():
    old = stored(
        "lake.facts",
        {each.name: (each.type, each.bytes) for each in STORED.columns},
        (300, 10200),
        {"2025-05-28": (100, 3400), "2025-05-29": (200, 6800)},
    )

    assert of(GROUPED, tuple(FACTS), tables=(old,), partition=DAYS).bytes == 150 * 34


@pytest.mark.parametrize(
    ("table", "cut", "column"),
    [
        pytest.param("clicks", {"partition": daily("_PARTITIONTIME", "2025-05-01")}, "_PARTITIONTIME", id="its time"),
        pytest.param("clicks", {"partition": daily("_PARTITIONDATE", "2025-05-01")}, "_PARTITIONTIME", id="its date"),
        pytest.param("clicks_", {"shards": {"from": "2025-05-01"}}, "_TABLE_SUFFIX", id="a table for each"),
    ],
)
def test_partitions_without_a_column_of_their_own_are_those_of_the_catalog(table, cut, column):
    read = f"lake.{table}{'*' if 'shards' in cut else ''}"
    sql = f"SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, MAX(url) AS url FROM `{read}`"
    front = {"partition": DAYS, "inputs": {read: {"last": "3 days"}}}
    files = {f"models/lake/{table}.yml": source({"url": "STRING"}, **cut), "models/marts/out.sql": model(sql, **front)}
    sizes = {day: (rows, rows * 10) for day, rows in ROWS.items()}
    known = stored(read, {"url": ("STRING", 7000)}, (700, 7000), sizes, partition_column=column)

    found = estimated(graph(files), reads={read: ("url",)}, tables=(known,))

    assert (found.bytes, found.reads[0].partitions) == (6000, 3)


def test_a_column_that_the_warehouse_does_not_have_yet_is_as_wide_as_its_type():
    less = stored("lake.facts", {"n": ("INT64", 5600)}, (700, 5600), {"2025-05-31": (400, 3200)})

    assert of(GROUPED, ("n", "x"), tables=(less,), partition=DAYS).bytes == 400 * 16


def test_without_sizes_of_partitions_one_is_an_average_of_all_days():
    flat = stored("lake.facts", {"n": ("INT64", 31 * 80)}, (310, 31 * 80), {})

    found = of(GROUPED, ("n",), tables=(flat,), partition=DAYS)

    assert found.bytes == 80
    assert found.how == "exact rule over catalog of 2025-06-01, an average partition"


def test_a_table_that_is_not_cut_in_the_warehouse_is_read_whole():
    flat = stored("lake.facts", {"n": ("INT64", 5600)}, (700, 5600))

    assert of(GROUPED, ("n",), tables=(flat,), partition=DAYS).bytes == 5600


def test_a_table_that_is_cut_otherwise_in_the_warehouse():
    months = stored(
        "lake.facts",
        {"n": ("INT64", 7200)},
        (900, 7200),
        {"2025-04": (200, 1600), "2025-05": (700, 5600)},
        grain=Grain.MONTH,
    )

    assert of(GROUPED, ("n",), tables=(months,), partition=DAYS).bytes == 5600


WEEKS = {
    "of days": {"2025-05-19": (70, 560), "2025-05-20": (30, 240), "2025-05-26": (50, 400)},
    "of their first days": {"2025-05-19": (100, 800), "2025-05-26": (50, 400)},
}


@pytest.mark.parametrize("partitions", WEEKS.values(), ids=WEEKS)
def test_a_table_by_week_stands_in_the_warehouse_by_day(partitions):
    """The day reads the week that it is in, whichever of its days have rows."""
    by_week = source(FACTS, partition=daily("day", "2025-01-06", grain="isoweek"))
    compiled = graph({**LAKE, "models/lake/facts.yml": by_week, "models/marts/out.sql": model(GROUPED, partition=DAYS)})
    facts = stored("lake.facts", {"n": ("INT64", 1200)}, (150, 1200), partitions)
    found = estimated(compiled, reads={"lake.facts": ("n",)}, tables=(facts,))

    assert (found.partition, found.reads[0].partitions, found.bytes) == ("2025-05-31", 1, 400)


def test_texts_share_what_is_left_by_their_averages():
    """A day of 10 rows with 340 bytes: 24 a row are fixed, so k has the other 100."""
    assert spread(Size(10, 340), {"n": Width(24, is_fixed=True), "k": Width(99, is_fixed=False)}) == {
        "n": 240,
        "k": 100,
    }


def test_nulls_take_nothing():
    assert spread(Size(10, 40), {"n": Width(8, is_fixed=True)}) == {"n": 40}


HOURS = {
    "a day of 24 hours": ("2025-03-08", "UTC", 24),
    "the day on which clocks go forward": ("2025-03-09", "America/New_York", 23),
    "the day on which clocks go back": ("2025-11-02", "America/New_York", 25),
}


@pytest.mark.parametrize(("day", "zone", "hours"), HOURS.values(), ids=HOURS)
def test_a_day_of_hours(day, zone, hours):
    """Of each hour there is one row; the day is on the model's clock, hours are those of UTC."""
    sql = f"SELECT DATE(moment, '{zone}') AS day, SUM(n) AS n FROM lake.events GROUP BY day"
    ids = [
        each.isoformat()[:13] for each in Grain.HOUR.range(*map(datetime.fromisoformat, ("2025-03-01", "2025-12-01")))
    ]
    columns = {"moment": ("TIMESTAMP", 8 * len(ids)), "n": ("INT64", 8 * len(ids))}
    sizes = dict.fromkeys(ids, (1, 16))
    whole = (len(ids), 16 * len(ids))
    events = stored("lake.events", columns, whole, sizes, partition_column="moment", grain=Grain.HOUR)
    compiled = project(
        sql, zone, partition=daily("day", "2025-03-01", str(Grain.DAY.shift(datetime.fromisoformat(day), 1))[:10])
    )

    found = estimated(
        compiled,
        reads={"lake.events": ("n",)},
        tables=(events,),
        now=datetime.fromisoformat("2025-12-24"),
        taken="2025-12-24",
    )

    assert found.partition == day
    assert (found.reads[0].partitions, found.bytes) == (hours, hours * 8)


DECLARED = {
    "rows and bytes of each partition": (
        {"size": {"rows": "1 k", "bytes": "100 kB"}},
        ("n",),
        {"partition": DAYS},
        8000,
        "exact rule over size: as declared",
    ),
    "texts have what is left of the bytes": (
        {"size": {"rows": "1 k", "bytes": "100 kB"}},
        ("k",),
        {"partition": DAYS},
        100_000 - 24_000,
        "exact rule over size: as declared",
    ),
    "rows alone, with an assumed length of texts": (
        {"size": {"rows": 1000}},
        ("k",),
        {"partition": DAYS},
        22_000,
        "exact rule over size: as declared, lengths of texts assumed",
    ),
    "bytes alone: 46 make a row": (
        {"size": {"bytes": "46 kB"}},
        ("n",),
        {"partition": DAYS},
        8000,
        "exact rule over size: as declared",
    ),
    "31 days of a table that is read whole": (
        {"size": {"rows": "1 k", "bytes": "100 kB"}},
        ("n",),
        {},
        31 * 8000,
        "exact rule over size: as declared",
    ),
}


@pytest.mark.parametrize(("size", "columns", "front", "expected", "how"), DECLARED.values(), ids=DECLARED)
def test_bytes_of_declared_sizes(size, columns, front, expected, how):
    """The whole table has the days of May: it is noon of 31 May in the first case that matters."""
    files = {**LAKE, "models/lake/facts.yml": source(FACTS, partition=DAYS, **size)}
    compiled = graph({**files, "models/marts/out.sql": model(GROUPED, **front)})

    found = estimated(compiled, reads={"lake.facts": columns}, now=datetime.fromisoformat("2025-05-31T12:00"))

    assert found.bytes == expected
    assert found.how == how


def test_the_declared_length_of_a_text():
    columns = {**FACTS, "k": {"type": "STRING", "bytes": 38}}
    files = {**LAKE, "models/lake/facts.yml": source(columns, partition=DAYS, size={"rows": 1000})}
    compiled = graph({**files, "models/marts/out.sql": model(GROUPED, partition=DAYS)})

    assert estimated(compiled, reads={"lake.facts": ("k",)}).bytes == 40_000


def test_a_declared_size_of_a_model_that_is_not_there_yet():
    files = {**LAKE, "models/marts/by_day.sql": model(GROUPED, partition=DAYS, size={"rows": 10})}
    compiled = graph({**files, "models/marts/out.sql": model("SELECT day, n FROM marts.by_day", partition=DAYS)})

    found = estimated(compiled, reads={"marts.by_day": ("day", "n")}, tables=(STORED,))

    assert found.bytes == 160


def test_the_catalog_is_believed_before_the_declaration():
    files = {**LAKE, "models/lake/facts.yml": source(FACTS, partition=DAYS, size={"rows": "9 G"})}
    compiled = graph({**files, "models/marts/out.sql": model(GROUPED, partition=DAYS)})

    assert estimated(compiled, reads={"lake.facts": ("n",)}, tables=(STORED,)).bytes == 3200


UNKNOWN = {
    "in no catalog": ((), "not known: lake.facts is in no catalog and has no size:"),
    "not in the catalog": ((NAMES,), "not known: lake.facts is not in the catalog of 2025-06-01 and has no size:"),
}


@pytest.mark.parametrize(("tables", "how"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_table_of_unknown_size_is_named(tables, how):
    found = of(GROUPED, ("n",), tables=tables, partition=DAYS)

    assert (found.bytes, found.billed, found.price, found.at_least) == (None, None, None, 0)
    assert found.how == how


def test_what_is_known_beside_it_is_read_at_least():
    sql = "SELECT f.n, names.label FROM lake.facts AS f JOIN lake.names AS names ON names.k = f.k"
    reads = {"lake.facts": ("k", "n"), "lake.names": ("k", "label")}

    found = estimated(project(sql), reads=reads, tables=(NAMES,))

    assert (found.bytes, found.at_least) == (None, 2000)


def test_no_column_of_an_unknown_table_is_nothing():
    assert of("SELECT COUNT(*) AS c FROM lake.facts", (), tables=()).bytes == 0


AT_MOST = {
    "no analyzer": (
        lambda: estimated(project(GROUPED, partition=DAYS), tables=(STORED,)),
        (0, 400 * 34),
        "no analyzer says which columns are read",
    ),
    "clustered by what is filtered by": (
        lambda: of(
            GROUPED.replace("GROUP", "WHERE k = 'a' GROUP"), ("k", "n"), tables=(_clustered("k", "n"),), partition=DAYS
        ),
        (400 * 18, 400 * 18),
        "clustered by k, n",
    ),
    "a condition on what is made from the partition column": (
        lambda: of(
            "WITH w AS (SELECT DATE_TRUNC(day, MONTH) AS m, n FROM lake.facts) SELECT m FROM w WHERE m > '2025-05-28'",
            ("day", "n"),
        ),
        (0, 700 * 16),
        "a condition on the partition column may skip partitions",
    ),
    "a function of the partition column of a table that is read whole": (
        lambda: of("SELECT SUM(n) AS n FROM lake.facts WHERE EXTRACT(MONTH FROM day) = 2", ("day", "n")),
        (0, 700 * 16),
        "a condition on the partition column may skip partitions",
    ),
}


def _clustered(*columns: str):
    return type(STORED)(
        **{**{each: getattr(STORED, each) for each in STORED.__dataclass_fields__}, "clustering": columns}
    )


@pytest.mark.parametrize(("make", "bounds", "why"), AT_MOST.values(), ids=AT_MOST)
def test_an_upper_bound_says_why(make, bounds, why):
    found = make()

    assert found.at_most
    assert (found.at_least, found.bytes) == bounds
    assert found.how == f"at most, over catalog of 2025-06-01: lake.facts: {why}"


def test_clusters_that_no_condition_can_use_bound_nothing():
    assert not of(GROUPED, ("n",), tables=(_clustered("k", "n"),), partition=DAYS).at_most
    assert not of(GROUPED, ("k", "n"), tables=(_clustered("k", "n"),), partition=DAYS).at_most


def test_the_lower_of_the_rule_and_the_warehouse_counts():
    compiled = project(GROUPED, partition=DAYS)
    told = [
        estimated(compiled, reads={"lake.facts": ("n",)}, tables=(STORED,), measured={name("marts.out"): bytes_})
        for bytes_ in (3000, 4000)
    ]

    assert [each.bytes for each in told] == [3000, 3200]
    assert told[0].how == "the warehouse's own dry run"


def test_the_warehouse_knows_what_the_catalog_does_not():
    found = estimated(project(GROUPED), reads={"lake.facts": ("n",)}, measured={name("marts.out"): 5})

    assert (found.bytes, found.at_least, found.billed) == (5, 5, LEAST_BILLED)


BILLED = {
    "nothing": ([], 0),
    "counting rows": ([0], 0),
    "a byte": ([1], 10 * MEBIBYTE),
    "10 MB": ([10 * MEBIBYTE], 10 * MEBIBYTE),
    "a byte more": ([10 * MEBIBYTE + 1], 11 * MEBIBYTE),
    "two small tables": ([1, 1], 20 * MEBIBYTE),
    "a large and a small one": ([100 * MEBIBYTE, 1], 110 * MEBIBYTE),
    "a table of which nothing is read, beside another": ([100 * MEBIBYTE, 0], 110 * MEBIBYTE),
}


@pytest.mark.parametrize(("by_table", "expected"), BILLED.values(), ids=BILLED)
def test_what_is_billed(by_table, expected):
    assert billed(by_table) == expected


def test_a_price():
    compiled = priced(project(GROUPED, partition=DAYS), price_per_tib=6.25)

    found = estimated(compiled, reads={"lake.facts": ("n",)}, tables=(STORED,))

    assert found.billed == 10 * 2**20
    assert found.price == 6.25 * 10 / 2**20
    assert found.price_per_day == found.price
    assert math.isclose(found.price_per_month, found.price * 30.4375)
    assert math.isclose(found.bytes_per_month, 3200 * 30.4375)


def test_prices_by_environment():
    compiled = project(GROUPED)

    assert estimated(compiled).price_per_tib is None
    assert estimated(priced(compiled, project="acme")).price_per_tib == 6.25
    assert estimated(priced(compiled, project="acme", price_per_tib=0.0)).price_per_tib == 0


RUNS = {
    "a table by hour": ({"partition": daily("hour", "2025-05-01", grain="hour")}, 24),
    "a table by day": ({"partition": DAYS}, 1),
    "a table by day that is looked at each hour": ({"partition": DAYS, "schedule": "hourly"}, 1),
    "a table by month": ({"partition": daily("month", "2025-05-01", grain="month")}, 12 / 365.25),
    "a whole table, each hour": ({"schedule": "hourly"}, 24),
    "a whole table, on Mondays": ({"schedule": "weekly"}, 1 / 7),
    "a whole table, four times an hour from eight to five": ({"schedule": "0,15,30,45 8-17 * * *"}, 40),
    "a whole table without a schedule": ({}, None),
    "a table that has ended": ({"partition": daily("day", "2025-05-01", "2025-05-05")}, 0),
    "a view": ({"kind": "view"}, 0),
}
SELECTS = {
    "hour": "SELECT TIMESTAMP_TRUNC(moment, HOUR) AS hour, SUM(n) AS n FROM lake.events GROUP BY hour",
    "month": "SELECT DATE_TRUNC(day, MONTH) AS month, SUM(n) AS n FROM lake.facts GROUP BY month",
}


@pytest.mark.parametrize(("front", "expected"), RUNS.values(), ids=RUNS)
def test_builds_in_a_day(front, expected):
    sql = SELECTS.get(front.get("partition", {}).get("by"), GROUPED)

    assert estimated(project(sql, **front)).runs_per_day == expected


def test_without_a_schedule_there_is_no_month():
    found = of("SELECT SUM(n) AS n FROM lake.facts", ("n",))

    assert (found.bytes, found.bytes_per_day, found.bytes_per_month) == (5600, None, None)


FIRINGS = {
    "each day": ("0 5 * * *", 365.25),
    "each ten minutes": ("*/10 * * * *", 144 * 365.25),
    "each twenty minutes from five on": ("5/20 * * * *", 72 * 365.25),
    "working days": ("0 6 * * mon-fri", 261 - 1 / 4),
    "the first of the month": ("0 0 1 * *", 12),
    "twice a month": ("0 0 1,15 * * Europe/Berlin", 24),
    "leap days": ("0 0 29 2 *", 1 / 4),
    "January and July": ("0 0 1 jan,jul *", 2),
    "Sundays by two numbers": ("0 0 * * 0,7", 208 / 4),
    "either the first or a Monday, as cron has it": ("0 0 1 * mon", (48 + 209 - 7) / 4),
}


@pytest.mark.parametrize(("schedule", "a_year"), FIRINGS.values(), ids=FIRINGS)
def test_firings_of_a_schedule(schedule, a_year):
    assert math.isclose(firings_per_day(schedule) * 365.25, a_year, rel_tol=0.01)


WIDTHS = {
    "INT64": 8,
    "FLOAT64": 8,
    "NUMERIC(10, 2)": 16,
    "BIGNUMERIC": 32,
    "BOOL": 1,
    "DATE": 8,
    "DATETIME": 8,
    "TIME": 8,
    "TIMESTAMP": 8,
    "INTERVAL": 16,
    "RANGE<DATE>": 16,
    "STRING": 22,
    "BYTES": 22,
    "GEOGRAPHY": 40,
    "STRUCT<a INT64, b STRUCT<c BOOL, d NUMERIC>>": 25,
    "ARRAY<INT64>": 40,
    "INTEGER": 8,
}


@pytest.mark.parametrize(("type_", "expected"), WIDTHS.items(), ids=WIDTHS)
def test_the_width_of_a_value(type_, expected):
    assert type_tree(type_).width == expected


def test_fields_of_a_struct_take_their_share():
    columns = {"address": "STRUCT<zip INT64, street STRUCT<number INT64, side BOOL>, floor INT64>"}
    files = {"models/lake/a.yml": source(columns, size={"rows": 100})}
    compiled = graph({**files, "models/marts/out.sql": model("SELECT COUNT(*) AS c FROM lake.a")})
    cases = [("address.zip",), ("address.zip", "address.street"), ("address.street.side",), ("address", "address.zip")]

    assert [estimated(compiled, reads={"lake.a": each}).bytes for each in cases] == [800, 1700, 100, 2500]


SIZES = {0: "0 B", 999: "999 B", 10**3: "1 kB", 1_234_567: "1.23 MB", 5 * 10**9: "5 GB", 2_500 * 10**12: "2,500 TB"}


@pytest.mark.parametrize(("size", "expected"), SIZES.items(), ids=SIZES.values())
def test_sizes_as_text(size, expected):
    assert size_text(size) == expected


names = st.sets(st.sampled_from(sorted(FACTS)))
sizes = st.builds(Size, st.integers(0, 10**12), st.integers(0, 10**15))


@given(names, names, sizes)
def test_columns_together_take_no_more_than_one_after_the_other(one, other, size):
    widths = {"day": Width(8, True), "n": Width(8, True), "x": Width(7.3, True), "k": Width(11.7, False)}
    taken = spread(size, widths)
    both, first, second = (sum(taken[each] for each in names) for names in (one | other, one, other))

    assert max(first, second) <= both <= first + second


@given(sizes, st.dictionaries(st.sampled_from("abcdef"), st.builds(Width, st.floats(0, 1000), st.booleans())))
def test_columns_never_take_more_than_the_rows(size, widths):
    assert sum(spread(size, widths).values()) <= size.bytes + len(widths)


@given(st.lists(st.integers(0, 10**12), max_size=5))
def test_what_is_billed_covers_what_is_read(by_table):
    assert sum(by_table) <= billed(by_table)
    assert billed(by_table) % MEBIBYTE == 0


@given(st.sampled_from(Grain), st.datetimes(datetime(2000, 1, 1), datetime(2000, 3, 1)), st.integers(0, 90 * 24))  # noqa: DTZ001
def test_partitions_are_counted_as_they_are_listed(grain, start, hours):
    end = Grain.HOUR.shift(start, hours)

    assert grain.number(start, end) == len(list(grain.range(start, end)))


def test_the_clock_of_the_catalog_is_that_of_the_newest_partition():
    compiled = project(GROUPED, partition=DAYS)

    found = estimated(
        compiled, reads={"lake.facts": ("n",)}, tables=(STORED,), now=datetime.fromisoformat("2025-07-09")
    )

    assert NOW.year == 2025
    assert found.partition == "2025-05-31"
