"""What is wrong with what comes out of a SELECT, and with what the front matter says about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.analysis import output_name
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Diagnostic, Word, did_you_mean
from aggregator.core.graph import OutputColumn
from aggregator.core.names import is_identifier
from aggregator.core.project import Kind, Model

_RESERVED = ("_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER")
_PARAMETERS = ("start", "end")


def declaration_problems(model: Model, columns: tuple[OutputColumn, ...]) -> Iterator[Diagnostic]:
    """Names in the front matter that are not in the output, and what a view can't have."""
    names = [column.name for column in columns]
    folded = {name.casefold() for name in names}
    named: list[Word] = [*model.cluster, *model.key, *(column.name for column in model.columns)]
    for word in named:
        if names and word.casefold() not in folded:
            message = f"the SELECT has no output column {word}"
            advice = did_you_mean(word, names) or f"there are: {', '.join(filter(None, names))}"
            yield Diagnostic(word.place, codes.MISSING_COLUMN, message, advice)
    if model.kind is Kind.VIEW:
        yield from _view_problems(model)


def _view_problems(model: Model) -> Iterator[Diagnostic]:
    if model.partition is not None:
        yield Diagnostic(model.partition.place, codes.VIEW, "a view has no partitions", "remove `partition:`")
    for word in model.cluster[:1]:
        yield Diagnostic(word.place, codes.VIEW, "a view stores nothing to cluster", "remove `cluster:`")
    promises = [*(word.place for word in model.key[:1]), *(check.place for check in model.checks)]
    for place in promises:
        yield Diagnostic(place, codes.VIEW, "a view can't be checked before it is published", "check its inputs")


def output_problems(query: Query) -> Iterator[Diagnostic]:
    """Output columns that have no name, a name that BigQuery refuses, or the name of another one."""
    seen: set[str] = set()
    for select in query.tree.selects:
        if select.is_star:
            continue
        name = output_name(select)
        problem = _name_problem(name, seen)
        if problem is not None:
            yield Diagnostic(query.place_of(select.args.get("alias") or select), codes.OUTPUT_NAME, *problem)
        seen.add(name.casefold())


def _name_problem(name: str, seen: Collection[str]) -> tuple[str, str] | None:
    """What is wrong with the name of an output column, and what to do about it; ``seen`` are those before it."""
    if not name:
        return "this output column has no name", "add AS name"
    if not is_identifier(name):
        return f"the output column {name} has a name that needs quotes", "use letters, digits and underscores"
    if name.upper().startswith(_RESERVED):
        return f"BigQuery keeps names such as {name} for itself", "choose another one"
    if name.casefold() in seen:
        return f"two output columns are called {name}", "rename one of them"
    return None


def parameter_problems(model: Model, query: Query) -> Iterator[Diagnostic]:
    """Parameters that are not there when the SELECT runs."""
    for node in query.nodes.of(exp.Parameter, exp.Placeholder, exp.SessionParameter):
        if isinstance(node.parent, exp.Parameter):
            continue  # the inner half of @@name
        place = query.place_of(node)
        if isinstance(node, exp.Placeholder):
            yield Diagnostic(place, codes.PARAMETER, "? has no value", "use @start and @end")
        elif isinstance(node.this, exp.Parameter) or isinstance(node, exp.SessionParameter):
            yield Diagnostic(place, codes.PARAMETER, "system variables depend on who runs the model", "write the value")
        elif node.name not in _PARAMETERS:
            advice = did_you_mean(node.name, _PARAMETERS) or "there are @start and @end; a constant is {{ vars.NAME }}"
            yield Diagnostic(place, codes.PARAMETER, f"there is no parameter @{node.name}", advice)
        elif model.partition is None:
            is_view = model.kind is Kind.VIEW
            what = "a view" if is_view else "a model without partitions"
            message = f"{what} has no interval, so it has no @{node.name}"
            advice = "filter in the models that read it" if is_view else "add `partition:`, or leave the condition out"
            yield Diagnostic(place, codes.PARAMETER, message, advice)
