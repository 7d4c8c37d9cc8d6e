"""The front door for Airflow: a manifest to DAGs, whose tasks do what ``aggregator run`` does.

A file of DAGs is two lines: ``from aggregator.airflow import load_dags`` and ``load_dags("manifest.json")``.
"""

from aggregator.airflow.alerts import Alert
from aggregator.airflow.loader import load_dags, run_parameters
from aggregator.airflow.operators import BrokenModel, BuildPartitions, WaitForPartitions
from aggregator.airflow.task import Deployment
from aggregator.airflow.upkeep_dags import RepairBudget
from aggregator.airflow.upkeep_tasks import (
    AnnounceArrivals,
    CheckFreshness,
    ExportPartitions,
    LookForArrivals,
    RepairStale,
    RollBack,
)

__all__ = [
    "Alert",
    "AnnounceArrivals",
    "BrokenModel",
    "BuildPartitions",
    "CheckFreshness",
    "Deployment",
    "ExportPartitions",
    "LookForArrivals",
    "RepairBudget",
    "RepairStale",
    "RollBack",
    "WaitForPartitions",
    "load_dags",
    "run_parameters",
]
