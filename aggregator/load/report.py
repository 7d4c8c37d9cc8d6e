"""What is wrong with files, collected while they are read."""

from __future__ import annotations

from typing import Final

from aggregator.core.diagnostics import Code, Diagnostic, Place
from aggregator.load import codes
from aggregator.load.yaml_nodes import Node, Refused, Scalar, Sequence


class Invalid:
    """The value of a node that did not fit its shape; already reported."""

    def __repr__(self) -> str:
        return "INVALID"


INVALID: Final = Invalid()


class Report:
    """Collects findings while shapes read."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings, by place."""
        return tuple(sorted(self.diagnostics, key=lambda found: (found.place, found.code.id)))

    def add(self, place: Place, code: Code, message: str, advice: str = "") -> Invalid:
        """Note a finding; returns INVALID so that a shape can ``return report.add(...)``."""
        self.diagnostics.append(Diagnostic(place, code, message, advice))
        return INVALID

    def wrong(self, node: Node, expected: str, advice: str = "") -> Invalid:
        """Note that a value is not what was expected."""
        if isinstance(node, Refused):
            return INVALID
        return self.add(node.place, codes.WRONG_VALUE, f"expected {expected}, not {describe(node)}", advice)


def describe(node: Node) -> str:
    """A node in a few words, for messages."""
    if isinstance(node, Scalar):
        if node.text == "" and node.plain:
            return "nothing"
        return repr(shortened(node.text))
    return "a list" if isinstance(node, Sequence) else "a mapping"


def shortened(text: str) -> str:
    """A text of any length, on one line of a message."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:37]}..."  # noqa: PLR2004
