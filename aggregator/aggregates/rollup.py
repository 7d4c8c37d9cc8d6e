"""What a declared roll-up means, or why it would be wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from aggregator.aggregates import codes
from aggregator.aggregates.buckets import Buckets, buckets
from aggregator.aggregates.expressions import columns_in
from aggregator.aggregates.kinds import algebra_of
from aggregator.aggregates.protocol import Algebra, BadMeasureError, Column
from aggregator.aggregates.select import Computed, Grouping, Key, Piece
from aggregator.core.aggregate import Aggregate, MeasureDeclaration, Refusal, RollupDeclaration
from aggregator.core.calendar import Calendar
from aggregator.core.diagnostics import Code, Diagnostic, Word, did_you_mean


@dataclasses.dataclass(frozen=True)
class Rollup:
    """How a roll-up is computed, how it is cut, and what its own readers have to know."""

    grouping: Grouping
    buckets: Buckets
    aggregate: Aggregate


def rollup(declared: RollupDeclaration, of: Aggregate | None, source: Calendar | None) -> Rollup | list[Diagnostic]:
    """The roll-up of a table that is cut by ``source``; ``of`` is what is known of its groups, None if it has none."""
    if of is None:
        message = f"{declared.of} has no measures to roll up"
        advice = (
            "declare `dimensions:` and `measures:` there; if it groups by hand, its `key:` must be what it groups by"
        )
        return [Diagnostic(declared.of.place, codes.NO_MEASURES, message, advice)]
    if source is None:
        message = f"{declared.of} has no partitions, so there is no time to roll up"
        return [Diagnostic(declared.of.place, codes.BAD_CALENDAR, message, "add `partition:` there")]
    found = buckets(declared, of, source)
    problems = list(_filter_problems(declared, of))
    if not isinstance(found, Buckets):
        return [*problems, Diagnostic(declared.at, codes.BAD_CALENDAR, f"{declared.of}: {found[0]}", found[1])]
    dimensions = list(_dimensions(declared, of, found))
    measures = list(_measures(declared, of, found))
    problems += (each for each in (*dimensions, *measures) if isinstance(each, Diagnostic))
    if problems:
        return problems
    kept = [each for each in dimensions if isinstance(each, Word)]
    computed = [each for each in measures if isinstance(each, Computed)]
    counted = _counted(declared, of, source)
    problems += clashes((found.calendar.column, *map(str, kept)), computed, declared, counted)
    if problems:
        return problems
    return _rolled_up(declared, dataclasses.replace(of, base=of.base or source.grain), found, kept, computed, counted)


def _counted(declared: RollupDeclaration, of: Aggregate, source: Calendar) -> tuple[Column, ...]:
    """How many partitions of the table are there, where that may be fewer than the bucket has."""
    name = f"n_{source.grain.unit}s"
    return (Column(name, f"COUNT(DISTINCT {of.time})"),) if declared.is_partial else ()


def _rolled_up(
    declared: RollupDeclaration,
    of: Aggregate,
    found: Buckets,
    kept: Sequence[Word],
    computed: Sequence[Computed],
    counted: tuple[Column, ...],
) -> Rollup:
    time = Word(found.calendar.column, declared.place)
    keys = (
        Key(time, found.sql, time, is_grouped=not found.is_rolling),
        *(Key(str(name), str(name), name) for name in kept),
    )
    states = [state.column for each in computed for state in each.algebra.states]
    needs = dict.fromkeys((of.time, *map(str, kept), *states))
    relation = Piece(str(declared.of), declared.of)
    grouping = Grouping(
        relation, keys, tuple(computed), of_states=True, needs=tuple(needs), where=declared.where, periods=counted
    )
    names = {str(each.name) for each in computed}
    aggregate = dataclasses.replace(
        of,
        dimensions=tuple(map(str, kept)),
        time=found.calendar.column,
        measures=tuple(each for each in of.measures if each.name in names),
        start=found.start,
        end=found.end,
        rolling=declared.rolling or of.rolling,
        refused=(),
    )
    return Rollup(grouping, found, aggregate)


def _dimensions(declared: RollupDeclaration, of: Aggregate, found: Buckets) -> Iterator[Word | Diagnostic]:
    known = {name.casefold(): name for name in of.dimensions}
    if declared.dimensions is None:
        yield from (Word(name, declared.of.place) for name in of.dimensions)
        return
    yield from named_twice(declared.dimensions, codes.UNKNOWN_DIMENSION)
    for word in declared.dimensions:
        if word.casefold() in (of.time.casefold(), found.calendar.column.casefold()):
            message = f"{word} is the time, and `to:` says what becomes of it"
            yield Diagnostic(word.place, codes.UNKNOWN_DIMENSION, message, "leave it out")
        elif word.casefold() not in known:
            message = f"{word} is not a dimension of {declared.of}"
            advice = did_you_mean(word, of.dimensions) or f"there are: {', '.join(of.dimensions) or 'none'}"
            yield Diagnostic(word.place, codes.UNKNOWN_DIMENSION, message, advice)
        else:
            yield Word(known[word.casefold()], word.place)


def _measures(declared: RollupDeclaration, of: Aggregate, found: Buckets) -> Iterator[Computed | Diagnostic]:
    known = {each.name.casefold(): each for each in of.measures}
    refused = {each.column.casefold(): each for each in of.refused}
    everything = [
        Word(name, declared.of.place) for name in (*(m.name for m in of.measures), *(r.column for r in of.refused))
    ]
    yield from named_twice(declared.measures or (), codes.BAD_MEASURE)
    for word in everything if declared.measures is None else declared.measures:
        refusal = refused.get(word.casefold())
        if refusal is not None:
            yield Diagnostic(word.place, codes.NOT_ADDITIVE, said_of(refusal), refusal.fix)
        elif word.casefold() in known:
            yield _computed(known[word.casefold()], word, found)
        else:
            advice = did_you_mean(word, (each.name for each in of.measures))
            advice = advice or f"there are: {', '.join(each.name for each in of.measures)}"
            yield Diagnostic(word.place, codes.BAD_MEASURE, f"{word} is not a measure of {declared.of}", advice)
    if of.filtered_by:
        message = f"{declared.of} leaves groups out by {of.filtered_by}, so its rows do not add up to the whole"
        advice = f"roll up a table that has all groups, and put {of.filtered_by} behind the roll-up"
        yield Diagnostic(declared.of.place, codes.FILTERED, message, advice)


def named_twice(words: Sequence[Word], code: Code) -> Iterator[Diagnostic]:
    """Words of a list that are there already; the case of letters makes no other column."""
    seen = set()
    for word in words:
        if word.casefold() in seen:
            yield Diagnostic(word.place, code, f"{word} is named twice", "remove one of the two")
        seen.add(word.casefold())


def said_of(refusal: Refusal) -> str:
    """What to say of a column that can't be rolled up."""
    return f"{refusal.column} is {refusal.what}: {refusal.reason}"


