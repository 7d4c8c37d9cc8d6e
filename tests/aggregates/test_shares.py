"""The shares of quantiles: what is exact, how columns are called, and what is no share."""

from __future__ import annotations

import pytest
from merging import Warehouse, computed, of_rows

from aggregator.aggregates import BadMeasureError, algebra_of
from aggregator.core.aggregate import MeasureDeclaration

PERCENTS = [1, 7, 14, 29, 50, 55, 58, 100]
"""Some of which, as a FLOAT64 times 100, are a little more or less."""


@pytest.mark.parametrize("method", ["histogram", "kll"])
def test_hundredths_of_a_hundred_values(method: str):
    measures = computed({"q": {"quantile": "n", "method": method, "phi": [each / 100 for each in PERCENTS]}})
    warehouse = Warehouse.new()
    warehouse.fill("rows", {"n": "BIGINT"}, [[each + 1] for each in range(100)])
    warehouse.keep("found", of_rows("rows", (), measures))
    (found,) = warehouse.rows("found")

    assert [found[f"q_p{each}"] for each in PERCENTS] == PERCENTS


@pytest.mark.parametrize(
    ("phi", "names"),
    [
        pytest.param(0.5, ["q"], id="one share is the measure itself"),
        pytest.param([0.5], ["q_p50"], id="a list of one"),
        pytest.param([0, 0.1, 1], ["q_p0", "q_p10", "q_p100"], id="from the least to the greatest"),
        pytest.param([0.07, 0.999], ["q_p7", "q_p99_9"], id="with decimals"),
        pytest.param(
            [1e-7, 0.12345678, 0.12345679], ["q_p0_00001", "q_p12_345678", "q_p12_345679"], id="many decimals"
        ),
    ],
)
@pytest.mark.parametrize("method", ["histogram", "kll"])
def test_names(phi: object, names: list[str], method: str):
    algebra = algebra_of(MeasureDeclaration("q", {"quantile": "n", "phi": phi, "method": method}))

    assert names == [each.name for each in algebra.finals]


@pytest.mark.parametrize(
    ("phi", "message"),
    [
        pytest.param(1.5, "phi: must be a share from 0 to 1, not 1.5", id="too much"),
        pytest.param(True, "phi: must be a share from 0 to 1, not True", id="yes"),
        pytest.param("half", "phi: must be a share from 0 to 1, not half", id="a word"),
        pytest.param([], "phi: needs at least one share, such as 0.5", id="none"),
        pytest.param([0.5, 0.9, 0.50], "phi: 0.5 is named twice", id="one twice"),
        pytest.param(1 / 3, "phi: has at most 9 decimals, unlike 0.3333333333333333", id="a third"),
    ],
)
def test_what_is_no_share(phi: object, message: str):
    with pytest.raises(BadMeasureError) as refused:
        algebra_of(MeasureDeclaration("q", {"quantile": "n", "phi": phi}))

    assert message == str(refused.value)
