"""The years of the standard: which there are, which one a dossier is of, how to change it."""

from oso_dossier.data_set import YEARS, UnknownYearError, Year, year_named, year_of
from oso_dossier.years.converting import convert
from oso_dossier.years.outcome import (
    CannotConvertError,
    Cause,
    Change,
    Conversion,
    Loss,
    Move,
    Reason,
)
from oso_dossier.years.policy import Policy

__all__ = [
    "YEARS",
    "CannotConvertError",
    "Cause",
    "Change",
    "Conversion",
    "Loss",
    "Move",
    "Policy",
    "Reason",
    "UnknownYearError",
    "Year",
    "convert",
    "year_named",
    "year_of",
]
