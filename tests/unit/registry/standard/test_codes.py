"""The codes of a draft, one by one: what must hold, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date

from oso.registry.v1 import test_code_pb2 as contract
from oso.registry.v1.test_code_pb2 import TestCode as Code
from oso.registry.v1.test_code_pb2 import TestCodeRelease as Release
from oso.registry.v1.test_code_service_pb2 import ListTestCodesRequest
from oso_registry.standard import codes as service
from oso_registry.standard.codes import add_code, change_code, get_code, list_codes, remove_code
from oso_registry.standard.exchange import export_codes
from oso_registry.standard.releases import begin_release, get_release
from oso_registry.standard.resources import TEST_CODES

from . import house as of

if TYPE_CHECKING:
    from .house import House

_FIRST, _DRAFT = "testCodeReleases/0001", "testCodeReleases/0002"
_NEW, _KNOWN = f"{_DRAFT}/testCodes/REK26-3", f"{_DRAFT}/testCodes/DREM8"


@pytest.fixture
def draft(house: House) -> Release:
    """Begin a draft."""
    return begin_release(house.call(), Release())


def _code(**changes: Any) -> Code:
    made: Any = Code(
        display_name="Rekenen 3",
        subject="Rekenen",
        publisher="Uitgever",
        version="2026",
        norm_scales=["IV", "DLE"],
        start_date=Date(year=2026, month=8, day=1),
        end_date=Date(year=2030, month=8, day=1),
    )
    for field, value in changes.items():
        made.ClearField(field)
        if isinstance(value, list):
            getattr(made, field).extend(value)
        elif isinstance(value, Date):
            getattr(made, field).CopyFrom(value)
        elif value is not None:
            setattr(made, field, value)
    return made  # type: ignore[no-any-return]


@pytest.mark.usefixtures("draft")
def test_a_code_is_added_to_a_draft(house: House) -> None:
    """It stands in the file, with its scales in the order of the list; and it is counted."""
    made = add_code(house.call(), _DRAFT, _code(norm_scales=["DLE", "IV"]), "REK26-3")

    assert made == get_code(house.call(), _NEW)
    assert (_NEW, ["IV", "DLE"], of.at(0)) == (made.name, list(made.norm_scales), made.create_time)
    assert 176 == get_release(house.call(), _DRAFT).code_count
    assert (
        b"\r\nREK26-3;Rekenen 3;Rekenen;Uitgever;2026;nee;IV|DLE;2026-08-01;2030-08-01\r\n"
        in export_codes(house.call(), _DRAFT).content
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"display_name": ""}, "test_code.display_name"),
        ({"display_name": "x" * 201}, "test_code.display_name"),
        ({"display_name": " Rekenen"}, "test_code.display_name"),
        ({"display_name": "Rekenen "}, "test_code.display_name"),
        ({"display_name": "=1+1"}, "test_code.display_name"),
        ({"display_name": "Reken\u200ben"}, "test_code.display_name: Spaces at the begin"),
        ({"display_name": "Rekenen\xa0"}, "test_code.display_name: Spaces at the begin"),
        ({"display_name": "Reken\x7fen"}, "test_code.display_name: Spaces at the begin"),
        ({"display_name": "Reken\u202een"}, "test_code.display_name: Spaces at the begin"),
        ({"subject": ""}, "test_code.subject"),
        ({"publisher": "@x"}, "test_code.publisher"),
        ({"version": "-1"}, "test_code.version"),
        ({"norm_scales": ["IV", "IV"]}, "test_code.norm_scales"),
        ({"norm_scales": ["iv"]}, "test_code.norm_scales[0]"),
        ({"start_date": None}, "test_code.start_date"),
        ({"start_date": Date()}, "test_code.start_date: is no day"),
        ({"start_date": Date(year=2026)}, "test_code.start_date: is no day"),
        ({"start_date": Date(year=2026, month=2, day=29)}, "test_code.start_date: is no day"),
        ({"start_date": Date(year=10000, month=1, day=1)}, "test_code.start_date: is no day"),
        ({"end_date": Date()}, "test_code.end_date: is no day"),
        ({"end_date": Date(year=2026, month=8, day=1)}, "test_code.end_date: Geldig tot"),
        ({"end_date": Date(year=2025, month=8, day=1)}, "test_code.end_date: Geldig tot"),
    ],
)
@pytest.mark.usefixtures("draft")
def test_a_code_that_cannot_stand_in_a_file_is_refused(
    house: House, changes: dict[str, Any], expected: str
) -> None:
    """Added or changed: the rules of a file, each told at its field; nothing is written."""
    before = export_codes(house.call(), _DRAFT)
    sent = _code(name=_KNOWN, **changes)

    added = of.outcome(add_code, house.call(), _DRAFT, _code(**changes), "REK26-3")
    changed = of.outcome(change_code, house.call(), sent, FieldMask(paths=["*"]))

    assert added.startswith(f"REQUEST_INVALID {expected}")
    assert added == changed
    assert before == export_codes(house.call(), _DRAFT)


@pytest.mark.usefixtures("draft")
def test_a_code_stands_in_a_release_once(house: House) -> None:
    """Capitals matter: another spelling is another code."""
    assert f"RESOURCE_EXISTS resource={_KNOWN}" == of.outcome(
        add_code, house.call(), _DRAFT, _code(), "DREM8"
    )
    assert "" == of.outcome(add_code, house.call(), _DRAFT, _code(), "drem8")


@pytest.mark.usefixtures("draft")
def test_a_draft_has_no_more_codes_than_a_file_may_have(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be read again is not written."""
    monkeypatch.setattr(service, "MOST_CODES", 175)

    assert f"CONDITION_FAILED detail={_DRAFT}: 175 codes" == of.outcome(
        add_code, house.call(), _DRAFT, _code(), "REK26-3"
    )


