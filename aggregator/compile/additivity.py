"""Which columns of a grouped SELECT could be aggregated once more, as it is written; a guess is never made.

The words are those of Gray et al., Data Cube (1997): *distributive* numbers are made from themselves, *algebraic* ones
from a few others, *holistic* ones from all values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.compile.analysis.aggregates import WINDOW_ONLY
from aggregator.compile.linear import is_linear

if TYPE_CHECKING:
    from aggregator.compile.analysis import Analysis


class Role(StrEnum):
    """What a column of a grouped SELECT is."""

    KEY = "key"
    DERIVED = "derived from keys"
    CONSTANT = "constant"
    DISTRIBUTIVE = "distributive"
    STATE = "state"
    ALGEBRAIC = "algebraic"
    HOLISTIC = "holistic"
    WINDOW = "window"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Grouped:
    """An output column; ``node`` is what it is computed as in the grouped SELECT.

    ``merge`` is the kind of measure by which groups of a distributive column are merged.
    """

    name: str
    role: Role
    node: exp.Expr
    merge: str = ""


@dataclasses.dataclass(frozen=True)
class Grouping:
    """The output columns of a SELECT whose rows are groups.

    ``keys`` is how many different things rows are grouped by. ``filtered_by`` is the clause that leaves groups out
    afterwards, by something else than their keys; empty if none does.
    """

    columns: tuple[Grouped, ...]
    keys: int
    filtered_by: str


class _Keys:
    """What rows are grouped by. Text is written only of what is of the same type as a key: hardly anything is."""

    def __init__(self, keys: Iterable[exp.Expr] = ()) -> None:
        keys = tuple(keys)
        self._kinds = frozenset(map(type, keys))
        self._texts = frozenset(map(_text, keys))

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, node: exp.Expr) -> bool:
        return type(node) in self._kinds and _text(node) in self._texts


MERGES: dict[type[exp.Expr], str] = {
    exp.Count: "count",
    exp.CountIf: "countif",
    exp.Sum: "sum",
    exp.Min: "min",
    exp.Max: "max",
    exp.LogicalAnd: "logical_and",
    exp.LogicalOr: "logical_or",
    exp.BitwiseAndAgg: "bit_and",
    exp.BitwiseOrAgg: "bit_or",
    exp.BitwiseXorAgg: "bit_xor",
}
"""The kind of measure that a distributive aggregate is."""

_ALGEBRAIC = (
    *(exp.Avg, exp.AnyValue, exp.ArgMax, exp.ArgMin, exp.Corr, exp.CovarPop, exp.CovarSamp),
    *(exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop),
)
_ONE_OF_EQUALS = (exp.Min, exp.Max, exp.AnyValue)
"""Aggregates to which it makes no difference how often a value occurs."""

_LEAVES_OUT = {"qualify": "QUALIFY", "limit": "LIMIT", "offset": "OFFSET", "distinct": "DISTINCT"}
_MIXES = ("joins", "laterals", "windows", "kind")
"""What a SELECT must not have that only passes on the rows of another one."""

_SEVERAL_GROUPINGS = (exp.Cube, exp.GroupingSets, exp.Rollup)
_STATES = ("HLL_COUNT.INIT", "HLL_COUNT.MERGE_PARTIAL", "KLL_QUANTILES.INIT_", "KLL_QUANTILES.MERGE_PARTIAL")
_OF_STATES = ("HLL_COUNT.MERGE", "KLL_QUANTILES.MERGE_")
_OF_ONE_STATE = ("HLL_COUNT.EXTRACT", "KLL_QUANTILES.EXTRACT")
_NOT_UNDERSTOOD = (exp.Query, exp.Anonymous, exp.AnonymousAggFunc, exp.Filter, *WINDOW_ONLY)
_MAX_DEPTH = 30


def grouping(analysis: Analysis) -> Grouping | None:
    """The groups that a query gives; None where its rows are none, or it can't be told."""
    names = [column.name for column in analysis.columns]
    chain = _chain(analysis.root) if analysis.root is not None else []
    if not chain or len(names) != len(chain[0].selects):
        return None
    keys = _keys(chain[-1])
    if keys is None:
        return None
    grouped_by = _Keys(keys)
    made = [(_followed(item, chain), item) for item in chain[0].selects]
    columns = (
        Grouped(name, Role.UNKNOWN, _unwrapped(item)) if node is None else _classified(name, node, grouped_by)
        for name, (node, item) in zip(names, made, strict=True)
    )
    return Grouping(tuple(columns), len(grouped_by), _filtered_by(chain, grouped_by))


def _chain(root: Scope) -> list[exp.Select]:
    """The SELECT of a query, its only source, and so on to the one that groups; nothing where there is none."""
    chain: list[exp.Select] = []
    scope = root
    while len(chain) < _MAX_DEPTH and isinstance(scope.expression, exp.Select) and not scope.pivots:
        select = scope.expression
        chain.append(select)
        if select.args.get("group") is not None:
            return chain
        sources = [source for _, source in scope.selected_sources.values()]
        if any(select.args.get(each) for each in _MIXES) or len(sources) != 1 or not isinstance(sources[0], Scope):
            return []
        scope = sources[0]
    return []


