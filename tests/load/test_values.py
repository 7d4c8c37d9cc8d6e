"""What a value in a file may be, and what it means."""

from __future__ import annotations

import pytest

from aggregator.core.diagnostics import Document
from aggregator.load.amounts import BYTES, SECONDS, Count, Number
from aggregator.load.plain import AnyPlain
from aggregator.load.report import Invalid, Report
from aggregator.load.schema import BUDGET, SIZE
from aggregator.load.shapes import ListOf, Moment, Text, Truth
from aggregator.load.words import Schedule, Type, Zone
from aggregator.load.yaml_nodes import Mapping, Sequence
from aggregator.load.yaml_reader import read_yaml

PLAIN = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
    "0": 0,
    "-7": -7,
    "+7": 7,
    "123456789012345678": 123456789012345678,
    "1.5": 1.5,
    "-0.25": -0.25,
    ".5": 0.5,
    "5.0": 5.0,
    "1e6": 1e6,
    "1.5E-3": 0.0015,
    "UA": "UA",
    "2013-01-31": "2013-01-31",
    "1.2.3": "1.2.3",
    "26h": "26h",
    "_1": "_1",
    "nothing": "nothing",
    "'010'": "010",
    '"NO"': "NO",
    '""': "",
    "None": "None",
    "a: b": {"a": "b"},
    "[1, [x], {y: 2.5}]": [1, ["x"], {"y": 2.5}],
    "|\n  two\n  lines": "two\nlines",
}
AMBIGUOUS = {
    "NO": 'write "NO" if it is text, else false',
    "no": 'write "no" if it is text, else false',
    "off": 'write "off" if it is text, else false',
    "n": 'write "n" if it is text, else false',
    "yes": 'write "yes" if it is text, else true',
    "On": 'write "On" if it is text, else true',
    "Y": 'write "Y" if it is text, else true',
    "TRUE": 'write "TRUE" if it is text, else true',
    "Null": 'write "Null" if it is text, else null',
    "010": 'write "010" if it is text, 10 if it is a number',
    "1.10": 'write "1.10" if it is text, 1.1 if it is a number',
    "5.": 'write "5." if it is text, 5 if it is a number',
    "1_000": 'write "1_000" if it is text, 1000 if it is a number',
    "12:30": "quote it",
    "190:20:30.15": "quote it",
    "0x1F": "quote it",
    "0o17": "quote it",
    "0b11": "quote it",
    ".inf": "quote it",
    "-.INF": "quote it",
    ".nan": "quote it",
    "1e999": "quote it",
    "12345678901234567890": "quote it",
}


def read(shape, yaml):
    document = Document("file.yml", yaml)
    node, problems = read_yaml(document, 0, len(yaml))
    assert not problems
    report = Report()
    value = shape.read(node, report) if node is not None else None
    return value, report.diagnostics


@pytest.mark.parametrize(("yaml", "expected"), PLAIN.items())
def test_plain_values_mean_one_thing(yaml, expected):
    value, problems = read(AnyPlain(), yaml)

    assert (value, type(value) is bool, problems) == (expected, type(expected) is bool, [])


@pytest.mark.parametrize(("yaml", "advice"), AMBIGUOUS.items())
def test_words_that_some_yaml_takes_for_something_else_are_refused(yaml, advice):
    value, (problem,) = read(AnyPlain(), yaml)

    assert isinstance(value, Invalid)
    assert (problem.code.id, problem.help) == ("A106", advice)


def test_a_list_with_an_ambiguous_word_is_not_half_a_list():
    value, problems = read(AnyPlain(), "[UA, NO, {x: 010}]")

    assert isinstance(value, Invalid)
    assert [(found.place.line, found.place.column) for found in problems] == [(1, 6), (1, 14)]


