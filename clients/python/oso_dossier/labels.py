"""What people read instead of element names and codes, in Dutch and English.

The texts stand in the contract: on the fields (`oso.options.v1.FieldFacts`) and in the code lists
(`oso.options.v1.CodeList`). Nothing is compiled before the first question.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from oso.options.v1 import code_list_pb2, field_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.descriptor import FieldDescriptor

_FILES = ("career", "person", "preschool", "support", "tests", "withdrawn")


@cache
def label(field: FieldDescriptor, language: str = "nl") -> str:
    """Give what people read instead of a field's name; of a message: the title of its section.

    A field of our own (not in the XML) has no label: its name is given.
    """
    facts = field.GetOptions().Extensions[field_pb2.facts]
    return (facts.label_nl if language == "nl" else facts.label_en) or field.name


def meaning(code_list: int, code: str, language: str = "nl", year: str = "") -> str:
    """Give what a code means; the code itself where that is not known.

    Args:
        code_list: Number of the list.
        code: A code, in force or not: dossiers of older years are read too.
        language: `nl` or `en`.
        year: Year of the standard, for codes that meant something else in another year; empty:
            the newest meaning.

    """
    entries = _by_code(code_list).get(code, ())
    entry = next((one for one in entries if year and in_force(one, year)), None)
    if entry is None:
        if not entries:
            return code
        entry = entries[-1]
    return (entry.meaning_nl if language == "nl" else entry.meaning_en) or code


@cache
def codes(code_list: int, year: str) -> frozenset[str]:
    """Give the codes of a list that are in force in a year; none of a list the year has not."""
    return frozenset(
        code
        for code, entries in _by_code(code_list).items()
        if any(in_force(one, year) for one in entries)
    )


def name(code_list: int, language: str = "nl") -> str:
    """Give what a list is about.

    Raises:
        KeyError: There is no such list.

    """
    found = code_lists()[code_list]
    return found.name_nl if language == "nl" else found.name_en


@cache
def code_lists() -> Mapping[int, code_list_pb2.CodeList]:
    """Give all code lists of all years, by number."""
    found = {}
    for file in _FILES:
        descriptor = import_module(f"oso.dossier.v1.code_lists_{file}_pb2").DESCRIPTOR
        for one in descriptor.GetOptions().Extensions[code_list_pb2.code_lists]:
            found[one.number] = one
    return dict(sorted(found.items()))


def in_force(code: code_list_pb2.Code, year: str) -> bool:
    """Tell whether a code belongs to a year. Years sort as text: 2017.1.2 before 2018.1.1."""
    return code.first_year <= year and (not code.last_year or year <= code.last_year)


@cache
def _by_code(code_list: int) -> Mapping[str, tuple[code_list_pb2.Code, ...]]:
    found: dict[str, tuple[code_list_pb2.Code, ...]] = {}
    for one in code_lists()[code_list].codes if code_list in code_lists() else ():
        found[one.code] = (*found.get(one.code, ()), one)
    return found
