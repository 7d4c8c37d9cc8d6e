"""What came out of a model, written into the test as what must come out; the rest of the file stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.analyzers.googlesql.tables import Rows
from aggregator.core.diagnostics import Document
from aggregator.load.yaml_nodes import Mapping, Scalar
from aggregator.load.yaml_reader import read_yaml
from aggregator.unit_tests.bind import Values
from aggregator.unit_tests.engines import as_values
from aggregator.unit_tests.run import Outcome, State
from aggregator.unit_tests.written import in_order, row_lines


def updated(outcome: Outcome) -> str | None:
    """The file of a test that failed, with the rows of now; None if there is nothing to write, or no way to.

    Engines that differ are not written down: whoever reads the test could not tell which of them is right.
    """
    case, bound = outcome.case, outcome.bound
    if outcome.state is not State.FAILED or bound is None or case.expect is None or case.expect.file or case.expect.sql:
        return None
    if outcome.between is not None and not outcome.between.is_equal:
        return None
    rows = [each.answer for each in outcome.ran if isinstance(each.answer, Rows)]
    if not rows or any(each.complaint for each in outcome.ran):
        return None
    mentioned = dict.fromkeys(name for each in bound.expected or () for name in each.values)
    columns = list(mentioned) or [each.name for each in bound.model.columns if not each.state_of]
    found = [{name: row.get(name) for name in columns} for row in as_values(rows[-1])]
    return with_expected(case.document, found if case.ordered else in_order(found, bound.model.model.key))


def with_expected(document: Document, rows: Sequence[Values]) -> str | None:
    """The text of a test with other rows under ``expect:``; None if it is no block of keys."""
    root, problems = read_yaml(document, 0, len(document.text))
    if not isinstance(root, Mapping) or problems or document.text.lstrip().startswith("{"):
        return None
    keys = [key for key, _ in root.entries]
    place = next((index for index, key in enumerate(keys) if key.text == "expect"), None)
    if place is None:
        return None
    start = _offset(document, keys[place])
    end = _offset(document, keys[place + 1]) if place + 1 < len(keys) else len(document.text)
    lines = document.text[start:end].splitlines(keepends=True)
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].startswith("#")):
        end -= len(lines.pop())  # what stands before the next key, or at the end, is not ours
    block = "\n".join(("expect:", *row_lines(rows, 2))) if rows else "expect: []"
    return f"{document.text[:start]}{block}\n{document.text[end:]}"


def _offset(document: Document, key: Scalar) -> int:
    return document.offset(key.place.line, key.place.column)
