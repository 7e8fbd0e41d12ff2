"""The registration file: what it says, and everything that is wrong in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_ACTIVE,
    CERTIFICATE_STATUS_REVOKED,
    QUALIFICATION_STATE_TRIAL,
    SECTOR_PO,
)
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER, TRANSFER_KIND_SWV_DOSSIER
from oso_registry.registration import RegistrationError, read_registration
from oso_registry.testing import Landscape

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
GOOD = f"""
version = 7
accepted_dossier_years = ["2019.1"]
traffic_center_keys = ["{KEY}"]

[[school]]
brin = "00SS"
name = "De Regenboog"
sector = "po"
qualification = "trial"
test_school = true

[[system]]
id = "las-a"
supplier_oin = "00000001234567890000"
certificates = ["las-a.crt"]
revoked = ["old.crt"]
auditor = true

[[delivery_point]]
routing_key = "0000000700000SS00001"
brin = "00SS"
vestiging = "01"
system = "las-a"
address = "las.example.nl:7444"
product = "LAS 4.2"
kinds = ["overstapdossier", "swv-dossier"]
dossier_years = ["2019.1"]
mandate_start = 2026-01-01T01:00:00+01:00
mandate_end = 2027-08-01T00:00:00Z
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with the certificates of las-a (current and old) and las-b."""
    landscape = Landscape(tmp_path)
    landscape.add_system("las-a")
    landscape.certificate_file("las-a").rename(tmp_path / "old.crt")
    landscape.key_file("las-a").unlink()
    landscape.add_system("las-a")
    landscape.add_system("las-b")
    return tmp_path


def findings_in(folder: Path, text: str) -> list[str]:
    """Give what is wrong with a registration file, one line each."""
    path = folder / "registration.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RegistrationError) as caught:
        read_registration(path, NOW)
    return str(caught.value).splitlines()


def test_good_file_becomes_a_directory(folder: Path) -> None:
    """Everything a registration file says is in the directory."""
    path = folder / "registration.toml"
    path.write_text(GOOD, encoding="utf-8")

    directory = read_registration(path, NOW)
    (school,), (system,), (point,) = directory.schools, directory.systems, directory.delivery_points

    assert (directory.version, list(directory.accepted_dossier_years)) == (7, ["2019.1"])
    assert directory.issue_time.ToDatetime(UTC) == NOW
    assert directory.traffic_center_keys[0].public_key.hex() == KEY
    assert (school.brin, school.sector, school.qualification, school.test_school) == (
        "00SS",
        SECTOR_PO,
        QUALIFICATION_STATE_TRIAL,
        True,
    )
    assert system.auditor
    assert [one.status for one in system.certificates] == [
        CERTIFICATE_STATUS_ACTIVE,
        CERTIFICATE_STATUS_REVOKED,
    ]
    assert list(point.kinds) == [TRANSFER_KIND_OVERSTAPDOSSIER, TRANSFER_KIND_SWV_DOSSIER]
    assert (point.system_id, point.vestiging, point.active) == ("las-a", "01", True)
    assert point.mandate.start_time.ToDatetime(UTC) == datetime(2026, 1, 1, tzinfo=UTC)
    assert point.mandate.end_time.ToDatetime(UTC) == datetime(2027, 8, 1, tzinfo=UTC)


FOR_SWV = """
[[swv]]
code = "PO3001"
name = "Passend Onderwijs Noord"
qualification = "qualified"

