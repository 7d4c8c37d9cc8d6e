"""The three shapes of models in a generated project: events tidied, models combined, and a summary for a dashboard.

A shape is a function from what it reads to a :class:`Model`. Which columns, filters and limits it takes is up to the
random numbers that are passed in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import product
from random import Random
from string import Template

from benchmarks.tables import SOURCE_COLUMNS, Column, Model

NOUNS = ("orders", "payments", "refunds", "sessions", "shipments", "tickets", "invoices", "returns", "carts", "visits")
LIMITS = (10, 50, 100)
"""What counts as large. The columns made of it are written out in most models, and by a loop in some."""

_ADJECTIVES = ("gross", "settled", "late", "early", "online", "retail", "repeat", "first", "urgent", "bulk", "partner")
_MEASURES = ("amount", "items", "value", "charges", "units", "credits", "fees", "credit_notes", "baskets")
_TEMPLATED = 10
"""Every tenth model uses Jinja."""


@dataclasses.dataclass(frozen=True)
class _Item:
    """An item of a SELECT list: the columns that it makes, in plain SQL and as a model with Jinja has it."""

    columns: tuple[Column, ...]
    plain: str
    templated: str


def tidied(number: int, source: str, random: Random) -> Model:
    """A source's events, each once in its last version, with clean codes."""
    noun = source.partition(".")[2].rpartition("_")[0]
    cheap, low, high, long = (random.randint(*bounds) for bounds in ((0, 20), (10, 50), (60, 150), (300, 3000)))
    body = f"""\
-- {noun.capitalize()} are corrected for a few days: the last version counts.
WITH received AS (
  SELECT
    event_date, event_id, customer_id, happened_at, amount, tax, discount, cost, quantity, returned, seconds,
    UPPER(TRIM(country)) AS country_code,
    COALESCE(NULLIF(LOWER(channel), ''), 'unknown') AS sales_channel,
    LOWER(device) AS device_type,
    CASE status WHEN 'P' THEN 'paid' WHEN 'S' THEN 'shipped' WHEN 'R' THEN 'returned' ELSE 'open' END AS state,
    ROW_NUMBER() OVER (PARTITION BY event_date, event_id ORDER BY updated_at DESC) AS version_rank
  FROM $input_0
  WHERE NOT is_test
),
priced AS (
  SELECT
    event_date, event_id, customer_id, happened_at, country_code, sales_channel, device_type, state,
    amount, tax, discount, cost, quantity, returned, seconds,
    amount - discount AS net_amount,
    amount - discount - cost AS margin,
    GREATEST(quantity - returned, 0) AS kept_items,
    CASE
      WHEN amount < {low} THEN 'small'
      WHEN amount < {high} THEN 'medium'
      ELSE 'large'
    END AS size_class,
    CASE WHEN EXTRACT(HOUR FROM happened_at) BETWEEN 6 AND 17 THEN 'day' ELSE 'night' END AS day_part
  FROM received
  WHERE version_rank = 1 AND amount >= {cheap}
)
SELECT
$items
FROM priced"""
    about = f"{noun.capitalize()} of at least {cheap} euros, one row each, in the last version received."
    key = ("event_date", "event_id")
    return _model((f"staging.{noun}", number), about, (source,), key, _tidied_items(noun, long), body)


def _tidied_items(noun: str, long: int) -> list[_Item]:
    """The columns of tidied events."""
    labels = ("country_code", "sales_channel", "device_type", "state", "size_class", "day_part")
    amounts = ("amount", "tax", "discount", "cost", "net_amount", "margin")
    counts = ("quantity", "returned", "kept_items")
    slow = Column(f"slow_{noun}", "count", f"1 if it took over {long} seconds, 0 if not")
    events = Column("daily_events", "other", "Events of the customer on that day")
    return [
        *(_item(each.name, each) for each in SOURCE_COLUMNS[:4]),
        _item("DATE_TRUNC(event_date, MONTH)", Column("month_start", "other", "First day of the month")),
        *(_item(each, Column(each, "label", f"{_words(each)}, in one spelling")) for each in labels),
        *(
            _item(each, Column(f"{noun}_{each}", "amount", f"{_words(each)} of the {noun}, in euros"))
            for each in amounts
        ),
        *(_item(each, Column(f"{noun}_{each}", "count", f"{_words(each)} of the {noun}")) for each in counts),
        _item(f"IF(seconds > {long}, 1, 0)", slow),
        _over_limits("amount", noun),
        _share("discount", "amount", Column("discount_share", "other", "Discount over amount; NULL for nothing")),
        _item("COUNT(*) OVER (PARTITION BY event_date, customer_id)", events),
    ]


