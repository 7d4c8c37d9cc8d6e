"""Whatever happens to a request or a job: one execution or two identical ones, never mixed, doubled or lost."""

from __future__ import annotations

from random import Random

import pytest
from api_server import error
from one_table import ONE_BY_ONE, assert_whole, files, stamps, successes

from aggregator.core.report import Status

TWO_DAYS = files("2024-01-01", "2024-01-03")
ONE_DAY = files("2024-01-01", "2024-01-02", key=False)
"""Nobody looks at the rows, so the query writes the partition itself."""

RESPONSES = [
    pytest.param(["after reset"], id="the response is lost after the job was begun"),
    pytest.param(["after 503"], id="503, but the job was begun"),
    pytest.param([error(503, "busy")], id="503, and no job"),
    pytest.param([error(500, "internal", "internalError")] * 2, id="500 twice"),
    pytest.param([error(429, "slow down")], id="429"),
    pytest.param([error(403, "Exceeded rate limits", "rateLimitExceeded")], id="a limit of the rate"),
    pytest.param([error(403, "too many jobs", "jobRateLimitExceeded")], id="a limit of the rate of jobs"),
    pytest.param(["reset", "reset"], id="the connection breaks twice"),
]


def on(purpose, faults, *, method="POST"):
    """Faults for the requests that begin a job, or look at one."""
    left = list(faults)

    def fault(asked, path, body):
        if asked != method or "/jobs" not in path:
            return None
        is_meant = method == "GET" or body["configuration"].get("labels", {}).get("purpose") == purpose
        return left.pop(0) if left and is_meant else None

    return fault


@pytest.mark.parametrize("faults", RESPONSES)
@pytest.mark.parametrize("purpose", ["build", "check", "publish", "ledger"])
def test_a_request_that_begins_a_job(warehouse, build, purpose, faults):
    warehouse.fault_on = on(purpose, faults)

    report = build(TWO_DAYS)

    assert report.is_clean
    assert_whole(warehouse, partitions=2)
    assert successes(warehouse) == {"2024-01-01": 1, "2024-01-02": 1}
    assert {name: len(warehouse.runs(name)) for name in ("build", "publish", "ledger")} == {
        "build": 1,
        "publish": 2,
        "ledger": 1,
    }


@pytest.mark.parametrize("faults", RESPONSES)
def test_a_request_that_writes_the_partition_itself(warehouse, build, faults):
    warehouse.fault_on = on("build", faults)

    report = build(ONE_DAY)

    assert report.is_clean
    assert_whole(warehouse, partitions=1)
    assert len(warehouse.runs("build")) == 1
    assert warehouse.runs("check") == []


@pytest.mark.parametrize("faults", [[error(503, "busy")] * 2, ["reset"], [error(500, "internal", "internalError")]])
def test_a_request_that_looks_at_a_job(warehouse, build, faults):
    warehouse.slow = 2
    warehouse.fault_on = on("", faults, method="GET")

    report = build(TWO_DAYS)

    assert report.is_clean
    assert_whole(warehouse, partitions=2)
    assert len(warehouse.runs("build")) == 1


@pytest.mark.parametrize("given", [TWO_DAYS, ONE_DAY], ids=["staged", "written at once"])
@pytest.mark.parametrize("reason", ["backendError", "internalError", "jobBackendError", "rateLimitExceeded"])
def test_a_job_that_bigquery_could_not_finish_is_begun_anew(warehouse, build, reason, given):
    warehouse.job_errors = {"build": [reason]}

    report = build(given)

    sent = [each["jobReference"]["jobId"] for each in warehouse.posted_jobs("build")]
    assert report.is_clean
    assert len(warehouse.runs("build")) == 1
    assert [each.rpartition("_")[2] for each in sent] == ["1", "2"]
    assert len({each.rpartition("_")[0] for each in sent}) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(error(403, "Quota exceeded: too much", "quotaExceeded"), "Quota exceeded: too much", id="quota"),
        pytest.param(error(400, "Syntax error: x", "invalidQuery"), "Syntax error: x", id="invalid"),
        pytest.param(error(404, "Not found: Table lake.events"), "Not found: Table lake.events", id="no table"),
        pytest.param(error(403, "Access Denied: nope"), "Access Denied: nope", id="no permission"),
    ],
)
def test_what_is_not_tried_again(warehouse, build, answer, said):
    warehouse.fault_on = on("build", [answer] * 10)

    report = build(TWO_DAYS)

    (result,) = report.results
    assert result.status is Status.FAILED
    assert result.problem is not None
    assert result.problem.message == f"marts.daily: {said}"
    assert len(warehouse.posted_jobs("build")) == 1
    assert stamps(warehouse) == {}
    assert {row["outcome"] for row in warehouse.ledger} == {"failed"}


def test_a_query_that_fails_is_not_run_again(warehouse, build):
    warehouse.job_errors = {"build": ["invalidQuery"]}

    report = build(ONE_DAY)

    assert [result.status for result in report.results] == [Status.FAILED]
    assert len(warehouse.posted_jobs("build")) == 1
    assert stamps(warehouse) == {}


def test_attempts_have_an_end(warehouse, build):
    warehouse.job_error = lambda purpose: "backendError" if purpose == "build" else ""

    report = build(TWO_DAYS)

    assert not report.is_clean
    assert len(warehouse.posted_jobs("build")) == 5


def test_the_next_run_mends_what_failed(warehouse, build):
    warehouse.job_errors = {"publish": ["invalid"]}

    failed = build(TWO_DAYS)
    mended = build(TWO_DAYS)
    again = build(TWO_DAYS)

    assert not failed.is_clean
    assert mended.is_clean
    assert again.results == ()
    assert_whole(warehouse, partitions=2)


def test_a_thousand_partitions_with_faults(warehouse, build):
    """One request in twenty fails, and one job in twenty."""
    requests, jobs = Every(20), Every(20)
    kinds = ["reset", "after reset", "after 503", error(503, "busy"), error(429, "slow down")]
    warehouse.fault_on = lambda *_: kinds[requests.number % len(kinds)] if requests() else None
    warehouse.job_error = lambda _: "backendError" if jobs() else ""

    report = build(files("2020-01-01", "2022-09-27"))

    assert report.is_clean
    assert_whole(warehouse, partitions=1000)
    assert set(successes(warehouse).values()) == {1}
    assert len(successes(warehouse)) == 1000
    assert len(warehouse.requests) < 4000


def test_partitions_built_one_by_one_with_faults(warehouse, build):
    requests, jobs = Every(20), Every(15)
    warehouse.fault_on = lambda *_: "after reset" if requests() else None
    warehouse.job_error = lambda _: "backendError" if jobs() else ""

    report = build(files("2024-01-01", "2024-04-10", key=False, sql=ONE_BY_ONE))

    assert report.is_clean
    assert_whole(warehouse, partitions=100)
    assert set(successes(warehouse).values()) == {1}
    assert len(warehouse.requests) < 1200


class Every:
    """True at every so manieth time, but not at regular distances."""

    def __init__(self, often: int) -> None:
        self._random, self._often, self.number = Random(7), often, 0

    def __call__(self) -> bool:
        self.number += 1
        return self._random.random() * self._often < 1
