"""Days that follow each other as they do in life."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from oso_dossier.rules.advice.contract import date_fields, message_types
from oso_dossier.rules.advice.definition import Advice, Circumstances, advice, first
from oso_dossier.rules.routes import type_name
from oso_dossier.values import calendar_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Of a parent's death, and of the file itself, nothing follows for the pupil's own life.
_NOT_OF_THE_PUPIL = frozenset({"overlijdensdatum", "datum", "inzagedatum", "geboortedatum"})
# What has happened by the day a dossier is made. Plans and decisions may lie ahead.
_HAPPENED = {
    "Leerling": ("geboortedatum", "onderwijssinds", "startdatumhuidigonderwijs"),
    "Verzorger": ("overlijdensdatum",),
    "Diagnose": ("datum",),
    "Afname": ("afnamedatum",),
    "Eindtoetsresultaat": ("datum_afname",),
    "CijferlijstOnderdeel": ("afnamedatum",),
    "Cijferlijst": ("afnamedatum",),
    "Examenresultaat": ("datumuitslag",),
    "Resultaatvakkenvo": ("datumafgerond",),
}
_SCHOOL_YEAR = re.compile(r"([0-9]{4})[-/]([0-9]{4})")
_GBA_DATE = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")
# Ages at which a pupil can be in such a move; generous at both ends.
_AGES = {
    "POPO": (3, 15),
    "POVO": (9, 15),
    "VOVO": (10, 24),
    "BB": (3, 24),
    "POSWV": (3, 15),
    "VOSWV": (10, 24),
    "VOMBO": (13, 24),
}


def _pairs() -> Mapping[str, tuple[str, str]]:
    """Give the types that have one begin and one end, with the names of the two."""
    found = {}
    for one in message_types():
        names = [field.name for field in date_fields(one)]
        ends = [name for name in names if "einddatum" in name]
        if len(ends) == 1 and len(names) == 2:  # noqa: PLR2004  a begin and an end
            (begin,) = set(names) - set(ends)
            found[type_name(one)] = begin, ends[0]
    return found


_BEGIN_AND_END = _pairs()
_DATED = {
    type_name(one): names
    for one in message_types()
    if (names := [field.name for field in date_fields(one) if field.name not in _NOT_OF_THE_PUPIL])
}


def _ends_too_early(message: Any, _: Circumstances) -> Iterable[str]:
    begin, end = _BEGIN_AND_END[type_name(message.DESCRIPTOR)]
    return first(end, wrong=_before(message, end, begin))


def _left_before(pupil: Any, _: Circumstances) -> Iterable[str]:
    wrong = _before(pupil, "datumuitschrijving", "datuminschrijving")
    return first("datumuitschrijving", wrong=wrong)


def _before(message: Any, early: str, late: str) -> bool:
    if not (message.HasField(early) and message.HasField(late)):
        return False
    days = calendar_day(getattr(message, early)), calendar_day(getattr(message, late))
    return days[0] is not None and days[1] is not None and days[0] < days[1]


def _before_birth(message: Any, now: Circumstances) -> Iterator[str]:
    if now.born is None:
        return
    for name in _DATED[type_name(message.DESCRIPTOR)]:
        if message.HasField(name):
            found = calendar_day(getattr(message, name))
            if found is not None and found < now.born:
                yield f"{name}[1]"


def _ahead(message: Any, now: Circumstances) -> Iterator[str]:
    if now.made is None:
        return
    for name in _HAPPENED[type_name(message.DESCRIPTOR)]:
        if message.HasField(name):
            found = calendar_day(getattr(message, name))
            if found is not None and found > now.made:
                yield f"{name}[1]"


def _no_gba_day(gba: Any, _: Circumstances) -> Iterable[str]:
    return first("gbageboortedatum", wrong=not _can_be(gba.gbageboortedatum))


def _can_be(text: str) -> bool:
    """Tell whether a day of the register can exist: unknown parts are zero, from the day up."""
    found = _GBA_DATE.fullmatch(text)
    if found is None:
        return False
    number, month, year = (int(part) for part in found.groups())
    if not year or not month:
        return number == 0 and (year > 0 or month == 0)
    try:
        date(year, month, number or 1)
    except ValueError:
        return False
    return True


def _another_birth(gba: Any, now: Circumstances) -> Iterable[str]:
    if now.born is None or not _can_be(gba.gbageboortedatum):
        return ()
    parts = [int(part) for part in gba.gbageboortedatum.split("-")]
    own = (now.born.day, now.born.month, now.born.year)
    differs = any(part and part != known for part, known in zip(parts, own, strict=True))
    return first("gbageboortedatum", wrong=differs)


def _odd_age(pupil: Any, now: Circumstances) -> Iterable[str]:
    bounds = _AGES.get(now.profile)
    if bounds is None or now.born is None or now.made is None:
        return ()
    birthday_ahead = (now.made.month, now.made.day) < (now.born.month, now.born.day)
    age = now.made.year - now.born.year - birthday_ahead
    known = pupil.HasField("geboortedatum")
    return first("geboortedatum", wrong=known and not bounds[0] <= age <= bounds[1])


def _odd_school_year(career: Any, _: Circumstances) -> Iterable[str]:
    found = _SCHOOL_YEAR.fullmatch(career.schooljaar)
    follows = found is not None and int(found[1]) + 1 == int(found[2])
    return first("schooljaar", wrong=not follows)


_LOOK = ("Kijk welke datum niet klopt en verbeter die.", "See which date is wrong and mend it.")

ADVICE: tuple[Advice, ...] = (
    advice(
        "OSO.DAT.01",
        _BEGIN_AND_END,
        _ends_too_early,
        condition=(
            "De einddatum ligt voor de begindatum van hetzelfde.",
            "The end lies before the begin of the same thing.",
        ),
        message=("Het einde ligt voor het begin.", "The end lies before the begin."),
        hint=_LOOK,
        source="OSO: the standard does not compare dates",
    ),
    advice(
        "OSO.DAT.02",
        _DATED,
        _before_birth,
        condition=(
            "Een datum uit het leven van de leerling ligt voor de geboortedatum.",
            "A date in the pupil's life lies before the birth date.",
        ),
        message=("Deze datum ligt voor de geboorte.", "This date lies before the birth."),
        hint=_LOOK,
        source="OSO: the standard does not compare dates",
    ),
    advice(
        "OSO.DAT.03",
        "Leerling",
        _left_before,
        condition=(
            "De uitschrijving ligt voor de inschrijving.",
            "The pupil left before the enrolment.",
        ),
        message=(
            "De leerling is uitgeschreven voor de inschrijving.",
            "The pupil left before the enrolment.",
        ),
        hint=_LOOK,
        source="OSO: the standard does not compare dates",
    ),
    advice(
        "OSO.DAT.04",
        _HAPPENED,
        _ahead,
        condition=(
            "Iets dat al gebeurd moet zijn, ligt na de dag waarop het dossier is gemaakt.",
            "Something that must have happened lies after the day the dossier was made.",
        ),
        message=(
            "Deze datum ligt na de dag waarop het dossier is gemaakt.",
            "This date lies after the day the dossier was made.",
        ),
        hint=_LOOK,
        source="OSO: the standard does not compare dates",
    ),
    advice(
        "OSO.DAT.05",
        "Gba",
        _no_gba_day,
        condition=(
            (
                "De geboortedatum uit het bevolkingsregister is geen dag (dd-mm-jjjj; onbekende"
                " delen zijn 00)."
            ),
            (
                "The birth date of the population register is no day (dd-mm-yyyy; unknown parts"
                " are 00)."
            ),
        ),
        message=("Deze datum bestaat niet.", "There is no such date."),
        hint=(
            "Neem de datum over zoals hij in het register staat.",
            "Take the date as the register has it.",
        ),
        source="OSO: dates with unknown parts, Logisch Ontwerp GBA/BRP",
    ),
    advice(
        "OSO.DAT.06",
        "Gba",
        _another_birth,
        condition=(
            "De geboortedatum uit het bevolkingsregister is een andere dan die van de leerling.",
            "The birth date of the population register is not that of the pupil.",
        ),
        message=(
            "De twee geboortedatums verschillen.",
            "The two birth dates differ.",
        ),
        hint=_LOOK,
        source="OSO: the search key is made of one of the two; the school that asks has the other",
    ),
    advice(
        "OSO.DAT.07",
        "Leerling",
        _odd_age,
        condition=(
            "Op de dag waarop het dossier is gemaakt, past de leeftijd niet bij de overstap.",
            "On the day the dossier was made, the age does not fit the move.",
        ),
        message=(
            "De leeftijd van de leerling past niet bij deze overstap.",
            "The age of the pupil does not fit this move.",
        ),
        hint=(
            "Controleer de geboortedatum en het soort overstap.",
            "Check the birth date and the kind of move.",
        ),
        source="OSO: ages of primary and secondary education, generous at both ends",
    ),
    advice(
        "OSO.DAT.08",
        "Schoolloopbaan",
        _odd_school_year,
        condition=(
            "Een schooljaar is geen twee jaren na elkaar, zoals 2018-2019.",
            "A school year is not two years that follow each other, such as 2018-2019.",
        ),
        message=("Dit is geen schooljaar.", "This is no school year."),
        hint=("Schrijf het als 2018-2019.", "Write it as 2018-2019."),
        source="OSO: school year, 1 August to 31 July (Wet op het primair onderwijs)",
    ),
)
