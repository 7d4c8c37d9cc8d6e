"""Whether the embedded engine computes a SELECT as BigQuery would: only what has been shown to agree is believed.

``agreed.json`` lists it: each construct with the types on which it gave the same as Google's reference engine. It is
written by ``python -m tests.side_by_side``. The tables below say what no comparison can.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from importlib import resources

from sqlglot import exp

from aggregator.compile.analysis import Called
from aggregator.compile.nodes import Nodes
from aggregator.compile.routines import path_of
from aggregator.core.graph import Fidelity
from aggregator.engines.duckdb.dialect.constructs import Construct, constructs_of, shape_of, telling
from aggregator.engines.duckdb.dialect.inlining import cant_be_put_in
from aggregator.engines.duckdb.sketches import is_sketch

_ORDER = "floats are added in no certain order, so that the last digits can differ"
_EXACT_HERE = "it is exact here, and an approximation on BigQuery"
_ANOTHER_ENGINE = "another engine of JavaScript runs it than on BigQuery"
_CLOCK = "it is the clock of this machine"

APPROXIMATE: dict[type[exp.Expr], tuple[str, str]] = {
    **dict.fromkeys((exp.Sum, exp.Avg), ("FLOAT64", _ORDER)),
    **dict.fromkeys((exp.Stddev, exp.StddevSamp, exp.StddevPop, exp.Variance, exp.VariancePop), ("", _ORDER)),
    **dict.fromkeys((exp.Corr, exp.CovarPop, exp.CovarSamp), ("", _ORDER)),
    **dict.fromkeys((exp.ApproxDistinct, exp.ApproxQuantiles, exp.ApproxTopK, exp.ApproxTopSum), ("", _EXACT_HERE)),
    **dict.fromkeys((exp.CurrentDate, exp.CurrentDatetime, exp.CurrentTime, exp.CurrentTimestamp), ("", _CLOCK)),
}
"""Constructs whose values are only near: on which type (any, if empty), and in what way."""

_OTHERWISE_SHOWN = (
    exp.ApproxDistinct,
    exp.ApproxQuantiles,
    exp.ApproxTopK,
    exp.CurrentDate,
    exp.CurrentDatetime,
    exp.CurrentTime,
    exp.CurrentTimestamp,
)
"""What the reference engine does not have, or can't be asked for; the tests of the dialect show them."""

_WRITES = tuple(f"timetostr element {each}" for each in ("%k", "%l", "%P"))
_READS = tuple(f"{kind} element %F" for kind in ("strtodate", "strtotime", "parsedatetime"))
DOCUMENTED: dict[str, frozenset[str]] = {
    **dict.fromkeys((*_WRITES, *_READS), frozenset()),
    "contains": frozenset({"STRING"}),
    **dict.fromkeys(("tobase32", "frombase32"), frozenset({"BYTES", "STRING"})),
}
"""What the reference engine can't tell, and the documentation says exactly: shown by the tests of the dialect."""

_ON_ANY = 6
"""What agrees on so many types does so on a type that could not be told."""

_LOUD = (exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseLeftShift, exp.BitwiseRightShift, exp.BitwiseOrAgg)
"""On any type but INT64 DuckDB fails, so that it does no harm if the type could not be told."""

_BEYOND = {
    "BIGNUMERIC": "it has 38 digits after the point, and DuckDB's numbers have 38 in all; NUMERIC is computed",
    "GEOGRAPHY": "DuckDB has no values of this type; compute it on BigQuery, or `--allow-inexact`",
    "RANGE": "DuckDB has no values of this type; two columns for its ends will do",
}
"""Types that can't be held, and what to do."""

_exact: set[Hashable] = set()
"""Shapes of nodes that were found to be computed exactly: most nodes of most models have one of a few hundred."""


@dataclasses.dataclass(frozen=True)
class Found:
    """A construct that is not computed exactly; ``node`` is None where the whole SELECT is meant."""

    fidelity: Fidelity
    node: exp.Expr | None
    construct: str
    why: str


