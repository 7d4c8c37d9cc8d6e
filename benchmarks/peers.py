"""The same project in the formats of dbt and SQLMesh, and what they need to understand it.

Each is installed into an environment of its own, in the folder of the benchmark. What can't be installed is said, and
has no figures. The SQL is BigQuery's everywhere, and nothing is run: only parsing and compiling are compared.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.figures import Figure, Row, Workshop
from benchmarks.generate import Design, design, write_project
from benchmarks.measure import ChildError, Cost
from benchmarks.scale import cold, lint
from benchmarks.tables import SOURCE_COLUMNS, Column, Model
from benchmarks.tree import run_tree

_QUIET = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "0", "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true"}
_LOAD = "from sqlmesh import Context; print(len(Context(paths='.').models))"


@dataclasses.dataclass(frozen=True)
class Peer:
    """Another tool: what to install, how its projects are written, what is remembered where, and what to time.

    A command is a program of its environment with arguments. The first one finds nothing remembered.
    """

    name: str
    packages: tuple[str, ...]
    sizes: tuple[int, ...]
    write: Callable[[Design, Path], None]
    remembered: tuple[str, ...]
    commands: Mapping[str, tuple[str, ...]]


def peers(workshop: Workshop) -> Figure:
    """What other tools take to understand the same project, over what ``aggregator lint`` takes."""
    environments = [(peer, _installed(peer, workshop)) for peer in PEERS]
    rows = []
    for models in sorted({size for peer in PEERS for size in peer.sizes}):
        made, folder = design(models), workshop.folder()
        write_project(made, folder)
        ours = cold(folder)
        rows += [Row(f"aggregator lint, {models}", ours, "types, lineage and rules", 1.0)]
        rows += [Row("  nothing changed", lint(folder))]
        for peer, programs in environments:
            if programs is not None and models in peer.sizes:
                rows += _measured(peer, programs, made, workshop.folder(), ours)
    return Figure("the same project in other tools; ratios are to our cold lint", tuple(rows))


def write_dbt(made: Design, folder: Path) -> None:
    """Write a design as a project of dbt: a SELECT and a YAML file for each model."""
    profile = {"target": "local", "outputs": {"local": {"type": "duckdb", "path": "local.duckdb"}}}
    _write_json(folder / "profiles.yml", {"benchmark": profile})
    _write_json(folder / "dbt_project.yml", {"name": "benchmark", "version": "1.0", "profile": "benchmark"})
    tables = [{"name": _table(name), "columns": _dbt_columns(SOURCE_COLUMNS)} for name in made.sources]
    _write_json(folder / "models" / "sources.yml", {"version": 2, "sources": [{"name": "lake", "tables": tables}]})
    sources = set(made.sources)
    for model in made.models:
        stem = folder / "models" / model.dataset / _dbt_name(model.name)
        sql = model.sql(lambda name: _dbt_reference(name, is_source=name in sources))
        _write(stem.with_suffix(".sql"), f"{{{{ config(materialized='table', schema='{model.dataset}') }}}}\n{sql}\n")
        tested = [{**each, "data_tests": ["not_null"]} for each in _dbt_columns(model.columns[:2])]
        columns = [*tested, *_dbt_columns(model.columns[2:])]
        described = {"name": _dbt_name(model.name), "description": model.description, "columns": columns}
        _write_json(stem.with_suffix(".yml"), {"version": 2, "models": [described]})


def write_sqlmesh(made: Design, folder: Path) -> None:
    """Write a design as a project of SQLMesh."""
    gateway = {"connection": {"type": "duckdb", "database": "local.duckdb"}}
    defaults = {"dialect": "bigquery", "start": "2024-01-01"}
    _write_json(folder / "config.yaml", {"gateways": {"local": gateway}, "model_defaults": defaults})
    columns = {column.name: column.type for column in SOURCE_COLUMNS}
    _write_json(folder / "external_models.yaml", [{"name": name, "columns": columns} for name in made.sources])
    for model in made.models:
        text = "\n".join(["MODEL (", *_sqlmesh_head(model), ");", "", model.sql()])
        _write(folder / "models" / model.dataset / f"{_table(model.name)}.sql", text + "\n")


PEERS = (
    Peer(
        name="dbt",
        packages=("dbt-core<1.12", "dbt-duckdb"),  # 1.12 needs a package that can only be built with a network
        sizes=(100, 1000),
        write=write_dbt,
        remembered=("target",),
        commands={
            "dbt parse, cold": ("dbt", "parse", "--profiles-dir", "."),
            "dbt parse, nothing changed": ("dbt", "parse", "--profiles-dir", "."),
            "dbt compile, after parsing": ("dbt", "--quiet", "compile", "--profiles-dir", "."),
        },
    ),
    Peer(
        name="SQLMesh",
        packages=("sqlmesh",),
        sizes=(100,),  # ten times as many need minutes, and 2 GB
        write=write_sqlmesh,
        remembered=(".cache",),
        commands={
            "SQLMesh load, cold": ("python", "-c", _LOAD),
            "SQLMesh load, unchanged": ("python", "-c", _LOAD),
        },
    ),
)


def _installed(peer: Peer, workshop: Workshop) -> Path | None:
    """The folder of a tool's programs; None, with the reason printed, if it can't be had."""
    folder = workshop.folder()
    try:
        run_tree([sys.executable, "-m", "venv", folder], folder)
        run_tree([folder / "bin" / "pip", "install", "--quiet", *peer.packages], folder)
    except ChildError as error:
        print(f"\n{peer.name} can't be had here, so there are no figures of it: {error}")
        return None
    return folder / "bin"


def _measured(peer: Peer, programs: Path, made: Design, folder: Path, ours: Cost) -> Iterator[Row]:
    peer.write(made, folder)
    for name in peer.remembered:
        shutil.rmtree(folder / name, ignore_errors=True)
    for what, (program, *arguments) in peer.commands.items():
        cost, _ = run_tree([programs / program, *arguments], folder, _QUIET)
        yield Row(f"{what}, {len(made.models)}", cost, ratio=cost.cpu / ours.cpu)


def _sqlmesh_head(model: Model) -> Iterator[str]:
    yield f"  name {model.name},"
    yield "  kind FULL,"
    yield "  cron '@daily',"
    yield f"  owner {model.dataset}_analytics,"
    yield f"  grains ({', '.join(model.key)}),"
    yield f"  description '{model.description}',"
    yield "  column_descriptions ("
    yield ",\n".join(f"    {column.name} = '{column.description}'" for column in model.columns)
    yield "  ),"
    keys = ", ".join(model.key)
    yield f"  audits (not_null(columns := ({keys})), unique_combination_of_columns(columns := ({keys})))"


def _dbt_columns(columns: tuple[Column, ...]) -> list[dict[str, object]]:
    return [{"name": column.name, "description": column.description} for column in columns]


def _dbt_reference(name: str, *, is_source: bool) -> str:
    return f"{{{{ source('lake', '{_table(name)}') }}}}" if is_source else f"{{{{ ref('{_dbt_name(name)}') }}}}"


def _dbt_name(name: str) -> str:
    """Names of dbt's models are the same in all datasets."""
    return name.replace(".", "_")


def _table(name: str) -> str:
    return name.partition(".")[2]


def _write_json(file: Path, value: object) -> None:
    """JSON is YAML, too."""
    _write(file, json.dumps(value, indent=2) + "\n")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
