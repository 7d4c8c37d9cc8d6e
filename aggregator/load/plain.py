"""Values whose meaning their reader knows: the variables of a project, the arguments of a check."""

from __future__ import annotations

import dataclasses
import math
import re

from aggregator.core.diagnostics import Word
from aggregator.core.plain import Plain
from aggregator.load.report import INVALID, Invalid, Report
from aggregator.load.yaml_nodes import Node, Refused, Scalar, Sequence


@dataclasses.dataclass(frozen=True)
class AnyPlain:
    """Plain data for templates and checks: YAML 1.2 numbers, true, false, null, and text (with its place).

    Words that YAML 1.1 turned into something else (``NO``, ``12:30``, ``010``) are refused unless quoted: whoever
    reads the file should not have to know which version of YAML applies.
    """

    def read(self, node: Node, report: Report) -> Plain | Invalid:
        """The value."""
        if isinstance(node, Scalar):
            return self._scalar(node, report)
        if isinstance(node, Refused):
            return INVALID
        children = node.items if isinstance(node, Sequence) else tuple(value for _, value in node.entries)
        values = [self.read(each, report) for each in children]
        sound = [value for value in values if not isinstance(value, Invalid)]
        if len(sound) < len(values):
            return INVALID  # the rest of it would mean something else
        if isinstance(node, Sequence):
            return sound
        return dict(zip((Word(key.text, key.place) for key, _ in node.entries), sound, strict=True))

    def _scalar(self, node: Scalar, report: Report) -> Plain | Invalid:
        text = node.text
        if not node.plain:
            return Word(text, node.place)
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _AMBIGUOUS.fullmatch(text):
            return report.wrong(node, "a value that means one thing", _choice(text))
        return Word(text, node.place)


def _choice(text: str) -> str:
    """How to say one of the things that an ambiguous value may mean."""
    if text.casefold() in _TRUTH:
        return f'write "{text}" if it is text, else {_TRUTH[text.casefold()]}'
    try:
        is_short_number = len(text) < 16 and math.isfinite(float(text))  # noqa: PLR2004  (longer ones lose digits)
    except ValueError:
        is_short_number = False
    if is_short_number:
        return f'write "{text}" if it is text, {float(text):.15g} if it is a number'
    return "quote it"


_WORDS: dict[str, Plain] = {"true": True, "false": False, "null": None, "~": None, "": None}
_TRUTH = {
    **dict.fromkeys(("yes", "on", "y", "true"), "true"),
    **dict.fromkeys(("no", "off", "n", "false"), "false"),
    "null": "null",
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.(0|[0-9]{0,17}[1-9]))?([eE][-+]?[0-9]{1,2})?|[-+]?\.[0-9]{0,17}[1-9]")
_AMBIGUOUS = re.compile(
    r"(?i:yes|no|on|off|y|n|true|false|null)|[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?|0[xob][0-9a-fA-F_]+"
    r"|[-+]?\.(?i:inf|nan)|[-+]?\.?[0-9][0-9_]*\.?[0-9_]*([eE][-+]?[0-9]+)?"
)
"""What some version of YAML, or some reader of it, takes for a truth value, a time in seconds or another number."""
