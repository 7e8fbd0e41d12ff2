"""What schools fill in and sign: versions of checklist and declaration, shipped as files."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar

from google.type.date_pb2 import Date

from oso.registry.v1.qualification_pb2 import Checklist, ChecklistQuestion, Declaration
from oso.result.v1 import result_code_pb2 as codes
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

_CURRENT = "current"
_CHECKLISTS, _DECLARATIONS = "checklists/", "declarations/"

Document = TypeVar("Document", Checklist, Declaration)


def checklist(name: str, today: date) -> Checklist:
    """Give a checklist by name; `checklists/current` is the newest one in force on a day.

    Raises:
        OsoError: RESOURCE_UNKNOWN.

    """
    return _named(_checklists(), name, today)


def declaration(name: str, today: date) -> Declaration:
    """Give a declaration by name; `declarations/current` is the newest one in force on a day.

    Raises:
        OsoError: RESOURCE_UNKNOWN.

    """
    return _named(_declarations(), name, today)


def current_checklist(given: str, today: date) -> Checklist:
    """Give the checklist in force on a day; refuse any other.

    Raises:
        OsoError: RESOURCE_UNKNOWN, DOCUMENT_SUPERSEDED.

    """
    return _required(checklist(given, today), checklist(_CHECKLISTS + _CURRENT, today))


def current_declaration(given: str, today: date) -> Declaration:
    """Give the declaration in force on a day; refuse any other.

    Raises:
        OsoError: RESOURCE_UNKNOWN, DOCUMENT_SUPERSEDED.

    """
    return _required(declaration(given, today), declaration(_DECLARATIONS + _CURRENT, today))


def _required(given: Document, current: Document) -> Document:
    if given.name != current.name:
        raise OsoError(
            codes.RESULT_CODE_DOCUMENT_SUPERSEDED, given=given.name, current=current.name
        )
    return current


def _named(known: Mapping[str, Document], name: str, today: date) -> Document:
    found = known.get(name)
    if name.endswith("/" + _CURRENT):
        begun = [one for one in known.values() if _day(one) <= (today.year, today.month, today.day)]
        found = max(begun, key=_day, default=None)
    if found is None:
        raise OsoError(codes.RESULT_CODE_RESOURCE_UNKNOWN, resource=name)
    made = type(found)()
    made.CopyFrom(found)
    return made


def _day(document: Checklist | Declaration) -> tuple[int, int, int]:
    start = document.start_date
    return start.year, start.month, start.day


@cache
def _checklists() -> Mapping[str, Checklist]:
    made = {}
    for entry in _read("checklist"):
        name = f"{_CHECKLISTS}{entry['version']}"
        questions = [ChecklistQuestion(**question) for question in entry["question"]]
        made[name] = Checklist(name=name, start_date=_date(entry["start"]), questions=questions)
    return made


@cache
def _declarations() -> Mapping[str, Declaration]:
    made = {}
    for entry in _read("declaration"):
        name = f"{_DECLARATIONS}{entry['version']}"
        text = entry["text_nl"].strip()
        made[name] = Declaration(
            name=name,
            start_date=_date(entry["start"]),
            text_nl=text,
            text_en=entry["text_en"].strip(),
            sha256=hashlib.sha256(text.encode()).digest(),
        )
    return made


def _read(kind: str) -> Iterator[dict[str, Any]]:
    for file in files("oso_registry.qualification").iterdir():
        if file.name.startswith(f"{kind}-") and file.name.endswith(".toml"):
            yield tomllib.loads(file.read_text(encoding="utf-8"))


def _date(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
