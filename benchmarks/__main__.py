"""The command line of the benchmarks: runs figures, prints each as a table with its verdicts."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from benchmarks.airflow_parse import PARSED
from benchmarks.analyzer import ANALYZER
from benchmarks.checks import CHECKS
from benchmarks.embedded import EMBEDDED
from benchmarks.figures import FIGURES as SMALL
from benchmarks.figures import MIB, Figure, Workshop
from benchmarks.measure import ChildError
from benchmarks.peers import peers
from benchmarks.planning import PLANS
from benchmarks.rollups import ROLLUPS
from benchmarks.scale import SCALES, build

FIGURES: dict[str, Callable[[Workshop], Figure]] = {
    **SMALL,
    **SCALES,
    **PLANS,
    **ANALYZER,
    **ROLLUPS,
    **CHECKS,
    **PARSED,
    **EMBEDDED,
    "build": build,
    "peers": peers,
}
WHEN_ASKED = ("scale-5000", "airflow-parse", "airflow-parse-5000", "dry-run-1000", "rollups", "peers")
"""These take minutes or need an extra, and the last installs other tools: they are left out unless they are named."""

HEADER = f"{'':<34}{'CPU s':>9}{'wall s':>9}{'peak MiB':>10}{'ratio':>8}   size"


def main() -> None:
    """Run the figures that were asked for. A figure that can't be had is said and passed over."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=_help())
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    unknown = set(options.figures) - FIGURES.keys()
    if unknown:
        parser.error(f"there is no figure {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")
    found: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory(prefix="aggregator-bench-") as folder:
        workshop = Workshop(Path(folder))
        for name in options.figures or [name for name in FIGURES if name not in WHEN_ASKED]:
            try:
                found[name] = FIGURES[name](workshop)
            except ChildError as error:
                print(f"\n{name}: no figure: {error}")
                continue
            show(name, found[name])
    if options.json:
        figures = {name: dataclasses.asdict(figure) for name, figure in found.items()}
        options.json.write_text(json.dumps({"machine": _machine(), "figures": figures}, indent=2) + "\n")


def show(name: str, figure: Figure) -> None:
    """Print a table, and under it what was meant to be reached."""
    print(f"\n{name}: {figure.title}\n{HEADER}")
    for row in figure.rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}×"
        cost = f"{row.cost.cpu:>9.3f}{row.cost.wall:>9.3f}{row.cost.peak / MIB:>10.0f}{ratio:>8}"
        print(f"{row.what:<34}{cost}   {row.size}".rstrip())
    for goal in figure.goals:
        verdict = "ok" if goal.is_met else "MISSED"
        bound = f"at {'least' if goal.is_least else 'most'} {goal.bound:g} {goal.unit}"
        print(f"  {goal.what}: {goal.reached:.4g} {goal.unit} of {bound}  {verdict}")
    for note in figure.notes:
        print(f"  {note}".rstrip())


def _help() -> str:
    return f"any of {', '.join(FIGURES)}; all but {', '.join(WHEN_ASKED)} by default"


def _machine() -> dict[str, object]:
    """What the figures depend on."""
    versions = {name: version(name) for name in ("duckdb", "sqlglot")}
    return {"platform": platform.platform(), "cpus": os.cpu_count(), "python": platform.python_version(), **versions}


if __name__ == "__main__":
    main()
