"""What a model declares of its columns, held against what its SELECT gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aggregator.core.diagnostics import Diagnostic, did_you_mean
from aggregator.dry_run import codes
from aggregator.dry_run.type_tree import UNKNOWN, TypeTree, type_tree

if TYPE_CHECKING:
    from aggregator.analyzers.protocol import Field
    from aggregator.core.graph import CompiledModel


def contract_findings(model: CompiledModel, schema: Sequence[Field]) -> Iterator[Diagnostic]:
    """Declared columns that are of another type in the schema that the strictest analyzer gave, or not in it.

    That a column is missing is the compiler's finding wherever it knows the columns.
    """
    given = {field.name.casefold(): field for field in schema}
    for column in model.model.columns if given else ():
        field = given.get(column.name.casefold())
        if field is None and not model.columns:
            message = f"the SELECT has no output column {column.name}"
            advice = did_you_mean(column.name, [each.name for each in schema])
            yield Diagnostic(column.name.place, codes.CONTRACT_COLUMN, message, advice)
        if field is None or not column.type:
            continue
        declared, found = type_tree(column.type), type_tree(field.type)
        if found != UNKNOWN and not alike(declared, found):
            message = f"{column.name} is declared {column.type}, but the SELECT gives {field.type}"
            advice = f"write CAST(… AS {column.type}) in the SELECT, or declare {field.type}"
            yield Diagnostic(column.name.place, codes.CONTRACT_TYPE, message, advice)


def alike(declared: TypeTree, found: TypeTree) -> bool:
    """Whether two types are the same but for parameters, which queries do not keep, and for upper and lower case."""
    if declared.name != found.name or len(declared.fields) != len(found.fields):
        return False
    pairs = zip(declared.fields, found.fields, strict=True)
    return all(one.casefold() == other.casefold() and alike(a, b) for (one, a), (other, b) in pairs)
