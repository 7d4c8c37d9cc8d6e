"""Great Expectations itself, for what no query of aggregates answers, and for its Data Docs: the extra ``gx``.

The rows come from the warehouse as a data frame: on DuckDB, version 1.24 of Great Expectations can't ask a query by
itself, since it closes a connection before it reads the answer.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.checks.protocol import output_column
from aggregator.core.diagnostics import Severity

if TYPE_CHECKING:
    from aggregator.checks import Promised
    from aggregator.core.graph import CompiledModel
    from aggregator.engines.protocol import Rows

_MOMENTS = frozenset({"DATE", "DATETIME", "TIMESTAMP"})
_COMPARED = ("min_value", "max_value")
_OURS = ("severity",)
_NUMBER = "number"
_CONDITION = "_meets_condition_{}"
SEVERITIES = {"warn": "warning", "error": "critical"}


class NotInstalledError(Exception):
    """The extra ``gx`` is not installed."""


@dataclasses.dataclass(frozen=True)
class Expected:
    """An expectation by its name in Great Expectations, with its arguments; ``condition`` is SQL."""

    type: str
    arguments: Mapping[str, Any]
    condition: str = ""
    severity: str = "critical"


def expected(model: CompiledModel, found: Promised) -> tuple[Expected, ...]:
    """What Great Expectations is asked of a model: all but what needs another table, or another partition.

    Sets of dates are not, either: it compares dates with texts then, and finds none.
    """
    own = [
        Expected(each.check, each.arguments, each.condition, _severity(each.severity))
        for each in found.promises
        if each.check.startswith("expect_") and not each.query and each.drift is None
        if "value_set" not in each.arguments or _type(model, each.arguments.get("column")) not in _MOMENTS
    ]
    others = []
    for declared in found.elsewhere:
        arguments = declared.arguments if isinstance(declared.arguments, dict) else {}
        severity = SEVERITIES.get(str(arguments.get("severity")), "critical")
        others.append(Expected(str(declared.name), arguments, str(arguments.get("row_condition") or ""), severity))
    return (*own, *others)


def frame_query(model: CompiledModel, wanted: Sequence[Expected], where: str) -> str:
    """The rows that a data frame is made of, with a column for each condition that is asked of them."""
    conditions = dict.fromkeys(each.condition for each in wanted if each.condition)
    columns = [f"`{each.name}`" for each in model.columns if not each.state_of] or ["*"]
    columns += [f"COALESCE({sql}, FALSE) AS {_CONDITION.format(number)}" for number, sql in enumerate(conditions)]
    return f"SELECT {', '.join(columns)} FROM {model.name}{f' WHERE {where}' if where else ''}"


class Site:
    """Validations by Great Expectations, in one context of it; its Data Docs, if ``docs`` names a folder."""

    def __init__(self, docs: Path | None = None) -> None:
        """Importing takes ten seconds."""
        self._gx = _imported()
        self._context = self._gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = {"globally": False}
        self._source = self._context.data_sources.add_pandas("aggregator")
        if docs is not None:
            self._context.add_data_docs_site("aggregator", _site(docs))
        self._has_docs = docs is not None

    def validate(self, model: CompiledModel, wanted: Sequence[Expected], rows: Rows, name: str) -> dict[str, Any]:
        """Ask all of some rows; ``name`` is that of the suite.

        The result is Great Expectations' own, as JSON, in the order asked.
        """
        frame = _frame(model, *rows)
        asset = self._source.add_dataframe_asset(name=name)
        batch = asset.add_batch_definition_whole_dataframe("rows")
        suite = self._gx.ExpectationSuite(name=name, expectations=list(self._expectations(model, wanted)))
        suite = self._context.suites.add(suite)
        definition = self._gx.ValidationDefinition(name=name, data=batch, suite=suite)
        definition = self._context.validation_definitions.add(definition)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result: dict[str, Any] = definition.run(batch_parameters={"dataframe": frame}).to_json_dict()
        result["results"].sort(key=lambda each: each["expectation_config"]["meta"][_NUMBER])
        return result

    def build_docs(self) -> None:
        """Write the Data Docs."""
        if self._has_docs:
            self._context.build_data_docs()

    def _expectations(self, model: CompiledModel, wanted: Sequence[Expected]) -> Iterable[Any]:
        from great_expectations.expectations.registry import get_expectation_impl  # noqa: PLC0415
        from great_expectations.expectations.row_conditions import Column  # noqa: PLC0415

        conditions = list(dict.fromkeys(each.condition for each in wanted if each.condition))
        for number, each in enumerate(wanted):
            arguments = {name: value for name, value in each.arguments.items() if name not in _OURS}
            if each.condition:
                arguments["row_condition"] = Column(_CONDITION.format(conditions.index(each.condition))) == True  # noqa: E712
            if _type(model, arguments.get("column")) in _MOMENTS:
                arguments |= {name: _moment(arguments[name]) for name in _COMPARED if name in arguments}
            plain = {str(name): _plain(value) for name, value in arguments.items()}
            make: Any = get_expectation_impl(each.type)
            yield make(**plain, severity=each.severity, meta={_NUMBER: number})


def _imported() -> Any:
    """The package, whose types do not say all that it takes."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    try:
        import great_expectations as gx  # noqa: PLC0415
    except ModuleNotFoundError:
        raise NotInstalledError from None
    return gx


def is_fault(result: Mapping[str, Any]) -> bool:
    """Whether an expectation could not be evaluated: Great Expectations says of such a one, too, that it failed."""
    info = result.get("exception_info") or {}
    infos = [info] if "raised_exception" in info else list(info.values())
    return any(each.get("raised_exception") for each in infos)


def _frame(model: CompiledModel, names: list[str], rows: list[tuple[Any, ...]]) -> Any:
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame(rows, columns=names)
    for column in model.columns:
        base = column.type.partition("(")[0]
        if column.name not in frame:
            continue
        if base in _MOMENTS:
            frame[column.name] = pd.to_datetime(frame[column.name], utc=True).dt.tz_localize(None)
        elif base in ("NUMERIC", "BIGNUMERIC", "FLOAT64", "INT64"):
            frame[column.name] = pd.to_numeric(frame[column.name])
    return frame


def _type(model: CompiledModel, column: Any) -> str:
    found = output_column(column, model.columns)
    return found.type if found is not None else ""


def _moment(value: Any) -> Any:
    moment = datetime.fromisoformat(str(value)) if value is not None else None
    return moment.replace(tzinfo=None) if moment is not None else None


def _plain(value: Any) -> Any:
    """Without places, which Great Expectations' models do not take for text."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return str(value) if isinstance(value, str) else value


def _severity(severity: Severity) -> str:
    return SEVERITIES["warn" if severity is Severity.WARNING else "error"]


def _site(folder: Path) -> dict[str, Any]:
    return {
        "class_name": "SiteBuilder",
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.absolute())},
    }
