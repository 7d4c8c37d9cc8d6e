"""``python -m tests.recorded [part of a name]``: print how far the product agrees with what was recorded.

``AGGREGATOR_RECORDED`` names a file of other answers, in the same form; then each that differs is told, too.
"""

from __future__ import annotations

import sys

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.client import Instances
from aggregator.analyzers.googlesql.evaluate import Evaluator
from aggregator.analyzers.googlesql.judge import Judge

from .agreement import Outcome, measure
from .corpus import fixtures, recorded_path
from .known import KNOWN
from .report import differences, table


def main(part: str) -> None:
    """Measure all fixtures whose names have a part in them."""
    evaluator = Evaluator(Judge(Instances(module.compile_module(module.source_path()))))
    outcomes: list[Outcome] = []
    for fixture in fixtures(recorded_path()):
        if part in fixture.name:
            outcomes.append(measure(evaluator, fixture))
            for what, how in differences(outcomes[-1]):
                why = KNOWN.get((fixture.name, what))
                print(f"{fixture.name}: {what}: {how}{f' (known: {why})' if why else ''}")
    print(table(outcomes))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
