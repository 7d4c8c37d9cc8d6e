"""Rows that a test gives, or expects, as a SELECT."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlglot import exp

from aggregator.analyzers.googlesql.tables import Answer, Rows, Unchecked
from aggregator.compile.parse import parse_select
from aggregator.core.diagnostics import Diagnostic, Document, Word, did_you_mean
from aggregator.core.graph import OutputColumn
from aggregator.load.report import Report
from aggregator.unit_tests import codes


def queried(
    query: Callable[[str, Sequence[OutputColumn]], Answer],
    report: Report,
    sql: Word,
    types: Mapping[str, str],
    table: str,
) -> Sequence[dict[str, Any]]:
    """The rows of a SELECT in the types of a table's columns; none, and the reason in the report, if there are none."""
    parsed = parse_select(str(sql), Document("", str(sql)), 0)
    if isinstance(parsed, Diagnostic):
        report.add(sql.place, codes.MISFIT, f"the SELECT of {table} gives no rows: {parsed.message}", parsed.help)
        return []
    read = _reads(parsed.tree)
    if read:
        advice = "write its rows out, with UNNEST([STRUCT(…), …]) or UNION ALL"
        report.add(sql.place, codes.MISFIT, f"the SELECT of {table} reads {read}; it must read no table", advice)
        return []
    folded = {name.casefold(): name for name in types}
    found = query(str(sql), [])
    unknown = (
        [each.name for each in found.columns if each.name.casefold() not in folded] if isinstance(found, Rows) else []
    )
    if unknown:
        advice = did_you_mean(unknown[0], types) or f"its columns: {', '.join(types)}"
        report.add(sql.place, codes.MISFIT, f"{table} has no column {unknown[0]}", advice)
        return []
    if isinstance(found, Rows):
        names = [folded[each.name.casefold()] for each in found.columns]
        casts = (f"CAST(`{name}` AS {types[name]}) AS `{name}`" if types[name] else f"`{name}`" for name in names)
        columns = [OutputColumn(name, types[name]) for name in names]
        found = query(f"SELECT {', '.join(casts)} FROM ({sql}\n)", columns)
    if isinstance(found, Rows):
        return [dict(zip(names, row, strict=True)) for row in found.values]
    why = found.reason if isinstance(found, Unchecked) else found.message
    report.add(sql.place, codes.MISFIT, f"the SELECT of {table} gives no rows: {why}")
    return []


def _reads(tree: exp.Expr) -> str:
    """A table that a SELECT reads; empty if it reads none."""
    made = {each.alias.casefold() for each in tree.find_all(exp.CTE)}
    names = (each for each in tree.find_all(exp.Table) if each.db or each.name.casefold() not in made)
    return next((".".join(part.name for part in each.parts) for each in names), "")
