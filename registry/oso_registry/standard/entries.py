"""A code as a resource, and as an entry of the file: the same thing in two forms."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from google.type.date_pb2 import Date

from oso.registry.v1.test_code_pb2 import TestCode
from oso.result.v1 import result_code_pb2 as codes
from oso_dossier.code_table import HEADINGS, CodeEntry, faults_in, in_order_of_list
from oso_registry.calls import invalid
from oso_registry.standard.resources import code_in, name_of_code
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Iterable

_AT = "test_code"
_FIELDS = dict(
    zip(
        HEADINGS,
        (
            "name",
            "display_name",
            "subject",
            "publisher",
            "version",
            "part",
            "norm_scales",
            "start_date",
            "end_date",
        ),
        strict=True,
    )
)


def entry_of(code: TestCode) -> CodeEntry:
    """Give a code as an entry of the file.

    Raises:
        OsoError: REQUEST_INVALID for a day no calendar has.

    """
    return CodeEntry(
        code=code_in(code.name),
        name=code.display_name,
        subject=code.subject,
        publisher=code.publisher,
        version=code.version,
        part=code.part,
        scales=in_order_of_list(code.norm_scales),
        start=_day(code.start_date, "start_date"),
        end=_day(code.end_date, "end_date") if code.HasField("end_date") else None,
    )


def entries_of(found: Iterable[TestCode]) -> list[CodeEntry]:
    """Give codes as entries of the file."""
    return [entry_of(code) for code in found]


def code_of(entry: CodeEntry, release: str) -> TestCode:
    """Give an entry of the file as a code of a release (its resource name)."""
    made = TestCode(
        name=name_of_code(release, entry.code),
        display_name=entry.name,
        subject=entry.subject,
        publisher=entry.publisher,
        version=entry.version,
        part=entry.part,
        norm_scales=entry.scales,
        start_date=_date(entry.start),
    )
    if entry.end is not None:
        made.end_date.CopyFrom(_date(entry.end))
    return made


def settled(code: TestCode) -> TestCode:
    """Give a code as it is kept, its scales in order, if it may stand in a file.

    Raises:
        OsoError: REQUEST_INVALID with the fields.

    """
    entry = entry_of(code)
    faults = faults_in(entry)
    if faults:
        found = [(f"{_AT}.{_FIELDS[one.column]}", one.text("en")) for one in faults]
        raise OsoError(
            codes.RESULT_CODE_REQUEST_INVALID,
            violations=found,
            detail="; ".join(f"{path}: {text}" for path, text in found),
        )
    del code.norm_scales[:]
    code.norm_scales.extend(entry.scales)
    return code


def _day(given: Date, field: str) -> date:
    try:
        return date(given.year, given.month, given.day)
    except ValueError:
        raise invalid(f"{_AT}.{field}", "is no day of the calendar") from None


def _date(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
