"""What is measured reaches those who listen, as they want it; and nobody who does not listen is a matter of concern."""

from __future__ import annotations

import re
import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listening import unused_address

from aggregator.core.names import TableName
from aggregator.core.report import Status, StepResult
from aggregator.monitoring import meter as metering
from aggregator.monitoring.dogstatsd import MOST_BYTES, DogStatsD, datagrams, line, tag_value
from aggregator.monitoring.measure import Ruler
from aggregator.monitoring.metrics import METRICS, Kind, Measurement

LINE = re.compile(r"(?P<name>[a-z_.]+):(?P<value>-?[0-9]+(\.[0-9]+)?)\|(?P<type>[cgd])\|#(?P<tags>[^|\n]+)")
TYPES = {Kind.COUNT: "c", Kind.GAUGE: "g", Kind.DISTRIBUTION: "d"}
NAMED = {metric.name: metric for metric in METRICS}


def read(received):
    """Lines of datagrams: name, value, tags."""
    found = []
    for text in b"\n".join(received).decode().split("\n"):
        match = LINE.fullmatch(text)
        assert match, text
        tags = dict(tag.split(":", 1) for tag in match["tags"].split(","))
        assert match["type"] == TYPES[NAMED[match["name"]].kind]
        found.append((match["name"].removeprefix("agg."), float(match["value"]), tags))
    return found


def of(found, model):
    """Those of a model, but for how long it took; what else their tags say."""
    return Counter(
        (name, value, tags.get("status") or tags.get("severity") or "")
        for name, value, tags in found
        if tags.get("model") == model and name != "step.duration" and not name.endswith("lag_seconds")
    )


def test_a_run_is_measured_table_by_table(watched, aggregator, datagrams):
    root = watched(dogstatsd=datagrams.address, tags={"team": "data"})

    ran = aggregator(root, "run", "--quiet")

    assert ran.code == 1
    found = read(datagrams.received())
    assert of(found, "staging.sums") == Counter(
        [("partition.runs", 2, "built"), ("partition.rows", 2, ""), ("partitions.failed", 0, "")]
    )
    assert of(found, "marts.checked") == Counter(
        [
            ("partition.runs", 1, "built"),
            ("partition.rows", 1, ""),
            ("partition.runs", 1, "failed"),
            ("check.failures", 1, "error"),
            ("check.failures", 1, "warning"),
            ("partitions.failed", 1, ""),
        ]
    )
    assert ("partition.runs", 1, "blocked") in of(found, "marts.after")
    assert of(found, "lake.facts") == Counter([("freshness.level", 0, ""), ("partitions.missing", 0, "")])
    assert [tags["project"] for name, _, tags in found if name == "compile.duration"] == ["test"]
    ((_, _, tags),) = [each for each in found if each[0] == "run.duration"]
    assert tags == {"env": "local", "project": "test", "team": "data", "status": "failed"}


def test_tags_are_those_that_are_declared_and_name_no_partition_and_no_run(watched, aggregator, datagrams):
    aggregator(watched(dogstatsd=datagrams.address, tags={"team": "data"}), "run", "--quiet", "--run-id", "r1")

    found = read(datagrams.received())
    for name, _, tags in found:
        assert tags.keys() - {"team", "tier"} == set(NAMED[f"agg.{name}"].tags)
        assert not any("2024-01" in value or value == "r1" for value in tags.values())
    (tags,) = {
        tuple(sorted(tags.items()))
        for name, _, tags in found
        if tags.get("model") == "staging.sums" and name == "partition.rows"
    }
    assert dict(tags) == {
        "env": "local",
        "project": "test",
        "team": "data",
        "tier": "1",
        "model": "staging.sums",
        "owner": "team_one",
    }


def test_what_is_billed_is_measured_with_its_price(zoo_of_one):
    ruler = Ruler(zoo_of_one(price_per_tib=2.0))

    found = ruler.step(StepResult(TableName("marts", "one"), ("a", "b"), Status.BUILT, 5, 1.5, bytes=2**39))

    assert {each.metric.name: each.value for each in found} == {
        "agg.partition.runs": 2,
        "agg.partition.rows": 5,
        "agg.partition.bytes_billed": 2**39,
        "agg.partition.price": 1.0,
        "agg.step.duration": 1.5,
    }


def test_freshness_is_measured_between_runs_too(watched, aggregator, datagrams):
    root = watched(dogstatsd=datagrams.address)
    aggregator(root, "run", "--quiet")
    datagrams.received()

    aggregator(root, "freshness", "--quiet")
    now = read(datagrams.received())
    aggregator(root, "freshness", "--quiet", "--at", "2024-01-02")

    assert {name for name, _, tags in now if tags["model"] == "lake.facts"} == {
        "freshness.lag_seconds",
        "freshness.level",
        "partitions.missing",
    }
    assert datagrams.received() == []  # of another time, nothing is said


def test_an_environment_that_is_not_named_says_nothing(watched, aggregator, datagrams):
    aggregator(watched(dogstatsd=datagrams.address), "run", "--quiet", "--env", "quiet")

    assert datagrams.received() == []
    assert "metrics" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("address", ["unused", "nowhere.invalid:8125"])
