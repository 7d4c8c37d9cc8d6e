"""Functions that ask a model of machine learning: what they give, and what is wrong with how they are called."""

from __future__ import annotations

import pytest

from aggregator.analyzers.googlesql.analyzer import GoogleSql
from aggregator.analyzers.protocol import Field, Relation, Statement, Verdict
from aggregator.core.learned import Learned, LearnedModel

FLIGHTS = Relation("lake.flights", (Field("carrier", "STRING"), Field("delay", "INT64"), Field("is_late", "BOOL")))
MODELS = (
    LearnedModel("lake.late", Learned.LOGISTIC_REG, labels=(("is_late", "BOOL"),)),
    LearnedModel("lake.delay", Learned.BOOSTED_TREE_REGRESSOR, labels=(("delay", "INT64"),)),
    LearnedModel("lake.groups", Learned.KMEANS),
    LearnedModel("lake.days", Learned.ARIMA_PLUS, series=(("carrier", "STRING"),)),
    LearnedModel("lake.texts", Learned.OTHER, columns=(("embedding", "ARRAY<FLOAT64>"),)),
)
INPUT = "carrier STRING, delay INT64, is_late BOOL"
FORECAST = (
    "forecast_timestamp TIMESTAMP, forecast_value FLOAT64, standard_error FLOAT64, confidence_level FLOAT64, "
    "prediction_interval_lower_bound FLOAT64, prediction_interval_upper_bound FLOAT64, "
    "confidence_interval_lower_bound FLOAT64, confidence_interval_upper_bound FLOAT64"
)
CLASSES = "precision FLOAT64, recall FLOAT64, accuracy FLOAT64, f1_score FLOAT64, log_loss FLOAT64, roc_auc FLOAT64"
PROBABILITIES = "predicted_is_late_probs ARRAY<STRUCT<label BOOL, prob FLOAT64>>"

GIVEN = {
    "ML.PREDICT(MODEL lake.late, TABLE lake.flights)": f"predicted_is_late BOOL, {PROBABILITIES}, {INPUT}",
    "ml.predict(MODEL `lake.late`, (SELECT carrier FROM lake.flights), STRUCT(0.4 AS threshold))": (
        f"predicted_is_late BOOL, {PROBABILITIES}, carrier STRING"
    ),
    "ML.PREDICT(MODEL lake.delay, (WITH f AS (SELECT 1 AS one) SELECT * FROM f))": (
        "predicted_delay FLOAT64, one INT64"
    ),
    "ML.PREDICT(MODEL lake.groups, (SELECT delay FROM `lake.flights`))": (
        "CENTROID_ID INT64, NEAREST_CENTROIDS_DISTANCE ARRAY<STRUCT<CENTROID_ID INT64, DISTANCE FLOAT64>>, delay INT64"
    ),
    "ML.PREDICT(MODEL lake.texts, TABLE lake.flights)": f"embedding ARRAY<FLOAT64>, {INPUT}",
    "ML.FORECAST(MODEL lake.days)": f"carrier STRING, {FORECAST}",
    "ML.FORECAST(MODEL lake.days, STRUCT(30 AS horizon))": f"carrier STRING, {FORECAST}",
    "ML.EVALUATE(MODEL lake.late)": CLASSES,
    "ML.EVALUATE(MODEL lake.late, TABLE lake.flights, STRUCT(0.4 AS threshold))": CLASSES,
    "ML.EVALUATE(MODEL lake.groups)": "davies_bouldin_index FLOAT64, mean_squared_distance FLOAT64",
    "ML.EVALUATE(MODEL lake.delay, (SELECT * FROM lake.flights))": (
        "mean_absolute_error FLOAT64, mean_squared_error FLOAT64, mean_squared_log_error FLOAT64, "
        "median_absolute_error FLOAT64, r2_score FLOAT64, explained_variance FLOAT64"
    ),
}


def _verdict(analyzer: GoogleSql, sql: str, *routines: str) -> Verdict:
    return analyzer.analyse([Statement("asked", sql, (FLIGHTS,), routines=routines, models=MODELS)])[0]


@pytest.mark.parametrize("call", GIVEN)
def test_what_a_call_gives(analyzer: GoogleSql, call: str):
    found = _verdict(analyzer, f"SELECT * FROM {call}")

    assert (found.mistake, found.unchecked) == (None, "")
    assert ", ".join(f"{each.name} {each.type}" for each in found.columns) == GIVEN[call]


def test_several_models_in_one_statement(analyzer: GoogleSql):
    sql = """WITH late AS (SELECT * FROM ML.PREDICT(MODEL lake.late, TABLE lake.flights))
      SELECT predicted_is_late, predicted_delay FROM ML.PREDICT(MODEL lake.delay, TABLE late)"""
    found = _verdict(analyzer, sql)

    assert [each.type for each in found.columns] == ["BOOL", "FLOAT64"]
    assert found.reads == {"lake.flights": ("carrier", "delay", "is_late")}


def test_only_what_is_handed_over_is_read(analyzer: GoogleSql):
    sql = "SELECT predicted_delay FROM ML.PREDICT(MODEL lake.delay, (SELECT carrier FROM lake.flights))"

    assert _verdict(analyzer, sql).reads == {"lake.flights": ("carrier",)}


def test_a_mistake_is_told_at_its_place(analyzer: GoogleSql):
    sql = "SELECT predicted_lat FROM ML.PREDICT(MODEL `lake.late`, (SELECT carier FROM lake.flights))"
    found = _verdict(analyzer, sql).mistake

    assert found is not None
    assert (found.message, found.start) == ("Unrecognized name: carier", sql.index("carier"))


@pytest.mark.parametrize(
    "call",
    [
        "ML.WEIGHTS(MODEL lake.delay)",
        "ML.FORECAST(MODEL lake.late)",
        "ML.PREDICT(MODEL lake.unknown, TABLE lake.flights)",
        "ML.PREDICT(MODEL lake.late)",
        "ML.PREDICT(MODEL lake.days, TABLE lake.flights)",
    ],
)
def test_what_is_not_known_is_not_judged(analyzer: GoogleSql, call: str):
    found = _verdict(analyzer, f"SELECT * FROM {call}")

    assert found.mistake is None
    assert found.unchecked == f"BigQuery has {call.partition('(')[0]}, the offline analyzer does not"


def test_a_table_function_that_asks_a_model(analyzer: GoogleSql):
    made = "CREATE TABLE FUNCTION lake.f() AS (SELECT * FROM ML.PREDICT(MODEL lake.late, TABLE lake.flights))"
    found = _verdict(analyzer, "SELECT predicted_is_late FROM lake.f()", made)

    assert [each.type for each in found.columns] == ["BOOL"]
    assert found.reads == {"lake.flights": ("carrier", "delay", "is_late")}
