"""A small project, linted through the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from aggregator.cli import main

MODEL = "/*---\ndescription: An example.\nowner: me@example.com\nkey: [user]\n---*/\n{sql}\n"
_SOURCE = """source:
  description: Plays.
  owner: me@example.com
  columns: {user: STRING, video: INT64, select: STRING, played: TIMESTAMP}
"""


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


def project(root: Path, **models: str) -> Path:
    """Models that read ``lake.plays``, by name."""
    files = {
        "aggregator.yml": "project: small\nenvironments: {local: {engine: duckdb, path: w.duckdb}}\n"
        "default_environment: local\n",
        "models/lake/plays.yml": _SOURCE,
        **{f"models/marts/{name}.sql": MODEL.format(sql=sql) for name, sql in models.items()},
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def run(root: Path, capsys: pytest.CaptureFixture[str], *options: str) -> Said:
    """``aggregator lint``."""
    capsys.readouterr()
    code = main(["lint", "--project", str(root), *options])
    said = capsys.readouterr()
    return Said(code, said.out, said.err)
