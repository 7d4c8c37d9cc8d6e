"""``aggregator dry-run``."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.analyzers import ANALYZERS
from aggregator.cache import FILE, Cache
from aggregator.cli.dry_runs import dry_run_json, print_difference, print_dry_run
from aggregator.cli.judging import open_analyzers, request_about, request_before, reviewed_before
from aggregator.cli.options import format_option, project_options, select_option
from aggregator.cli.output import print_findings, print_json, print_text
from aggregator.cli.progress import counter
from aggregator.cli.revisions import base_commit, project_at
from aggregator.cli.select import select
from aggregator.cli.session import open_project
from aggregator.core.diagnostics import errors
from aggregator.dry_run.again import dry_run_again
from aggregator.dry_run.stage import STRUCTURE, dry_run


@click.command("dry-run")
@project_options
@select_option
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Choice([STRUCTURE, *ANALYZERS]),
    help="Ask only this layer, also several times; by default all that can be had.",
)
@click.option(
    "--compare",
    "revision",
    metavar="REV",
    help="Say what is different from where this branch left a git revision: columns, and what depends on them; costs.",
)
@format_option("json", "github", "sarif")
def command(
    folder: Path,
    environment: str | None,
    selection: tuple[str, ...],
    layers: tuple[str, ...],
    revision: str | None,
    quiet: bool,
    output: str,
) -> int:
    """Say what BigQuery would make of every model, and its cost.

    Nothing is run. Google's own analyzer judges offline, and BigQuery itself where there are credentials.
    """
    session = open_project(folder, environment, output, quiet=quiet)
    commit = base_commit(session.root, revision) if revision is not None else None
    request = request_about(session, select(session.graph, selection), output)
    progress = counter("models judged", quiet=quiet)
    with open_analyzers(session, layers, quiet=quiet) as analyzers, Cache(session.root / FILE) as cache:
        found = dry_run_again(request, analyzers, cache, progress)
        difference = None
        if commit is not None:
            from aggregator.dry_run.difference import difference_of  # noqa: PLC0415  (only who compares pays for it)

            with project_at(session.root, commit) as before:
                base = request_before(request, reviewed_before(before, environment, cache))
                difference = difference_of(base, dry_run(base, analyzers, cache, progress), request, found)
    if output == "json":
        print_json(dry_run_json(found, difference))
    elif output != "text":
        print_findings(found.findings, session.root, output)
    else:
        print_text(found.findings, session.root)
        print_dry_run(found)
        if difference is not None:
            print_difference(difference)
    return 1 if any(errors(found.findings)) else 0
