"""What goes wrong on the way: what is tried again, what is not, and what is said."""

from __future__ import annotations

import subprocess
import sys

import pytest
from api_server import error, planned

from aggregator.analyzers.bigquery.analyzer import why_unavailable
from aggregator.analyzers.protocol import Field, Relation, Statement, Verdict
from aggregator.core.diagnostics import Place
from aggregator.core.project import Environment
from aggregator.engines.bigquery.connection import Patience

ONE = Statement("marts.x", "SELECT 1 AS a", ())
TWO = Statement("marts.y", "SELECT a FROM lake.t", (Relation("lake.t", (Field("a", "INT64"),)),))


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([error(503, "Visibility check was unavailable")], id="503"),
        pytest.param([error(500, "internal", "internalError"), error(502, "bad gateway", "")], id="500, then 502"),
        pytest.param([error(504, "deadline")], id="504"),
        pytest.param([error(429, "slow down", "")], id="429"),
        pytest.param([error(403, "Exceeded rate limits", "rateLimitExceeded")], id="403 that is a limit of the rate"),
        pytest.param(["reset"], id="a connection that is reset"),
        pytest.param([(200, b"{oops")], id="garbage"),
        pytest.param([(503, b"<html>busy</html>")], id="an answer that is not BigQuery's"),
    ],
)
def test_what_is_tried_again(faults, bigquery, make_analyzer):
    bigquery.faults = list(faults)
    bigquery.dry_run = lambda _: planned(size=5)

    (verdict,) = make_analyzer().analyse([ONE])

    assert verdict == Verdict(bytes=5)
    assert len(bigquery.requests) == len(faults) + 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(
            error(403, "Access Denied: Project acme: User does not have bigquery.jobs.create permission"),
            "BigQuery does not permit it: Access Denied: Project acme: User does not have bigquery.jobs.create",
            id="no permission",
        ),
        pytest.param(
            error(404, "Not found: Project acme"), "BigQuery can't tell: Not found: Project acme", id="no such project"
        ),
        pytest.param(
            error(403, "Quota exceeded", "quotaExceeded"), "does not permit it: Quota exceeded", id="no quota"
        ),
        pytest.param(
            error(401, "Invalid token", "authError"), "no credentials that BigQuery accepts", id="no identity"
        ),
    ],
)
def test_what_is_not_tried_again(answer, said, bigquery, make_analyzer):
    bigquery.faults = [answer]

    (verdict,) = make_analyzer().analyse([ONE])

    assert verdict == Verdict(unchecked=verdict.unchecked)
    assert said in verdict.unchecked
    assert len(bigquery.requests) == 1


def test_a_table_that_may_not_be_looked_at(bigquery, make_analyzer):
    bigquery.tables["acme.lake.t"] = error(403, "Access Denied: Table acme:lake.t: Permission missing")

    verdicts = make_analyzer().analyse([TWO, ONE])

    assert verdicts[0].unchecked == "BigQuery does not permit it: Access Denied: Table acme:lake.t: Permission missing"
    assert verdicts[1].unchecked == ""


@pytest.mark.parametrize("fault", ["silence", "reset", (503, b"busy")], ids=["no answer in time", "reset", "busy"])
def test_patience_has_an_end(fault, bigquery, make_analyzer):
    bigquery.faults = [fault] * 500
    analyzer = make_analyzer(patience=Patience(request=0.1, total=0.3, first_pause=0.01, longest_pause=0.05))

    verdicts = analyzer.analyse([ONE] * 30)
    asked = len(bigquery.requests)
    (later,) = analyzer.analyse([TWO])

    assert {verdict.unchecked.partition(":")[0] for verdict in (*verdicts, later)} == {"BigQuery can't be reached"}
    assert len({verdict.unchecked for verdict in (*verdicts, later)}) == 1
    assert len(bigquery.requests) == asked  # what is lost is not asked again


def test_nobody_listens(bigquery, make_analyzer, monkeypatch):
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "127.0.0.1:1")
    patience = Patience(request=1.0, total=0.1, first_pause=0.01, longest_pause=0.02)

    (verdict,) = make_analyzer(patience=patience).analyse([ONE])

    assert verdict.unchecked.startswith("BigQuery can't be reached: ")
    assert "\n" not in verdict.unchecked


def test_no_credentials(monkeypatch, make_analyzer, tmp_path):
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))

    verdicts = make_analyzer().analyse([ONE, TWO])

    assert {verdict.unchecked for verdict in verdicts} == {verdicts[0].unchecked}
    assert verdicts[0].unchecked.startswith("there are no credentials that BigQuery accepts: ")
    assert "gcloud auth application-default login" in verdicts[0].unchecked


def test_why_it_can_not_be_asked(make_environment):
    local = Environment("local", "duckdb", Place("aggregator.yml"))

    assert why_unavailable(make_environment()) == ""
    assert why_unavailable(local) == "the environment local is not on BigQuery but on duckdb"


def test_without_the_package():
    script = (
        "import sys\n"
        "sys.modules['google.cloud'] = None\n"
        "from aggregator.analyzers.bigquery.analyzer import why_unavailable\n"
        "from aggregator.core.diagnostics import Place\n"
        "from aggregator.core.project import Environment\n"
        "print(why_unavailable(Environment('prod', 'bigquery', Place('x'), project='acme')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "google-cloud-bigquery is not installed: pip install 'aggregator[bigquery]'\n"


def test_nothing_of_google_is_imported_before_it_is_asked():
    script = (
        "import sys\n"
        "from aggregator.analyzers.bigquery.analyzer import why_unavailable\n"
        "import aggregator.engines.bigquery.catalog\n"
        "print([name for name in sys.modules if name.startswith(('google.cloud.bigquery', 'google.api_core'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
