"""``python -m tests.side_by_side``: compare all cases, print what differs, and write the allow-list.

``--seeds N`` compares on the rows of so many seeds instead, and writes nothing: it fails where rows differ that the
product believes in.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))


def write() -> int:
    """Write what agrees on the rows of one seed into the package."""
    from side_by_side.agreement_of_cases import AGREED, PAGE, agreed, outcomes, reference, with_corrections

    found = outcomes(reference(), [1])
    for case, each in found.items():
        if each.outcome != "agrees":
            print(f"{each.outcome}: {case}: {each.why}")
    AGREED.write_text(json.dumps(agreed(found), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(with_corrections(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{sum(each.outcome == 'agrees' for each in found.values())} of {len(found)} cases agree")
    return 0


def compare(seeds: int) -> int:
    """Compare on many rows; 1 if there are differences that are not refused."""
    from side_by_side.agreement_of_cases import believed, outcomes, reference

    found = outcomes(reference(), range(1, seeds + 1))
    wrong = believed(found)
    for case, why in wrong.items():
        print(f"silent: {case}: {why}")
    print(f"{sum(each.values for each in found.values()):,} values compared, {len(wrong)} differences not refused")
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, help="compare on so many sets of rows, and write nothing")
    asked = parser.parse_args()
    sys.exit(write() if asked.seeds is None else compare(asked.seeds))
