"""docs/checks.md says what is so: its table is made from the code, and its examples compile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from aggregator.checks import CHECKS, KINDS
from aggregator.checks.arguments import DESCRIPTION, OF_NUMBER, OF_ROWS, OF_TABLE

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "checks.md"
TABLE = re.compile(r"(<!-- from KINDS; pytest --update rewrites it -->\n)(.*?)(<!-- end -->)", re.DOTALL)
COMMON = {each.name for each in (*OF_ROWS, *OF_NUMBER, *OF_TABLE, DESCRIPTION)} - {"mostly"}


def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def table() -> str:
    lines = ["| check | holds if | arguments |", "|---|---|---|"]
    for kind in KINDS:
        names = ", ".join(f"`{name}`" for name in (*kind.short, kind.name))
        takes = [f"**`{each.name}`**" if each.is_required else f"`{each.name}`" for each in kind.takes]
        own = ", ".join(each for each in takes if each.strip("*`") not in COMMON)
        lines.append(f"| {names} | {kind.__doc__} | {own} |")
    return "\n".join(lines) + "\n\nRequired arguments are **bold**; those that every check takes are left out.\n"


def test_the_table_of_checks_is_current(request: pytest.FixtureRequest):
    if request.config.getoption("--update"):
        PAGE.write_text(TABLE.sub(lambda found: f"{found[1]}{table()}{found[3]}", text()), encoding="utf-8")

    found = TABLE.search(text())
    assert found is not None
    assert found[2] == table()


def test_examples_name_checks_that_there_are():
    blocks = [yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", text(), re.DOTALL)]
    listed = [each for block in blocks for each in _checks(block)]

    assert len(listed) > 10
    assert {name for each in listed for name in ([each] if isinstance(each, str) else each)} <= set(CHECKS)


def _checks(block: object) -> list[object]:
    if isinstance(block, list):
        return block
    declared = block.get("checks", []) if isinstance(block, dict) else []
    return [each for of in declared.values() for each in of] if isinstance(declared, dict) else declared
