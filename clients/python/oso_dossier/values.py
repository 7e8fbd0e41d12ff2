"""Values between their text in XML and their type in the contract.

A `ValueType` turns text into a value and back. Text that is not the usual spelling of its value
(`1` for true) is still read; the reader then keeps the spelling, so that nothing is lost (XML
Schema part 2 has the lexical forms).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal

from oso_dossier.errors import Problem

SPACE = " \t\r\n"
"""What counts as space in XML. Python's `str.strip` takes away more."""
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
)
_USUAL_DATE = len("2019-07-31")
_MOST_DIGITS = 20  # more than any 64-bit number has; keeps int() cheap on hostile text


class ValueProblemError(Exception):
    """Text or a value that its type does not admit.

    Attributes:
        problem: What is wrong.
        detail: The bound it breaks, if any.

    """

    def __init__(self, problem: Problem, detail: str = "") -> None:
        """Record what is wrong."""
        super().__init__(problem, detail)
        self.problem = problem
        self.detail = detail


@dataclass(frozen=True, slots=True)
class StringType:
    """Text, kept to the letter, with the facets of the standard."""

    min_length: int = 0
    max_length: int | None = None
    pattern: re.Pattern[str] | None = None

    def parse(self, text: str) -> str:
        """Give the text back when the facets admit it."""
        if len(text) < self.min_length:
            raise ValueProblemError(Problem.TOO_SHORT)
        if self.max_length is not None and len(text) > self.max_length:
            raise ValueProblemError(Problem.TOO_LONG, f"<= {self.max_length}")
        if self.pattern is not None and self.pattern.fullmatch(text) is None:
            raise ValueProblemError(Problem.PATTERN)
        return text

    def format(self, value: str) -> str:
        """Give the text back when the facets admit it."""
        return self.parse(value)

    def is_usual(self, value: str, text: str) -> bool:
        """Text is always as it is."""
        del value, text
        return True


@dataclass(frozen=True, slots=True)
class BooleanType:
    """`true` or `false`; `1` and `0` are read too."""

    def parse(self, text: str) -> bool:
        """Read a boolean."""
        if text == "true":
            return True
        if text == "false":
            return False
        stripped = text.strip(SPACE)
        if stripped in {"true", "1"}:
            return True
        if stripped in {"false", "0"}:
            return False
        raise ValueProblemError(Problem.BOOLEAN)

    def format(self, value: bool) -> str:  # noqa: FBT001  the value is what is formatted
        """Write a boolean."""
        return "true" if value else "false"

    def is_usual(self, value: bool, text: str) -> bool:  # noqa: FBT001  as above
        """Tell whether `text`, which is read as `value`, is how we write it."""
        return self.format(value) == text


@dataclass(frozen=True, slots=True)
class IntegerType:
    """A whole number between two bounds."""

    least: int
    most: int

    def parse(self, text: str) -> int:
        """Read a whole number."""
        stripped = text.strip(SPACE)
        if _INTEGER.fullmatch(stripped) is None:
            raise ValueProblemError(Problem.INTEGER)
        digits = stripped.lstrip("+-").lstrip("0") or "0"
        if len(digits) > _MOST_DIGITS:
            raise ValueProblemError(Problem.RANGE, f"{self.least}..{self.most}")
        value = -int(digits) if stripped.startswith("-") else int(digits)
        self.format(value)
        return value

    def format(self, value: int) -> str:
        """Write a whole number."""
        if not self.least <= value <= self.most:
            raise ValueProblemError(Problem.RANGE, f"{self.least}..{self.most}")
        return str(value)

    def is_usual(self, value: int, text: str) -> bool:
        """Tell whether `text`, which is read as `value`, is how we write it."""
        return str(value) == text


@dataclass(frozen=True, slots=True)
class DecimalType:
    """A number, digit for digit: `1.20` stays `1.20`."""

    def parse(self, text: str) -> Decimal:
        """Read a number."""
        return Decimal(value=self._checked(text.strip(SPACE)))

    def format(self, value: Decimal) -> str:
        """Write a number."""
        return self._checked(value.value)

    def is_usual(self, value: Decimal, text: str) -> bool:
        """Tell whether `text`, which is read as `value`, is how we write it."""
        return self.format(value) == text

    @staticmethod
    def _checked(text: str) -> str:
        if _DECIMAL.fullmatch(text) is None:
            raise ValueProblemError(Problem.DECIMAL)
        return text


@dataclass(frozen=True, slots=True)
class DateType:
    """A day of the calendar; `only_31_july` where the standard wants that day."""

    only_31_july: bool = False

    def parse(self, text: str) -> Date:
        """Read a date."""
        found = _DATE.fullmatch(text) or _DATE.fullmatch(text.strip(SPACE))
        if found is None:
            raise ValueProblemError(Problem.DATE)
        year, month, day = map(int, found.groups())
        self._check(year, month, day)
        if self.only_31_july and not text.strip(SPACE).endswith("-07-31"):
            # the pattern leaves no room for a time zone
            raise ValueProblemError(Problem.PATTERN)
        return Date(year=year, month=month, day=day)

    def format(self, value: Date) -> str:
        """Write a date."""
        year, month, day = value.year, value.month, value.day
        self._check(year, month, day)
        return f"{year:04d}-{month:02d}-{day:02d}"

    def is_usual(self, value: Date, text: str) -> bool:
        """Tell whether `text`, which is read as `value`, is how we write it."""
        del value
        return len(text) == _USUAL_DATE  # what is longer has a time zone or space

    def _check(self, year: int, month: int, day: int) -> None:
        if not (
            1 <= year <= 9999  # noqa: PLR2004  what four digits hold
            and 1 <= month <= 12  # noqa: PLR2004
            and 1 <= day <= 31  # noqa: PLR2004
            and (day <= 28 or day <= calendar.monthrange(year, month)[1])  # noqa: PLR2004
        ):
            raise ValueProblemError(Problem.DATE)
        if self.only_31_july and (month, day) != (7, 31):
            raise ValueProblemError(Problem.PATTERN, "31-07")


ValueType = StringType | BooleanType | IntegerType | DecimalType | DateType


def calendar_day(value: Date) -> date | None:
    """Give a date as a day; None when it is no day of the calendar."""
    try:
        return date(value.year, value.month, value.day)
    except ValueError:
        return None
