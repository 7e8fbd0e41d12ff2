"""What a category switch may say in each profile.

The standard has a matrix, in its examples and its words, but no rule looks at it: a switch that
says OPT-UIT where the category is mandatory goes unnoticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.dossier.v1.dossier_pb2 import CategorieUitlevering
from oso_dossier.profiles import EXTENSIONS, PROFILES
from oso_dossier.rules.advice.definition import Advice, Circumstances, advice

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALLOWED = {
    "M": frozenset({"VERPLICHT"}),
    "O": frozenset({"OPTIONEEL", "OPT-UIT"}),
    "F": frozenset({"VERBODEN"}),
}
# M: mandatory, O: optional (parents may keep it back), F: forbidden. The last two are extensions.
_COLUMNS = (*PROFILES, *EXTENSIONS)
_MATRIX = {
    "cat_metadata": "MMMMMMMM",
    "cat_ouderinzage": "MMMOOOMM",
    "cat_school": "MMMMMMMM",
    "cat_leerling": "MMMMMMMM",
    "cat_oudersverzorgers": "MMMOMMMO",
    "cat_vve": "OFFOOFFF",
    "cat_schoolloopbaan": "MMMOMMMO",
    "cat_overstapadvies": "MMMOOOOM",
    "cat_onderwijsondersteuning": "OOOOMMOO",
    "cat_verzuim": "OOOOOOOF",
    "cat_eindtoetsbo": "OOOOFOFO",
    "cat_toetsresultaten": "OOOOOOOO",
    "cat_handelingsplannen": "OOOOOOOF",
    "cat_cijferlijsten": "OOOOOOOF",
    "cat_vombo": "FFOOFOMF",
    "cat_bijlagedocs": "OOOOOOOF",
}
# Before 2019.1 the switch had this name, and support was mandatory in every move.
_OLD_SUPPORT, _OLD_SUPPORT_ROW = "cat_zorgenbegeleiding", "MMMOMMOO"
_FIELDS = CategorieUitlevering.DESCRIPTOR.fields_by_name


def allowed(switch: str, profile: str) -> frozenset[str]:
    """Give what a switch may say in a profile; anything, in a profile that is not in the matrix."""
    if profile not in _COLUMNS:
        return frozenset().union(*_ALLOWED.values())
    return _ALLOWED[in_matrix(switch, profile)]


def in_matrix(switch: str, profile: str) -> str:
    """Give what a category is in a profile: M(andatory), O(ptional) or F(orbidden)."""
    row = _OLD_SUPPORT_ROW if switch == _OLD_SUPPORT else _MATRIX[switch]
    return row[_COLUMNS.index(profile)]


def _not_allowed(switches: Any, now: Circumstances) -> Iterator[str]:
    for field, value in switches.ListFields():
        if field.name in _FIELDS and value not in allowed(field.name, now.profile):
            yield f"{field.name}[1]"


ADVICE: tuple[Advice, ...] = (
    advice(
        "OSO.CAT.01",
        "CategorieUitlevering",
        _not_allowed,
        condition=(
            "Een schakelaar van een categorie heeft een waarde die bij dit profiel niet past.",
            "A category switch has a value that does not fit this profile.",
        ),
        message=(
            "Deze schakelaar past niet bij dit soort overstap.",
            "This switch does not fit this kind of move.",
        ),
        hint=(
            (
                "Een verplichte categorie is VERPLICHT, een vrije OPTIONEEL of OPT-UIT, een"
                " verboden VERBODEN. Kan uw programma dit niet, neem dan contact op met uw"
                " leverancier."
            ),
            (
                "A mandatory category is VERPLICHT, a free one OPTIONEEL or OPT-UIT, a forbidden"
                " one VERBODEN. If your program cannot do this, ask its supplier."
            ),
        ),
        source="OSO: profile matrix of the standard, which no official rule looks at",
    ),
)
