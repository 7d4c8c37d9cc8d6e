"""Windows over which a function can't be computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.nodes import name_of
from aggregator.core.diagnostics import Diagnostic

if TYPE_CHECKING:
    from aggregator.compile.query import Query

_ORDERED = (exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead)
_NUMBERING = (*_ORDERED, exp.RowNumber)
_NEEDS_WINDOW = (*_NUMBERING, exp.PercentileCont, exp.PercentileDisc)
_WITHOUT_WINDOW = (exp.ApproxDistinct, exp.ApproxQuantiles, exp.ApproxTopK, exp.ApproxTopSum)


def window_problems(query: Query) -> Iterator[Diagnostic]:
    """Missing and superfluous parts of OVER, and functions that need or can't have it."""
    for window in query.nodes.of(exp.Window):
        function = window.this
        while isinstance(function, (exp.IgnoreNulls, exp.RespectNulls)):
            function = function.this
        is_definition = not isinstance(function, exp.Func)
        name = window.alias if not is_definition else ""
        said = "" if name or is_definition else _problem(function, window)
        if name and name.casefold() not in _names(window):
            said = f"there is no window {name}"
        if said:
            yield Diagnostic(query.place_of(window), codes.WINDOW, said)
    for function in query.nodes.of(*_NEEDS_WINDOW):
        parent = function.parent
        while isinstance(parent, (exp.IgnoreNulls, exp.RespectNulls)):
            parent = parent.parent
        if not isinstance(parent, exp.Window) and not isinstance(parent, exp.WithinGroup):
            message = f"{name_of(function)} needs OVER"
            yield Diagnostic(query.place_of(function), codes.WINDOW, message, "OVER (PARTITION BY ... ORDER BY ...)")


def _names(window: exp.Expr) -> set[str]:
    """The windows that the SELECT around one gives names to."""
    select = window.find_ancestor(exp.Select)
    return {each.name.casefold() for each in (select.args.get("windows") if select else None) or ()}


def _problem(function: exp.Func, window: exp.Window) -> str:
    name, order, frame = name_of(function), window.args.get("order"), window.args.get("spec")
    if isinstance(function, _WITHOUT_WINDOW):
        return f"{name} can't have OVER"
    if isinstance(function, _ORDERED) and order is None:
        return f"{name} needs ORDER BY in OVER"
    if isinstance(function, _NUMBERING) and frame is not None:
        return f"{name} has no frame: OVER can't have ROWS or RANGE"
    if isinstance(function, (exp.PercentileCont, exp.PercentileDisc)) and (order is not None or frame is not None):
        return f"{name} can have neither ORDER BY nor a frame in OVER"
    if isinstance(function.args.get("this"), exp.Distinct) and (order is not None or frame is not None):
        return f"{name} with DISTINCT can have neither ORDER BY nor a frame in OVER"
    return _argument_problem(function, name) or (_frame_problem(frame) if isinstance(frame, exp.WindowSpec) else "")


def _argument_problem(function: exp.Func, name: str) -> str:
    """What is wrong with what a function is called with, as it has OVER."""
    if isinstance(function, (exp.ArrayAgg, exp.GroupConcat)) and isinstance(function.this, (exp.Order, exp.Limit)):
        return f"{name} can have neither ORDER BY nor LIMIT of its own with OVER"
    if isinstance(function, (exp.Lag, exp.Lead)):
        offset = function.args.get("offset")
        if isinstance(offset, exp.Neg):
            return f"the offset of {name} can't be negative"
        if offset is not None and offset.find(exp.Column):
            return f"the offset of {name} must be written out"
    if isinstance(function, exp.Ntile) and (isinstance(function.this, exp.Neg) or function.this.name == "0"):
        return f"{name} makes one part at least"
    return ""


def _frame_problem(frame: exp.WindowSpec) -> str:
    if frame.args.get("kind") == "GROUPS":
        return "a frame is of ROWS or RANGE"
    sides = (frame.args.get("start_side"), frame.args.get("end_side"))
    return "the frame ends before it begins" if sides == ("FOLLOWING", "PRECEDING") else ""
