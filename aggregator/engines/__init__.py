"""Where writes happen: one engine per file or folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aggregator.engines.protocol import Engine, NotHereError, WarehouseError

if TYPE_CHECKING:
    from aggregator.core.graph import Graph
    from aggregator.core.project import Environment

__all__ = ["Engine", "NotHereError", "WarehouseError", "has_one_writer", "open_engine"]


def open_engine(graph: Graph, say: Callable[[str], None], *, wait: float = 60.0) -> Engine:
    """Open the warehouse of the project's environment; ``say`` hears about anything slow, such as waiting.

    ``wait`` is for how many seconds to wait for someone else who holds it. Raises :class:`WarehouseError`.
    """
    environment = graph.project.environment
    if environment.engine == "duckdb":
        from aggregator.engines.duckdb.engine import DuckDbEngine  # noqa: PLC0415  (heavy; only when used)

        return DuckDbEngine(graph, wait=wait, say=say)
    raise NotHereError(
        f"the engine {environment.engine} of environment {environment.name} can't run models yet",
        "use an environment with `engine: duckdb`",
    )


def has_one_writer(environment: Environment) -> bool:
    """Whether only one process at a time can have the warehouse open, so that tasks had better take turns."""
    return environment.engine == "duckdb"


def open_filled_locally(graph: Graph) -> Engine | None:
    """The environment's engine, if asking it costs nothing: it is on this machine, has tables, and is free."""
    environment = graph.project.environment
    if environment.engine != "duckdb" or not (graph.project.root / environment.path).is_file():
        return None
    return open_engine(graph, lambda _: None, wait=0)
