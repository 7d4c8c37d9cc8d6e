"""Style and safety of compiled models: one file per rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.lint.allow import BAD_ALLOW, UNUSED_ALLOW, unallowed, without_allowed
from aggregator.lint.facts import fan_out_of_facts
from aggregator.lint.protocol import Inspected, Rule
from aggregator.lint.rules.any_value import AnyValue
from aggregator.lint.rules.approx import Approx
from aggregator.lint.rules.average_of_averages import AverageOfAverages
from aggregator.lint.rules.average_of_distinct import AverageOfDistinct
from aggregator.lint.rules.bad_export import BadExport
from aggregator.lint.rules.casing import Casing
from aggregator.lint.rules.clock import Clock
from aggregator.lint.rules.cross_join import CrossJoin
from aggregator.lint.rules.distinct_groups import DistinctGroups
from aggregator.lint.rules.distinct_pairs import DistinctPairs
from aggregator.lint.rules.division import Division
from aggregator.lint.rules.fan_out import FanOut
from aggregator.lint.rules.fixed_dates import FixedDates
from aggregator.lint.rules.float_money import FloatMoney
from aggregator.lint.rules.having_without_aggregate import HavingWithoutAggregate
from aggregator.lint.rules.implicit_time_zone import ImplicitTimeZone
from aggregator.lint.rules.inclusive_end import InclusiveEnd
from aggregator.lint.rules.map_contradicts_where import MapContradictsWhere
from aggregator.lint.rules.model_function import ModelFunction
from aggregator.lint.rules.no_key import NoKey
from aggregator.lint.rules.not_in_null import NotInNull
from aggregator.lint.rules.null_comparison import NullComparison
from aggregator.lint.rules.null_swallows import NullSwallows
from aggregator.lint.rules.ordinal import Ordinal
from aggregator.lint.rules.outer_join_undone import OuterJoinUndone
from aggregator.lint.rules.outside_function import OutsideFunction
from aggregator.lint.rules.partition_mismatch import PartitionMismatch
from aggregator.lint.rules.quantile_of_quantiles import QuantileOfQuantiles
from aggregator.lint.rules.random import Random
from aggregator.lint.rules.repeated_scan import RepeatedScan
from aggregator.lint.rules.reserved_name import ReservedName
from aggregator.lint.rules.select_star import SelectStar
from aggregator.lint.rules.session import Session
from aggregator.lint.rules.shadowing_alias import ShadowingAlias
from aggregator.lint.rules.sum_of_distinct import SumOfDistinct
from aggregator.lint.rules.sum_of_extremes import SumOfExtremes
from aggregator.lint.rules.sum_of_ratio import SumOfRatio
from aggregator.lint.rules.sum_of_top import SumOfTop
from aggregator.lint.rules.ties import Ties
from aggregator.lint.rules.unbounded_read import UnboundedRead
from aggregator.lint.rules.undescribed_column import UndescribedColumn
from aggregator.lint.rules.unordered_agg import UnorderedAgg
from aggregator.lint.rules.unordered_limit import UnorderedLimit
from aggregator.lint.rules.unpruned import Unpruned
from aggregator.lint.rules.unqualified_column import UnqualifiedColumn
from aggregator.lint.rules.unused_cte import UnusedCte
from aggregator.lint.rules.useless_order import UselessOrder
from aggregator.lint.rules.where_beyond_map import WhereBeyondMap
from aggregator.lint.rules.whole_row import WholeRow
from aggregator.lint.rules.window_no_order import WindowNoOrder
from aggregator.lint.rules.xor_checksum import XorChecksum
from aggregator.lint.rules.year_and_week import YearAndWeek
from aggregator.lint.signature import DUPLICATE
from aggregator.lint.volatile import NOT_VOLATILE, not_volatile

if TYPE_CHECKING:
    from aggregator.compile import Subject
    from aggregator.core.diagnostics import Code, Diagnostic, Place

RULES: tuple[Rule, ...] = (
    Clock(),
    UnorderedLimit(),
    SelectStar(),
    Random(),
    UnorderedAgg(),
    AnyValue(),
    WindowNoOrder(),
    Ties(),
    Approx(),
    Session(),
    OutsideFunction(),
    ModelFunction(),
    UnboundedRead(),
    PartitionMismatch(),
    MapContradictsWhere(),
    WhereBeyondMap(),
    FixedDates(),
    AverageOfAverages(),
    SumOfRatio(),
    SumOfDistinct(),
    FanOut(),
    Division(),
    FloatMoney(),
    CrossJoin(),
    RepeatedScan(),
    Unpruned(),
    UnusedCte(),
    Ordinal(),
    ImplicitTimeZone(),
    ReservedName(),
    Casing(),
    ShadowingAlias(),
    UnqualifiedColumn(),
    DistinctGroups(),
    NullComparison(),
    NotInNull(),
    HavingWithoutAggregate(),
    UselessOrder(),
    DistinctPairs(),
    OuterJoinUndone(),
    InclusiveEnd(),
    NoKey(),
    UndescribedColumn(),
    QuantileOfQuantiles(),
    AverageOfDistinct(),
    SumOfExtremes(),
    NullSwallows(),
    YearAndWeek(),
    XorChecksum(),
    SumOfTop(),
    WholeRow(),
    BadExport(),
)
"""All rules that look at one model, by code."""

PROJECT_CODES: tuple[Code, ...] = (DUPLICATE,)
"""Codes of what is found only when all models are seen together."""

CODES: tuple[Code, ...] = (*(rule.code for rule in RULES), *PROJECT_CODES, BAD_ALLOW, UNUSED_ALLOW, NOT_VOLATILE)
"""Everything that lint may say."""

_LATER = frozenset(code.name for code in (*PROJECT_CODES, NOT_VOLATILE))
_NAMES = frozenset(rule.code.name for rule in RULES) | _LATER


def lint(subject: Subject) -> tuple[Diagnostic, ...]:
    """What every rule says about a model, and the model's own comments don't allow, by place; and repeated facts."""
    inspected = Inspected(subject.model, subject.query, subject.analysis, subject.tables)
    found = sorted((finding for rule in RULES for finding in rule.check(inspected)), key=_order)
    document, start = subject.query.document, subject.query.start
    left = list(without_allowed(document, start, found, _NAMES, _LATER))
    allowed = [each for each in found if not any(each is other for other in left)]
    later = unallowed(document, start, not_volatile(subject.model, allowed), _NAMES)
    return tuple(sorted((*left, *later, *fan_out_of_facts(inspected)), key=_order))


def _order(finding: Diagnostic) -> tuple[Place, str]:
    return finding.place, finding.code.id
