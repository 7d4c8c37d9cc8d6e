"""The translation for DuckDB beside sqlglot's own: what correcting costs, and what corrected queries cost."""

from __future__ import annotations

from benchmarks.figures import Figure, Goal, Row, Workshop
from benchmarks.measure import Cost, ask_module

_RUNS = 5


def translation(workshop: Workshop) -> Figure:
    """The models of the demo, translated and computed with and without corrections."""
    found = ask_module("benchmarks.translating", "models", _RUNS, folder=workshop.project(workshop.ready()))
    goals = (
        Goal("CPU of correcting and transpiling, over transpiling", found["translating"], 1.3, "×"),
        Goal("CPU of the queries of the demo, over those that are not corrected", found["running"], 1.5, "×"),
    )
    return Figure("the translation of the demo for DuckDB", _rows(found), goals, tuple(found["notes"]))


def constructs(workshop: Workshop) -> Figure:
    """Constructs by group, on random rows, with and without corrections."""
    found = ask_module("benchmarks.translating", "groups", 2, folder=workshop.folder())
    title = "groups of constructs on DuckDB, over those that are not corrected"
    return Figure(title, _rows(found), notes=tuple(found["notes"]))


def _rows(found: dict) -> tuple[Row, ...]:
    return tuple(Row(each["what"], Cost(**each["cost"]), each["size"], each["ratio"]) for each in found["rows"])


EMBEDDED = {"translation": translation, "constructs": constructs}
