"""Owners hear of what failed: one message for each root cause, wherever they read, and no secret in any of it."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import graph_of, model
from listening import Mailbox

from aggregator.cli import main
from aggregator.cli.exports import Exports
from aggregator.core.diagnostics import Diagnostic, Place
from aggregator.core.names import TableName
from aggregator.core.project import FileFormat
from aggregator.core.report import Status, StepResult
from aggregator.core.unload import Unload
from aggregator.export.storage import EXPORT_FAILED
from aggregator.monitoring.causes import causes
from aggregator.monitoring.messages import MOST_OF_AN_OWNER, messages
from aggregator.run import codes

CHECKED = """\
marts.checked@2024-01-02 failed in local
cause: models/marts/checked.sql:5:60: R503 marts.checked@2024-01-02: n is not between -inf and 9 in 1 rows; \
the rows were not published (help: `aggregator explain marts.checked@2024-01-02` shows them)
not built because of it: marts.after@2024-01-02 of after@example.com
runbook: https://wiki.example.com/marts.checked
owner: marts@example.com
next: mend the cause, then `aggregator run --env local --select marts.checked+`
run: r1"""


def test_a_webhook_hears_of_a_root_cause_once(watched, aggregator, requests, monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK", f"{requests.url}/services/T0/SECRET")

    ran = aggregator(watched(webhook="SLACK_WEBHOOK"), "run", "--run-id", "r1")

    assert requests.texts() == [CHECKED]
    assert [path for path, _, _ in requests.posted] == ["/services/T0/SECRET"]
    assert "told marts@example.com" in ran.err
    assert ran.code == 1


def test_nobody_hears_of_a_run_that_went_well(watched, aggregator, requests, monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK", requests.url)

    ran = aggregator(watched(webhook="SLACK_WEBHOOK"), "run", "--select", "staging.sums")

    assert (ran.code, requests.posted) == (0, [])


def test_a_warehouse_that_cannot_be_opened_is_told_of(watched, aggregator, requests, mailbox, monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK", requests.url)
    server = {"host": "127.0.0.1", "port": mailbox.port, "from": "a@example.com", "security": "none"}
    root = watched(webhook="SLACK_WEBHOOK", email=server)
    (root / "local.duckdb").write_text("this is no database, " * 999)

    ran = aggregator(root, "run", "--quiet", "--run-id", "r1")

    assert ran.code == 2
    (text,) = requests.texts()
    first, cause, *rest = text.split("\n")
    assert first == "A run of test stopped in local"
    assert "local.duckdb" in cause
    assert rest == ["next: mend the cause, then `aggregator run --env local`", "run: r1"]
    assert (mailbox.mails, "warning" in ran.err) == ([], False)


def test_an_owner_has_a_webhook_of_their_own(watched, aggregator, requests, monkeypatch):
    monkeypatch.setenv("MARTS_WEBHOOK", f"{requests.url}/marts")
    monkeypatch.setenv("SLACK_WEBHOOK", f"{requests.url}/all")
    owners = {"marts@example.com": {"webhook": "MARTS_WEBHOOK"}}

    aggregator(watched(webhook="SLACK_WEBHOOK", owners=owners), "run", "--quiet")

    assert [path for path, _, _ in requests.posted] == ["/marts"]


def test_an_owner_gets_mail(watched, aggregator, mailbox):
    email = {"host": "127.0.0.1", "port": mailbox.port, "from": "aggregator@example.com", "security": "none"}

    ran = aggregator(watched(email=email), "run", "--run-id", "r1")

    (mail,) = mailbox.mails
    assert (mail["From"], mail["To"]) == ("aggregator@example.com", "marts@example.com")
    assert mail["Subject"] == "marts.checked@2024-01-02 failed in local"
    assert mail.get_content().splitlines() == CHECKED.split("\n")[1:]
    assert "not everyone was told" not in ran.err


def certificate(folder):
    """One for this machine that nobody else trusts."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return str(path)


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_password_goes_only_to_a_server_that_is_trusted(
    security, trusted, watched, aggregator, tmp_path, monkeypatch
):
    file = certificate(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", file)
    monkeypatch.setenv("SMTP_PASSWORD", "S3CRET")
    mailbox = Mailbox(file, starttls=security == "starttls")
    server = {"host": "127.0.0.1", "port": mailbox.port, "from": "aggregator@example.com", "security": security}
    email = {**server, "user": "me", "password": "SMTP_PASSWORD"}

    ran = aggregator(watched(email=email), "run")
    mailbox.close()

    assert [base64.b64decode(each) for each in mailbox.logins] == ([b"\0me\0S3CRET"] if trusted else [])
    assert len(mailbox.mails) == trusted
    assert ("not everyone was told" in ran.err) != trusted
    assert ("can't be reached" in ran.err) != trusted
    assert "S3CRET" not in ran.err + ran.out


def lost(kind, watched, requests, monkeypatch, mailbox):
    """A project whose messages do not arrive."""
    if kind == "variable":
        return watched(webhook="THAT_IS_NOT_SET")
    if kind == "answer":
        requests.status = 404
    if kind == "mailbox":
        server = {"host": "127.0.0.1", "port": mailbox.port, "from": "a@example.com", "security": "none"}
        return watched(email=server, owners={"marts@example.com": {"email": "gone@example.com"}})
    urls = {"answer": requests.url, "nobody": "http://127.0.0.1:9", "scheme": "file:///etc"}
    monkeypatch.setenv("SLACK_WEBHOOK", f"{urls[kind]}/SECRET")
    return watched(webhook="SLACK_WEBHOOK")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("variable", "the environment variable THAT_IS_NOT_SET is not set"),
        ("answer", "the webhook in SLACK_WEBHOOK: it answered 404 Not Found"),
        ("nobody", "the webhook in SLACK_WEBHOOK: it can't be reached: [Errno 111] Connection refused"),
        ("scheme", "the webhook in SLACK_WEBHOOK: its address does not begin with https://"),
        ("mailbox", "127.0.0.1 takes no mail for gone@example.com: 550 no such user"),
    ],
)
def test_what_does_not_arrive_is_one_warning(kind, said, watched, aggregator, requests, monkeypatch):
    mailbox = Mailbox(refuses="550 no such user")

    ran = aggregator(lost(kind, watched, requests, monkeypatch, mailbox), "run", "--quiet")
    mailbox.close()

    assert ran.code == 1
    assert ran.err.count("warning: ") == 1
    assert f"warning: not everyone was told: {said}\n" in ran.err
    assert "SECRET" not in ran.err + ran.out


