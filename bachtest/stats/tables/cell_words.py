"""What the cells of a table say: right and wrong, missing, whole numbers and rates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bachtest.stats.rates.order import KNEW_LEVELS, NOT_ASKED
from bachtest.stats.tables.column_names import fold

TIE_CODE = 2
TRUTH = dict.fromkeys(
    ("1", "true", "t", "yes", "y", "right", "correct", "wahr", "ja", "j", "richtig", "korrekt"), 1
) | dict.fromkeys(
    ("0", "false", "f", "no", "n", "wrong", "incorrect", "not correct", "falsch", "unwahr", "nein",
     "inkorrekt", "nicht richtig", "nicht korrekt"), 0
)  # fmt: skip
# These need no note: they have always been read.
PLAIN_TRUTH = frozenset(("0", "1", "true", "false"))
TIES = dict.fromkeys(
    (
        "tie",
        "no idea",
        "don't know",
        "don’t know",
        "dont know",
        "not sure",
        "unsure",
        "no preference",
        "unentschieden",
        "weiß nicht",
        "weiss nicht",
        "keine ahnung",
        "0.5",
        "0,5",
        ".5",
    ),
    TIE_CODE,
)
# Cells by which programs mark a missing value, as they write them: a listener may be called Nan.
MISSING = frozenset(
    ("", "NA", "N/A", "n/a", "#N/A", "#NA", "#NV", "<NA>", "nan", "NaN", "NULL", "null", "-", "--",
     "–")
)  # fmt: skip
# Of answers, where nobody can be called so.
_MISSING_ANSWER = {fold(word) for word in MISSING} | {
    "none", "missing", ".", "?", "k.a.", "k. a.", "keine angabe",
}  # fmt: skip
LEFT_RIGHT = {
    "left": "left", "links": "left", "l": "left", "right": "right", "rechts": "right", "r": "right",
}  # fmt: skip
# NumPy writes 1.000000000000000000e+00.
_BINARY = re.compile(r"([01])([.,]0*)?(e[+-]?0+)?", re.IGNORECASE)
_WHOLE = re.compile(r"(\d{1,15})([.,]0{1,2})?")
_POWER = re.compile(r"\d(\.\d{1,20})?e\+?\d{1,2}", re.IGNORECASE)
_GROUPED = re.compile(r"\d{1,3}([.,' \u00a0\u2009\u202f’]\d{3})+")
_RATE = re.compile(r"([0-9]*[.,]?[0-9]+|[0-9]+[.,])(e-?[0-9]{1,2})?(\s*%)?", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9]{1,15}([.,][0-9]{1,20})?(e[-+]?[0-9]{1,2})?", re.IGNORECASE)
_KNEW = {1: "yes", 0: "no"}
_MAX_RATE = 40
_MAX_COUNT = 10**15


def truth(text: str) -> int | None:
    """1 or 0, or None if it is no such word.

    Examples
    --------
    >>> [truth(text) for text in ("1.0", "Nein", "2", "TRUE")]
    [1, 0, None, 1]
    """
    if binary := _BINARY.fullmatch(text):
        return int(binary[1])
    return TRUTH.get(fold(text))


def no_answer(text: str) -> bool:
    """Whether a cell of `correct` says that there was no answer."""
    return fold(text) in _MISSING_ANSWER


def knew_level(cell: str) -> str:
    """The level that a cell means, or the cell itself if it is none of them.

    Examples
    --------
    >>> [knew_level(cell) for cell in ("Ja", "0", "not sure", "passed", "", "a little")]
    ['yes', 'no', 'unsure', 'passed', 'not asked', 'a little']
    """
    folded = fold(cell)
    if folded in KNEW_LEVELS:
        return folded
    if no_answer(cell):
        return NOT_ASKED
    if folded in TIES:
        return "unsure"
    truth_value = truth(cell)
    return cell if truth_value is None else _KNEW[truth_value]


def number(text: str) -> float | None:
    """A number, with a decimal point or a decimal comma, or None.

    Examples
    --------
    >>> [number(text) for text in ("2.5", "2,5", "1,000.5", "nan")]
    [2.5, 2.5, None, None]
    """
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def whole_number(text: str) -> int | None:
    """A count, None if it is none; 13.0 is one, and 1.000 is not, for it could be a thousand.

    Examples
    --------
    >>> [whole_number(text) for text in ("13", "13.0", "1.000", "13.5")]
    [13, 13, None, None]
    """
    if not text.isascii():
        return None
    if _POWER.fullmatch(text) and (power := Decimal(text)) < _MAX_COUNT:
        return int(power) if power == power.to_integral_value() else None
    whole = _WHOLE.fullmatch(text)
    return int(whole[1]) if whole else None


def whole_number_hint(text: str) -> str:
    """What is wrong with a count."""
    if _GROUPED.fullmatch(text):
        digits = re.sub(r"\D", "", text)
        return f"use a whole number without separators, such as {digits} if it is thousands"
    if (rate := written_rate(text)) and (rate.percent or 0 < rate.value < 1):
        return "use a whole number, or call the column rate if it is a share of n"
    if re.fullmatch(r"\d+,\d+", text):
        return "use a whole number; this has a decimal comma"
    if text in MISSING:
        return "use a whole number, or delete the row if the count is missing"
    return "use a whole number"


@dataclass(frozen=True)
class WrittenRate:
    """A rate as it was written; `unit` is one in its last place, 0 for a rate of 0 or 1."""

    value: Decimal
    unit: Decimal
    percent: bool
    comma: bool

    def whole_answers(self, n: int) -> list[int]:
        """How many of n answers can have been right: the numbers whose rate is written like this.

        Examples
        --------
        >>> written_rate(".667").whole_answers(21), written_rate(".66").whole_answers(20)
        ([14], [])
        """
        exact = self.value * n
        if exact == exact.to_integral_value():
            return [int(exact)]
        # Programs write a third with 16 digits, of which the last need not be right.
        slack = n * max(self.unit / 2, Decimal("1e-12"))
        first = (exact - slack).to_integral_value("ROUND_CEILING")
        last = (exact + slack).to_integral_value("ROUND_FLOOR")
        if last - first > 1:
            return list(self.nearest(n))
        return [k for k in range(int(first), int(last) + 1) if 0 <= k <= n]

    def nearest(self, n: int) -> tuple[int, int]:
        """The whole numbers of right answers below and above."""
        below = int((self.value * n).to_integral_value("ROUND_FLOOR"))
        return below, below + 1


def written_rate(text: str) -> WrittenRate | None:
    """A rate from 0 to 1, or up to 100 with a percent sign; None if it is none.

    Examples
    --------
    >>> rate = written_rate("61,5 %")
    >>> str(rate.value), str(rate.unit), rate.comma
    ('0.615', '0.001', True)
    """
    rate = _RATE.fullmatch(text)
    if rate is None or len(text) > _MAX_RATE:
        return None
    value = Decimal(rate[1].replace(",", ".") + (rate[2] or ""))
    percent = bool(rate[3])
    value = value.scaleb(-2) if percent else value
    if not 0 <= value <= 1:
        return None
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    unit = Decimal(1).scaleb(exponent) if exponent < 0 else Decimal(0)
    return WrittenRate(value, unit, percent, "," in text)