SIZES = {"26h": 93600, "30m": 1800, "1 day": 86400, "2 days": 172800, "1.5 h": 5400, "45 Seconds": 45}
NO_SIZES = ("26", "h", "-1h", "1 week", "1h 30m", "1e3h", "26 hh", "\u0662\u0666h", "1,5h")
AMOUNTS = {"5 GB": 5 * 10**9, "500MB": 5 * 10**8, "2 TiB": 2 * 2**40, "1.5kb": 1500, "7 B": 7}
SCHEDULES = (
    "hourly",
    "daily",
    "weekly",
    "monthly",
    "yearly",
    "daily Europe/Paris",
    "0 6 * * *",
    "0,30 6-18/2 1 jan-mar,dec MON-FRI",
    "59 23 31 12 7",
    "15 6 * * * America/New_York",
    "*/5 * * * *",
)
NO_SCHEDULES = (
    "dayly",
    "Daily",
    "@daily",
    "daily daily",
    "daily Mars/Base",
    "0 6 * *",
    "0 6 * * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "* * * mon *",
    "5-1 * * * *",
    "1-2-3 * * * *",
    "*/0 * * * *",
    "a * * * *",
    "1, * * * *",
    "\u0665 * * * *",
    "0 6 * * * Mars/Base",
)
MOMENTS = {
    "2013-01-31": "2013-01-31T00:00:00",
    "2013-01-31T05": "2013-01-31T05:00:00",
    "2013-01-31T05:00": "2013-01-31T05:00:00",
    "2012-02-29": "2012-02-29T00:00:00",
}
NO_MOMENTS = (
    "2013-02-29",
    "2013-13-01",
    "13-01-01",
    "2013-1-1",
    "2013-01-31T05:30",
    "2013-01-31T24",
    "tomorrow",
    "2013",
)


@pytest.mark.parametrize(("text", "seconds"), SIZES.items())
def test_durations(text, seconds):
    assert read(SECONDS, text) == (seconds, [])


@pytest.mark.parametrize("text", NO_SIZES)
def test_what_is_no_duration(text):
    assert [found.code.id for found in read(SECONDS, text)[1]] == ["A106"]


@pytest.mark.parametrize(("text", "amount"), AMOUNTS.items())
def test_sizes(text, amount):
    assert read(BYTES, text) == (amount, [])


@pytest.mark.parametrize("text", SCHEDULES)
def test_schedules(text):
    assert read(Schedule(), f"'{text}'") == (text, [])


@pytest.mark.parametrize("text", NO_SCHEDULES)
def test_what_is_no_schedule(text):
    assert [found.code.id for found in read(Schedule(), f"'{text}'")[1]] == ["A106"]


@pytest.mark.parametrize(("text", "expected"), MOMENTS.items())
def test_moments(text, expected):
    value, problems = read(Moment(), text)

    assert (value.isoformat(), problems) == (expected, [])


@pytest.mark.parametrize("text", NO_MOMENTS)
def test_what_is_no_moment(text):
    assert [found.code.id for found in read(Moment(), f"'{text}'")[1]] == ["A106"]


@pytest.mark.parametrize("text", ["-1", "1e3", "inf", "6,25", "\u0663"])
def test_what_is_no_number(text):
    assert [found.code.id for found in read(Number(), f"'{text}'")[1]] == ["A106"]


@pytest.mark.parametrize("text", ['"a\\0b"', '"a\\eb"', '"a\\x7fb"'])
def test_text_has_no_control_characters(text):
    assert [found.code.id for found in read(Text(), text)[1]] == ["A106"]


def test_one_thing_stands_for_a_list_of_one():
    assert read(ListOf(Text()), "carrier") == (("carrier",), [])


