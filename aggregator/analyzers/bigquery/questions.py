"""A statement as BigQuery is to be asked about it: its tables where they are, or what is to stand in for them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from aggregator.analyzers.bigquery.mentioned import mentioned
from aggregator.analyzers.bigquery.overlay import fits, stand_in
from aggregator.analyzers.bigquery.rewriting import Rewritten, rewrite
from aggregator.engines.bigquery.parameters import Parameter
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.tables import Deployed
from aggregator.engines.bigquery.types import type_from

if TYPE_CHECKING:
    from aggregator.analyzers.protocol import Relation, Statement
    from aggregator.compile.resolve import Reference

Find = Callable[[str], "Deployed | Address | None"]
"""Looks for a table by its logical name; an address stands for tables whose columns are not looked at."""


@dataclasses.dataclass(frozen=True)
class Question:
    """What to ask.

    ``names`` are the logical names of tables by what BigQuery calls them. ``is_whole`` tells that all tables are the
    deployed ones and that all parameters have values: only then the bytes mean something.
    """

    rewritten: Rewritten
    parameters: tuple[Parameter, ...]
    names: Mapping[str, str]
    is_whole: bool


def question_of(statement: Statement, find: Find) -> Question | str:
    """What to ask about a statement, or why it can't be asked."""
    parameters = []
    for each, value in itertools.zip_longest(statement.parameters, statement.values):
        type_ = type_from(each.type)
        if type_ is None:
            return f"the type of @{each.name} is not known"
        parameters.append(Parameter(each.name, type_, value))
    placing = _Placing(statement, mentioned(statement), find)
    rewritten = rewrite(statement.sql, placing.replacement)
    if placing.unknown:
        return f"{placing.unknown} is not there yet as it will be, and not all of its types are known"
    is_whole = not placing.has_stand_ins and all(each.value is not None for each in parameters)
    return Question(rewritten, tuple(parameters), placing.names, is_whole)


class _Placing:
    """Says what to put in place of each mention of a table, and remembers what it said."""

    def __init__(self, statement: Statement, mentions: frozenset[str] | None, find: Find) -> None:
        self._relations = {each.name: each for each in statement.tables}
        self._mentions = mentions
        self._found = {name: find(name) for name in self._relations}
        self.names: dict[str, str] = {}
        self.unknown = ""
        self.has_stand_ins = False

    def replacement(self, reference: Reference) -> str | None:
        relation = self._relations.get(str(reference.table))
        if relation is None:
            return None
        found = self._found[relation.name]
        if isinstance(found, Address):
            return self._place(relation, found)
        if found is not None and fits(relation, self._mentions, found):
            return self._place(relation, found.address)
        self.has_stand_ins = True
        query = stand_in(relation, self._mentions, found)
        if query is None:
            self.unknown = relation.name
        return f"{query} AS `{reference.alias}`" if reference.needs_alias else query

    def _place(self, relation: Relation, address: Address) -> str:
        self.names[str(address)] = relation.name
        self.names[f"{address.project}:{address.dataset}.{address.table}"] = relation.name
        return address.sql
