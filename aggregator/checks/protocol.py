"""What a check is: a promise about rows, compiled to numbers that one aggregate query gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from aggregator.core.diagnostics import Code, Severity
from aggregator.core.writes import Expectation

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Place
    from aggregator.core.graph import CompiledModel, OutputColumn
    from aggregator.core.plain import Plain
    from aggregator.core.project import Column


Given: TypeAlias = Mapping[str, Any]
Reader: TypeAlias = "Callable[[Plain, str, Given, CompiledModel], Any]"


@dataclasses.dataclass(frozen=True)
class Argument:
    """An argument by its name, and what reads it; that sees those that were read before."""

    name: str
    read: Reader
    is_required: bool = False


class BadArgumentsError(Exception):
    """The declaration of a check makes no sense. Turned into a diagnostic by :func:`aggregator.checks.compiled`."""

    def __init__(self, message: str, advice: str = "", *, at: object = None, code: Code | None = None) -> None:
        """``at`` is the word to point at, if it knows where it stands; otherwise the name of the argument is."""
        super().__init__(message)
        self.advice = advice
        self.code = code
        self.place: Place | None = getattr(at, "place", None)


@dataclasses.dataclass(frozen=True)
class Drift:
    """How far a number may be from what it was in earlier partitions; one of the first two is there.

    ``within`` is a share of the number of the partition before. With ``learn``, in days, the number is compared with
    the median of that long, and may be off by four times what partitions usually are (the median of absolute
    deviations). ``is_set`` says that the number is a text of distinct values, a line each, of which none may be new.
    """

    within: float | None = None
    learn: int | None = None
    is_set: bool = False


@dataclasses.dataclass(frozen=True)
class Promise:
    """A declared check, understood.

    ``check`` and ``arguments`` are Great Expectations' name and keyword arguments. All of ``expectations`` must hold,
    but where ``mostly`` is below 1: then the first counts bad rows, and ``among`` those that count. ``columns`` are
    what it looks at. ``failing`` is a condition that bad rows meet, with a window function if ``is_window``. With a
    ``query``, nothing is asked of the aggregate query: it gives bad rows itself, and it reads the rows under test under
    the name of their table; ``reads`` are the other tables that it names, each with a column that it must have. What
    it gives of several partitions is what it gives of each, if ``is_per_row``. With a ``drift``, the number is
    compared with earlier ones.
    """

    check: str
    arguments: Mapping[str, Plain]
    place: Place
    expectations: tuple[Expectation, ...] = ()
    severity: Severity = Severity.ERROR
    mostly: float = 1.0
    among: Expectation | None = None
    columns: tuple[str, ...] = ()
    failing: str = ""
    is_window: bool = False
    is_per_row: bool = False
    condition: str = ""
    query: str = ""
    reads: tuple[tuple[str, str], ...] = ()
    drift: Drift | None = None
    complaint: str = ""

    @property
    def asked(self) -> tuple[Expectation, ...]:
        """The numbers that are needed to judge it."""
        return (*self.expectations, self.among) if self.among is not None else self.expectations

    @property
    def counts_rows(self) -> bool:
        """Whether it is about rows one by one, in Great Expectations' words a map; else about a number of them all."""
        return bool(self.failing) or bool(self.query)


