"""``python -m tests.side_by_side [seed ...]``: compare all cases, print what differs, and write the allow-list."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))


def main(seeds: list[int]) -> None:
    """Write what agrees on the rows of all seeds into the package."""
    from side_by_side.agreement_of_cases import AGREED, PAGE, agreed, outcomes, reference, with_corrections

    found = outcomes(reference(), seeds)
    for case, each in found.items():
        if each.outcome != "agrees":
            print(f"{each.outcome}: {case}: {each.why}")
    AGREED.write_text(json.dumps(agreed(found), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(with_corrections(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{sum(each.outcome == 'agrees' for each in found.values())} of {len(found)} cases agree")


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [1])