def test_an_owner_without_an_address_is_named(watched, aggregator, mailbox):
    server = {"host": "127.0.0.1", "port": mailbox.port, "from": "a@example.com", "security": "none"}
    root = watched(email=server)
    (root / "models/staging/sums.sql").write_text(
        model("SELECT day, SUM(n) / 0 AS n FROM lake.facts GROUP BY day", owner="Team One")
    )

    ran = aggregator(root, "run", "--quiet")

    assert "warning: not everyone was told: Team One has no address for mail: say it under `owners:`\n" in ran.err


def test_slack_is_not_told_to_call_anyone(watched, aggregator, requests, monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK", requests.url)
    root = watched(webhook="SLACK_WEBHOOK")
    (root / "models/staging/sums.sql").write_text(
        model(
            "SELECT day, IF(SUM(n) > 0, ERROR('<!channel> & co'), 1) AS n FROM lake.facts GROUP BY day",
            owner="Team One",
        )
    )

    aggregator(root, "run", "--quiet")

    (text,) = requests.texts()
    assert "&lt;!channel&gt; &amp; co" in text


def test_everyone_can_try_whether_it_arrives(watched, requests, datagrams, monkeypatch, capsys):
    monkeypatch.setenv("SLACK_WEBHOOK", requests.url)
    owners = {"mart@example.com": {"datadog": "@slack-marts"}}
    root = watched(webhook="SLACK_WEBHOOK", dogstatsd=datagrams.address, owners=owners)

    code = main(["monitoring", "test", "--project", str(root)])

    said = capsys.readouterr()
    assert (code, said.out) == (
        0,
        "sent a metric to DogStatsD, and a message to Team One, marts@example.com, after@example.com\n",
    )
    assert [text.split("\n")[0] for text in requests.texts()] == ["A test of test in local"] * 3
    assert b"|#env:local,project:test,status:test" in datagrams.received()[0]
    assert "nobody is called mart@example.com, who stands under `owners:`. did you mean marts@example.com?" in said.err


def test_a_try_that_fails_says_why(watched, capsys):
    root = watched(webhook="THAT_IS_NOT_SET")

    code = main(["monitoring", "test", "--project", str(root)])

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert said.err == "warning: the environment variable THAT_IS_NOT_SET is not set\n"


def test_an_environment_that_is_not_monitored_has_nothing_to_try(watched, capsys):
    code = main(["monitoring", "test", "--project", str(watched()), "--env", "quiet"])

    assert code == 2
    assert "the environment quiet is not monitored" in capsys.readouterr().err


# --- what is one cause ---


def result(name, partitions, status, code=codes.CHECK_FAILED, column=1):
    """How some partitions of a model ended."""
    problem = Diagnostic(Place("models/x.sql", 1, column), code, f"{name} is wrong")
    return StepResult(TableName.parse(name), partitions, status, problem=problem)


@pytest.fixture
def graph(tmp_path):
    return graph_of(tmp_path, {f"models/marts/m{n}.sql": model("SELECT 1 AS n") for n in range(9)})


def test_partitions_that_failed_alike_are_one_cause(graph):
    found = causes(
        [
            result("marts.m1", ("1",), Status.FAILED),
            result("marts.m1", ("2", "3"), Status.FAILED),
            result("marts.m1", ("4",), Status.FAILED, column=7),
            result("marts.m1", ("5",), Status.FAILED, code=codes.QUERY_FAILED),
            result("marts.m2", ("1",), Status.FAILED),
            StepResult(TableName("marts", "m3"), ("1",), Status.BUILT),
        ]
    )

    assert [(str(each.model), each.partitions) for each in found] == [
        ("marts.m1", ("1", "2", "3")),
        ("marts.m1", ("4",)),
        ("marts.m1", ("5",)),
        ("marts.m2", ("1",)),
    ]


def test_what_is_blocked_belongs_to_the_cause_at_its_place(graph):
    (first, second) = causes(
        [
            result("marts.m1", ("1",), Status.FAILED),
            result("marts.m2", ("1",), Status.FAILED, column=7),
            result("marts.m3", ("1",), Status.BLOCKED),
            result("marts.m4", ("1",), Status.BLOCKED),
            result("marts.m3", ("2",), Status.BLOCKED),
            result("marts.m5", ("1",), Status.BLOCKED, column=7),
        ]
    )

    assert first.blocked == {TableName("marts", "m3"): ("1", "2"), TableName("marts", "m4"): ("1",)}
    assert second.blocked == {TableName("marts", "m5"): ("1",)}


def test_an_owner_of_many_failures_is_not_buried(graph):
    failed = [result(f"marts.m{n}", ("",), Status.FAILED) for n in range(9)]

    found = messages(graph, causes(failed), "r1")

    assert len(found) == MOST_OF_AN_OWNER + 1
    assert found[-1].subject == "4 more failures in local"
    assert all(f"marts.m{n}: models/x.sql:1:1: R503 marts.m{n} is wrong" in found[-1].text for n in range(5, 9))


def test_an_export_that_failed_is_a_cause_too(graph):
    problem = Diagnostic(Place("models/marts/m1.sql", 3), EXPORT_FAILED, "marts.m1@a: the bucket is gone")
    unload = Unload(TableName("marts", "m1"), "a", (), "gs://acme/a/*.csv", FileFormat.CSV, "v1")

    (message,) = messages(graph, causes(Exports(failed=((unload, problem),)).results()), "r1")

    assert message.subject == "marts.m1@a failed in local"
    assert "R521 marts.m1@a: the bucket is gone" in message.text


MODELS = st.sampled_from(["marts.m1", "marts.m2", "marts.m3"])
ENDS = st.lists(
    st.tuples(
        MODELS,
        st.sampled_from(["1", "2", "3"]),
        st.sampled_from([Status.FAILED, Status.BLOCKED, Status.BUILT]),
        st.integers(1, 3),
    )
)


@given(ENDS)
def test_whatever_failed_is_told_once(ends):
    results = [
        result(name, (partition,), status, column=column)
        if status is not Status.BUILT
        else StepResult(TableName.parse(name), (partition,), status)
        for name, partition, status, column in ends
    ]

    found = causes(results)

    told = [(str(each.model), partition) for each in found for partition in each.partitions]
    assert sorted(told) == sorted((name, partition) for name, partition, status, _ in ends if status is Status.FAILED)
    places = {each.problem.place for each in found}
    blocked = [(str(name), one) for each in found for name, several in each.blocked.items() for one in several]
    expected = [
        (str(each.model), each.partitions[0])
        for each in results
        if each.status is Status.BLOCKED and each.problem.place in places
    ]
    assert sorted(blocked) == sorted(expected)
