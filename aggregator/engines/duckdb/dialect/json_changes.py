"""JSON that is changed or made: JSON_SET, JSON_REMOVE and their like, on the text that DuckDB keeps."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from sqlglot import exp

from aggregator.engines.duckdb.dialect.json_texts import json_text
from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.trees import call
from aggregator.engines.protocol import QueryError

_Path: TypeAlias = "tuple[str | int, ...]"
_STEP = re.compile(r'\.(\w+)|\."([^"\\]*)"|\[(\d+)\]')


class _MissingError(Exception):
    """There is nothing at a path."""


@functools.cache
def _path(text: str) -> _Path:
    """The names and positions that a path goes through. Raises :class:`ValueError`."""
    steps = list(_STEP.finditer(text))
    if not text.startswith("$") or "".join(each[0] for each in steps) != text[1:]:
        raise ValueError(f"Invalid JSONPath: {text}")
    return tuple(int(each[3]) if each[3] is not None else str(each[1] or each[2]) for each in steps)


def _at(value: Any, step: str | int, *, is_made: bool = False) -> Any:
    """What is one step further: it can be changed. What is not there may be made, as JSON's null."""
    if isinstance(step, str) and isinstance(value, dict):
        if step not in value and is_made:
            value[step] = None
        if step in value:
            return value[step]
    elif isinstance(step, int) and isinstance(value, list):
        if is_made:
            value += [None] * (step + 1 - len(value))
        if step < len(value):
            return value[step]
    raise _MissingError


def _put(value: Any, step: str | int, new: Any) -> None:
    _at(value, step, is_made=True)
    value[step] = new


def _changed(text: str, path: str, change: Callable[[Any], Any], *, is_made: bool = False) -> str:
    """A text in which what is at a path was changed, and which stays the same if there is nothing."""
    whole = {"$": json.loads(text)}
    value: Any = whole
    steps: list[str | int] = ["$", *_path(path)]
    try:
        for step, following in itertools.pairwise(steps):
            inner = _at(value, step, is_made=is_made)
            if inner is None and is_made:
                _put(value, step, {} if isinstance(following, str) else [])
            value = _at(value, step)
        _put(value, steps[-1], change(_at(value, steps[-1], is_made=is_made)))
    except _MissingError:
        return text
    return _written(whole["$"])


def _set(text: str, path: str, new: str, is_made: bool) -> str:  # noqa: FBT001  (DuckDB passes by position)
    return _changed(text, path, lambda _: json.loads(new), is_made=is_made)


def _removed(text: str, path: str) -> str:
    *before, last = _path(path)
    whole = value = json.loads(text)
    try:
        for step in before:
            value = _at(value, step)
        _at(value, last)
    except _MissingError:
        return text
    del value[last]
    return _written(whole)


def _appended(text: str, path: str, new: str, is_each: bool) -> str:  # noqa: FBT001
    def change(value: Any) -> Any:
        if value is not None and not isinstance(value, list):
            raise _MissingError
        return [*(value or []), *_several(new, is_each=is_each)]

    return _changed(text, path, change)


def _inserted(text: str, path: str, new: str, is_each: bool) -> str:  # noqa: FBT001
    *before, place = _path(path)
    if not isinstance(place, int):
        return text

    def change(value: Any) -> Any:
        if value is not None and not isinstance(value, list):
            raise _MissingError
        items, added = value or [], _several(new, is_each=is_each)
        items += [None] * (place - len(items) + (not added))
        return [*items[:place], *added, *items[place:]]

    return _changed(text, "$" + "".join(map(_step_text, before)), change)


def _several(new: str, *, is_each: bool) -> list[Any]:
    value = json.loads(new)
    return value if is_each and isinstance(value, list) else [value]


def _step_text(step: str | int) -> str:
    return f"[{step}]" if isinstance(step, int) else f'."{step}"'


def _stripped(text: str, path: str, in_arrays: bool, is_emptied: bool) -> str:  # noqa: FBT001
    return _changed(text, path, lambda value: _without_nulls(value, in_arrays=in_arrays, is_emptied=is_emptied))


def _without_nulls(value: Any, *, in_arrays: bool, is_emptied: bool) -> Any:
    strip = functools.partial(_without_nulls, in_arrays=in_arrays, is_emptied=is_emptied)
    if isinstance(value, dict):
        found: Any = {name: each for name, old in value.items() if (each := strip(old)) is not None}
    elif isinstance(value, list):
        found = [strip(each) for each in value]
        found = [each for each in found if each is not None] if in_arrays else found
    else:
        return value
    is_empty = not found and is_emptied and (in_arrays or isinstance(value, dict))
    return None if is_empty else found


