"""``aggregator rollback``."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.options import format_option, project_options, wait_option
from aggregator.cli.output import print_json, print_text, teller
from aggregator.cli.session import open_project
from aggregator.cli.warehouse import at_work, new_run_id
from aggregator.plan.inputs import address
from aggregator.run.rollback import NoTargetError, RolledBack, Target, roll_back_all, target_named, targets_of_run


@click.command("rollback")
@click.argument("targets", metavar="MODEL[@PARTITION]...", nargs=-1)
@click.option("--run", "run", metavar="ID", help="All partitions whose rows this run wrote, of these models or of all.")
@project_options
@wait_option
@format_option("json")
def command(
    folder: Path,
    environment: str | None,
    quiet: bool,
    targets: tuple[str, ...],
    run: str | None,
    wait: float,
    output: str,
) -> int:
    """Bring back the rows that partitions had before.

    These are the rows before the last build. A partition is then held: it is built again when
    what it reads or its SQL changes, or when a run with --full asks for it. What reads it is stale.
    """
    if not targets and run is None:
        raise click.UsageError("say what to roll back: MODEL@PARTITION, or --run ID")
    session = open_project(folder, environment, quiet=quiet)
    session.stop_on_errors()
    graph = session.graph
    try:
        wanted = [target_named(graph, each, is_whole=run is None) for each in targets]
        with at_work(graph, session.root, teller(quiet=quiet), wait) as engine:
            found = targets_of_run(engine.snapshot().ledger, graph, wanted, run) if run is not None else wanted
            done = roll_back_all(graph, engine, found, new_run_id())
    except NoTargetError as error:
        raise click.UsageError(str(error)) from None
    if output == "json":
        print_json([_json(target, each) for target, each in done.items()])
    else:
        for target, each in done.items():
            if each.row is not None:
                click.echo(f"{address(*target)} is rolled back, {each.row.message}")
    print_text([each.problem for each in done.values() if each.problem is not None], session.root)
    moved = sorted({str(name) for (name, _), each in done.items() if each.row is not None})
    if moved and output == "text":
        click.echo(f"Next: mend the cause; `aggregator plan --select {moved[0]}+` shows what reads these rows")
    return 1 if any(each.problem is not None for each in done.values()) else 0


def _json(target: Target, done: RolledBack) -> dict[str, object]:
    name, partition = target
    return {
        "model": str(name),
        "partition": partition or None,
        "rows": done.row.rows if done.row is not None else None,
        "message": done.row.message if done.row is not None else done.problem and done.problem.message,
        "is_rolled_back": done.row is not None,
    }
