"""Limits that are broken, kept, or can't be judged."""

from __future__ import annotations

import dataclasses

import pytest
from estimated import graph, priced
from lab import daily, model, name, source

from aggregator.core.estimate import Estimate, TableRead
from aggregator.dry_run.budget import budget_findings

SQL = "SELECT day, n FROM lake.facts"
LAKE = {"models/lake/facts.yml": source({"day": "DATE", "n": "INT64"}, partition=daily("day", "2025-05-01"))}
FACTS, OUT = name("lake.facts"), name("marts.out")
GB = 10**9


def made(*reads: TableRead, **more) -> Estimate:
    return Estimate(OUT, "2025-05-31", reads, **{"runs_per_day": 1.0, "price_per_tib": 6.25, **more})


def read(bytes_: int | None, at_least: int | None = None, **more) -> TableRead:
    low = (bytes_ or 0) if at_least is None else at_least
    return TableRead(FACTS, ("day", "n"), 3, bytes_, low, "catalog of 2025-06-01", **more)


def judged(estimate: Estimate, budget=None, **environment) -> tuple[list[str], list[str]]:
    front = {"budget": budget} if budget else {}
    compiled = graph({**LAKE, "models/marts/out.sql": model(SQL, partition=daily("day", "2025-05-01"), **front)})
    limits = priced(compiled, **environment).project.environment
    found, unjudged = budget_findings(compiled.models[OUT], estimate, limits)
    lines = [f"{e.place.line}:{e.place.column} {e.code.id} {e.message} ({e.help})" for e in found]
    return lines, [f"{each.limit}: {each.why}" for each in unjudged]


MOST = "the most is 6 GB of lake.facts: 2 columns of 3 partitions"
BROKEN = {
    "bytes of a build": (
        made(read(6 * GB)),
        {"bytes": "5 GB"},
        {},
        f"5:9 D611 the build of 2025-05-31 reads 6 GB, more than the 5 GB of its budget ({MOST})",
    ),
    "bytes of a month": (
        made(read(6 * GB)),
        {"bytes_per_month": "100 GB"},
        {},
        f"5:9 D612 a month of builds reads 183 GB, more than the 100 GB of its budget ({MOST})",
    ),
    "the price of a month": (
        made(read(6 * GB), price_per_tib=6.25),
        {"price_per_month": 1},
        {},
        f"5:9 D612 a month of builds costs 1.04, more than the 1.00 of its budget ({MOST})",
    ),
    "what the environment allows": (
        made(read(6 * GB)),
        None,
        {"max_bytes_billed": 5 * GB},
        f"6:1 D613 a build is billed 6 GB, more than the 5 GB that local allows ({MOST})",
    ),
    "the minimum of 10 MB that is billed": (
        made(read(1)),
        None,
        {"max_bytes_billed": 10 * 10**6},
        (
            "6:1 D613 a build is billed 10.5 MB, more than the 10 MB that local allows "
            "(the most is 1 B of lake.facts: 2 columns of 3 partitions)"
        ),
    ),
    "a clustered table, by what BigQuery judges by": (
        made(read(6 * GB, limits=("clustered by n",))),
        {"bytes": "5 GB"},
        {},
        f"5:9 D611 the build of 2025-05-31 reads 6 GB, more than the 5 GB of its budget ({MOST})",
    ),
    "what is known is already too much": (
        made(read(6 * GB), read(None)),
        {"bytes": "5 GB"},
        {},
        f"5:9 D611 the build of 2025-05-31 reads 6 GB, more than the 5 GB of its budget ({MOST})",
    ),
}
KEPT = {
    "no limit": (made(read(6 * GB)), None, {}),
    "bytes just so": (made(read(5 * GB)), {"bytes": "5 GB"}, {}),
    "at most within it": (made(read(5 * GB, 0, limits=("?",))), {"bytes": "5 GB"}, {}),
    "the warehouse says less": (made(read(6 * GB), measured=4 * GB), {"bytes": "5 GB"}, {}),
    "a month": (made(read(GB)), {"bytes_per_month": "31 GB", "price_per_month": 1}, {}),
    "the environment": (made(read(5 * GB)), None, {"max_bytes_billed": 6 * GB}),
    "nothing is read": (made(read(0)), {"bytes": "1 B"}, {"max_bytes_billed": 1}),
}
UNJUDGED = {
    "a size that is not known": (
        made(read(None)),
        {"bytes": "5 GB"},
        {},
        ["bytes: not known: lake.facts catalog of 2025-06-01"],
    ),
    "an upper bound above it": (
        made(read(6 * GB, 0, limits=("no analyzer says which columns are read",))),
        {"bytes": "5 GB"},
        {},
        [
            (
                "bytes: between 0 B and 6 GB (at most, over catalog of 2025-06-01: lake.facts: "
                "no analyzer says which columns are read)"
            )
        ],
    ),
    "a month of a table without a schedule": (
        made(read(GB), runs_per_day=None),
        {"bytes_per_month": "5 GB", "price_per_month": 5},
        {},
        [
            "bytes_per_month: the table is rebuilt whole and has no schedule:",
            "price_per_month: the table is rebuilt whole and has no schedule:",
        ],
    ),
    "a price where nothing is paid by the byte": (
        made(read(GB), price_per_tib=None),
        {"price_per_month": 5},
        {},
        ["price_per_month: nothing is paid by the byte here"],
    ),
}


@pytest.mark.parametrize(("estimate", "budget", "environment", "expected"), BROKEN.values(), ids=BROKEN)
def test_limits_that_are_broken(estimate, budget, environment, expected):
    assert judged(estimate, budget, **environment) == ([expected], [])


@pytest.mark.parametrize(("estimate", "budget", "environment"), KEPT.values(), ids=KEPT)
def test_limits_that_are_kept(estimate, budget, environment):
    assert judged(estimate, budget, **environment) == ([], [])


@pytest.mark.parametrize(("estimate", "budget", "environment", "expected"), UNJUDGED.values(), ids=UNJUDGED)
def test_limits_that_nobody_can_judge(estimate, budget, environment, expected):
    assert judged(estimate, budget, **environment) == ([], expected)


def test_a_view_has_no_cost_to_limit():
    estimate = dataclasses.replace(made(), runs_per_day=0.0)

    assert judged(estimate, {"bytes": "1 B", "bytes_per_month": "1 B"}, max_bytes_billed=1) == ([], [])
