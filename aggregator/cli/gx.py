"""``aggregator check --gx``: the checks of models, asked of published rows by Great Expectations itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from aggregator.checks import promised
from aggregator.checks.protocol import of_partition
from aggregator.cli.output import count, print_json
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.warehouse import NULL_PARTITION
from aggregator.engines import Engine
from aggregator.export.great_expectations import NotInstalledError, Site, expected, frame_query, is_fault
from aggregator.plan.inputs import address
from aggregator.run.checked import parameters


def check_elsewhere(
    graph: Graph, engine: Engine, chosen: Sequence[TableName], partition: str | None, docs: Path | None, output: str
) -> int:
    """Validate the newest partition of each model, or the one asked for; the exit code is 1 if something is wrong."""
    try:
        site = Site(docs)
    except NotInstalledError:
        advice = "pip install 'aggregator[gx]'"
        raise click.UsageError(f"Great Expectations is not installed; {advice}") from None
    results = []
    for name in chosen:
        known = [each for each in engine.versions().get(name, {}) if each != NULL_PARTITION]
        wanted = expected(graph.models[name], promised(graph.models[name]))
        looked_at = [each for each in known if each == (max(known) if partition is None else partition)]
        results += [_validated(site, engine, graph.models[name], each, wanted) for each in looked_at if wanted]
    site.build_docs()
    if output == "json":
        print_json(results)
    else:
        for line in _lines(results):
            click.echo(line)
    if docs is not None:
        click.echo(f"Data Docs: {docs / 'index.html'}", err=True)
    return 0 if all(_is_fine(each) for result in results for each in result["results"]) else 1


def _validated(site: Site, engine: Engine, model: CompiledModel, partition: str, wanted: Any) -> dict[str, Any]:
    query = frame_query(model, wanted, of_partition(model))
    rows = engine.rows(query, parameters(model, partition, partition))
    return site.validate(model, wanted, rows, address(model.name, partition))


def _is_fine(result: dict[str, Any]) -> bool:
    return bool(result["success"]) or result["expectation_config"]["severity"] == "warning"


def _lines(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A line for each suite, and one for each expectation that does not hold."""
    for suite in results:
        bad = [each for each in suite["results"] if not each["success"]]
        state = f"{len(bad)} do not hold" if bad else "all hold"
        yield f"{suite['suite_name']}  {count(len(suite['results']), 'expectation')}: {state}"
        for each in bad:
            config = each["expectation_config"]
            kwargs = ", ".join(f"{name}: {value}" for name, value in config["kwargs"].items() if name != "batch_id")
            what = (
                "could not be evaluated"
                if is_fault(each)
                else f"{each['result'].get('observed_value', 'does not hold')}"
            )
            if "unexpected_count" in each["result"]:
                what = count(each["result"]["unexpected_count"], "bad row")
            yield f"  {config['type']} ({kwargs}): {what}"
    if not results:
        yield "There is nothing to check: no partition is published, or no model promises anything."