def combined(number: int, inputs: Sequence[Model], random: Random) -> Model:
    """One row per customer and day from one to three models, the first of which decides who is in it."""
    noun, high = random.choice(NOUNS), random.randint(50, 500)
    columns, ctes = _joined(inputs, random, 12)
    first, second, third = (column.name for column in columns[4:7])
    of_country = f"SUM({first}) OVER (PARTITION BY event_date, country_code)"
    grade = f"CASE WHEN {first} > {high} THEN 'high' WHEN {first} > 0 THEN 'low' ELSE 'none' END"
    items = [
        *(_item(column.name, column) for column in columns[:8]),
        *(_only(column, random) for column in columns[8:]),
        _over_limits(first, noun),
        *(_per(part, whole) for part, whole in ((second, first), (third, first), (third, second))),
        _item(of_country, Column(f"country_{first}", "other", f"{_words(first)} of the whole country")),
        _share(first, of_country, Column("share_of_country", "other", "Share of the country; NULL if it had none")),
        _item(
            f"RANK() OVER (PARTITION BY event_date ORDER BY {second} DESC)",
            Column(f"{noun}_rank", "other", "1 is the best customer of the day"),
        ),
        _item(grade, Column(f"{noun}_grade", "label", f"high is over {high}")),
    ]
    names = tuple(each.name for each in inputs)
    body = f"-- Every customer of {names[0]} is kept.\nWITH {ctes}\nSELECT\n$items\nFROM joined"
    about = f"What each customer did on a day, from {', '.join(names)}."
    return _model((f"core.{noun}", number), about, names, ("event_date", "customer_id"), items, body)


def summary(number: int, inputs: Sequence[Model], random: Random) -> Model:
    """One row per country, channel and day: what a dashboard shows."""
    noun, large = random.choice(NOUNS), random.randint(20, 200)
    columns, ctes = _joined(inputs, random, 10)
    measures = columns[4:]
    totals = [Column(f"total_{each.name}", each.role, f"{each.description}, in all") for each in measures]
    grouped = [
        *(_item(name, Column(name, "key", f"{_words(name)} of the customers")) for name in _SUMMARY_KEY),
        _item("COUNT(*)", Column("customers", "count", "Customers on that day")),
        _item(f"COUNTIF({measures[0].name} > {large})", Column("large_customers", "count", f"Those over {large}")),
        *(
            _item(f"SUM(CASE WHEN {measures[0].name} > 0 THEN {each.name} ELSE 0 END)", total)
            for each, total in zip(measures, totals, strict=True)
        ),
    ]
    all_customers = "SUM(customers) OVER (PARTITION BY event_date)"
    rank = "RANK() OVER (PARTITION BY event_date ORDER BY customers DESC)"
    items = [
        *(_item(column.name, column) for each in grouped for column in each.columns),
        *(_per(part, "customers") for part in ("large_customers", *(total.name for total in totals[:5]))),
        _item(rank, Column("size_rank", "other", "1 is the largest of the day")),
        _item(all_customers, Column("all_customers", "other", "Customers of all rows of the day")),
        _share("customers", all_customers, Column("share", "other", "Share of the customers of the day")),
        _item("DATE_TRUNC(event_date, MONTH)", Column("month_start", "other", "First day of the month")),
        _item("IF(customers >= 10, 'large', 'small')", Column("size", "label", "large from ten customers on")),
    ]
    plain = ",\n".join(f"    {item.plain}" for item in grouped)
    group = f"totals AS (\n  SELECT\n{plain}\n  FROM joined\n  GROUP BY {', '.join(_SUMMARY_KEY)}\n)"
    about = f"{noun.capitalize()} of each country and channel on a day, for dashboard {number}."
    body = f"WITH {ctes},\n{group}\nSELECT\n$items\nFROM totals"
    return _model((f"marts.{noun}", number), about, tuple(each.name for each in inputs), _SUMMARY_KEY, items, body)


_SUMMARY_KEY = ("event_date", "country_code", "sales_channel")


