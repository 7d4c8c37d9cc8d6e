"""Numbers as CAST with FORMAT writes them: ``CAST(x AS STRING FORMAT '999,999.99')``.

Elements are those of Google's documentation ("Format numeric type as string"), but for B, C, EEEE, FM, TM, V and X.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any

_FORMAT = re.compile(
    r"(?P<before>[S$L]*)(?P<digits>(?:[09][09,G]*)?(?:[.D][09]*)?)(?P<after>(?:MI|PR|[S$L])*)", re.IGNORECASE
)
_ELEMENT = re.compile(r"MI|PR|EEEE|FM|TM|.", re.IGNORECASE | re.DOTALL)
_MARKS = re.compile(r"MI|PR|[S$L]", re.IGNORECASE)
_CURRENCIES = ("$", "L")
_SIGNS = ("S", "MI", "PR")
_LENGTH_OF_NAMES = 3
_EXACT = Context(prec=400)
"""Digits enough for any FLOAT64, which has at most 309 before the point."""


@dataclasses.dataclass(frozen=True)
class NumberFormat:
    """What a format string says. ``whole`` and ``fraction`` are its digits, with what stands between them."""

    whole: str
    fraction: str
    has_point: bool
    sign: str
    is_sign_last: bool
    has_currency: bool

    def text(self, value: Decimal, rounding: str) -> str:
        """A number that is none of the infinities, and not NaN."""
        places = Decimal(1).scaleb(-len(self.fraction))
        rounded = abs(value).quantize(places, rounding=rounding, context=_EXACT)
        digits, _, fraction = f"{rounded:f}".partition(".")
        digits = digits.lstrip("0")
        if len(digits) > self._size:
            return self._signed(self._crosses(), is_negative=value.is_signed())
        body = self._whole(digits.rjust(self._size, "0")) + "." * self.has_point + fraction
        return self._signed(body, is_negative=value.is_signed())

    def special(self, name: str, *, is_negative: bool) -> str:
        """An infinity, or NaN, which has no sign."""
        if len(self.whole) < _LENGTH_OF_NAMES:
            body = self._crosses()
        else:
            body = name.rjust(len(self.whole)) + " " * (self.has_point + len(self.fraction))
        return self._signed(body, is_negative=is_negative, is_number=name == "INF")

    @property
    def _size(self) -> int:
        return sum(each in "09" for each in self.whole)

    def _crosses(self) -> str:
        """In the place of what does not fit."""
        whole = "".join("#" if each in "09" else "," for each in self.whole)
        return whole + "." * self.has_point + "#" * len(self.fraction)

    def _whole(self, digits: str) -> str:
        found, waiting, is_begun = "", iter(digits), False
        for place, each in enumerate(self.whole):
            if each not in "09":
                found += "," if is_begun else " "
                continue
            digit = next(waiting)
            is_last = not any(other in "09" for other in self.whole[place + 1 :])
            is_begun = is_begun or digit != "0" or each == "0" or (is_last and not self.fraction)
            found += digit if is_begun else " "
        return found

    def _signed(self, body: str, *, is_negative: bool, is_number: bool = True) -> str:
        plus = "+" if self.sign == "S" and is_number else " "
        before, after = ("<", ">") if self.sign == "PR" else ("-", "")
        if not is_negative:
            before, after = plus, " " * len(after)
        if self.is_sign_last:
            before, after = "", before
        shown = body.lstrip(" ")
        return " " * (len(body) - len(shown)) + before + "$" * self.has_currency + shown + after


def tokens(text: str) -> Iterator[str]:
    """The elements of a format, in capitals, each once: what is none of them, too."""
    yield from dict.fromkeys(each.upper() for each in _ELEMENT.findall(text))


@functools.lru_cache(maxsize=256)
def read(text: str) -> NumberFormat:
    """What a format string says. Raises ValueError for one that is not known here."""
    found = _FORMAT.fullmatch(text)
    digits = found["digits"].upper().replace("G", ",").replace("D", ".") if found else ""
    if found is None or not any(each in "09" for each in digits):
        raise ValueError(text)
    begin, end = found.span("digits")
    before, after = ([each.upper() for each in _MARKS.findall(part)] for part in (text[:begin], text[end:]))
    signs = [each for each in (*before, *after) if each in _SIGNS]
    currencies = [each for each in (*before, *after) if each in _CURRENCIES]
    if len(signs) > 1 or len(currencies) > 1:
        raise ValueError(text)
    whole, point, fraction = digits.partition(".")
    return NumberFormat(
        whole,
        fraction,
        bool(point),
        signs[0] if signs else "",
        is_sign_last="S" in after or "MI" in after,
        has_currency=bool(currencies),
    )


def _exact(value: str, text: str) -> str:
    return read(text).text(Decimal(value), ROUND_HALF_UP)


def _floating(value: float, text: str) -> str:
    """A float is the binary number that it is, whose halves are rounded to the even digit."""
    number = Decimal(value)
    if not number.is_finite():
        name = "NAN" if number.is_nan() else "INF"
        return read(text).special(name, is_negative=number.is_signed() and not number.is_nan())
    return read(text).text(number, ROUND_HALF_EVEN)


PYTHON: Mapping[str, tuple[Callable[..., Any], tuple[str, ...], str]] = {
    "_py_exact_format": (_exact, ("VARCHAR", "VARCHAR"), "VARCHAR"),
    "_py_float_format": (_floating, ("DOUBLE", "VARCHAR"), "VARCHAR"),
}
"""Functions that the rewritten SQL calls."""
