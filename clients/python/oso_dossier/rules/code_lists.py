"""Rules CL: a code must be one of its list.

Which elements have codes, and which codes a list has in which year, stands in the contract: fields
name their list, and a check with the id `CL.` and its number says that the list is tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from buf.validate import validate_pb2
from oso.dossier.v1.dossier_pb2 import Dossier
from oso.options.v1 import field_pb2
from oso_dossier.labels import codes, label, name
from oso_dossier.plan import in_order
from oso_dossier.rules.definition import NEWEST
from oso_dossier.rules.rule import ALL_PROFILES, Rule, Severity, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.descriptor import Descriptor, FieldDescriptor

_PART_OF_FILE = 33  # tested once for the whole file


def _by_field(field: FieldDescriptor) -> str:
    return field.name


def _by_message(field: FieldDescriptor) -> str:
    return field.containing_type.name.lower() if field.containing_type else ""


def _by_level(field: FieldDescriptor) -> str:
    return "onderdeel" if field.name.startswith("ond") else "domein"


# Lists that more than one rule is about, and what the standard tells those rules apart by.
_APART: dict[int, Callable[[FieldDescriptor], str]] = {
    2: _by_field,
    9: _by_message,
    37: _by_field,
    45: _by_level,
    48: _by_field,
}


@dataclass(frozen=True, slots=True)
class CodeRule:
    """A rule about codes.

    Attributes:
        rule: The rule.
        code_list: Number of the list.
        fields: The fields with codes of the list.
        once: One code of the list anywhere is enough; else each must be one.

    """

    rule: Rule
    code_list: int
    fields: tuple[FieldDescriptor, ...]
    once: bool


@dataclass(frozen=True, slots=True)
class _Tested:
    """A field whose codes are tested, and the years in which it is there."""

    field: FieldDescriptor
    first_year: str
    last_year: str


@cache
def code_rules() -> tuple[CodeRule, ...]:
    """Give the rules, in the order of the standard: by list, then as the elements stand."""
    found: dict[tuple[int, str], list[_Tested]] = {}
    for one in _tested(Dossier.DESCRIPTOR, "", NEWEST):
        number = one.field.GetOptions().Extensions[field_pb2.facts].code_list
        apart = _APART.get(number)
        found.setdefault((number, apart(one.field) if apart else ""), []).append(one)
    return tuple(
        CodeRule(
            _rule(number, apart, tested),
            number,
            tuple({one.field.full_name: one.field for one in tested}.values()),
            once=number == _PART_OF_FILE,
        )
        for (number, apart), tested in sorted(found.items(), key=lambda one: one[0][0])
    )


def _tested(message: Descriptor, first: str, last: str) -> Iterator[_Tested]:
    """Give the fields whose codes are tested at every place, in the order of the document."""
    for field in in_order(message):
        options = field.GetOptions()
        facts = options.Extensions[field_pb2.facts]
        years = max(first, facts.first_year), min(last, facts.last_year or NEWEST)
        checks: Any = options.Extensions[validate_pb2.field]
        cel = [*checks.cel, *checks.repeated.items.cel]
        if any(check.id.startswith("CL.") for check in cel):
            yield _Tested(field, *years)
        elif field.message_type is not None:
            yield from _tested(field.message_type, *years)


def _rule(number: int, apart: str, tested: list[_Tested]) -> Rule:
    field = tested[0].field
    dutch, english = label(field, "nl"), label(field, "en")
    about_nl, about_en = name(number, "nl"), name(number, "en")
    last_year = max(one.last_year for one in tested)
    return Rule(
        id=f"CL.{number:02d}" + (f".{apart}" if apart else ""),
        severity=Severity.ERROR,
        profiles=ALL_PROFILES,
        condition=Text(
            f"De tekst van {field.name} is niet precies een code van lijst {number} ({about_nl})."
            " Hoofdletters, spaties en nullen vooraan tellen mee; een leeg element telt als fout.",
            f"The text of {field.name} is not exactly a code of list {number} ({about_en})."
            " Case, spaces and leading zeros count; an empty element counts as wrong.",
        ),
        message=Text(
            f"De code bij '{dutch}' bestaat niet (codelijst {number}: {about_nl}).",
            f"The code for '{english}' does not exist (code list {number}: {about_en}).",
        ),
        hint=Text(
            "Kies in de leerlingadministratie een waarde uit de lijst en maak het dossier opnieuw.",
            "Choose a value of the list in the school's system and make the dossier again.",
        ),
        source=f"OSO gegevensset, common sheet, code list {number}",
        first_year=min(one.first_year for one in tested),
        last_year="" if last_year == NEWEST else last_year,
    )


@cache
def admitted(code_list: int, year: str) -> frozenset[str]:
    """Give the codes a list has in a year."""
    return codes(code_list, year)