@pytest.mark.parametrize(
    ("shape", "text", "advice"),
    [
        (Type(), "VARCHAR(10)", "BigQuery calls it STRING"),
        (Type(), "double", "BigQuery calls it FLOAT64"),
        (Type(), "STRIG", "did you mean STRING?"),
        (Zone(), "America/NewYork", "did you mean America/New_York?"),
        (Schedule(), "montly", "did you mean monthly?"),
    ],
    ids=["another database's name", "another database's name in lower case", "a type", "a zone", "a schedule"],
)
def test_advice(shape, text, advice):
    assert [found.help for found in read(shape, f"'{text}'")[1]] == [advice]


# --- places ---

DOCUMENT = """\
größe: "ä: ö"        # the offsets of YAML count characters, not bytes
liste: [eins, 'zwei', {drei: 4}]
text: >-
  gefaltet
  über zwei Zeilen
leer:
"""


def test_every_node_knows_its_place():
    document = Document("models/lake/x.yml", DOCUMENT)
    root, problems = read_yaml(document, 0, len(DOCUMENT))
    assert isinstance(root, Mapping)

    seen = []
    waiting = [root]
    while waiting:
        node = waiting.pop(0)
        place = node.place
        if isinstance(node, Mapping):
            for key, value in node.entries:
                waiting += [key, value]
        elif isinstance(node, Sequence):
            waiting += node.items
        else:
            seen.append((node.text, place.line, place.column, place.end_line, place.end_column))

    assert problems == ()
    assert seen == [
        ("größe", 1, 1, 1, 6),
        ("ä: ö", 1, 8, 1, 14),
        ("liste", 2, 1, 2, 6),
        ("text", 3, 1, 3, 5),
        ("gefaltet über zwei Zeilen", 3, 7, 6, 1),
        ("leer", 6, 1, 6, 5),
        ("", 6, 6, 7, 1),
        ("eins", 2, 9, 2, 13),
        ("zwei", 2, 15, 2, 21),
        ("drei", 2, 24, 2, 28),
        ("4", 2, 30, 2, 31),
    ]


COUNTS = {
    "0": 0,
    "1200": 1200,
    "80 k": 80_000,
    "80k": 80_000,
    "1.2 M": 1_200_000,
    "5m": 5_000_000,
    "3 G": 3 * 10**9,
    "0.000001 M": 1,
    "1.1 k": 1100,
}
NO_COUNTS = ["-1", "1,200", "5 T", "5 MB", "M", "many", "1e6", "[1]", "1_000"]


@pytest.mark.parametrize(("yaml", "expected"), COUNTS.items())
def test_counts(yaml, expected):
    assert read(Count(), yaml) == (expected, [])


@pytest.mark.parametrize("yaml", NO_COUNTS)
def test_what_is_no_count(yaml):
    value, (problem,) = read(Count(), yaml)

    assert isinstance(value, Invalid)
    assert "expected a number such as 1200, 80 k, 1.2 M or 3 G" in problem.message


def test_truth_has_two_words():
    assert read(Truth(), "true") == (True, [])
    assert read(Truth(), "false") == (False, [])
    assert [read(Truth(), word)[1][0].message[:22] for word in ("yes", "True", "1")] == ["expected true or false"] * 3


def test_a_size_says_something():
    rows, _ = read(SIZE, "{rows: 5 M}")
    assert (rows.rows, rows.bytes) == (5_000_000, None)
    both, _ = read(SIZE, "{rows: 5 M, bytes: 800 MB}")
    assert (both.rows, both.bytes) == (5_000_000, 800_000_000)

    _, (problem,) = read(SIZE, "{}")

    assert (problem.message, problem.help) == ("size says nothing", "for example `rows: 5 M`, or `bytes: 800 MB`")


def test_a_budget_says_something():
    budget, _ = read(BUDGET, "{bytes: 5 GB, price_per_month: 12.5}")
    assert (budget.bytes, budget.bytes_per_month, budget.price_per_month) == (5 * 10**9, None, 12.5)

    _, (problem,) = read(BUDGET, "{}")

    assert (problem.message, problem.help) == ("budget says nothing", "for example `bytes: 5 GB`")
