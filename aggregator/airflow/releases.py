"""What we use of Airflow, from where a release has it: 3 in one package, 2.11 all over. Nothing else here knows."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

HAS_SDK = importlib.util.find_spec("airflow.sdk") is not None
"""Whether this is Airflow 3, where DAGs can start by partitions of assets."""

if TYPE_CHECKING or HAS_SDK:
    from airflow.sdk import (
        DAG,
        Asset,
        BaseOperator,
        Connection,
        CronDataIntervalTimetable,
        Param,
        TaskGroup,
        get_parsing_context,
    )
    from airflow.sdk.bases.timetable import BaseTimetable
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

    connection = Connection.get
else:
    from airflow import DAG
    from airflow.datasets import Dataset
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
    from airflow.models.baseoperator import BaseOperator
    from airflow.models.connection import Connection
    from airflow.models.param import Param
    from airflow.timetables.interval import CronDataIntervalTimetable
    from airflow.utils.dag_parsing_context import get_parsing_context
    from airflow.utils.task_group import TaskGroup

    connection = Connection.get_connection_from_secrets

    def Asset(*, name: str, uri: str) -> Any:  # noqa: N802  (as the class is called)
        """It has no names there."""
        del name
        return Dataset(uri)  # noqa: AIR311  (that is 2.11)


DOUBLING: Any = 2.0 if HAS_SDK else True
"""``retry_exponential_backoff``: each rest is twice the one before."""


def by_partitions(asset: Asset) -> BaseTimetable:
    """The timetable of a DAG that starts for each partition of an asset, which only Airflow 3 has."""
    from airflow.sdk import PartitionedAssetTimetable  # noqa: PLC0415

    return PartitionedAssetTimetable(assets=asset)


__all__ = [
    "DAG",
    "DOUBLING",
    "HAS_SDK",
    "AirflowException",
    "AirflowFailException",
    "AirflowSkipException",
    "Asset",
    "BaseOperator",
    "Connection",
    "CronDataIntervalTimetable",
    "Param",
    "TaskGroup",
    "by_partitions",
    "connection",
    "get_parsing_context",
]
