"""SQL that authors write in checks: conditions on a row, and SELECTs that give bad rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aggregator.checks.protocol import BadArgumentsError, of_partition, output_column
from aggregator.core.diagnostics import Diagnostic, Document, did_you_mean

if TYPE_CHECKING:
    from sqlglot import exp

    from aggregator.core.graph import CompiledModel
    from aggregator.core.plain import Plain

_ONLY = "a condition on one row, such as carrier = 'UA' AND flights > 0"


def row_condition(sql: str, model: CompiledModel, *, at: Plain) -> str:
    """A condition that each row meets or not, as SQL. Raises :class:`BadArgumentsError`."""
    from sqlglot import exp  # noqa: PLC0415  (few checks have one)

    tree = parsed(f"SELECT {sql}\nFROM t", at)
    shown = f"row_condition must be {_ONLY}"
    if not isinstance(tree, exp.Select) or len(tree.selects) != 1 or set(_parts(tree)) != {"expressions", "from"}:
        raise BadArgumentsError(shown, at=at)
    condition = tree.selects[0]
    outside = condition.find(exp.Select, exp.AggFunc, exp.Window, exp.Parameter, exp.Placeholder, exp.Alias, exp.Star)
    if outside is not None:
        advice = "what is about several rows is a check of its own, such as `sql:` with a SELECT"
        raise BadArgumentsError(f"{shown}, not {outside.sql('bigquery')}", advice, at=at)
    for column in condition.find_all(exp.Column):
        name = column.parts[0].name
        if model.columns and output_column(name, model.columns) is None:
            advice = did_you_mean(name, [each.name for each in model.columns])
            raise BadArgumentsError(f"row_condition names {name}, which is no output column", advice, at=at)
    return condition.sql("bigquery", comments=False)


def _parts(tree: exp.Select) -> Iterator[str]:
    return (name.rstrip("_") for name, value in tree.args.items() if value)


def parsed(sql: str, at: Plain) -> exp.Expr:
    """The one SELECT of a text. Raises :class:`BadArgumentsError` with what the parser says."""
    from aggregator.compile.codes import NOT_ONE_SELECT  # noqa: PLC0415
    from aggregator.compile.parse import parse_select  # noqa: PLC0415

    query = parse_select(sql, Document("", sql), 0)
    if isinstance(query, Diagnostic) and query.code is NOT_ONE_SELECT:
        raise BadArgumentsError("this is not one SELECT", "bad rows are what a single SELECT gives", at=at)
    if isinstance(query, Diagnostic):
        raise BadArgumentsError(f"this is no SQL: {query.message}", query.help, at=at)
    return query.tree


def bad_rows(sql: str, model: CompiledModel, *, at: Plain) -> tuple[str, tuple[str, ...]]:
    """A SELECT that gives bad rows, of one partition alone, and the other tables that it reads.

    The model's own table is what is under test, and ``{batch}`` another name for it, as in Great Expectations.
    """
    from sqlglot import exp  # noqa: PLC0415

    tree = parsed(sql.replace("{batch}", str(model.name)), at)
    tables = [node for node in tree.find_all(exp.Table) if node.db]
    own = [node for node in tables if f"{node.db}.{node.name}" == str(model.name)]
    if not own:
        raise BadArgumentsError(f"the SELECT does not read {model.name}", f"FROM {model.name} gives the rows", at=at)
    for node in tree.find_all(exp.Parameter):
        if node.name not in ("start", "end") or model.calendar is None:
            bounds = did_you_mean(node.name, ("start", "end")) or "@start and @end are the bounds of the partition"
            advice = bounds if model.calendar is not None else "the table has no partitions"
            raise BadArgumentsError(f"there is no parameter @{node.name}", advice, at=at)
    _refuse_unknown(tree, tables, model, at)
    others = tuple(dict.fromkeys(f"{node.db}.{node.name}" for node in tables if node not in own))
    for table in own if model.calendar is not None else ():
        _of_partition(table, of_partition(model))
    return tree.sql("bigquery", comments=False), others


def _of_partition(table: exp.Table, condition: str) -> None:
    """Let a table be read by one partition alone."""
    from sqlglot import exp  # noqa: PLC0415

    inner = table.copy()
    inner.set("alias", None)
    subquery = exp.select("*").from_(inner).where(condition, dialect="bigquery").subquery(table.alias_or_name)
    table.replace(subquery)


def _refuse_unknown(tree: exp.Expr, tables: list[exp.Table], model: CompiledModel, at: Plain) -> None:
    """Where the model's own table is all that is read, every column is one of its own or made in the SELECT."""
    from sqlglot import exp  # noqa: PLC0415

    if len(tables) != 1 or not model.columns or tree.find(exp.Unnest, exp.Lateral):
        return
    made = {each.alias.casefold() for each in tree.find_all(exp.Alias, exp.CTE, exp.TableAlias)}
    made |= {tables[0].name.casefold(), tables[0].alias_or_name.casefold()}
    for column in tree.find_all(exp.Column):
        name = column.parts[0].name if len(column.parts) == 1 else column.parts[1].name
        if not name or name.casefold() in made or output_column(name, model.columns) is not None:
            continue
        if column.table and column.table.casefold() not in made:
            continue  # a field of a struct
        advice = did_you_mean(name, [each.name for each in model.columns])
        raise BadArgumentsError(f"{model.name} has no column {name}", advice, at=at)
