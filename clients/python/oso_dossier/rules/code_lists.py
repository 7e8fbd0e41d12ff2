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
from oso_dossier.rules.rule import ALL_PROFILES, Rule, Severity, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.descriptor import Descriptor, FieldDescriptor

_PART_OF_FILE = 33  # tested once for the whole file
_FIRST_YEAR = {48: "2017.1.2"}


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


@cache
def code_rules() -> tuple[CodeRule, ...]:
    """Give the rules, in the order of the standard: by list, then as the elements stand."""
    found: dict[tuple[int, str], list[FieldDescriptor]] = {}
    for field in _tested(Dossier.DESCRIPTOR, set()):
        number = field.GetOptions().Extensions[field_pb2.facts].code_list
        apart = _APART.get(number)
        found.setdefault((number, apart(field) if apart else ""), []).append(field)
    return tuple(
        CodeRule(_rule(number, apart, fields[0]), number, tuple(fields), number == _PART_OF_FILE)
        for (number, apart), fields in sorted(found.items(), key=lambda one: one[0][0])
    )


def _tested(message: Descriptor, seen: set[str]) -> Iterator[FieldDescriptor]:
    """Give the fields whose codes are tested, in the order of the document."""
    if message.full_name in seen:
        return
    seen.add(message.full_name)
    for field in message.fields:
        options = field.GetOptions()
        checks: Any = options.Extensions[validate_pb2.field]
        if field.is_repeated:
            checks = checks if checks.cel else checks.repeated.items
        if any(check.id.startswith("CL.") for check in checks.cel):
            yield field
        elif field.message_type is not None:
            yield from _tested(field.message_type, seen)


def _rule(number: int, apart: str, field: FieldDescriptor) -> Rule:
    rule_id = f"CL.{number:02d}" + (f".{apart}" if apart else "")
    dutch, english = label(field, "nl"), label(field, "en")
    about_nl, about_en = name(number, "nl"), name(number, "en")
    return Rule(
        id=rule_id,
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
        first_year=_FIRST_YEAR.get(number, ""),
    )


@cache
def admitted(code_list: int, year: str) -> frozenset[str]:
    """Give the codes a list has in a year."""
    return codes(code_list, year)
