"""How far the product agrees, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .agreement import AGREES, OUTSIDE, RUN_TIME, Outcome

_HEADINGS = ("group", "n", "outside", "run-time", "population", "verdict", "schema", "bytes exact", "rows same")


def table(outcomes: Sequence[Outcome]) -> str:
    """A line for each group, and one for all."""
    groups = sorted({each.fixture.group for each in outcomes})
    lines = [_line(group, [each for each in outcomes if each.fixture.group == group]) for group in groups]
    cells = [_HEADINGS, *lines, _line("all", outcomes)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        )
        for line in cells
    )


def differences(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What differs, or can't be told: the measure, and how."""
    if outcome.is_in_population:
        for measure, said in (("verdict", outcome.verdict), ("schema", outcome.schema)):
            if said != AGREES:
                yield measure, said
    if outcome.place not in ("", AGREES):
        yield "place", outcome.place
    if outcome.bytes not in ("", AGREES, "not recorded"):
        yield "bytes", outcome.bytes
    if _is_measured(outcome.rows) and outcome.rows != AGREES:
        yield "rows", outcome.rows


def _line(group: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    population = [each for each in outcomes if each.is_in_population]
    weighed = [each.bytes for each in outcomes if each.bytes not in ("", "not recorded")]
    rows = [each.rows for each in outcomes if _is_measured(each.rows)]
    return (
        group,
        str(len(outcomes)),
        str(sum(each.verdict == OUTSIDE for each in outcomes)),
        str(sum(each.verdict == RUN_TIME for each in outcomes)),
        str(len(population)),
        str(sum(each.verdict == AGREES for each in population)),
        str(sum(each.schema == AGREES for each in population)),
        f"{weighed.count(AGREES)}/{len(weighed)}",
        f"{rows.count(AGREES)}/{len(rows)}",
    )


def _is_measured(rows: str) -> bool:
    return bool(rows) and not rows.startswith("not measured")
