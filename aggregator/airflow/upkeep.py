"""What keeps tables right beside their schedules, without Airflow: exports, freshness, arrivals, rows taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.airflow.asked import Asked
from aggregator.airflow.work import FailedError, Say
from aggregator.core.freshness import Level, TableFreshness
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.warehouse import Ledger, Outcome, Snapshot
from aggregator.engines import Engine
from aggregator.export.storage import behind, refused, unload
from aggregator.freshness import HISTORY, freshness_of, promising
from aggregator.monitoring.messages import named, told
from aggregator.plan.arrivals import completed, state_of, untried
from aggregator.run.rollback import NoTargetError, Target, roll_back_all, target_named, targets_of_run

_MOST_ANNOUNCED = 100


def export(
    engine: Engine, graph: Graph, names: Sequence[TableName], say: Say
) -> tuple[dict[TableName, list[str]], list[str]]:
    """Write files; gives the partitions of each model, and what went wrong.

    Raises :class:`FailedError` if rows would go where the environment does not let them.
    """
    problems = refused(graph, names)
    if problems:
        raise FailedError("\n".join(map(told, problems)))
    unloads, failed = behind(graph, engine.snapshot(), engine, names), []
    written: dict[TableName, list[str]] = {}
    for each, problem in unload(unloads, graph, engine):
        if problem is not None:
            failed.append(told(problem))
            continue
        written.setdefault(each.table, []).append(each.partition)
        say(f"{named(each.table, (each.partition,))}: exported to {each.files}")
    if not unloads:
        say("all files are those of the published rows")
    return written, failed


def arrived(
    snapshot: Snapshot,
    graph: Graph,
    readers: Sequence[TableName],
    tables: Sequence[TableName],
    came: Mapping[TableName, Asked],
) -> dict[str, str]:
    """The partitions of some models that have all that they read of some tables, now that others have come.

    With each, what it would be made from, in short. Of very many, the newest: each becomes a run, and history is a
    matter of the repair or of one run with parameters.
    """
    asked = {table: each.partitions(graph, table, snapshot.now) for table, each in came.items()}
    keys = completed(graph, snapshot, readers, tables, asked)[-_MOST_ANNOUNCED:]
    return {each: state_of(graph, snapshot, readers, tables, each) for each in keys}


def overlooked(
    snapshot: Snapshot,
    graph: Graph,
    readers: Sequence[TableName],
    tables: Sequence[TableName],
    told: Mapping[str, str],
) -> dict[str, str]:
    """The same of the newest partitions that nobody built from what is there, and that were not told of as it is.

    ``told`` is what each partition would have been made from when it was told of last.
    """
    keys = untried(graph, snapshot, readers, tables, _MOST_ANNOUNCED)
    found = {each: state_of(graph, snapshot, readers, tables, each) for each in keys}
    return {each: state for each, state in found.items() if told.get(each) != state}


def look(engine: Engine, graph: Graph, tables: Sequence[TableName], say: Say) -> tuple[dict[str, str], list[str]]:
    """The state of some tables by their promises, and what is to be said of those that are late.

    The state of all that promise something is left in the warehouse.
    """
    report = freshness_of(graph, engine.snapshot(), promising(graph), engine.arrivals(HISTORY))
    engine.publish_freshness(report)
    mine = [each for each in report.tables if each.table in tables]
    for each in mine:
        say(_sentence(each))
    late = [_sentence(each) for each in mine if each.level is Level.ERROR]
    return {str(each.table): str(each.level) for each in mine}, late


def _sentence(table: TableFreshness) -> str:
    """A table beside its promise, on a line."""
    notes = "; ".join((f"newest {table.newest}" if table.newest else "nothing is there", *table.notes))
    return f"{table.table}: {table.level}, promised {table.promise}, {notes} (owner: {table.owner})"


def take_back(
    engine: Engine, graph: Graph, wanted: Sequence[str], run: str, run_id: str, say: Say
) -> tuple[dict[str, str], list[str]]:
    """Bring back the rows that partitions had before, or all whose rows a run wrote.

    Gives what came of each, and why others are as they were. What an attempt before this one took back is left so: it
    would go one build further. Raises :class:`FailedError` if what is wanted is nothing that can be rolled back.
    """
    ledger, done, problems = engine.snapshot().ledger, dict[str, str](), list[str]()
    try:
        targets = [target_named(graph, each, is_whole=not run) for each in wanted]
        already = [] if run else [each for each in targets if _is_taken_back(ledger, each, run_id)]
        found = (
            targets_of_run(ledger, graph, targets, run) if run else [each for each in targets if each not in already]
        )
    except NoTargetError as error:
        raise FailedError(str(error)) from None
    for name, partition in already:
        say(f"{named(name, (partition,))}: was rolled back by an earlier attempt of this task")
    for (name, partition), each in roll_back_all(graph, engine, found, run_id).items():
        if each.row is not None:
            done[named(name, (partition,))] = each.row.message
            say(f"{named(name, (partition,))} is rolled back, {each.row.message}")
        elif each.problem is not None:
            problems.append(told(each.problem))
    return done, problems


def _is_taken_back(ledger: Ledger, target: Target, run_id: str) -> bool:
    """Whether another attempt of the same task did it: their ids differ by the last word."""
    row = ledger.built.get(target[0], {}).get(target[1])
    attempts = run_id.rpartition("/")[0] + "/"
    return row is not None and row.outcome is Outcome.ROLLED_BACK and row.run_id.startswith(attempts)
