"""The conformance cases: statements with what BigQuery makes of each."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from aggregator.analyzers.protocol import Field, Relation, Statement

HERE = Path(__file__).parent
ROUTINES = {
    "clean": "CREATE FUNCTION shop.clean(text STRING) RETURNS STRING LANGUAGE js AS 'return text'",
    "top_users": "CREATE TABLE FUNCTION shop.top_users(n INT64) RETURNS TABLE<user_id INT64, total NUMERIC> "
    "AS SELECT CAST(n AS INT64) AS user_id, CAST(n AS NUMERIC) AS total",
}
"""The routines of ``schema.yml``, by the word that tells a statement which uses one."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A statement, and what BigQuery makes of it: a ``schema``, or a message that ``says`` something at ``start``.

    ``googlesql`` is what the offline analyzer makes of it where that differs: it ``accepts`` what BigQuery refuses, or
    leaves it ``unchecked``. ``caught_by_structure`` says whether the structural layer refuses it.
    """

    file: str
    name: str
    sql: str
    schema: str = ""
    says: str = ""
    start: int | None = None
    googlesql: str = ""
    caught_by_structure: bool = False

    @property
    def is_valid(self) -> bool:
        return not self.says

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"


@functools.cache
def schema() -> Mapping[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE / "schema.yml").read_text(encoding="utf-8"))
    return found


@functools.cache
def cases() -> tuple[Case, ...]:
    return tuple(
        _case(path.stem, written)
        for path in sorted((HERE / "cases").glob("*.yml"))
        for written in yaml.safe_load(path.read_text(encoding="utf-8"))
    )


def _case(file: str, written: Mapping[str, Any]) -> Case:
    marked = written["sql"]
    return Case(
        file=file,
        name=written["name"],
        sql=marked.replace("«", "").replace("»", ""),
        schema=written.get("schema", ""),
        says=written.get("says", ""),
        start=marked.index("«") if "«" in marked else None,
        googlesql=written.get("googlesql", ""),
        caught_by_structure=written.get("caught_by_structure", False),
    )


@functools.cache
def tables() -> tuple[Relation, ...]:
    pseudo = schema()["pseudo_columns"]
    return tuple(
        Relation(f"shop.{name}", _fields(columns), _fields(pseudo.get(name, {})))
        for name, columns in schema()["tables"].items()
    )


def statement(case: Case) -> Statement:
    return Statement(
        name=str(case),
        sql=case.sql,
        tables=tables(),
        parameters=_fields(schema()["parameters"]),
        routines=tuple(text for word, text in ROUTINES.items() if word in case.sql.casefold()),
    )


def _fields(columns: Mapping[str, str]) -> tuple[Field, ...]:
    return tuple(Field(name, type_) for name, type_ in columns.items())


def written(columns: tuple[Field, ...]) -> str:
    """Columns as the cases write them."""
    return ", ".join(f"{each.name} {each.type}" for each in columns)