def _object(names: Sequence[str], values: str) -> str:
    """Of a name that is there twice, the first counts."""
    items = json.loads(values)
    if len(items) != len(names):
        raise ValueError("The number of keys and values must match")
    if any(each is None for each in names):
        raise ValueError("A key of JSON_OBJECT can't be NULL")
    return _written(dict(reversed([*zip(names, items, strict=True)])))


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_TEXT, _BOOLEAN = "VARCHAR", "BOOLEAN"
PYTHON: dict[str, tuple[Callable[..., Any], tuple[str, ...], str]] = {
    "_py_json_set": (_set, (_TEXT, _TEXT, _TEXT, _BOOLEAN), _TEXT),
    "_py_json_removed": (_removed, (_TEXT, _TEXT), _TEXT),
    "_py_json_appended": (_appended, (_TEXT, _TEXT, _TEXT, _BOOLEAN), _TEXT),
    "_py_json_inserted": (_inserted, (_TEXT, _TEXT, _TEXT, _BOOLEAN), _TEXT),
    "_py_json_stripped": (_stripped, (_TEXT, _TEXT, _BOOLEAN, _BOOLEAN), _TEXT),
    "_py_json_object": (_object, ("VARCHAR[]", _TEXT), _TEXT),
}
"""As in :mod:`python`."""


def changed(node: exp.Expr) -> exp.Expr:
    """Paths and values in pairs, from left to right; what is missing is made, unless that is said."""
    pairs, options = _arguments(node)
    text: exp.Expr = exp.cast(node.this, "TEXT", dialect="duckdb")
    name, option = _CHANGES[type(node)]
    for path, value in zip(pairs[::2], pairs[1::2], strict=True):
        is_so = options.get(option, exp.true())
        if option != "create_if_missing" and kind_of(value) is not exp.DataType.Type.ARRAY:
            if kind_of(value) is None:
                raise QueryError("whether a value is an ARRAY can't be told here; cast it, or write it out")
            is_so = exp.false()
        text = call(name, text, path, json_text(value, "_json_value"), is_so.copy())
    return exp.cast(text, "JSON", dialect="duckdb")


_CHANGES: dict[type[exp.Expr], tuple[str, str]] = {
    exp.JSONSet: ("_py_json_set", "create_if_missing"),
    exp.JSONArrayAppend: ("_py_json_appended", "append_each_element"),
    exp.JSONArrayInsert: ("_py_json_inserted", "insert_each_element"),
}


def removed(node: exp.Expr) -> exp.Expr:
    """Paths from left to right; one to nothing does nothing."""
    text: exp.Expr = exp.cast(node.this, "TEXT", dialect="duckdb")
    for path in node.expressions:
        text = call("_py_json_removed", text, path)
    return exp.cast(text, "JSON", dialect="duckdb")


def stripped(node: exp.Expr) -> exp.Expr:
    """JSON_STRIP_NULLS: nulls of objects and arrays, and what is empty then, if that is said."""
    text: exp.Expr = exp.cast(node.this, "TEXT", dialect="duckdb")
    path = node.args.get("expression") or exp.Literal.string("$")
    options = [
        each.expression if isinstance(each, exp.Kwarg) else each or exp.convert(default)
        for each, default in ((node.args.get("include_arrays"), True), (node.args.get("remove_empty"), False))
    ]
    return exp.cast(call("_py_json_stripped", text, path, *options), "JSON", dialect="duckdb")


def object_(node: exp.Expr) -> exp.Expr:
    """JSON_OBJECT: of a name that is there twice the first counts."""
    names = exp.Array(expressions=[each.this for each in node.expressions])
    values = _list_text([each.expression for each in node.expressions])
    if not node.expressions:
        return exp.cast(exp.Literal.string("{}"), "JSON", dialect="duckdb")
    return exp.cast(call("_py_json_object", names, values), "JSON", dialect="duckdb")


def array(node: exp.Expr) -> exp.Expr:
    """JSON_ARRAY: a NULL in it is JSON's null."""
    return exp.cast(_list_text(node.expressions), "JSON", dialect="duckdb")


def _list_text(values: Sequence[exp.Expr]) -> exp.Expr:
    parts: list[exp.Expr] = [exp.Literal.string("[")]
    for place, value in enumerate(values):
        parts += [exp.Literal.string(",")] if place else []
        parts.append(json_text(value, "_json_value"))
    joined = functools.reduce(
        lambda one, other: exp.DPipe(this=one, expression=other), [*parts, exp.Literal.string("]")]
    )
    return exp.paren(joined)


def _arguments(node: exp.Expr) -> tuple[list[exp.Expr], dict[str, exp.Expr]]:
    """Paths and values, and what has a name."""
    named = {each.this.name.casefold(): each.expression for each in node.expressions if isinstance(each, exp.Kwarg)}
    return [each for each in node.expressions if not isinstance(each, exp.Kwarg)], named