def _keys(select: exp.Select) -> list[exp.Expr] | None:
    """What rows are grouped by, once; None where they are grouped in several ways at a time."""
    group = select.args["group"]
    if group.args.get("all"):
        return [item.unalias() for item in select.selects if not any(True for _ in _calls(item, _Keys()))]
    several = any(value for key, value in group.args.items() if key != "expressions")
    if several or any(isinstance(key, _SEVERAL_GROUPINGS) for key in group.expressions):
        return None
    return list(group.expressions) or None


def _followed(node: exp.Expr, chain: list[exp.Select]) -> exp.Expr | None:
    """What an expression of the first SELECT of a chain is in the last; None where it is more than a copy."""
    inner = _unwrapped(node)
    for select in chain[1:]:
        items = {item.alias_or_name.casefold(): _unwrapped(item) for item in select.selects}
        if not isinstance(inner, exp.Column) or inner.name.casefold() not in items:
            return None
        inner = items[inner.name.casefold()]
    return inner


def _filtered_by(chain: list[exp.Select], keys: _Keys) -> str:
    """The first clause that leaves groups out; what looks at keys alone leaves out no group for its size."""
    for index in range(len(chain) - 1, -1, -1):
        select, is_last = chain[index], index == len(chain) - 1
        condition = select.args.get("having" if is_last else "where")
        if condition is not None and not _looks_at_keys(condition.this, chain[index:], keys):
            return "HAVING" if is_last else "WHERE"
        for clause, name in _LEAVES_OUT.items():
            if select.args.get(clause):
                return name
    return ""


def _looks_at_keys(condition: exp.Expr, chain: list[exp.Select], keys: _Keys) -> bool:
    if len(chain) == 1:
        return not any(True for _ in _calls(condition, keys))
    if condition.find(exp.Query):
        return False
    columns = [_followed(each, chain) for each in condition.find_all(exp.Column)]
    return all(each is not None and each in keys for each in columns)


def _classified(name: str, node: exp.Expr, keys: _Keys) -> Grouped:
    calls = list(_calls(node, keys))
    roles = {role for role, _ in calls}
    if node in keys:
        role = Role.KEY
    elif not calls:
        role = Role.DERIVED if node.find(exp.Column) else Role.CONSTANT
    elif decisive := next((each for each in (Role.WINDOW, Role.UNKNOWN, Role.HOLISTIC) if each in roles), None):
        role = decisive
    elif calls[0][1] is node:
        role = calls[0][0]
    elif is_linear(node):
        return Grouped(name, Role.DISTRIBUTIVE, node, "sum")
    else:
        role = Role.UNKNOWN if Role.STATE in roles else Role.ALGEBRAIC
    return Grouped(name, role, node, MERGES[type(node)] if role is Role.DISTRIBUTIVE else "")


def _calls(node: exp.Expr, keys: _Keys) -> Iterator[tuple[Role, exp.Expr]]:
    """What an expression is made of besides keys: its outermost aggregates and windows, and what is not understood."""
    if node in keys:
        return
    role = _role_of_call(node, keys)
    if role is not None:
        yield role, node
    elif isinstance(node, exp.Column) and keys:
        yield Role.UNKNOWN, node
    else:
        for child in node.iter_expressions():
            yield from _calls(child, keys)


def _role_of_call(node: exp.Expr, keys: _Keys) -> Role | None:
    """What an aggregate or a window is; None of what is neither."""
    if isinstance(node, exp.Window):
        return Role.WINDOW
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
        return _role_of_named(node, keys)
    if isinstance(node, _NOT_UNDERSTOOD):
        return Role.UNKNOWN
    return _role_of_aggregate(node) if isinstance(node, exp.AggFunc) else None


def _role_of_aggregate(node: exp.AggFunc) -> Role:
    if isinstance(node.this, exp.HavingMax):
        return Role.ALGEBRAIC
    if isinstance(node.this, exp.Distinct) and not isinstance(node, _ONE_OF_EQUALS):
        return Role.HOLISTIC
    if type(node) in MERGES:
        return Role.DISTRIBUTIVE
    return Role.ALGEBRAIC if isinstance(node, _ALGEBRAIC) else Role.HOLISTIC


def _role_of_named(node: exp.Dot, keys: _Keys) -> Role | None:
    """The functions of sketches, which sqlglot knows only by name."""
    name = named(node)
    if name.startswith(_STATES):
        return Role.STATE
    if name.startswith(_OF_STATES):
        return Role.HOLISTIC
    if name.startswith(_OF_ONE_STATE):
        inner = {role for child in node.expression.iter_expressions() for role, _ in _calls(child, keys)}
        return Role.HOLISTIC if Role.STATE in inner else Role.UNKNOWN if inner else None
    return Role.UNKNOWN


def named(node: exp.Expr) -> str:
    """The name of a function in a namespace, in upper case: ``HLL_COUNT.INIT``; empty of anything else."""
    is_call = isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func)
    return f"{node.this.name}.{node.expression.name}".upper() if is_call else ""


def _unwrapped(node: exp.Expr) -> exp.Expr:
    """Without its name and parentheses."""
    node = node.unalias()
    return node.unnest() if isinstance(node, exp.Paren) else node


def _text(node: exp.Expr) -> str:
    if isinstance(node, exp.Column) and len(node.parts) <= 2:  # noqa: PLR2004  (most of them, and cheap)
        return f"{node.table}.{node.name}".casefold()
    return str(node.sql(comments=False)).casefold()
