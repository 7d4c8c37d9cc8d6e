"""``aggregator lint``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from aggregator.cli.baseline import FILE, compare_with_baseline, write_baseline
from aggregator.cli.options import format_option, project_options, select_option
from aggregator.cli.output import count, print_findings, say
from aggregator.cli.select import path_of, select, select_findings
from aggregator.cli.session import Session, open_project
from aggregator.core.diagnostics import Diagnostic


@click.command("lint")
@project_options
@select_option
@format_option("json", "github", "sarif")
@click.option("--fix", "is_fixing", is_flag=True, help="Mend files where that is safe, then say what is left.")
@click.option("--write-baseline", "is_writing", is_flag=True, help=f"Know all findings of today; kept in {FILE}.")
def command(
    folder: Path,
    environment: str | None,
    quiet: bool,
    selection: tuple[str, ...],
    output: str,
    is_fixing: bool,
    is_writing: bool,
) -> int:
    """Find mistakes without running anything."""
    session = open_project(folder, environment, output, quiet=quiet)
    if is_fixing and _fix(session, _selected(session, selection)):
        session = open_project(folder, environment, output, quiet=quiet)
    found = _selected(session, selection)
    looked_at = select(session.graph, selection) if selection else session.graph.models
    paths = {path_of(session.graph, name) for name in looked_at} if selection else None
    if is_writing:
        known = write_baseline(found, session.root, paths)
        say(f"{FILE} knows {count(sum(each.count for each in known), 'finding')}")
    comparison = compare_with_baseline(found, session.root, paths)
    print_findings(comparison.new, session.root, output)
    stale = sum(each.count for each in comparison.stale)
    if stale:
        say(f"{count(stale, 'finding')} of {FILE} is no more: aggregator lint --write-baseline forgets it")
    if output == "text":
        _print_summary(comparison.new, len(found) - len(comparison.new), len(looked_at))
    return 1 if comparison.new else 0


def _selected(session: Session, selection: tuple[str, ...]) -> tuple[Diagnostic, ...]:
    return tuple(select_findings(session.graph, selection, session.findings)) if selection else session.findings


def _fix(session: Session, found: Iterable[Diagnostic]) -> bool:
    """Mend what can be mended, and tell; whether anything was."""
    from aggregator.cli.fix import fix  # noqa: PLC0415  (compiling and the rules are loaded by those who mend only)

    fixed = fix(session.graph, found, session.root)
    if fixed.findings:
        files = count(len({each.place.path for each in fixed.findings}), "file")
        say(f"mended {count(len(fixed.findings), 'finding')} in {files}")
    for name in fixed.rebuilt:
        say(f"{name} has other SQL now: its partitions are built again")
    for path in fixed.left:
        say(f"{path} was left as it is: it changed meanwhile, or would not compile to the same columns")
    return bool(fixed.findings)


def _print_summary(found: tuple[Diagnostic, ...], hidden: int, models: int) -> None:
    known = f" ({hidden:,} known)" if hidden else ""
    if found:
        files = count(len({each.place.path for each in found}), "file")
        click.secho(f"{count(len(found), 'finding')} in {files}{known}", fg="red", err=True)
    else:
        click.echo(f"{count(models, 'model')}: nothing found{known}")
