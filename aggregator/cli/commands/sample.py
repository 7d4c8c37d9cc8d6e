"""``aggregator sample``."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.options import SIZE, format_option, moment_options, project_options
from aggregator.cli.output import count, print_json, print_text, say
from aggregator.cli.progress import counter
from aggregator.cli.select import select
from aggregator.cli.session import Session, open_project
from aggregator.core.diagnostics import did_you_mean
from aggregator.core.estimate import price, price_per_tib, size_text
from aggregator.core.names import TableName
from aggregator.core.sample import Sample, Share

if TYPE_CHECKING:
    from aggregator.engines.bigquery.sampling import Extract
    from aggregator.plan.sampled import Asked
    from aggregator.run.sampling import Quote, Taken

_ROWS = 10_000
"""How many rows of a partition are copied where nothing is said."""


@click.command("sample")
@project_options
@click.option(
    "--select",
    "selection",
    multiple=True,
    metavar="WHAT",
    help="Sources by name or glob; or models, as elsewhere: then what they are made from.  [default: all sources]",
)
@moment_options
@click.option(
    "--last",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    metavar="N",
    help="The newest N partitions, where there is neither --from nor --to.",
)
@click.option(
    "--limit", "rows", type=click.IntRange(min=1), metavar="N", help="At most N rows of a partition.  [default: 10,000]"
)
@click.option(
    "--percent",
    type=click.FloatRange(min=0, min_open=True, max=100),
    metavar="P",
    help="So many of a hundred rows, and no limit unless there is one.",
)
@click.option(
    "--by", default="", metavar="COLUMN", help="Take --percent of its values, with all their rows, in all tables."
)
@click.option(
    "--budget",
    type=SIZE,
    default="10 GB",
    show_default=True,
    metavar="SIZE",
    help="Read nothing if it would bill more.",
)
@click.option("--dry-run", "only_shown", is_flag=True, help="Say what would be copied and what it would cost.")
@click.option("--drop", is_flag=True, help="Remove samples: sources are what their files say again.")
@format_option("json")
def command(
    folder: Path,
    environment: str | None,
    selection: tuple[str, ...],
    start: datetime | None,
    end: datetime | None,
    last: int,
    rows: int | None,
    percent: float | None,
    by: str,
    budget: int,
    only_shown: bool,
    drop: bool,
    quiet: bool,
    output: str,
) -> int:
    """Copy some rows of sources from BigQuery to this machine.

    Samples are in .aggregator/samples, and the embedded engine reads them in place of the files that sources declare.
    Rows are chosen by hashes, so the same ones every time; sensitive columns are masked. What is here already is not
    read again.
    """
    session = open_project(folder, environment, quiet=quiet)
    asked = _asked(session, selection, (start, end), last)
    if drop:
        return _drop(session, asked)
    if by and percent is None:
        raise click.UsageError("--by needs --percent: it says of what so many of a hundred are taken")
    _check_column(session, by)
    share = Share(_ROWS if rows is None and percent is None else rows, percent, by)
    return _Sampled(session, share, quiet=quiet, output=output).run(asked, budget, only_shown=only_shown)


class _Sampled:
    """One command: what it says, and its exit code."""

    def __init__(self, session: Session, share: Share, *, quiet: bool, output: str) -> None:
        self._session, self._share = session, share
        self._quiet, self._output = quiet, output

    def run(self, asked: Asked, budget: int, *, only_shown: bool) -> int:
        """Ask for the price, say it, and copy what is within the budget."""
        from aggregator.engines.bigquery.sampling import Sampling  # noqa: PLC0415  (heavy; only when used)
        from aggregator.plan.sampled import to_sample  # noqa: PLC0415
        from aggregator.run.sampling import quote, take  # noqa: PLC0415

        graph = self._session.graph
        sampling = Sampling(graph)
        try:
            versions = sampling.versions()
            quoted = quote(graph, sampling, to_sample(graph, sampling.now(), versions, asked), self._share)
            if only_shown or quoted.billed > budget:
                return self._shown(quoted, budget)
            if not self._quiet:
                self._print_quote(quoted, err=True)
            tell = counter("partitions copied", quiet=self._quiet)
            taken = take(graph, sampling, quoted, share=self._share, budget=budget, tell=tell)
        except KeyboardInterrupt:
            click.secho("interrupted; the same command goes on from here", fg="yellow", err=True)
            return 130
        finally:
            sampling.close()
        return self._done(quoted, taken)

    def _shown(self, quoted: Quote, budget: int) -> int:
        """Only say what would be copied."""
        is_over = quoted.billed > budget
        if self._output == "json":
            print_json(self._json(quoted, ()))
        else:
            self._print_quote(quoted, err=is_over)
        print_text(quoted.problems, self._session.root)
        if is_over:
            told = f"{size_text(quoted.billed)} would be billed, and the budget is {size_text(budget)}"
            click.secho(f"error: {told}: nothing was read", fg="red", err=True)
            click.echo("help: ask for fewer partitions or sources, or give a larger `--budget`", err=True)
        return 1 if is_over or quoted.problems else 0

    def _print_quote(self, quoted: Quote, *, err: bool) -> None:
        for name, extracts in quoted.extracts.items():
            click.echo(f"{name}: {_told(extracts, quoted)}", err=err)
        cost = price(quoted.billed, price_per_tib(self._session.graph.project.environment))
        priced = f", which costs {cost:.4f}" if cost is not None else ""
        billed = f"{size_text(quoted.billed)} billed{priced}" if quoted.bytes else "nothing to read"
        click.echo(f"{self._share}; {billed}", err=err)

    def _done(self, quoted: Quote, taken: Taken) -> int:
        problems = (*quoted.problems, *taken.problems)
        if self._output == "json":
            print_json(self._json(quoted, taken.samples))
        else:
            for line in _lines(taken.samples):
                click.echo(line)
        print_text(problems, self._session.root)
        if taken.samples and not self._quiet:
            say("the embedded engine reads these rows now; `aggregator sample --drop` goes back to declared files")
        return 1 if problems else 0

    def _json(self, quoted: Quote, samples: tuple[Sample, ...]) -> dict[str, object]:
        environment = self._session.graph.project.environment
        return {
            "environment": environment.name,
            "bytes_billed": quoted.billed,
            "price": price(quoted.billed, price_per_tib(environment)),
            "sources": [
                {"table": str(name), "partitions": [each.partition or None for each in extracts]}
                for name, extracts in quoted.extracts.items()
            ],
            "samples": [
                {
                    "table": str(each.table),
                    "masked": each.masked,
                    "partitions": [{"partition": part.partition or None, "rows": part.rows} for part in each.parts],
                }
                for each in samples
            ],
        }


def _asked(
    session: Session, selection: tuple[str, ...], interval: tuple[datetime | None, datetime | None], last: int
) -> Asked:
    """Names of sources; what names none of them is a selection of models."""
    from aggregator.plan.sampled import Asked  # noqa: PLC0415  (heavy; only when used)

    graph = session.graph
    named = {each: _sources(session, each) for each in selection}
    known = list(map(str, (*graph.sources, *graph.project.models)))
    for each, found in named.items():
        if not found and each.replace("*", "").replace(".", "").isidentifier() and not fnmatch.filter(known, each):
            raise click.UsageError(f"--select {each}: there is no such table. {did_you_mean(each, known)}".strip())
    models = [each for each, found in named.items() if not found]
    chosen = [name for name in select(graph, models) if name in graph.models] if models else []
    sources = {name for found in named.values() for name in found} if selection else set(graph.sources)
    return Asked(sources, chosen, interval, last)


def _sources(session: Session, text: str) -> list[TableName]:
    return [name for name in session.graph.sources if fnmatch.fnmatchcase(str(name), text) or str(name) == text]


def _check_column(session: Session, by: str) -> None:
    names = {str(each.name) for source in session.graph.sources.values() for each in source.columns}
    if by and by.casefold() not in map(str.casefold, names):
        raise click.UsageError(f"--by {by}: no source has such a column. {did_you_mean(by, names)}".strip())


def _drop(session: Session, asked: Asked) -> int:
    """Remove samples; of models, those of the sources that they are made from."""
    from aggregator.engines.duckdb.samples import SampleFolder  # noqa: PLC0415  (heavy; only when used)

    graph = session.graph
    names = set(asked.sources) | {each for name in asked.models for each in _below(session, name)}
    dropped = [name for name in graph.sources if name in names and SampleFolder(session.root, name).drop()]
    click.echo(f"Dropped {count(len(dropped), 'sample')}." if dropped else "There is no such sample.")
    return 0


def _below(session: Session, name: TableName) -> Iterator[TableName]:
    for table in session.graph.upstream(name) if name in session.graph.models else ():
        yield table
        if table != name:
            yield from _below(session, table)


def _told(extracts: tuple[Extract, ...], quoted: Quote) -> str:
    """Which partitions of a table are copied, and what that reads."""
    first, last = extracts[0].partition, extracts[-1].partition
    span = first if first == last else f"{first} to {last}"
    what = f"{count(len(extracts), 'partition')}, {span}" if first else "the table"
    new = [quoted.bytes[each] for each in extracts if each in quoted.bytes]
    if not new:
        return f"{what}; here already"
    known = f"; {len(extracts) - len(new)} here already" if len(new) < len(extracts) else ""
    return f"{what}{known}; {size_text(sum(new))} to read"


def _lines(samples: tuple[Sample, ...]) -> Iterator[str]:
    for each in samples:
        rows = sum(part.rows for part in each.parts)
        what = f"{count(len(each.parts), 'partition')}, " if each.parts[0].partition else ""
        masked = f"; masked: {', '.join(each.masked)}" if each.masked else ""
        yield f"{each.table}: {what}{count(rows, 'row')}{masked}"