def _computed(measure: MeasureDeclaration, word: Word, found: Buckets) -> Computed | Diagnostic:
    try:
        return Computed(Word(measure.name, word.place), algebra_of(measure, found.bucket))
    except BadMeasureError as error:
        return Diagnostic(word.place, codes.NOT_ADDITIVE, f"{measure.name}: {error}", error.advice)


def clashes(
    keys: Sequence[str],
    computed: Sequence[Computed],
    declared: RollupDeclaration | None = None,
    counted: Sequence[Column] = (),
) -> list[Diagnostic]:
    """Columns that two things would have the name of."""
    problems = []
    taken: dict[str, str] = {}
    for key in keys:
        if key.casefold() in taken and declared is not None:
            message = f"the time column would be called {key}, as a dimension is"
            problems.append(Diagnostic(declared.place, codes.BAD_DIMENSIONS, message, "choose another name: `as: …`"))
        taken[key.casefold()] = "a dimension"
    for column in counted:
        if column.name in taken and declared is not None:
            message = f"{column.name}, the number of partitions that are there, has the name of a dimension"
            problems.append(Diagnostic(declared.place, codes.BAD_DIMENSIONS, message, "leave `complete: partial` out"))
        taken[column.name] = "the number of partitions that are there"
    for measure in computed:
        for name in columns_of(measure.algebra):
            owner = taken.setdefault(name.casefold(), f"a column of {measure.name}")
            if owner != f"a column of {measure.name}":
                what = str(measure.name) if name == measure.name else f"{measure.name} keeps {name}, which"
                problems.append(
                    Diagnostic(measure.name.place, codes.BAD_DIMENSIONS, f"{what} has the name of {owner}", "rename it")
                )
    return problems


def columns_of(algebra: Algebra) -> list[str]:
    """The columns of a measure: what people read, then what is kept."""
    return list(dict.fromkeys((*(each.name for each in algebra.finals), *(each.column for each in algebra.states))))


def _filter_problems(declared: RollupDeclaration, of: Aggregate) -> Iterator[Diagnostic]:
    """What a condition looks at that is not a dimension."""
    if declared.where is None:
        return
    found = columns_in(declared.where)
    if found is None:
        yield Diagnostic(
            declared.where.place, codes.BAD_EXPRESSION, "this is not one condition", "write it as after WHERE"
        )
        return
    known = {name.casefold() for name in (*of.dimensions, of.time)}
    for column in found:
        if column.casefold() not in known:
            is_measure = any(column.casefold() == each.name.casefold() for each in of.measures)
            what = (
                "a measure, and groups are not chosen by their size"
                if is_measure
                else f"not a dimension of {declared.of}"
            )
            near = "" if is_measure else did_you_mean(column, (of.time, *of.dimensions))
            advice = near or f"there are: {', '.join((of.time, *of.dimensions))}"
            yield Diagnostic(declared.where.place, codes.BAD_FILTER, f"{column} is {what}", advice)
