"""DuckDB's errors in our words: a mistake in a query is the model's affair, a full or damaged disk is not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import duckdb

from aggregator.engines.duckdb.failures import said_by
from aggregator.engines.protocol import QueryError, WarehouseError

_OF_THE_FILE = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.ConnectionException)
_FULL = ("No space left", "File too large", "failed to offload")
_IN_PYTHON = "Invalid Input Error: Python exception occurred while executing the UDF: ValueError: "
_DAMAGED = ("Corrupt database file", "Could not read enough bytes")


def failure(error: duckdb.Error) -> QueryError | WarehouseError:
    """What an error in a query means for whoever asked."""
    text = str(error)
    if isinstance(error, _OF_THE_FILE) or any(sign in text for sign in (*_FULL, *_DAMAGED)):
        return lost(error)
    in_rows = not isinstance(error, (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException))
    return QueryError(first_line(error), in_rows=in_rows)


def lost(error: duckdb.Error) -> WarehouseError:
    """The file fails us, whatever was asked of it."""
    text = str(error)
    if any(sign in text for sign in _FULL):
        advice = "make room and run again; nothing was half-written"
        return WarehouseError(f"the disk of the database file is full: {first_line(error)}", advice)
    if any(sign in text for sign in _DAMAGED):
        advice = "restore the file, or delete it: `aggregator run` then rebuilds everything from the sources"
        return WarehouseError(f"the database file is damaged: {first_line(error)}", advice)
    advice = "look at the file and its disk, then run again; nothing was half-written"
    return WarehouseError(f"the database file can't be written or read: {first_line(error)}", advice)


@contextlib.contextmanager
def translated(meaning: Callable[[duckdb.Error], Exception] = failure) -> Iterator[None]:
    """Let what DuckDB raises leave as one of our own errors, and Ctrl-C as what it is."""
    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except duckdb.Error as error:
        raise meaning(error) from None
    except RuntimeError as error:
        if "interrupted" not in str(error):
            raise
        raise KeyboardInterrupt from None


def first_line(error: duckdb.Error) -> str:
    """What happened, without the excerpt of generated SQL that DuckDB adds."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return said_by(lines[0].removeprefix(_IN_PYTHON)) if lines else "the query failed"
