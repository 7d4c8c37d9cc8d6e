"""Where writes happen: one engine per file or folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from aggregator.engines.protocol import Bench, Engine, Leaving, LeftRunningError, NotHereError, WarehouseError

if TYPE_CHECKING:
    from aggregator.core.graph import CompiledModel, Graph, Translations
    from aggregator.core.project import Environment
    from aggregator.core.writes import Expectation

__all__ = [
    "Bench",
    "Engine",
    "Leaving",
    "LeftRunningError",
    "NotHereError",
    "WarehouseError",
    "has_one_writer",
    "open_bench",
    "open_engine",
    "translations",
]


def open_engine(
    graph: Graph,
    say: Callable[[str], None],
    *,
    wait: float = 60.0,
    run_key: str = "",
    leaving: Leaving | None = None,
) -> Engine:
    """Open the warehouse of the project's environment; ``say`` hears about anything slow, such as waiting.

    ``wait`` is for how many seconds to wait for someone else who holds it. Of two processes with one ``run_key``, the
    second takes over the jobs of the first where it can; without one, no process does. With ``leaving``, jobs that take
    long are left running where they can be taken over. Raises :class:`WarehouseError`.
    """
    environment = graph.project.environment
    if environment.engine == "duckdb":
        from aggregator.engines.duckdb.engine import DuckDbEngine  # noqa: PLC0415  (heavy; only when used)

        return DuckDbEngine(graph, wait=wait, say=say)
    from aggregator.engines.bigquery.engine import BigQueryEngine  # noqa: PLC0415  (as above)

    return BigQueryEngine(graph, wait=wait, say=say, run_key=run_key, leaving=leaving)


def translations(graph: Graph, expected: Iterable[tuple[CompiledModel, Sequence[Expectation]]]) -> Translations:
    """What the environment's engine makes of the queries of models, and of what is expected of their rows."""
    if graph.project.environment.engine == "duckdb":
        from aggregator.engines.duckdb.translations import translations_of  # noqa: PLC0415  (as above)

        return translations_of(graph, expected)
    from aggregator.core.graph import Translations  # noqa: PLC0415

    return Translations()  # BigQuery reads its own SQL


def has_one_writer(environment: Environment) -> bool:
    """Whether only one process at a time can have the warehouse open, so that tasks had better take turns."""
    return environment.engine == "duckdb"


def open_filled_locally(graph: Graph) -> Engine | None:
    """The environment's engine, if asking it costs nothing: it is on this machine, has tables, and is free."""
    environment = graph.project.environment
    if environment.engine != "duckdb" or not (graph.project.root / environment.path).is_file():
        return None
    return open_engine(graph, lambda _: None, wait=0)


def open_bench(graph: Graph) -> Bench:
    """Where unit tests are computed: the embedded engine, whatever the environment's."""
    from aggregator.engines.duckdb.bench import DuckDbBench  # noqa: PLC0415  (heavy; only when used)

    return DuckDbBench(graph)