def test_a_change_of_a_code_gives_the_draft_a_new_etag(house: House, draft: Release) -> None:
    """Adding, changing and removing do; what changes nothing does not."""
    etags = [draft.etag]

    def note() -> None:
        etags.append(get_release(house.call(), _DRAFT).etag)

    change_code(house.call(), Code(name=_KNOWN, display_name="Anders"), FieldMask())
    note()
    change_code(house.call(), Code(name=_KNOWN, subject="Anders"), FieldMask())
    note()
    add_code(house.call(), _DRAFT, _code(), "REK26-3")
    note()
    remove_code(house.call(), _NEW)
    note()
    assert 5 == len(set(etags))
    change_code(house.call(), Code(name=_KNOWN, subject="Anders"), FieldMask())
    note()
    assert etags[-1] == etags[-2]


def test_an_end_is_given_and_taken_back(house: House, draft: Release) -> None:
    """With a mask that names it, what was not sent is cleared (AIP-134)."""
    del draft
    sent = Code(name=_KNOWN, end_date=Date(year=2030, month=8, day=1))

    ended = change_code(house.call(), sent, FieldMask(paths=["end_date"]))
    endless = change_code(house.call(), Code(name=_KNOWN), FieldMask(paths=["end_date"]))

    assert (True, False) == (ended.HasField("end_date"), endless.HasField("end_date"))
    assert "Drempeltoets groep 8" == endless.display_name


def test_an_etag_of_a_code_that_is_not_the_present_one_is_refused(
    house: House, draft: Release
) -> None:
    """Changing and removing what somebody else changed meanwhile."""
    del draft
    seen = get_code(house.call(), _KNOWN)
    change_code(house.call(), Code(name=_KNOWN, subject="Anders"), FieldMask())

    stale = f"ETAG_STALE resource={_KNOWN}"
    assert stale == of.outcome(change_code, house.call(), seen, FieldMask())
    assert stale == of.outcome(remove_code, house.call(), _KNOWN, seen.etag)


@pytest.mark.parametrize(
    "name",
    [
        f"{_DRAFT}/testCodes/NONE",
        f"{_DRAFT}/testCodes/",
        "testCodeReleases/0009/testCodes/DREM8",
        _DRAFT,
        "",
        f"{_KNOWN}\0",
        f"{_KNOWN}/testCodes/DREM8",
    ],
)
@pytest.mark.usefixtures("draft")
def test_a_code_that_is_not_there_is_unknown(house: House, name: str) -> None:
    """To read, to change and to remove; whatever was sent for a name."""
    assert {f"RESOURCE_UNKNOWN resource={name}"} == {
        of.outcome(get_code, house.call(), name),
        of.outcome(change_code, house.call(), Code(name=name, subject="x"), FieldMask()),
        of.outcome(remove_code, house.call(), name),
    }


@pytest.mark.usefixtures("draft")
def test_codes_of_a_draft_are_unknown_to_others(house: House) -> None:
    """As if neither were there; what is published they all see."""
    tx = house.call(of.LAS)

    assert [f"RESOURCE_UNKNOWN resource={_KNOWN}", f"RESOURCE_UNKNOWN resource={_DRAFT}"] == [
        of.outcome(get_code, tx, _KNOWN),
        of.outcome(list_codes, tx, ListTestCodesRequest(parent=_DRAFT)),
    ]
    assert "Drempeltoets groep 8" == get_code(tx, f"{_FIRST}/testCodes/DREM8").display_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("drem8", ["DREM8"]),
        ("DREMPELTOETS  groep", ["DREM8"]),
        ("kleuters groep 1", ["KLR15-1", "KLT15-1"]),
        ("dremd", []),
        ("8 taal", []),
        ("%", []),
        ("_", []),
        ("\0", []),
    ],
)
@pytest.mark.usefixtures("draft")
def test_codes_are_found_by_their_words(house: House, text: str, expected: list[str]) -> None:
    """In code, name, subject or publisher, without capitals; of one release only."""
    found, token = list_codes(house.call(), ListTestCodesRequest(parent=_FIRST, text=text))

    assert (expected, "") == ([one.name.rpartition("/")[2] for one in found], token)
    assert all(one.name.startswith(f"{_FIRST}/") for one in found)


@pytest.mark.usefixtures("draft")
def test_codes_come_in_pages(house: House) -> None:
    """By code, each once, and none of another release."""
    request, names = ListTestCodesRequest(parent=_FIRST, page_size=60), []
    while True:
        found, request.page_token = list_codes(house.call(of.LAS), request)
        names.append([one.name for one in found])
        if not request.page_token:
            break

    assert [60, 60, 55] == [len(one) for one in names]
    assert sorted(code.name for code in house.call().list(
        TEST_CODES, TEST_CODES.table.c.release == _FIRST
    )) == [name for page in names for name in page]  # fmt: skip


def test_fields_that_are_ours_are_not_taken_from_a_request(house: House, draft: Release) -> None:
    """Name and times of what is added (AIP-203)."""
    del draft
    made = add_code(house.call(), _DRAFT, _code(name=_KNOWN, etag="x"), "REK26-3")

    assert (_NEW, contract.TestCode.DESCRIPTOR.full_name) == (made.name, made.DESCRIPTOR.full_name)
    assert "x" != made.etag
