"""How the impact of a change looks, for people and for machines."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

from aggregator.cli.dry_runs import cost_text, difference_json, print_change
from aggregator.cli.impacts import Impact
from aggregator.cli.output import count
from aggregator.core.estimate import Estimate, size_text
from aggregator.core.names import TableName
from aggregator.diff.affected import How
from aggregator.diff.question import COUNTS, LONGEST, PRECISION
from aggregator.diff.rebuilds import Rebuild
from aggregator.diff.report import Example, ModelDiff, PartitionDiff, Value

_COLORS = {How.CHANGED: "yellow", How.NEW: "green", How.DOWNSTREAM: "cyan"}
_PARTITIONS = 8
"""So many are told one by one."""
_VALUES = 6
"""Of a row that was added or removed so many columns are shown to people."""
_SHOWN = 3
"""Of rows that were added or removed so many are shown to people."""


def print_diff(impact: Impact, revision: str) -> None:
    """Model by model, upstream first; then what it comes to."""
    for change in impact.judged.difference.changes:
        if change.table not in impact.models:
            print_change(change)
    for name, how in impact.models.items():
        click.echo(f"{click.style(str(name), bold=True)}  {click.style(str(how), fg=_COLORS.get(how, 'red'))}")
        for change in impact.judged.difference.changes:
            if change.table == name:
                print_change(change, "  ")
        for line in (*_rebuild_lines(impact, name), *_row_lines(impact.rows.get(name))):
            click.echo(f"  {line}")
    for line in _totals(impact, revision):
        click.echo(line)


def _rebuild_lines(impact: Impact, name: TableName) -> Iterator[str]:
    found = impact.rebuilds.get(name)
    if found is None:
        return
    if not found.partitions:
        yield "to rebuild: nothing"
        return
    stretch = f", {found.partitions[0]} … {found.partitions[-1]}" if len(found.partitions) > 1 else ""
    what = "all of it" if found.partitions == ("",) else f"{count(len(found.partitions), 'partition')}{stretch}"
    anyway = f" ({found.anyway:,} of them without this change, too)" if found.anyway else ""
    estimate = impact.judged.estimates.get(name)
    reads = f"; a build reads {cost_text(estimate)}" if estimate and estimate.bytes else ""
    yield f"to rebuild: {what}{anyway}{reads}"


def _row_lines(found: ModelDiff | None) -> Iterator[str]:
    if found is None:
        return
    for note in found.notes:
        yield f"note: {note}"
    if found.partitions:
        names = ", ".join(each.after for each in found.pairing.key)
        how = f"by {names}" if names else "as whole rows"
        is_new = not (found.pairing.key or found.pairing.values)
        yield f"rows, {'all of them new' if is_new else f'compared {how}'}:"
        yield from _partition_lines(found.partitions)
        yield from _column_lines(found)
        yield from _example_lines(found)
    if found.why:
        yield f"rows not compared: {found.why}"


def _partition_lines(partitions: Sequence[PartitionDiff]) -> Iterator[str]:
    """Each partition; of many their sum, and the newest of those that differ."""
    shown = partitions
    if len(partitions) > _PARTITIONS:
        numbers = {name: sum(getattr(each, name) for each in partitions) for name in COUNTS}
        yield f"  {len(partitions):,} partitions  {_numbers(PartitionDiff('', **numbers))}"
        different = [each for each in partitions if not each.is_same]
        yield f"  {count(len(different), 'partition')} with differences{', the newest:' if different else ''}"
        shown = different[-_PARTITIONS:]
    width = max((len(each.partition) for each in shown), default=0)
    for each in shown:
        yield f"  {each.partition:<{width}}  {_numbers(each)}" if width else f"  {_numbers(each)}"


def _numbers(each: PartitionDiff) -> str:
    """``16 rows: 4 changed, 12 unchanged``."""
    if not (each.before or each.after):
        return "no rows, before and after"
    rows = (
        count(each.after, "row") if each.before == each.after else f"{count(each.after, 'row')}, {each.before:,} before"
    )
    if each.is_same:
        return f"{rows}: all the same"
    parts = (("added", each.added), ("removed", each.removed), ("changed", each.changed), ("unchanged", each.unchanged))
    whole = f"; {count(each.repeated, 'row')} compared whole, as their key is not unique" if each.repeated else ""
    return f"{rows}: {', '.join(f'{number:,} {word}' for word, number in parts if number)}{whole}"


def shares(found: ModelDiff) -> dict[str, float]:
    """For each compared column the share of rows, of those that are on both sides, in which it is the same."""
    if not found.pairing.key:
        return {}
    both = sum(each.changed + each.unchanged for each in found.partitions)
    differing = [sum(column) for column in zip(*(each.differing for each in found.partitions), strict=True)]
    names = (each.after for each in found.pairing.values)
    return {name: 1 - wrong / both for name, wrong in zip(names, differing, strict=True)} if both else {}


def _column_lines(found: ModelDiff) -> Iterator[str]:
    known, states = shares(found), _states(found)
    worse = {name: share for name, share in known.items() if share < 1}
    read = {name: share for name, share in worse.items() if name not in states}
    width = max((len(name) for name in read), default=0)
    for name, share in read.items():
        yield f"  {name:<{width}}  {_percent(share)} of rows match"
    if len(worse) > len(read):
        yield f"  {count(len(worse) - len(read), 'column')} kept for roll-ups, too"
    same = len(known) - len(worse)
    if worse and same:
        yield f"  {count(same, 'other column')} {'matches' if same == 1 else 'match'} in all rows"


def _states(found: ModelDiff) -> set[str]:
    """The columns that nobody reads."""
    return {each.after for each in found.pairing.values if each.is_state}


def _percent(share: float) -> str:
    """Never 100 %, as something differs."""
    return f"{min(share, 0.9999):.2%}"


def _example_lines(found: ModelDiff) -> Iterator[str]:
    """The first rows of each kind, from the newest partition that has some."""
    newest, states = list(reversed(found.partitions)), _states(found)
    changes = next((each.changes for each in newest if each.changes), ())
    additions = next((each.additions for each in newest if each.additions), ())
    removals = next((each.removals for each in newest if each.removals), ())
    for each in changes:
        shown = [value for value in each.values if value.column not in states]
        yield f"  ~ {_key(each)}: {', '.join(f'{value.column} {_change(value)}' for value in shown)}"
    for each in additions[:_SHOWN]:
        yield f"  + {_pairs((*each.key, *((value.column, value.after) for value in each.values)))}"
    for each in removals[:_SHOWN]:
        yield f"  - {_pairs((*each.key, *((value.column, value.before) for value in each.values)))}"


def _key(each: Example) -> str:
    return ", ".join(f"{name} {value_text(value)}" for name, value in each.key)


def _pairs(values: Sequence[tuple[str, str | None]]) -> str:
    shown = [f"{name} {value_text(value)}" for name, value in values[:_VALUES]]
    return ", ".join((*shown, "…") if len(values) > _VALUES else shown)


def _change(value: Value) -> str:
    """What a value was and is; of a FLOAT64 no more digits than tell the two apart."""
    before, after = value_text(value.before), value_text(value.after)
    if "." in before and "." in after:
        with contextlib.suppress(ValueError):
            short = [f"{float(each):.6g}" for each in (before, after)]
            before, after = short if short[0] != short[1] else (before, after)
    return f"{before} → {after}"


def value_text(value: str | None) -> str:
    """A value of an example as people read it; of a longer one the beginning."""
    if value is None or value == "null":
        return "NULL"
    if len(value) > LONGEST:
        return f"{value[:LONGEST]}…"
    try:
        read = json.loads(value)
    except ValueError:
        return value
    return read if isinstance(read, str) and read and read.isprintable() else value


def _totals(impact: Impact, revision: str) -> Iterator[str]:
    if not impact.models:
        yield f"no model computes anything else than at {revision}"
        return
    partitions = sum(len(each.partitions) for each in impact.rebuilds.values())
    parts = [f"{count(len(impact.models), 'model')} concerned", f"{count(partitions, 'partition')} to rebuild"]
    reads, price, is_whole = _sums(impact)
    if reads:
        parts.append(f"which reads {'up to' if is_whole else 'at least'} {size_text(reads)}")
    if price:
        parts.append(f"and costs {price:,.2f}")
    yield ", ".join(parts)
    if impact.no_data:
        yield f"rows were not compared: {impact.no_data}"
    if any(each.pairing.has_floats for each in impact.rows.values() if each.partitions):
        yield "FLOAT64 that differ by less than a billionth of their size count as equal"


def _sums(impact: Impact) -> tuple[int, float, bool]:
    """The bytes and price of all that is to be rebuilt, each partition by itself; whether all of it is known."""
    reads, price, is_whole = 0, 0.0, True
    for name, found in impact.rebuilds.items():
        estimate, number = impact.judged.estimates.get(name), len(found.partitions)
        if number and (estimate is None or estimate.bytes is None):
            is_whole = False
        elif estimate is not None:
            reads += number * (estimate.bytes or 0)
            price += number * (estimate.price or 0)
    return reads, price, is_whole


def diff_json(impact: Impact, revision: str) -> dict[str, Any]:
    """The impact for machines."""
    models = [_model_json(impact, name, how) for name, how in impact.models.items()]
    return {
        "revision": revision,
        "models": models,
        **difference_json(impact.judged.difference),
        "float_precision": PRECISION,
        "not_compared": impact.no_data or None,
    }


def _model_json(impact: Impact, name: TableName, how: How) -> dict[str, Any]:
    rows = impact.rows.get(name)
    return {
        "name": str(name),
        "how": str(how),
        "rebuild": _rebuild_json(impact.rebuilds.get(name), impact.judged.estimates.get(name)),
        "rows": rows and _rows_json(rows),
    }


def _rebuild_json(found: Rebuild | None, estimate: Estimate | None) -> dict[str, Any] | None:
    """Bytes and price are those of all partitions, each built by itself."""
    if found is None:
        return None
    number = len(found.partitions)
    return {
        "partitions": number,
        "first": found.partitions[0] or None if number else None,
        "last": found.partitions[-1] or None if number else None,
        "anyway": found.anyway,
        "bytes": None if estimate is None or estimate.bytes is None else estimate.bytes * number,
        "price": None if estimate is None or estimate.price is None else estimate.price * number,
    }


def _rows_json(found: ModelDiff) -> dict[str, Any]:
    return {
        "key": [each.after for each in found.pairing.key],
        "matching": shares(found),
        "partitions": [_partition_json(each) for each in found.partitions],
        "notes": list(found.notes),
        "not_compared": found.why or None,
    }


def _partition_json(each: PartitionDiff) -> dict[str, Any]:
    examples = (("changed", each.changes), ("added", each.additions), ("removed", each.removals))
    return {
        "partition": each.partition or None,
        **{name: getattr(each, name) for name in COUNTS},
        "examples": [_example_json(kind, example) for kind, found in examples for example in found],
    }


def _example_json(kind: str, each: Example) -> dict[str, Any]:
    values = {value.column: {"before": value.before, "after": value.after} for value in each.values}
    return {"kind": kind, "key": dict(each.key), "values": values}
