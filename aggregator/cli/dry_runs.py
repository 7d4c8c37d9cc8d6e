"""How the result of a dry run looks, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.output import count, say
from aggregator.core.change import Change, CostChange, Effect
from aggregator.core.estimate import Estimate, size_text
from aggregator.dry_run.report import DryRun, ModelReport, State
from aggregator.export.manifest.findings import diagnostic_json

if TYPE_CHECKING:
    from aggregator.dry_run.difference import Difference


_CENT = 0.01
"""Less is not worth a word."""


def print_dry_run(found: DryRun) -> None:
    """A line for each model, and what there is of each layer."""
    width = max((len(str(model.name)) for model in found.models), default=0)
    for model in found.models:
        columns, cost = count(len(model.examination.columns), "column"), cost_text(model.examination.estimate)
        click.echo(f"{model.name!s:<{width}}  {columns:>11}  {cost:>22}  {_verdict(model)}")
    click.echo(", ".join((count(len(found.models), "model"), *_tallies(found))))
    for line in (*_reasons(found), *_totals(found)):
        click.echo(line)
    unjudged = sum(len(model.examination.unjudged) for model in found.models)
    if unjudged:
        say(f"{count(unjudged, 'limit')} could not be judged: sizes are not known, or only bounds of them")


def cost_text(estimate: Estimate | None) -> str:
    """What a build reads, and a month costs."""
    if estimate is None or estimate.bytes is None:
        return "? bytes"
    price = estimate.price_per_month
    monthly = f", {price:,.2f} a month" if price is not None and price >= _CENT else ""
    return f"{'<= ' if estimate.at_most else ''}{size_text(estimate.bytes)}{monthly}"


def _verdict(model: ModelReport) -> str:
    refused = [each.layer for each in model.judgements if each.state is State.REFUSED]
    unchecked = [f"not checked by {each.layer}" for each in model.judgements if each.state is State.UNCHECKED]
    if refused:
        return "; ".join((click.style(f"refused by {', '.join(refused)}", fg="red"), *unchecked))
    is_accepted = len(unchecked) < len(model.judgements)
    return "; ".join((*(["accepted"] if is_accepted else ()), *unchecked))


def _tallies(found: DryRun) -> Iterator[str]:
    """``googlesql: 14 accepted and 1 refused``, for each layer that was asked of a model."""
    for layer in found.layers if found.models else ():
        states = Counter(each.state for model in found.models for each in model.judgements if each.layer == layer)
        yield f"{layer}: " + " and ".join(f"{states[state]:,} {state}" for state in State if states[state])


def _reasons(found: DryRun) -> Iterator[str]:
    """Why models were not checked, each reason once."""
    reasons = Counter(
        (each.layer, each.why) for model in found.models for each in model.judgements if each.state is State.UNCHECKED
    )
    for (layer, why), models in reasons.items():
        yield f"not checked by {layer} ({count(models, 'model')}): {why}"


def _totals(found: DryRun) -> Iterator[str]:
    estimates = [model.examination.estimate for model in found.models if model.examination.estimate is not None]
    known = [each for each in estimates if each.bytes is not None]
    day = sum(each.bytes_per_day or 0 for each in known)
    if known and day:
        price = sum(each.price_per_month or 0 for each in known)
        costs = f", a month costs {price:,.2f}" if price >= _CENT else ""
        yield f"a day of builds reads {size_text(day)}{costs}"
    tables = sorted({str(read.table) for each in estimates for read in each.unknown})
    if tables:
        names = ", ".join(tables[:5]) + (f" and {len(tables) - 5} more" if len(tables) > 5 else "")  # noqa: PLR2004
        yield f"of unknown size: {names}; declare `size:`, or commit what `aggregator catalog pull` writes"


def print_difference(difference: Difference) -> None:
    """What is different from before, and whom it concerns."""
    if not difference.changes and not difference.costs:
        click.echo("nothing is different for those who read these tables")
    for change in difference.changes:
        print_change(change)
    for cost in difference.costs:
        click.echo(_difference_of_cost(cost))


def print_change(change: Change, margin: str = "") -> None:
    """One change, and whom it reaches."""
    color = {Effect.BREAKING: "red", Effect.WIDENING: "yellow"}.get(change.effect)
    click.secho(f"{margin}{change}", fg=color)
    for each in change.affected:
        columns = f": {', '.join(each.columns)}" if each.columns else ""
        click.echo(f"{margin}  {each.model} {each.fate}{columns}")


def _difference_of_cost(cost: CostChange) -> str:
    """``marts.daily: 12 MB a build instead of 3 MB, 0.40 a month more``."""
    before, after = (cost_text(each) if each else "nothing" for each in (cost.before, cost.after))
    more = cost.price_per_month
    return f"{cost.model}: {after} instead of {before}" + (f" ({more:+,.2f} a month)" if more else "")


def dry_run_json(found: DryRun, difference: Difference | None) -> dict[str, Any]:
    """The result for machines; prices are in the currency of ``price_per_tib``."""
    by_path: dict[str, list[dict[str, Any]]] = {}
    for each in found.findings:
        by_path.setdefault(each.place.path, []).append(diagnostic_json(each))
    models = [_model_json(model, by_path) for model in found.models]
    return {"layers": list(found.layers), "models": models, **(difference_json(difference) if difference else {})}


def difference_json(difference: Difference) -> dict[str, Any]:
    """The changes of tables and costs for machines."""
    return {
        "changes": [
            {
                "table": str(change.table),
                "column": change.column,
                "kind": str(change.kind),
                "effect": str(change.effect),
                "before": change.before,
                "after": change.after,
                "affected": [
                    {"model": str(each.model), "columns": list(each.columns), "fate": str(each.fate)}
                    for each in change.affected
                ],
            }
            for change in difference.changes
        ],
        "costs": [
            {"model": str(cost.model), "bytes": cost.bytes, "price_per_month": cost.price_per_month}
            for cost in difference.costs
        ],
    }


def _model_json(model: ModelReport, by_path: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    cost = model.examination.estimate
    return {
        "name": str(model.name),
        "schema": [{"name": column.name, "type": column.type} for column in model.examination.columns],
        "bytes": cost and cost.bytes,
        "price": cost and cost.price,
        "bytes_per_month": cost and cost.bytes_per_month,
        "price_per_month": cost and cost.price_per_month,
        "estimate": cost.how if cost else "",
        "checked": {each.layer: f"{each.state}{f': {each.why}' if each.why else ''}" for each in model.judgements},
        "diagnostics": by_path.get(model.path, []),
    }