def verdict(nodes: Nodes, called: Sequence[Called] = ()) -> Iterator[Found]:
    """What in a SELECT is approximate or refused; nothing where it is exact. Each construct is told once.

    ``nodes`` are those of the SELECT; none where it could not be followed. ``called`` are its calls of declared
    functions: their bodies are judged in their place.
    """
    if not nodes.in_order:
        yield Found(Fidelity.REFUSED, None, "SELECT", "what it computes could not be followed")
        return
    told: set[tuple[str, str]] = set()
    names = frozenset(each.routine.name for each in called)
    yield from _judged_nodes(_but_calls(nodes, names), told)
    for each in called:
        yield from _of_call(each)
        for found in _judged_nodes(_but_calls(Nodes(each.body), names), told):
            yield dataclasses.replace(found, node=each.at, why=f"{found.why} (in {each.routine.name})")


def _but_calls(nodes: Nodes, names: frozenset[str]) -> list[exp.Expr]:
    """The constructs of a tree, without calls of these functions."""
    found = telling(nodes)
    if not names:
        return found
    return [node for node in found if not (isinstance(node, exp.Anonymous) and ".".join(path_of(node)) in names)]


def _of_call(call: Called) -> Iterator[Found]:
    """What is wrong with a call itself."""
    why = call.why_not or cant_be_put_in(call.routine)
    if why:
        yield Found(Fidelity.REFUSED, call.at, call.routine.name, why)
    elif call.routine.code:
        yield Found(Fidelity.APPROXIMATE, call.at, call.routine.name, _ANOTHER_ENGINE)


def _judged_nodes(nodes: Iterable[exp.Expr], told: set[tuple[str, str]]) -> Iterator[Found]:
    for node in nodes:
        shape = shape_of(node)
        if shape in _exact:
            continue
        found = [each for each in map(_judged, constructs_of(node)) if each is not None]
        if shape is not None and not found:
            _exact.add(shape)
        for each in found:
            if (each.construct, each.why) not in told:
                told.add((each.construct, each.why))
                yield each


def _judged(construct: Construct) -> Found | None:
    node = construct.node
    if isinstance(node, exp.Anonymous) and node.parent is not None and is_sketch(node.parent):
        return Found(Fidelity.APPROXIMATE, node, _spelt(node.parent), _EXACT_HERE)
    kind, why = APPROXIMATE.get(type(node), ("", ""))
    if isinstance(node, _OTHERWISE_SHOWN):
        return Found(Fidelity.APPROXIMATE, node, _spelt(node), why)
    shown = agreed().get(construct.name)
    if shown is None:
        return Found(Fidelity.REFUSED, node, _spelt(node), _not_shown(construct))
    strange = [each for each in construct.types if each not in shown]
    if strange and not (strange == ["?"] and (len(shown) >= _ON_ANY or isinstance(node, _LOUD))):
        return Found(Fidelity.REFUSED, node, _spelt(node), _on(strange[0]))
    if why and (not kind or kind in construct.types):
        return Found(Fidelity.APPROXIMATE, node, _spelt(node), why)
    return None


@functools.cache
def agreed() -> Mapping[str, frozenset[str]]:
    """The allow-list: constructs, and the types on which they were shown to agree."""
    text = resources.files("aggregator.engines.duckdb.dialect").joinpath("agreed.json").read_text(encoding="utf-8")
    return DOCUMENTED | {name: frozenset(types) for name, types in json.loads(text).items()}


def _spelt(node: exp.Expr) -> str:
    """How the construct is called in a message."""
    text = node.sql("bigquery", normalize_functions="upper")
    head = text.partition("(")[0].strip() if isinstance(node, (exp.Func, exp.Dot)) and "(" in text else ""
    return head if head and " " not in head else text if len(text) <= 40 else f"{text[:37]}..."  # noqa: PLR2004


def _not_shown(construct: Construct) -> str:
    if " element " in construct.name:
        return f"the element {construct.name.rpartition(' ')[2]} has not been shown to agree with BigQuery"
    kind = construct.name.rpartition(" ")[2]
    if kind in _BEYOND:
        return _BEYOND[kind]
    return "it has not been shown to agree with BigQuery"


def _on(type_: str) -> str:
    if type_ == "?":
        return "the type of what it is used on could not be told"
    return _BEYOND.get(type_, f"it has not been shown to agree with BigQuery on {type_}")
