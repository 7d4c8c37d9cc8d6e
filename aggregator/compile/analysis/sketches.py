"""The functions of HLL_COUNT and KLL_QUANTILES: what they give, and what they can't take.

What is not known is not refused: BYTES of a source may be any sketch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.analysis.lineage import Value, origins_of
from aggregator.compile.analysis.sketch_type import SketchType, sketch_type
from aggregator.compile.analysis.types import BYTES, NULL
from aggregator.core.diagnostics import Code, Diagnostic
from aggregator.core.graph import Derivation, Measure

if TYPE_CHECKING:
    from aggregator.compile.analysis.lineage import Field
    from aggregator.compile.analysis.types import Type
    from aggregator.compile.query import Query

NAMESPACES = ("HLL_COUNT.", "KLL_QUANTILES.")

_FAMILIES = {"HLL_COUNT": "hll", "KLL_QUANTILES": "kll"}
_NAMES = {"hll": "HLL_COUNT", "kll": "KLL_QUANTILES"}
_INITS = {"hll": "HLL_COUNT.INIT", "kll": "KLL_QUANTILES.INIT_INT64 or INIT_FLOAT64"}
_PRECISIONS = {"hll": (10, 24, 15), "kll": (1, 100_000, 1000)}
"""The least, the greatest, and the one that nobody named."""

_TAKES = {
    "HLL_COUNT.INIT": frozenset({"INT64", "NUMERIC", "BIGNUMERIC", "STRING", "BYTES"}),
    "KLL_QUANTILES.INIT_INT64": frozenset({"INT64"}),
    "KLL_QUANTILES.INIT_FLOAT64": frozenset({"INT64", "NUMERIC", "BIGNUMERIC", "FLOAT64"}),
}
_NUMBERS = frozenset({"INT64", "NUMERIC", "BIGNUMERIC", "FLOAT64"})
_AS_TEXT = frozenset({"JSON", "ARRAY", "STRUCT", "RANGE"})


class Call(NamedTuple):
    """A call of one of the functions; ``name`` is in upper case, ``first`` what is known of its first argument."""

    query: Query
    node: exp.Expr
    name: str
    first: Value

    @property
    def family(self) -> str:
        """Which kind of sketch the function is about."""
        return _FAMILIES[self.name.partition(".")[0]]

    @property
    def type(self) -> str:
        """The type that the name of a function of KLL_QUANTILES ends with; empty where it does not."""
        last = self.name.rpartition("_")[2]
        return last if last in ("INT64", "FLOAT64") else ""

    def problem(self, code: Code, message: str, advice: str, index: int = 0) -> Diagnostic:
        """Something that an argument is not."""
        return Diagnostic(self.query.place_of(self.node.expressions[index]), code, message, advice)


def value_of(call: Call, values: list[Value], type_: Type | None) -> Value:
    """What a call gives. EXTRACT and its like are the only ones that make no row of many."""
    does_aggregate = ".EXTRACT" not in call.name or any(each.derivation is Derivation.AGGREGATE for each in values)
    derivation = Derivation.AGGREGATE if does_aggregate else Derivation.TRANSFORMATION
    is_state = ".INIT" in call.name or call.name.endswith("PARTIAL")
    measure = Measure.DISTINCT if call.family == "hll" else Measure.OTHER if is_state else Measure.QUANTILE
    return Value(type_, origins_of(values), derivation, measure, sketch=_sketch_of(call))


def _sketch_of(call: Call) -> str:
    if call.name.endswith(".MERGE_PARTIAL"):
        known = sketch_type(call.first.sketch)
        return call.first.sketch if known and known.family == call.family else str(SketchType(call.family))
    if ".INIT" not in call.name:
        return ""
    found = call.first.type
    counted = call.type or (found.name if found is not None and found != NULL else "")
    return str(SketchType(call.family, counted, _precision(call) or 0))


def problems_of(call: Call) -> Iterator[Diagnostic]:
    """What is wrong for certain with the arguments of a call."""
    if not call.node.expressions:
        return
    if ".INIT" in call.name:
        yield from _input_problems(call)
        least, greatest, _ = _PRECISIONS[call.family]
        precision = _precision(call)
        if precision is not None and not least <= precision <= greatest:
            message = f"the precision of {call.name} is {precision}"
            yield call.problem(codes.SKETCH_PRECISION, message, f"it is from {least} to {greatest}", 1)
    else:
        yield from _state_problems(call)


def _precision(call: Call) -> int | None:
    """The precision, if it is there to be read."""
    given = call.node.expressions[1:2]
    if not given or isinstance(given[0], exp.Kwarg):
        return _PRECISIONS[call.family][2]
    literal = given[0].this if isinstance(given[0], exp.Neg) else given[0]
    if not (isinstance(literal, exp.Literal) and literal.is_int):
        return None
    return -int(literal.name) if isinstance(given[0], exp.Neg) else int(literal.name)


def _input_problems(call: Call) -> Iterator[Diagnostic]:
    found, taken = call.first.type, _TAKES.get(call.name)
    if found is not None and found != NULL and taken is not None and found.name not in taken:
        message = f"{call.name} does not take {found.text}"
        yield call.problem(codes.SKETCH_INPUT, message, _advice(call, found))


def _advice(call: Call, found: Type) -> str:
    if call.family == "kll":
        other = "KLL_QUANTILES.INIT_FLOAT64" if found.name in _NUMBERS else ""
        return f"use {other}, or cast it to {call.type}" if other else "quantiles are of numbers"
    if found.name in _AS_TEXT:
        return "count its text, as TO_JSON_STRING gives it"
    wanted = {"BOOL": "INT64", "FLOAT64": "NUMERIC"}.get(found.name, "STRING")
    return f"cast it to {wanted}"


def _state_problems(call: Call) -> Iterator[Diagnostic]:
    found, sketch = call.first.type, sketch_type(call.first.sketch)
    if found is not None and found not in (NULL, BYTES):
        message = f"{call.name} takes a sketch, not {found.text}"
        yield call.problem(codes.NOT_THIS_SKETCH, message, f"make one with {_INITS[call.family]}")
    elif sketch is not None and sketch.family != call.family:
        message = f"{call.name} does not read a sketch of {_NAMES[sketch.family]}: this is {sketch}"
        yield call.problem(codes.NOT_THIS_SKETCH, message, f"use the functions of {_NAMES[sketch.family]}")
    elif sketch is not None and call.type and sketch.type and sketch.type != call.type:
        message = f"{call.name} does not read a sketch of {sketch.type}: this is {sketch}"
        advice = f"use {call.name.removesuffix(call.type)}{sketch.type}"
        yield call.problem(codes.NOT_THIS_SKETCH, message, advice)


def mixed_sketches(query: Query, node: exp.SetOperation, pairs: Sequence[Sequence[Field]]) -> Iterator[Diagnostic]:
    """Columns of a UNION that are sketches on both sides, of what can't be merged."""
    items = node.expression.selects
    is_by_place = len(items) == len(pairs) and not node.args.get("by_name")
    for index, fields in enumerate(pairs):
        found = [each for each in (sketch_type(field.value.sketch) for field in fields) if each is not None]
        families, types = {each.family for each in found}, {each.type for each in found if each.type}
        if len(families) > 1 or len(types) > 1:
            message = f"{fields[0].name} holds {' and '.join(map(str, found))}, which can't be merged"
            advice = "make both of the same type, or give them columns of their own"
            place = query.place_of(items[index] if is_by_place else node.expression)
            yield Diagnostic(place, codes.MIXED_SKETCHES, message, advice)
