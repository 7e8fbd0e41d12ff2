"""Invented dossiers: plausible, the same every time, of nobody."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import protovalidate
import pytest
from stdnum.nl import bsn

from oso_dossier import canonical, read_xml, write_xml
from oso_dossier.rules import validate
from oso_dossier.synthetic import PROFILES, generate

SHIPPED = Path(__file__).parents[3] / "demo" / "dossiers"


@pytest.mark.parametrize("profile", PROFILES)
def test_they_satisfy_structure_and_code_lists(profile: str) -> None:
    """Dossiers of many seeds keep every rule the contract has, and survive XML."""
    for seed in range(40):
        document = generate(profile, seed)

        assert protovalidate.collect_violations(document.dossier) == []
        xml = write_xml(document)
        assert read_xml(xml) == document
        assert canonical(write_xml(read_xml(xml))) == canonical(xml)


@pytest.mark.parametrize("profile", PROFILES)
def test_they_keep_the_rules_of_the_standard(profile: str) -> None:
    """Dossiers of many seeds are what the official validators accept, in their own profile."""
    for seed in range(40):
        report = validate(generate(profile, seed).dossier)

        assert (report.profile, report.is_valid, report.errors) == (profile, True, ())


@pytest.mark.parametrize("profile", PROFILES)
def test_numbers_are_valid_in_form_and_of_nobody(profile: str) -> None:
    """A BSN passes the eleven-test and begins with 9999, given to nobody; an SWV gets none."""
    for seed in range(200):
        pupil = generate(profile, seed).dossier.huidigeschool.leerling
        if profile.endswith("SWV"):
            assert pupil.WhichOneof("nummer") is None
            continue
        number = pupil.bsn
        assert bsn.is_valid(number)
        assert number.startswith("9999")


@pytest.mark.parametrize("profile", PROFILES)
def test_dates_follow_each_other(profile: str) -> None:
    """Birth comes before school, the school years follow each other."""
    for seed in range(40):
        pupil = generate(profile, seed).dossier.huidigeschool.leerling
        assert pupil.geboortedatum.year < pupil.onderwijssinds.year
        years = [one.schooljaar for one in pupil.schoolloopbaanlijst]
        begins = [int(year[:4]) for year in years]
        assert begins == list(range(begins[0], begins[0] + len(begins)))


@pytest.mark.parametrize("profile", ["POPO", "POVO", "VOVO"])
def test_the_shipped_dossier_is_the_generated_one(profile: str) -> None:
    """The file in the repository is what the generator makes of seed 7, byte for byte."""
    shipped = (SHIPPED / f"{profile.lower()}.xml").read_bytes()

    assert write_xml(generate(profile, 7)) == shipped


def test_another_seed_gives_another_pupil() -> None:
    """Seeds differ."""
    numbers = {generate("POVO", seed).dossier.huidigeschool.leerling.bsn for seed in range(50)}

    assert len(numbers) == 50


def test_attachments_are_real_files() -> None:
    """Attachments are zips with a PDF and a PNG that programs can open."""
    plan, drawing = generate("POVO", 7).attachments
    with zipfile.ZipFile(io.BytesIO(plan)) as archive:
        pdf = archive.read("handelingsplan.pdf")
    with zipfile.ZipFile(io.BytesIO(drawing)) as archive:
        png = archive.read("tekening.png")

    assert pdf.startswith(b"%PDF-1.4")
    place = int(pdf.rpartition(b"startxref\n")[2].split()[0])
    assert pdf[place:].startswith(b"xref\n0 6\n")
    begin = png.index(b"IDAT") + 4
    length = int.from_bytes(png[begin - 8 : begin - 4], "big")
    assert len(zlib.decompress(png[begin : begin + length])) == 64 * (96 * 3 + 1)


def test_an_unknown_profile_is_refused() -> None:
    """A profile this generator does not know is an error."""
    with pytest.raises(ValueError, match="PORI"):
        generate("PORI", 1)
