"""A folder of DAGs, parsed as Airflow would, without a database: ``python -m aggregator.airflow.check FOLDER``.

Prints one JSON object: errors by file, seconds of CPU after Airflow was imported, and the tasks of each DAG with their
owners. It is run in a process with a home of its own.
"""

from __future__ import annotations

import json
import logging
import sys
import time


def main(folder: str) -> None:
    """Parse, serialize and tell."""
    began = time.process_time()
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415
    from airflow.serialization.serialized_objects import DagSerialization  # noqa: PLC0415

    logging.disable(logging.CRITICAL)
    imported = time.process_time()
    bag = DagBag(folder)
    parsed = time.process_time()
    errors = dict(bag.import_errors)
    for dag in bag.dags.values():
        try:
            DagSerialization.to_dict(dag)
        except Exception as error:  # noqa: BLE001  (whatever it is, the scheduler would not know the DAG)
            errors[f"{dag.fileloc} ({dag.dag_id})"] = f"it can't be serialized: {error}"
    found = {
        "import_seconds": imported - began,
        "parse_seconds": parsed - imported,
        "errors": errors,
        "dags": {dag.dag_id: {task.task_id: task.owner for task in dag.tasks} for dag in bag.dags.values()},
    }
    sys.stdout.write(f"\n{json.dumps(found)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