def test_a_lost_listener_is_one_warning(address, watched, aggregator):
    address = unused_address() if address == "unused" else address
    root = watched(dogstatsd=address)

    lost, heard = aggregator(root, "run", "--quiet"), aggregator(root, "run", "--quiet", "--env", "quiet")

    assert lost.code == heard.code == 1  # because of the check
    assert lost.err.count("warning: metrics may be lost: DogStatsD") == 1
    assert lost.err.count("warning:") == 1


def test_an_agent_is_found_by_convention(watched, aggregator, datagrams, monkeypatch):
    host, port = datagrams.address.split(":")
    monkeypatch.setenv("DD_AGENT_HOST", host)
    monkeypatch.setenv("DD_DOGSTATSD_PORT", port)

    aggregator(watched(dogstatsd=True), "run", "--quiet")

    assert read(datagrams.received())


def test_a_collector_gets_names_units_and_attributes(watched, aggregator, requests):
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    ran = aggregator(watched(opentelemetry=f"{requests.url}/v1/metrics"), "run", "--quiet")

    assert "warning" not in ran.err.replace("severity", "")
    ((path, headers, body),) = requests.posted
    assert (path, headers["content-type"]) == ("/v1/metrics", "application/x-protobuf")
    (resource,) = ExportMetricsServiceRequest.FromString(body).resource_metrics
    assert "aggregator" in {
        each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
    }
    found = {metric.name: metric for scope in resource.scope_metrics for metric in scope.metrics}
    assert {name: metric.unit for name, metric in found.items()} == {name: NAMED[name].unit for name in found}
    points = found["agg.partition.runs"].sum.data_points
    said = {
        frozenset((each.key, each.value.string_value) for each in point.attributes): point.as_int for point in points
    }
    table = {"env": "local", "project": "test", "model": "staging.sums", "owner": "Team One", "tier": "1"}
    assert said[frozenset({**table, "status": "built"}.items())] == 2
    assert found["agg.step.duration"].HasField("histogram")
    assert found["agg.freshness.level"].HasField("gauge")


@pytest.mark.parametrize("status", [404, 500])
def test_a_collector_that_refuses_is_one_warning(status, watched, aggregator, requests, caplog):
    pytest.importorskip("opentelemetry.sdk")
    requests.status = status

    ran = aggregator(watched(opentelemetry=f"{requests.url}/v1/metrics"), "run", "--quiet")

    assert ran.code == 1
    assert ran.err.count("warning: metrics may be lost: OpenTelemetry at http://127.0.0.1") == 1
    assert ran.err.count("warning:") == 1


def test_a_collector_that_never_answers_is_not_waited_for(watched, aggregator, requests, monkeypatch):
    pytest.importorskip("opentelemetry.sdk")
    monkeypatch.setattr(metering, "LAST_SECONDS", 0.1)
    requests.answers.clear()

    ran = aggregator(watched(opentelemetry=f"{requests.url}/v1/metrics"), "run", "--quiet")

    assert "warning: metrics may be lost: they were not sent within 0.1 s" in ran.err


def test_what_is_too_much_is_left_out_and_counted(zoo_of_one, datagrams, monkeypatch):
    monkeypatch.setattr(metering, "_MOST_WAITING", 1)
    busy = threading.Event()
    monkeypatch.setattr(DogStatsD, "send", lambda *_: busy.wait())
    meter = metering.Meter(zoo_of_one(dogstatsd=datagrams.address))
    for _ in range(5):
        meter.advance(StepResult(TableName("marts", "one"), ("a",), Status.BUILT))

    busy.set()

    assert re.fullmatch(r"metrics may be lost: [34] were left out, as too many were waiting", meter.close())


def test_a_mistake_of_ours_hurts_no_run(zoo_of_one, datagrams):
    meter = metering.Meter(zoo_of_one(dogstatsd=datagrams.address))

    meter.advance(StepResult(TableName("marts", "that_is_not_there"), ("a",), Status.BUILT))

    assert meter.close().startswith("metrics may be lost: measuring: KeyError")


TEXTS = st.text(min_size=0, max_size=300)


@given(st.dictionaries(st.sampled_from(["env", "model", "owner"]), TEXTS, min_size=1), st.floats(0, 1e15))
def test_any_tag_and_any_value_make_a_line(tags, value):
    text = line(Measurement(METRICS[0], value, tags))

    match = LINE.fullmatch(text)
    assert match
    assert float(match["value"]) == pytest.approx(value, abs=1e-9)
    assert [tag.split(":", 1)[0] for tag in match["tags"].split(",")] == sorted(tags)


@given(TEXTS)
def test_a_value_as_datadog_keeps_it_is_kept_as_it_is(text):
    assert tag_value(tag_value(text)) == tag_value(text)


@given(st.lists(st.text("abc", min_size=1, max_size=700), max_size=60))
def test_datagrams_have_all_lines_in_order_and_are_not_cut_up(lines):
    found = list(datagrams(lines))

    assert [each for datagram in found for each in datagram.decode().split("\n")] == lines
    assert all(len(each) <= MOST_BYTES for each in found)
