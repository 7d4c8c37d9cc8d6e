"""Tables as a change would make them, in place of those that stand in BigQuery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aggregator.analyzers.protocol import Field, Relation
from aggregator.engines.bigquery.tables import Deployed
from aggregator.engines.bigquery.types import Type, type_from


def fits(relation: Relation, mentions: frozenset[str] | None, deployed: Deployed) -> bool:
    """Whether a query sees the same columns in the table that is there as in the one that it is to read.

    Columns that it does not mention make no difference to it, unless it has a star.
    """
    there = {each.name.casefold(): each.type for each in deployed.columns}
    wanted = {each.name.casefold(): type_from(each.type) for each in relation.columns}
    if mentions is None and list(there) != list(wanted):
        return False
    looked_at = there.keys() | wanted.keys() if mentions is None else (there.keys() | wanted.keys()) & mentions
    return all(_is_same(name, there, wanted) for name in looked_at)


def _is_same(name: str, there: Mapping[str, Type], wanted: Mapping[str, Type | None]) -> bool:
    """Whether both have a column, and of the same type, as far as that is known."""
    if name not in there or name not in wanted:
        return False
    return wanted[name] is None or str(wanted[name]).casefold() == str(there[name]).casefold()


def stand_in(relation: Relation, mentions: frozenset[str] | None, deployed: Deployed | None) -> str | None:
    """A query without rows that has a table's columns with their types; None where one of these is not known."""
    if relation.pseudo and (mentions is None or any(each.name.casefold() in mentions for each in relation.pseudo)):
        return None
    there = {each.name.casefold(): each.type for each in deployed.columns} if deployed else {}
    columns = list(_needed(relation, mentions))
    types = [type_from(each.type) or there.get(each.name.casefold()) for each in columns]
    known = [type_ for type_ in types if type_ is not None]
    if len(known) < len(columns):
        return None
    casts = (f"CAST(NULL AS {type_.sql()}) AS `{each.name}`" for each, type_ in zip(columns, known, strict=True))
    return f"(SELECT {', '.join(casts)} LIMIT 0)"


def _needed(relation: Relation, mentions: frozenset[str] | None) -> Iterator[Field]:
    """The columns that a query may look at: never none, for there are no tables without columns."""
    for number, each in enumerate(relation.columns):
        if mentions is None or each.name.casefold() in mentions or (number == 0 and type_from(each.type)):
            yield each
    if not relation.columns:
        yield Field("_", "INT64")
