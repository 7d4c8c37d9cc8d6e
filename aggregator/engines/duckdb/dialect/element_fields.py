"""UNNEST of STRUCTs under a name: in BigQuery their fields are columns, for a star and for names that stand alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from aggregator.engines.protocol import QueryError

_ITEM = "_item"
_AFTER = (exp.Order, exp.Group, exp.Having, exp.Qualify)


def spell_out(nodes: Sequence[exp.Expr]) -> bool:
    """Let a tree, whose nodes know their types, name the element of which each field is.

    Tells whether nodes of it may be others now. Raises :class:`QueryError`.
    """
    selects = {id(select): select for node in nodes if _fields(node) and (select := node.find_ancestor(exp.Select))}
    for select in selects.values():
        sources = [each.this for each in (select.args.get("from_"), *(select.args.get("joins") or ())) if each]
        for source in sources:
            if _fields(source) and source.args.get("alias") is None:
                source.set("alias", exp.TableAlias(columns=[exp.to_identifier(_ITEM)]))
        select.set("expressions", [better for each in select.expressions for better in _starred(each, sources)])
        _name_elements(select, [each for each in sources if _fields(each)])
    return bool(selects)


def _fields(node: exp.Expr) -> list[str]:
    """The fields of what is unnested, if there are some, and it has a name or an offset."""
    is_meant = isinstance(node, exp.Unnest) and (node.args.get("alias") is not None or node.args.get("offset"))
    data = node.type if is_meant else None
    is_struct = isinstance(data, exp.DataType) and data.this is exp.DType.STRUCT
    return [each.name for each in data.expressions if isinstance(each, exp.ColumnDef)] if data and is_struct else []


def _element(source: exp.Expr) -> str:
    columns = source.args["alias"].columns if source.args.get("alias") is not None else []
    return columns[0].name if columns else ""


def _starred(item: exp.Expr, sources: list[exp.Expr]) -> list[exp.Expr]:
    """A star without elements, and behind it what these stand for; one that a step of a pipe implies stays."""
    first = next(place for place, each in enumerate([*sources, None]) if each is None or _fields(each))
    if not isinstance(item, exp.Star) or "start" not in item.meta or first == len(sources):
        return [item]
    if not all(isinstance(each, exp.Unnest) and _element(each) for each in sources[first:]):
        raise QueryError("a star is not translated where a table follows an UNNEST of STRUCTs; name the columns")
    replaced = {each.alias.casefold(): each for each in item.args.get("replace") or ()}
    left_out = {each.name.casefold() for each in item.args.get("except_") or ()}
    columns = [column for each in sources[first:] for column in _columns(each)]
    names = {each.alias_or_name.casefold() for each in columns}
    behind = [
        replaced.get(each.alias_or_name.casefold(), each)
        for each in columns
        if each.alias_or_name.casefold() not in left_out
    ]
    if not first:
        return behind
    kept = [each for each in item.args.get("except_") or () if each.name.casefold() not in names]
    hidden = [name for each in sources[first:] for name in (_element(each), _offset(each)) if name]
    item.set("except_", [*kept, *map(exp.column, hidden)])
    item.set("replace", [each for name, each in replaced.items() if name not in names] or None)
    return [item, *behind]


def _offset(source: exp.Expr) -> str:
    offset = source.args.get("offset")
    return offset.name if isinstance(offset, exp.Identifier) else ""


def _columns(source: exp.Expr) -> Iterator[exp.Expr]:
    element, fields = _element(source), _fields(source)
    yield from (exp.alias_(exp.column(field, table=element), field) for field in fields)
    if not fields:
        yield exp.column(element)
    if _offset(source):
        yield exp.column(_offset(source))


def _name_elements(select: exp.Expr, sources: list[exp.Expr]) -> None:
    """Fields by their names alone; behind the SELECT list, what is called like an output may be that."""
    named = {field.casefold(): _element(each) for each in sources for field in _fields(each)}
    outputs = {each.alias.casefold() for each in select.expressions if isinstance(each, exp.Alias)}
    for column in list(select.find_all(exp.Column)):
        name = column.parts[0].name.casefold()
        if (
            name not in named
            or column.is_star
            or column.find_ancestor(exp.Select) is not select
            or isinstance(column.parent, exp.Star)
        ):
            continue
        if name in outputs and column.find_ancestor(*_AFTER, exp.Select) is not select:
            continue
        element = named[name]
        if name != element.casefold() and not any(_element(each).casefold() == name for each in sources):
            column.replace(_path(element, column))


def _path(element: str, column: exp.Column) -> exp.Expr:
    better = exp.Dot.build([exp.column(element), *(part.copy() for part in column.parts)])
    better._type = column._type  # noqa: SLF001  (the setter parses)
    is_output = isinstance(column.parent, exp.Select) and column.arg_key == "expressions"
    return exp.alias_(better, column.name) if is_output else better