def _joined(inputs: Sequence[Model], random: Random, measures: int) -> tuple[list[Column], str]:
    """WITH clauses that end in ``joined``, one row per customer and day, and the columns of that.

    These are the day, the customer and two labels, and then the measures.
    """
    names = random.sample(
        [f"{adjective}_{measure}" for adjective, measure in product(_ADJECTIVES, _MEASURES)], measures
    )
    labels = (Column(name, "label", f"{_words(name)} of the customer") for name in _SUMMARY_KEY[1:])
    columns = [SOURCE_COLUMNS[0], SOURCE_COLUMNS[2], *labels]
    picked = ["a.event_date", "a.customer_id", "a.country_code", "a.sales_channel"]
    ctes, joins = [], []
    for index, (model, alias) in enumerate(zip(inputs, "abc", strict=False)):
        share = names[index :: len(inputs)]
        taken = random.sample(model.having("amount", "count"), len(share))
        columns += (
            Column(name, old.role, f"{_words(name)} of the customer") for name, old in zip(share, taken, strict=True)
        )
        picked += (f"a.{name}" if index == 0 else f"COALESCE({alias}.{name}, 0) AS {name}" for name in share)
        table = model.name.partition(".")[2]
        renamed = [(old.name, name) for old, name in zip(taken, share, strict=True)]
        ctes.append(f"{table} AS (\n{_reading(model, index, renamed, random)}\n)")
        on = f" ON {alias}.event_date = a.event_date AND {alias}.customer_id = a.customer_id" if index else ""
        joins.append(f"  {'LEFT JOIN' if index else 'FROM'} {table} AS {alias}{on}")
    ctes.append("\n".join(["joined AS (", "  SELECT", _in_lines(picked, 3), *joins, ")"]))
    return columns, ",\n".join(ctes)


def _reading(model: Model, index: int, renamed: Sequence[tuple[str, str]], random: Random) -> str:
    """The SELECT that takes some measures of a model under new names, one row per customer and day."""
    is_events = "event_id" in model.key
    labels = [] if index else [f"MAX({label}) AS {label}" if is_events else label for label in _SUMMARY_KEY[1:]]
    kinds = [random.choice(("state = 'paid'", "day_part = 'night'", "size_class != 'small'")) for _ in renamed]
    picked = [(f"IF({kind}, {old}, 0)", old, new) for kind, (old, new) in zip(kinds, renamed, strict=True)]
    measures = (f"SUM({some}) AS {new}" if is_events else f"COALESCE({old}, 0) AS {new}" for some, old, new in picked)
    items = ["event_date", "customer_id", *labels, *measures]
    end = f"  WHERE {random.choice(model.having('amount', 'count')).name} < {random.randint(50_000, 99_999)}"
    group = "\n  GROUP BY event_date, customer_id" if is_events else ""
    return f"  SELECT\n{_in_lines(items, 2)}\n  FROM $input_{index}\n{end}{group}"


def _model(
    name: tuple[str, int], about: str, inputs: tuple[str, ...], key: tuple[str, ...], items: list[_Item], body: str
) -> Model:
    """A model of what its name and number say, with the items put into its body."""
    stem, number = name
    plain = ",\n".join(f"  {item.plain}" for item in items)
    templated = ",\n".join(f"  {item.templated}" for item in items) if number % _TEMPLATED == 0 else plain
    text, with_jinja = (Template(body).safe_substitute(items=each) for each in (plain, templated))
    columns = tuple(column for item in items for column in item.columns)
    return Model(f"{stem}_{number:04}", about, inputs, key, columns, text, with_jinja)


def _item(text: str, column: Column) -> _Item:
    spelled = text if text == column.name else f"{text} AS {column.name}"
    return _Item((column,), spelled, spelled)


def _share(part: str, whole: str, column: Column) -> _Item:
    plain, templated = f"SAFE_DIVIDE({part}, {whole})", f"{{{{ share('{part}', '{whole}') }}}}"
    return _Item((column,), f"{plain} AS {column.name}", f"{templated} AS {column.name}")


def _per(part: str, whole: str) -> _Item:
    return _share(part, whole, Column(f"{part}_per_{whole}", "other", f"{_words(part)} over {_words(whole)}"))


def _only(column: Column, random: Random) -> _Item:
    """A measure where something holds, and 0 elsewhere: it still adds up."""
    channel, country = random.choice(("web", "app", "store")), random.choice(("DE", "FR", "US", "JP", "BR"))
    text = f"CASE WHEN sales_channel = '{channel}' AND country_code != '{country}' THEN {column.name} ELSE 0 END"
    about = f"{column.description}, if from {channel} and not in {country}"
    return _item(text, Column(f"{channel}_{column.name}", column.role, about))


def _over_limits(column: str, stem: str) -> _Item:
    made = tuple(Column(f"{stem}_over_{limit}", "count", f"1 if {_words(column)} is over {limit}") for limit in LIMITS)
    plain = (f"IF({column} > {limit}, 1, 0) AS {each.name}" for limit, each in zip(LIMITS, made, strict=True))
    return _Item(made, ",\n  ".join(plain), f"{{{{ over_limits('{column}', vars.limits, '{stem}') }}}}")


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _in_lines(items: Sequence[str], a_line: int) -> str:
    return ",\n".join("    " + ", ".join(items[at : at + a_line]) for at in range(0, len(items), a_line))
