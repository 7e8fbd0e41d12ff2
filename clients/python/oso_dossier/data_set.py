"""The years of the data set (gegevensset), as the contract lists them."""

from __future__ import annotations

from dataclasses import dataclass

from oso.dossier.v1.dossier_pb2 import Dossier
from oso.options.v1 import data_set_pb2

ROOT = "dossier"
"""Name of the root element, in every year."""


@dataclass(frozen=True, slots=True)
class Year:
    """One year of the data set.

    Attributes:
        name: Its name, such as `2018.1.1`. Names sort in the order of the years.
        namespace: Namespace of the dossier in the XML.
        standaardversie: What metadata/standaardversie must be.
        validatieversie: What metadata/validatieversie must be.

    """

    name: str
    namespace: str
    standaardversie: str
    validatieversie: str

    @property
    def root(self) -> str:
        """The root element of a dossier of this year, as lxml has it: `{namespace}dossier`."""
        return f"{{{self.namespace}}}{ROOT}"

    def has(self, first_year: str, last_year: str) -> bool:
        """Tell whether what is there from one year until another (both may be empty) is there."""
        return first_year <= self.name and (not last_year or self.name <= last_year)


class UnknownYearError(Exception):
    """A year this version of the contract does not know.

    Attributes:
        years: The names of the years it does know, oldest first.

    """

    def __init__(self, years: tuple[str, ...]) -> None:
        """Record the years that are known."""
        super().__init__(years)
        self.years = years


def _years() -> dict[str, Year]:
    options = Dossier.DESCRIPTOR.GetOptions().Extensions[data_set_pb2.years]
    return {
        one.name: Year(one.name, one.namespace, one.standaardversie, one.validatieversie)
        for one in options
    }


_BY_NAME = _years()
YEARS: tuple[Year, ...] = tuple(_BY_NAME.values())
"""All years, oldest first."""
UNSAID = _BY_NAME["2019.1"]
"""The year of a dossier that says none: the contract fixes it, newer years do not change it."""


def year_named(name: str) -> Year:
    """Give a year by its name.

    Raises:
        UnknownYearError: There is no such year.

    """
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownYearError(tuple(_BY_NAME)) from None


def year_of(dossier: Dossier) -> Year:
    """Give the year a dossier is of; 2019.1 when it says none.

    Raises:
        UnknownYearError: It says a year this version does not know.

    """
    return year_named(dossier.gegevensset) if dossier.gegevensset else UNSAID


def set_year(dossier: Dossier, year: Year) -> None:
    """Say in a dossier which year it is of; 2019.1 is said by saying nothing."""
    dossier.gegevensset = "" if year is UNSAID else year.name
