"""Makes a project of any size: ``python -m benchmarks.generate FOLDER [--models N] [--seed S]``.

The models are as analysts write them: about 55 lines and 26 columns each, up to eight deep, all described, checked and
cut by day. The same numbers always make the same files. The sources have rows, so the project can be built, too.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from benchmarks.shapes import LIMITS, NOUNS, combined, summary, tidied
from benchmarks.tables import SOURCE_COLUMNS, Column, Model

FIRST_DAY, DAYS, ROWS_PER_DAY, CUSTOMERS = date(2024, 1, 1), 3, 200, 60
CORRECTED_EVERY = 20
"""Every so many rows, one is a later version of the one before it."""

STAGING, MARTS = 0.30, 0.25
"""Shares of the models; what is left is in between."""

DEEPEST = 8
"""A mart reads at most this many models in a row, staging included."""

_DEFAULT_SEED = 7
_PROJECT = f"""\
project: benchmark
time_zone: UTC
environments:
  local: {{engine: duckdb, path: .aggregator/local.duckdb}}
default_environment: local
variables:
  limits: {list(LIMITS)}
"""
_MACROS = """\
{# A ratio that is NULL, not an error, where there is nothing to divide by. #}
{% macro share(part, whole) -%}
  SAFE_DIVIDE({{ part }}, {{ whole }})
{%- endmacro %}

{# How many rows are over each limit: a column per limit. #}
{% macro over_limits(column, limits, stem) -%}
  {% for limit in limits -%}
  IF({{ column }} > {{ limit }}, 1, 0) AS {{ stem }}_over_{{ limit }}{{ ", " if not loop.last }}
  {%- endfor %}
{%- endmacro %}
"""


@dataclasses.dataclass(frozen=True)
class Design:
    """A made-up project, before it is written in anyone's format. Models come after all that they read."""

    sources: tuple[str, ...]
    models: tuple[Model, ...]

    @functools.cached_property
    def downstream(self) -> Mapping[str, frozenset[str]]:
        """All models that read a model, directly or through others."""
        readers: dict[str, frozenset[str]] = {}
        for model in reversed(self.models):
            below = readers.setdefault(model.name, frozenset())
            for name in model.inputs:
                readers[name] = readers.get(name, frozenset()) | below | {model.name}
        return readers

    def with_downstream(self, number: int) -> Model:
        """The model whose number of downstream models is closest to a number."""
        return min(self.models, key=lambda model: abs(len(self.downstream[model.name]) - number))


def design(models: int, seed: int = _DEFAULT_SEED) -> Design:
    """Think up a project of some models over a tenth as many sources, at least five of these."""
    random = Random(seed)  # noqa: S311  (not for secrets)
    sources = tuple(f"lake.{NOUNS[index % len(NOUNS)]}_{index:04}" for index in range(max(5, models // 10)))
    levels: list[list[Model]] = [[tidied(i, sources[i % len(sources)], random) for i in range(int(models * STAGING))]]
    between = models - len(levels[0]) - int(models * MARTS)
    depths = DEEPEST - 2
    made = len(levels[0])
    for depth in range(depths):
        number = between * (depth + 1) // depths - between * depth // depths
        levels.append([combined(made + i, _reads(levels, random), random) for i in range(number)] or levels[-1])
        made += number
    marts = [summary(i, _reads(levels[: random.randint(2, len(levels))], random), random) for i in range(made, models)]
    every = {model.name: model for level in [*levels, marts] for model in level}
    return Design(sources, tuple(every.values()))


def _reads(levels: Sequence[Sequence[Model]], random: Random) -> list[Model]:
    """One to three different models, the first of the deepest level."""
    first = random.choice(levels[-1])
    number = random.choices((0, 1, 2), weights=(20, 50, 30))[0]
    others = [random.choice(random.choice(levels)) for _ in range(number)]
    return list({model.name: model for model in (first, *others)}.values())


def write_project(project: Design, folder: Path, seed: int = _DEFAULT_SEED) -> None:
    """Write a design as a project of aggregator, with data."""
    for name in ("lake", "staging", "core", "marts"):
        (folder / "models" / name).mkdir(parents=True, exist_ok=True)
    (folder / "macros").mkdir(exist_ok=True)
    (folder / "aggregator.yml").write_text(_PROJECT)
    (folder / "macros" / "shares.sql").write_text(_MACROS)
    write_data(project, folder / "data", seed)
    for source in project.sources:
        _path(folder, source, ".yml").write_text("\n".join(_source_file(source)) + "\n")
    for model in project.models:
        path_of(folder, model).write_text("\n".join(["/*---", *_front_matter(model), "---*/", model.written()]) + "\n")


def write_data(project: Design, folder: Path, seed: int = _DEFAULT_SEED) -> None:
    """Write a CSV file of a few days for each source; some events come twice, the later version is right."""
    folder.mkdir(exist_ok=True)
    for index, source in enumerate(project.sources):
        random = Random(seed * 100_000 + index)  # noqa: S311  (not for secrets)
        with data_file(folder, source).open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(column.name for column in SOURCE_COLUMNS)
            writer.writerows(_row(number, random) for number in range(DAYS * ROWS_PER_DAY))


def path_of(folder: Path, model: Model) -> Path:
    """The file of a model in a written project."""
    return _path(folder, model.name, ".sql")


def data_file(folder: Path, source: str) -> Path:
    """The CSV file of a source in the folder of the data."""
    return folder / f"{source.partition('.')[2]}.csv"


def _path(folder: Path, name: str, suffix: str) -> Path:
    dataset, _, table = name.partition(".")
    return folder / "models" / dataset / f"{table}{suffix}"


def _row(number: int, random: Random) -> list[object]:
    """A row of a source, in the order of its columns."""
    day = FIRST_DAY + timedelta(days=number // ROWS_PER_DAY)
    event = number - (number % CORRECTED_EVERY == CORRECTED_EVERY - 1)
    happened = datetime(day.year, day.month, day.day, random.randrange(24), random.randrange(60))  # noqa: DTZ001  (UTC)
    amount = random.randrange(100, 20_000)
    codes = (random.choice(("DE", "FR", "US ", "jp", "BR")), random.choice(("Web", "App", "Store", "")))
    kinds = (random.choice(("Phone", "Tablet", "Desktop")), random.choice("PSRO"))
    money = tuple(cents / 100 for cents in (amount, amount // 5, random.randrange(amount // 4), amount // 2))
    counts = (random.randrange(1, 9), random.randrange(2), random.randrange(1, 4000))
    times = (f"{happened:%Y-%m-%d %H:%M:%S}+00", f"{happened + timedelta(seconds=number):%Y-%m-%d %H:%M:%S}+00")
    is_test = str(random.random() < 0.02).lower()  # noqa: PLR2004  (one in fifty)
    return [day, event, random.randrange(CUSTOMERS), *times, *codes, *kinds, *money, *counts, is_test]


def _source_file(source: str) -> Iterator[str]:
    last = FIRST_DAY + timedelta(days=DAYS)
    yield from ("source:", f"  description: Events of {source} as the shop's backend sends them.")
    yield from ("  owner: data-engineering@example.com", "  columns:")
    for column in SOURCE_COLUMNS:
        yield f"    {column.name}: {{type: {column.type}, description: {column.description}}}"
    yield f"  partition: {{by: event_date, grain: day, from: {FIRST_DAY}, to: {last}}}"
    yield f"  local: {data_file(Path('data'), source)}"


def _front_matter(model: Model) -> Iterator[str]:
    yield f"description: {model.description}"
    yield f"owner: {model.dataset}-analytics@example.com"
    yield "schedule: daily"
    yield f"partition: {{by: event_date, grain: day, from: {FIRST_DAY}}}"
    yield f"cluster: [{model.key[1]}]"
    yield f"key: [{', '.join(model.key)}]"
    yield "columns:"
    yield from (f"  {column.name}: {column.description}" for column in model.columns)
    yield "checks:"
    yield f"  - not_null: [{', '.join(model.key)}]"
    yield f"  - expect_column_values_to_be_between: {{column: {first_count(model).name}, min_value: 0}}"
    yield "  - expect_table_row_count_to_be_between: {min_value: 1}"
    yield f"tags: [{model.dataset}]"


def first_count(model: Model) -> Column:
    """A column that is never negative: what a check is about."""
    return next(column for column in model.columns if column.role == "count")


def main() -> None:
    """Write a project where it is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--seed", type=int, default=_DEFAULT_SEED)
    options = parser.parse_args()
    write_project(design(options.models, options.seed), options.folder, options.seed)


if __name__ == "__main__":
    main()
