"""What an author says of rows that would be built again otherwise: ``on_change``, ``volatile``, ``lookback``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from aggregator.core.declared import Duration, OnChange
from aggregator.core.project import Kind
from aggregator.load import codes
from aggregator.load.amounts import SECONDS
from aggregator.load.report import Invalid, Report
from aggregator.load.shapes import Moment
from aggregator.load.yaml_nodes import Node, Scalar

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Place


class ChangeShape:
    """``rebuild``, ``accept`` or ``from DATE``."""

    FORM: ClassVar = re.compile(rf"rebuild|accept|from\s+{Moment.FORM.pattern}")
    EXPECTED: ClassVar = "rebuild, accept, or from and a date, such as from 2013-01-31"

    def read(self, node: Node, report: Report) -> OnChange | Invalid | None:
        """What is accepted; None where everything is built again."""
        if not isinstance(node, Scalar) or not self.FORM.fullmatch(node.text):
            return report.wrong(node, self.EXPECTED)
        word, *date = node.text.split()
        if not date:
            return OnChange(node.place) if word == "accept" else None
        start = Moment().read(node._replace(text=date[0]), report)
        return start if isinstance(start, Invalid) else OnChange(node.place, start)


class DurationShape:
    """A duration, and where it is written."""

    def read(self, node: Node, report: Report) -> Duration | Invalid:
        """The duration."""
        seconds = SECONDS.read(node, report)
        return seconds if isinstance(seconds, Invalid) else Duration(seconds, node.place)


class Volatility:
    """How long rows are good for: ``true`` if never, ``false`` if always, or a duration."""

    def read(self, node: Node, report: Report) -> Duration | Invalid | None:
        """The duration; None where rows are good for as long as nothing is known to have changed."""
        if isinstance(node, Scalar) and node.text in ("true", "false"):
            return Duration(0, node.place) if node.text == "true" else None
        if isinstance(node, Scalar) and SECONDS.matches(node.text):
            return DurationShape().read(node, report)
        return report.wrong(node, "true, false, or a duration such as 26h or 2 days")


def check_policies(values: dict[str, Any], report: Report) -> bool:
    """Whether these keys make sense together, and with ``kind:`` and ``partition:``; roll-ups have partitions."""
    found = list(_problems(values))
    for place, message, advice in found:
        report.add(place, codes.WRONG_VALUE, message, advice)
    return not found


def _problems(values: dict[str, Any]) -> list[tuple[Place, str, str]]:
    on_change, volatile, lookback = (values[key] for key in ("on_change", "volatile", "lookback"))
    is_cut = values.get("rollup") is not None or values["partition"] is not None
    found = []
    if values.get("kind") is Kind.VIEW:
        stated = [(name, values[name]) for name in ("on_change", "volatile", "lookback") if values[name] is not None]
        return [
            (each.place, f"a view has no rows, so it has no {name}:", "say it of the tables that read the view")
            for name, each in stated
        ]
    if on_change is not None and on_change.start is not None and not is_cut:
        message = "this model has no partitions, so a change can't be held back from those before a date"
        found.append((on_change.place, message, "write rebuild or accept"))
    if lookback is not None and not is_cut:
        message = "this model has no partitions, so none of its rows is too old to change"
        found.append((lookback.place, message, "remove the line"))
    elif lookback is not None and volatile is None:
        message = "without volatile: there is nothing to look back for: late rows are noticed, however late they are"
        advice = "remove the line; or, if an input has no versions, say how long rows are good for: `volatile: true`"
        found.append((lookback.place, message, advice))
    return found