@dataclasses.dataclass(frozen=True)
class Asked:
    """A declaration whose arguments were read: what a check makes a :class:`Promise` of.

    ``given`` has the arguments as their readers understood them, ``written`` as the author wrote them.
    """

    check: str
    place: Place
    given: Mapping[str, Any]
    written: Mapping[str, Plain]
    model: CompiledModel

    def __getitem__(self, name: str) -> Any:
        """An argument; None where nothing is said."""
        return self.given.get(name)

    @property
    def condition(self) -> str:
        """The ``row_condition``: only rows that meet it count. Empty where all do."""
        return self.given.get("row_condition") or ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are named."""
        found: list[str] = []
        for value in self.given.values():
            many = value if isinstance(value, tuple) else (value,)
            found += [each.name for each in many if isinstance(each, Named)]
        return tuple(dict.fromkeys(found))

    def value(self, name: str = "column") -> str:
        """A column in SQL: NULL in rows that do not count."""
        sql: str = self.given[name].sql
        return f"IF({self.condition}, {sql}, NULL)" if self.condition else sql

    @property
    def members(self) -> str:
        """The values of a set, as SQL."""
        return ", ".join(dict.fromkeys(each.sql for each in self.given["value_set"]))

    @property
    def rows(self) -> str:
        """The number of rows that count."""
        return f"COUNTIF({self.condition})" if self.condition else "COUNT(*)"

    def promise(self, expectations: Sequence[Expectation] = (), **others: Any) -> Promise:
        """What is promised, with what all checks have in common."""
        return Promise(
            check=self.check,
            arguments=self.written,
            place=self.place,
            expectations=tuple(expectations),
            severity=self.given.get("severity") or Severity.ERROR,
            columns=self.columns,
            condition=self.condition,
            **others,
        )

    def of_values(self, violation: str, complaint: str) -> Promise:
        """No value of the column, or few enough, may meet a condition that is NULL for NULL, which does not count."""
        considered = f"{self.given['column'].sql} IS NOT NULL"
        return self._of_rows(_all(self.condition, violation), considered, complaint)

    def of_rows(self, violation: str, considered: str, complaint: str) -> Promise:
        """No row, or few enough, may meet a condition; those count that meet another one (empty: all)."""
        return self._of_rows(_all(self.condition, considered, violation), considered, complaint)

    def _of_rows(self, bad: str, considered: str, complaint: str) -> Promise:
        counted = _all(self.condition, considered)
        mostly = self.given.get("mostly")
        says = self.described(f"{complaint} in {{value}} rows")
        if mostly is None or mostly >= 1:
            expectation = Expectation(self._name, says, self.place, violation=bad)
            return self.promise([expectation], failing=bad)
        number = Expectation(self._name, f"{says}, of {{among}}", self.place, number=f"COUNTIF({bad})", maximum=None)
        among = Expectation(f"{self._name}: rows", "", self.place, number=f"COUNTIF({counted or 'TRUE'})", maximum=None)
        return self.promise([number], among=among, failing=bad, mostly=mostly)

    def of_number(self, number: str, what: str, *, over_nothing: float | None = None) -> Promise:
        """A number of all rows lies between ``min_value`` and ``max_value``."""
        return self.promise([self.between(number, what, self["min_value"], self["max_value"], over_nothing)])

    def between(
        self, number: str, what: str, low: Bound | None, high: Bound | None, over_nothing: float | None = None
    ) -> Expectation:
        """That a number lies between bounds, of which one may be absent."""
        return Expectation(
            name=self._name,
            complaint=self.described(f"{what} is {{value}}, not {_bounds(low, high)}"),
            place=self.place,
            number=number,
            minimum=low.value if low else None,
            maximum=high.value if high else None,
            is_strict=(bool(self["strict_min"]), bool(self["strict_max"])),
            over_nothing=over_nothing,
        )

    def none_of(self, number: str, complaint: str) -> Expectation:
        """That something is counted 0 times."""
        return Expectation(self._name, self.described(complaint), self.place, number=number)

    def observed(self, number: str, complaint: str, *, over_nothing: float | None = None) -> Expectation:
        """A number that is judged elsewhere."""
        says = self.described(complaint)
        return Expectation(self._name, says, self.place, "", number, None, None, over_nothing=over_nothing)

    def near(self, number: str, what: str, *, over_nothing: float | None = None) -> Promise:
        """A number is near those of earlier partitions."""
        within, learn = self["within"], self["learn"]
        if (within is None) == (learn is None):
            raise BadArgumentsError(f"{self.check} needs either within: or learn:", "for example `within: 30 %`")
        self.refuse_days("learn")
        expectation = self.observed(number, f"{what} is {{value}}", over_nothing=over_nothing)
        return self.promise([expectation], drift=Drift(within, learn))

    def refuse_days(self, name: str) -> None:
        """Refuse to look back by days where there are none: of a table without partitions, the last build is kept."""
        if self[name] is not None and self.model.calendar is None:
            raise BadArgumentsError(f"{self.check} can't have {name}: of a table without partitions")

    @property
    def _name(self) -> str:
        return f"{self.check}: {', '.join(self.columns)}" if self.columns else self.check

    def described(self, complaint: str) -> str:
        """What is said of a broken promise, after what its author says it is for."""
        described = self.given.get("description")
        return f"{described}: {complaint}" if described else complaint


def _all(*conditions: str) -> str:
    """Conditions that all must hold; empty ones always do."""
    given = [each for each in conditions if each]
    return " AND ".join(f"({each})" for each in given) if len(given) > 1 else "".join(given)


def _bounds(low: Bound | None, high: Bound | None) -> str:
    if low is None or high is None:
        return f"at least {low}" if low is not None else f"at most {high}"
    return f"{low}" if low.value == high.value else f"between {low} and {high}"


@dataclasses.dataclass(frozen=True)
class Named:
    """A column of the output, as SQL, and its type without parameters; empty where it is unknown."""

    name: str
    sql: str
    type: str = ""
    place: Place | None = None


@dataclasses.dataclass(frozen=True)
class Bound:
    """A number, date or text to compare with: as a value, and as SQL."""

    value: Any
    sql: str

    def __str__(self) -> str:
        """For messages."""
        return str(self.value)


class Check(Protocol):
    """One kind of check.

    ``name`` is Great Expectations' if it has such a check. ``short`` are other names; a ``bare`` argument is one that
    may be written without its name: a list of columns then stands for several checks. The class's docstring says in a
    line what must hold, ``example`` are arguments in YAML.
    """

    @property
    def name(self) -> str: ...  # noqa: D102  (said above)
    @property
    def short(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def bare(self) -> str: ...  # noqa: D102
    @property
    def takes(self) -> tuple[Argument, ...]: ...  # noqa: D102
    @property
    def example(self) -> str: ...  # noqa: D102

    def promise(self, asked: Asked) -> Promise | None:
        """What to ask; None if it holds whatever the rows. Raises :class:`BadArgumentsError`."""
        ...


C = TypeVar("C", "OutputColumn", "Column")


def output_column(name: Plain, columns: Sequence[C]) -> C | None:
    """The column of that name, in any case."""
    return next((each for each in columns if each.name.casefold() == str(name).casefold()), None)


def some_bound(asked: Asked) -> None:
    """Refuse bounds that bound nothing, or leave nothing."""
    low, high = asked["min_value"], asked["max_value"]
    if low is None and high is None:
        raise BadArgumentsError(f"{asked.check} needs min_value: or max_value:")
    if low is not None and high is not None and low.value > high.value:
        raise BadArgumentsError(f"min_value {low} is above max_value {high}", "swap them")


def of_type(column: Named, *types: str) -> None:
    """Refuse a column that is known to be of another type."""
    if column.type and column.type not in types:
        what = "text" if types == ("STRING",) else "numbers"
        raise BadArgumentsError(f"{column.name} is of type {column.type}, which has no {what}", at=column)


def of_partition(model: CompiledModel) -> str:
    """The condition that a row is of the partition at hand; empty where there are none."""
    by = model.calendar.column if model.calendar is not None else ""
    return f"`{by}` >= @start AND `{by}` < @end" if by else ""