[[delivery_point]]
routing_key = "00000099000PO3001001"
swv = "PO3001"
system = "las-a"
address = "swv.example.nl:7444"
kinds = ["swv-dossier"]
dossier_years = ["2019.1"]
mandate_start = 2026-01-01T00:00:00Z
"""


def test_an_swv_is_registered_apart_from_schools(folder: Path) -> None:
    """It has its own entry, and its delivery point is not among those of schools."""
    path = folder / "registration.toml"
    path.write_text(GOOD + FOR_SWV, encoding="utf-8")

    directory = read_registration(path, NOW)

    (swv,), (point,) = directory.swvs, directory.swv_delivery_points
    assert (swv.code, swv.test_swv, point.swv, point.brin) == ("PO3001", False, "PO3001", "")
    assert ["00SS"] == [one.brin for one in directory.delivery_points]


def test_an_swv_receives_nothing_but_dossiers_for_an_swv(folder: Path) -> None:
    """A delivery point for another kind, of nobody, or with a routing key twice, is told."""
    move = GOOD + FOR_SWV.replace('["swv-dossier"]', '["swv-dossier", "overstapdossier"]')
    twice = GOOD + FOR_SWV.replace("00000099000PO3001001", "0000000700000SS00001")
    unknown = GOOD + FOR_SWV.replace('swv = "PO3001"', 'swv = "VO2502"')

    assert findings_in(folder, move) == [
        "delivery_point of an SWV 1: an SWV receives swv-dossiers, and nothing else"
    ]
    assert findings_in(folder, unknown) == [
        "delivery_point of an SWV 1: swv VO2502 is not registered"
    ]
    assert findings_in(folder, twice) == [
        "delivery_point 0000000700000SS00001: is there more than once"
    ]


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("version = 7", "", "version: must be a whole number above 0"),
        ("version = 7", "version = 0", "version: must be a whole number above 0"),
        ("version = 7", "version = '7'", "version: must be a whole number above 0"),
        ("version = 7", "version = true", "version: must be a whole number above 0"),
        ("version = 7", "version = 7\nschol = 1", "schol: is not known here"),
        (
            '["2019.1"]\ntraffic',
            '["twenty"]\ntraffic',
            "accepted_dossier_years 1: must be years of the standard, such as 2019.1",
        ),
        (
            '["2019.1"]\ntraffic',
            "2019.1\ntraffic",
            'accepted_dossier_years: must be a list such as ["2019.1"]',
        ),
        (KEY, "d75a", "traffic_center_keys 1: must be 64 hexadecimal digits"),
        (f'["{KEY}"]', "[5]", "traffic_center_keys 1: must be 64 hexadecimal digits"),
        ("[[school]]", "[school]", "school: write it as [[school]], with double brackets"),
        ('name = "De Regenboog"\n', "", "school 1: name is missing"),
        ("qualification =", "qualificaton =", "school 1: qualificaton is not known here"),
        ('"po"', '"basis"', "school 1: 'basis' is none of po, so, vo, vso, mbo"),
        (
            'brin = "00SS"\nname',
            'brin = "SS00"\nname',
            "school 1 brin: must be two digits and two capitals, such as 00SS",
        ),
        (
            'brin = "00SS"\nvestiging',
            'brin = "01VV"\nvestiging',
            "delivery_point 1: school 01VV is not registered",
        ),
        (
            'brin = "00SS"\nvestiging',
            "vestiging",
            "delivery_point 1: give brin for a school, or swv for an SWV",
        ),
        (
            'brin = "00SS"\nvestiging',
            'brin = "00SS"\nswv = "PO3001"\nvestiging',
            "delivery_point 1: give brin for a school, or swv for an SWV",
        ),
        (
            "[[system]]",
            '[[swv]]\ncode = "01VV"\nname = "Noord"\n\n[[system]]',
            (
                "swv 1 code: must be four to eight capitals and digits, a capital first, "
                "such as PO3001"
            ),
        ),
        (
            'system = "las-a"',
            'system = "las-z"',
            "delivery_point 1: system las-z is not registered",
        ),
        (
            'routing_key = "0000000700000SS00001"',
            'routing_key = "0700SS"',
            "delivery_point 1 routing_key: must be 20 digits and capitals",
        ),
        (
            "las.example.nl:7444",
            "las.example.nl",
            "delivery_point 1: address must be host:port, such as las.example.nl:7444",
        ),
        (
            "las.example.nl:7444",
            "las.example.nl:74440",
            "delivery_point 1: address must be host:port, such as las.example.nl:7444",
        ),
        (
            "2026-01-01T01:00:00+01:00",
            "2026-01-01",
            (
                "delivery_point 1: mandate_start must be a time with its zone, "
                "such as 2026-08-01T00:00:00Z"
            ),
        ),
        (
            "2027-08-01T00:00:00Z",
            "2026-01-01T00:00:00Z",
            "delivery_point 1: mandate_end is not after mandate_start",
        ),
        (
            '"las-a.crt"',
            '"las-b.crt"',
            "system 1: the certificate in las-b.crt is for system las-b",
        ),
        (
            '"las-a.crt"',
            '"ca/root.crt"',
            "system 1: the certificate in root.crt names no system of OSO",
        ),
    ],
)
def test_wrong_entry_is_named(folder: Path, old: str, new: str, finding: str) -> None:
    """What is wrong is said in words of the file: which entry, and what it should be."""
    assert old in GOOD

    assert findings_in(folder, GOOD.replace(old, new, 1)) == [finding]


def test_missing_certificate_file_is_named(folder: Path) -> None:
    """A certificate file that is not there is named with its system."""
    (finding,) = findings_in(folder, GOOD.replace("las-a.crt", "gone.crt"))

    assert finding.startswith("system 1: ")
    assert "gone.crt cannot be read" in finding


@pytest.mark.parametrize(
    ("section", "finding"),
    [
        ("school", "school 00SS: is there more than once"),
        ("system", "system las-a: is there more than once"),
        ("delivery_point", "delivery_point 0000000700000SS00001: is there more than once"),
    ],
)
def test_doubles_are_found(folder: Path, section: str, finding: str) -> None:
    """Two entries with the same BRIN, id or routing key are refused."""
    entry = GOOD.partition(f"[[{section}]]")[2].partition("[[")[0]

    assert finding in findings_in(folder, f"{GOOD}\n[[{section}]]{entry}")


def test_certificate_belongs_to_one_list(folder: Path) -> None:
    """A certificate that is both in use and taken back is refused."""
    (finding,) = findings_in(folder, GOOD.replace('"old.crt"', '"las-a.crt"'))

    assert finding.startswith("certificate ")


def test_all_findings_are_told(folder: Path) -> None:
    """An administrator hears all that is wrong at once, in the order of the file."""
    text = GOOD.replace("version = 7", "").replace('"po"', '"x"').replace("product", "produkt")

    assert findings_in(folder, text) == [
        "version: must be a whole number above 0",
        "school 1: 'x' is none of po, so, vo, vso, mbo",
        "delivery_point 1: produkt is not known here",
    ]


@pytest.mark.parametrize("content", [b"version = ", b"\xff\xfe"])
def test_file_that_is_no_toml(folder: Path, content: bytes) -> None:
    """A file that cannot be read as TOML is named."""
    path = folder / "registration.toml"
    path.write_bytes(content)

    with pytest.raises(RegistrationError) as caught:
        read_registration(path, NOW)

    assert str(caught.value).startswith("registration.toml: ")
