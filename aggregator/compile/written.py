"""From what was committed to the SELECT that is compiled: rendered, and written where only measures are declared.

Every character of a generated SELECT knows for which word of the author's it is there, so that whatever is said of it
later is said of that word.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aggregator.aggregates import codes
from aggregator.aggregates.expressions import columns_in
from aggregator.aggregates.kinds import algebra_of, kind_of
from aggregator.aggregates.protocol import BadMeasureError, Bucket
from aggregator.aggregates.rollup import clashes, named_twice, rollup
from aggregator.aggregates.select import CLOSING, OPENING, Computed, Grouping, Key, Piece, select
from aggregator.compile.parse import parse_select
from aggregator.compile.placed import placed
from aggregator.compile.templates.source_map import SourceMap
from aggregator.compile.templates.text import Span, TemplateText
from aggregator.compile.templates.traced import Traced, joined, parts_of, plain, written
from aggregator.core.aggregate import Aggregate, MeasureDeclaration
from aggregator.core.calendar import Grain
from aggregator.core.diagnostics import Diagnostic, Word
from aggregator.core.graph import Implied, Measure
from aggregator.core.project import Column, Kind, Partitioning

if TYPE_CHECKING:
    from aggregator.compile.templates.render import Renderer
    from aggregator.core.graph import Table
    from aggregator.core.plain import Plain
    from aggregator.core.project import Model


NUMBERS = {
    "avg": Measure.AVERAGE,
    "count": Measure.COUNT,
    "countif": Measure.COUNT,
    "distinct": Measure.DISTINCT,
    "logical_and": Measure.EXTREME,
    "logical_or": Measure.EXTREME,
    "max": Measure.EXTREME,
    "min": Measure.EXTREME,
    "quantile": Measure.QUANTILE,
    "ratio": Measure.RATIO,
    "sum": Measure.SUM,
}
"""Which kind of number a measure is, by the word that declares it."""


@dataclasses.dataclass(frozen=True)
class Written:
    """A model's SELECT as it is to be compiled.

    ``model`` has what its declarations imply, ``implied``, as if the author had written it. ``aggregate`` is what
    readers know of its groups. ``facts`` is where the author's own SELECT stands in a generated text.
    """

    model: Model
    text: str
    source_map: SourceMap | None
    implied: Implied | None = None
    aggregate: Aggregate | None = None
    facts: tuple[int, int] | None = None


def written_select(model: Model, renderer: Renderer, of: Table | None = None) -> Written | list[Diagnostic]:
    """The SELECT of a model; ``of`` is the table that a roll-up is made from."""
    if model.rollup is not None:
        assert of is not None  # noqa: S101  (nothing is asked of a roll-up before its input is known)
        return _rolled_up(model, of)
    rendered = renderer.render(model.document, model.sql_start)
    if isinstance(rendered, Diagnostic):
        return [rendered]
    if model.measures or model.dimensions:
        return _aggregated(model, *rendered)
    return Written(model, *rendered)


def _aggregated(model: Model, text: str, source_map: SourceMap | None) -> Written | list[Diagnostic]:
    body = parse_select(text, model.document, model.sql_start, source_map)
    if isinstance(body, Diagnostic):
        return [body]
    bucket = Bucket(days=1 if model.partition and model.partition.grain in (Grain.HOUR, Grain.DAY) else None)
    computed = [_computed(measure, bucket) for measure in model.measures]
    problems = [*_dimension_problems(model), *(each for each in computed if isinstance(each, Diagnostic))]
    sound = tuple(each for each in computed if isinstance(each, Computed))
    problems += clashes(model.dimensions, sound)
    if problems:
        return problems
    keys = tuple(Key(str(name), str(name), name) for name in model.dimensions)
    template = source_map.template if source_map else TemplateText(model.document, model.sql_start)
    own = (
        source_map.parts
        if source_map
        else parts_of(written(text, Span(template, model.sql_start, len(model.document.text))))
    )
    rows = Traced(body.text, own).strip()
    groups = placed(select(Grouping(Piece("facts"), keys, sound)), template)
    whole = joined((OPENING, rows, CLOSING, groups))
    partition = model.partition
    aggregate = Aggregate(
        dimensions=tuple(str(name) for name in model.dimensions if partition is None or not _same(name, partition.by)),
        time=str(partition.by) if partition else "",
        measures=tuple(measure.unplaced() for measure in model.measures),
        base=partition.grain if partition else None,
        start=partition.start if partition else None,
        end=partition.end if partition else None,
    )
    key = model.dimensions if model.kind is Kind.TABLE else ()  # what a view promises can't be checked
    numbers = _numbers(sound, model.measures)
    implied = Implied(key, model.columns, _states(sound), partition, numbers=numbers)
    span = (len(OPENING), len(OPENING) + len(rows))
    source_map = SourceMap(template, parts_of(whole))
    return Written(implied.applied(model), plain(whole), source_map, implied, aggregate, span)


def _rolled_up(model: Model, of: Table) -> Written | list[Diagnostic]:
    declared = model.rollup
    assert declared is not None  # noqa: S101
    found = rollup(declared, of.aggregate, of.calendar)
    if isinstance(found, list):
        return found
    template = TemplateText(model.document, 0)
    whole = placed((Piece("WITH ", declared.of), *select(found.grouping)), template)
    calendar, place = found.buckets.calendar, declared.place
    time = Word(calendar.column, place)
    partition = Partitioning(time, calendar.grain, calendar.zone, place, found.buckets.start, found.buckets.end)
    typed = Column(time, calendar.type.value, "")
    columns = (*(each for each in model.columns if not _same(each.name, time)), _described(typed, model))
    implied = Implied(
        key=(time, *(Word(name, place) for name in found.aggregate.dimensions)),
        columns=columns,
        states=_states(found.grouping.measures),
        partition=partition,
        inputs={declared.of: found.buckets.map},
        numbers=_numbers(found.grouping.measures, found.aggregate.measures),
    )
    return Written(implied.applied(model), plain(whole), SourceMap(template, parts_of(whole)), implied, found.aggregate)


def _described(time: Column, model: Model) -> Column:
    """The time column with what the author says of it."""
    own = next((each for each in model.columns if _same(each.name, time.name)), None)
    return time if own is None else dataclasses.replace(own, type=own.type or time.type)


def _computed(measure: MeasureDeclaration, bucket: Bucket) -> Computed | Diagnostic:
    name = measure.name
    assert isinstance(name, Word)  # noqa: S101  (it was read from a file)
    words = tuple(_words(dict(measure.arguments)))
    try:
        algebra = algebra_of(measure, bucket)
    except BadMeasureError as error:
        return Diagnostic(error.place or measure.place, codes.BAD_MEASURE, f"{name}: {error}", error.advice)
    for word in words:
        if word != "*" and columns_in(word) is None:
            advice = "write one expression over the columns of the SELECT, without AS"
            return Diagnostic(word.place, codes.BAD_EXPRESSION, f"{name}: this is not one expression", advice)
    return Computed(name, algebra, words)


def _words(value: Plain) -> Iterator[Word]:
    """The words among the arguments of a measure, the longest first within each."""
    if isinstance(value, Word):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value if isinstance(value, list) else value.values():
            yield from _words(each)


def _dimension_problems(model: Model) -> Iterator[Diagnostic]:
    """What is wrong with what rows are grouped by."""
    at = model.measures[0].place if model.measures else model.dimensions[0].place
    if not model.dimensions:
        message = "these measures have no dimensions"
        yield Diagnostic(at, codes.BAD_DIMENSIONS, message, "say what rows are grouped by: `dimensions: [flight_date]`")
    if not model.measures:
        message = "these dimensions have no measures"
        yield Diagnostic(
            at, codes.BAD_DIMENSIONS, message, "declare what to count: `measures: {flights: {count: '*'}}`"
        )
    yield from named_twice(model.dimensions, codes.BAD_DIMENSIONS)
    by = model.partition.by if model.partition else None
    if by is not None and model.dimensions and not any(_same(by, name) for name in model.dimensions):
        message = f"{by} cuts the table and is not among its dimensions"
        yield Diagnostic(by.place, codes.BAD_DIMENSIONS, message, f"add it: `dimensions: [{by}, …]`")
    if model.key and {name.casefold() for name in model.key} != {name.casefold() for name in model.dimensions}:
        message = "the dimensions are the key of this table"
        yield Diagnostic(model.key[0].place, codes.BAD_DIMENSIONS, message, "remove `key:`")


def _states(computed: Iterable[Computed]) -> dict[str, tuple[str, str]]:
    """For each column that is kept and not read: its measure, and what it is."""
    found = {}
    for measure in computed:
        read = {final.name for final in measure.algebra.finals} or {measure.algebra.states[0].column}
        states = (state for state in measure.algebra.states if state.column not in read)
        found.update({state.column: (str(measure.name), state.meaning) for state in states})
    return found


def _numbers(computed: Iterable[Computed], declared: Iterable[MeasureDeclaration]) -> dict[str, Measure]:
    """For each column that people read: which kind of number it is."""
    words = {str(measure.name): kind_of(measure).word for measure in declared}
    return {
        column: NUMBERS.get(words[str(measure.name)], Measure.OTHER)
        for measure in computed
        for column in [final.name for final in measure.algebra.finals] or [measure.algebra.states[0].column]
    }


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
