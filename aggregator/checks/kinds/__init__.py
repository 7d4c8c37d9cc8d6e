"""The kinds of checks, one file each."""

from __future__ import annotations

from aggregator.checks.kinds.column_count_between import ColumnCountBetween
from aggregator.checks.kinds.column_count_equal import ColumnCountEqual
from aggregator.checks.kinds.column_exists import ColumnExists
from aggregator.checks.kinds.column_max import ColumnMax
from aggregator.checks.kinds.column_mean import ColumnMean
from aggregator.checks.kinds.column_median import ColumnMedian
from aggregator.checks.kinds.column_min import ColumnMin
from aggregator.checks.kinds.column_quantiles import ColumnQuantiles
from aggregator.checks.kinds.column_stdev import ColumnStdev
from aggregator.checks.kinds.column_sum import ColumnSum
from aggregator.checks.kinds.columns_match_list import ColumnsMatchList
from aggregator.checks.kinds.columns_match_set import ColumnsMatchSet
from aggregator.checks.kinds.compound_columns_unique import CompoundColumnsUnique
from aggregator.checks.kinds.distinct_contain_set import DistinctContainSet
from aggregator.checks.kinds.distinct_equal_set import DistinctEqualSet
from aggregator.checks.kinds.distinct_in_set import DistinctInSet
from aggregator.checks.kinds.key_declared import KeyDeclared
from aggregator.checks.kinds.multicolumn_sum import MulticolumnSum
from aggregator.checks.kinds.no_new_values import NoNewValues
from aggregator.checks.kinds.pair_equal import PairEqual
from aggregator.checks.kinds.pair_greater import PairGreater
from aggregator.checks.kinds.proportion_of_non_null_values import ProportionOfNonNullValues
from aggregator.checks.kinds.proportion_of_unique_values import ProportionOfUniqueValues
from aggregator.checks.kinds.relationships import Relationships
from aggregator.checks.kinds.row_count_between import RowCountBetween
from aggregator.checks.kinds.row_count_equal import RowCountEqual
from aggregator.checks.kinds.row_count_near import RowCountNear
from aggregator.checks.kinds.select_values_unique import SelectValuesUnique
from aggregator.checks.kinds.sum_near import SumNear
from aggregator.checks.kinds.unexpected_rows import UnexpectedRows
from aggregator.checks.kinds.unique_value_count import UniqueValueCount
from aggregator.checks.kinds.value_lengths_between import ValueLengthsBetween
from aggregator.checks.kinds.value_lengths_equal import ValueLengthsEqual
from aggregator.checks.kinds.values_between import ValuesBetween
from aggregator.checks.kinds.values_in_set import ValuesInSet
from aggregator.checks.kinds.values_in_type_list import ValuesInTypeList
from aggregator.checks.kinds.values_match_like import ValuesMatchLike
from aggregator.checks.kinds.values_match_regex import ValuesMatchRegex
from aggregator.checks.kinds.values_not_in_set import ValuesNotInSet
from aggregator.checks.kinds.values_not_match_like import ValuesNotMatchLike
from aggregator.checks.kinds.values_not_match_regex import ValuesNotMatchRegex
from aggregator.checks.kinds.values_not_null import ValuesNotNull
from aggregator.checks.kinds.values_null import ValuesNull
from aggregator.checks.kinds.values_of_type import ValuesOfType
from aggregator.checks.kinds.values_unique import ValuesUnique
from aggregator.checks.protocol import Check

KINDS: tuple[Check, ...] = (
    ValuesNotNull(),
    ValuesNull(),
    ValuesUnique(),
    ValuesInSet(),
    ValuesNotInSet(),
    ValuesBetween(),
    ValuesMatchRegex(),
    ValuesNotMatchRegex(),
    ValuesMatchLike(),
    ValuesNotMatchLike(),
    ValueLengthsBetween(),
    ValueLengthsEqual(),
    PairGreater(),
    PairEqual(),
    MulticolumnSum(),
    SelectValuesUnique(),
    CompoundColumnsUnique(),
    RowCountBetween(),
    RowCountEqual(),
    ColumnMin(),
    ColumnMax(),
    ColumnMean(),
    ColumnMedian(),
    ColumnQuantiles(),
    ColumnStdev(),
    ColumnSum(),
    UniqueValueCount(),
    ProportionOfUniqueValues(),
    ProportionOfNonNullValues(),
    DistinctInSet(),
    DistinctContainSet(),
    DistinctEqualSet(),
    ColumnExists(),
    ColumnsMatchSet(),
    ColumnsMatchList(),
    ColumnCountBetween(),
    ColumnCountEqual(),
    KeyDeclared(),
    ValuesOfType(),
    ValuesInTypeList(),
    Relationships(),
    UnexpectedRows(),
    RowCountNear(),
    SumNear(),
    NoNewValues(),
)
"""In the order of the documentation."""
