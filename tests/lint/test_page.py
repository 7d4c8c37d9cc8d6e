"""docs/lint.md lists every rule as its page says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.core.diagnostics import Code
from aggregator.lint import CODES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "lint.md"
BEGINNING = "pytest --update rewrites it -->\n"
END = "<!-- end -->"


def table() -> str:
    """All codes of lint, with the first paragraph of their pages."""
    rows = [f"| {code.id} | {code.name} | {code.severity} | {_what(code)} |" for code in CODES]
    return "\n".join(("| code | name | | finds |", "|---|---|---|---|", *sorted(rows))) + "\n"


def _what(code: Code) -> str:
    return " ".join(code.page.partition("\n\n")[0].split()).replace("|", "\\|")


def test_the_table_of_rules_is_current(request: pytest.FixtureRequest):
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGINNING)
    actual, _, after = rest.partition(END)

    if request.config.getoption("--update"):
        PAGE.write_text(f"{before}{BEGINNING}{table()}{END}{after}", encoding="utf-8")
        actual = table()
    assert actual == table()


def test_ids_and_names_are_given_once():
    ids, names = [code.id for code in CODES], [code.name for code in CODES]

    assert len(set(ids)) == len(ids)
    assert len(set(names)) == len(names)
