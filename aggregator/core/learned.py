"""Models of machine learning that live in the warehouse, as a project declares them."""

from __future__ import annotations

import dataclasses
import enum


class Learned(enum.StrEnum):
    """What kind of model it is, as BigQuery's option ``model_type`` says it, in lower case."""

    LINEAR_REG = "linear_reg"
    BOOSTED_TREE_REGRESSOR = "boosted_tree_regressor"
    RANDOM_FOREST_REGRESSOR = "random_forest_regressor"
    DNN_REGRESSOR = "dnn_regressor"
    DNN_LINEAR_COMBINED_REGRESSOR = "dnn_linear_combined_regressor"
    LOGISTIC_REG = "logistic_reg"
    BOOSTED_TREE_CLASSIFIER = "boosted_tree_classifier"
    RANDOM_FOREST_CLASSIFIER = "random_forest_classifier"
    DNN_CLASSIFIER = "dnn_classifier"
    DNN_LINEAR_COMBINED_CLASSIFIER = "dnn_linear_combined_classifier"
    KMEANS = "kmeans"
    ARIMA_PLUS = "arima_plus"
    OTHER = "other"

    @property
    def is_regressor(self) -> bool:
        """Whether numbers are predicted."""
        return self is Learned.LINEAR_REG or self.value.endswith("_regressor")

    @property
    def is_classifier(self) -> bool:
        """Whether one of some values is predicted."""
        return self is Learned.LOGISTIC_REG or self.value.endswith("_classifier")


@dataclasses.dataclass(frozen=True)
class LearnedModel:
    """A model of machine learning in the warehouse: its name, ``dataset.model``, and what is known of it.

    ``labels`` are the columns that it predicts, and ``series`` those that tell the series of a forecast apart, by name
    with their types. ``columns`` are what ML.PREDICT puts before the columns of its input, where that does not follow.
    """

    name: str
    type: Learned
    labels: tuple[tuple[str, str], ...] = ()
    series: tuple[tuple[str, str], ...] = ()
    columns: tuple[tuple[str, str], ...] = ()

    def may_be_in(self, text: str) -> bool:
        """Whether a text can name it, however the backticks are put."""
        return all(part in text for part in self.name.split("."))
