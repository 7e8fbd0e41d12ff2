"""From year to year: nothing vanishes in silence, and what comes out is a dossier of that year."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from oso_dossier import (
    AttachmentMismatchError,
    DossierDocument,
    StructureError,
    check_structure,
    read_xml,
    write_xml,
)
from oso_dossier.data_set import set_year
from oso_dossier.documents import documents_of
from oso_dossier.labels import codes
from oso_dossier.rules import validate
from oso_dossier.synthetic import generate
from oso_dossier.testing import dossiers
from oso_dossier.years import (
    YEARS,
    CannotConvertError,
    Conversion,
    Policy,
    Year,
    convert,
    year_named,
    year_of,
)
from oso_dossier.years.passage import Passage, coded
from oso_dossier.years.tree import built, grown

from .official import SHARED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from oso.dossier.v1.dossier_pb2 import Dossier

_POLICIES = st.builds(
    Policy,
    **{name: st.sampled_from(get_args(kind)) for name, kind in get_type_hints(Policy).items()},
)


def _official() -> list[Path]:
    found = sorted(SHARED.glob("dossiers/*/*.xml"))
    if not found:
        pytest.skip("the official examples are not here")
    return found


def _values(xml: bytes) -> dict[str, str]:
    """Give every value of a file by its place: read by lxml alone, nothing of ours is in it."""
    return dict(_below(etree.fromstring(xml), "/dossier[1]"))


def _below(element: etree._Element, path: str) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        yield f"{path}/@{name!s}", str(value)
    counts: dict[str, int] = {}
    for child in element:
        name = str(child.tag).rpartition("}")[2]
        counts[name] = counts.get(name, 0) + 1
        yield from _below(child, f"{path}/{name}[{counts[name]}]")
    if not len(element) and element.text:
        yield path, element.text


def _account(old: DossierDocument, conversion: Conversion) -> None:
    """Check that each value is where it was, where `moves` says, replaced, or lost."""
    before, after = _values(write_xml(old)), _values(write_xml(conversion.document))
    moved: dict[str, list[str]] = {}
    for move in conversion.moves:
        moved.setdefault(move.path, []).append(move.to)
    lost = {one.path: one for one in conversion.losses}
    replaced = {one.before for one in conversion.changes if one.before}
    from_old: set[str] = set()
    for path, text in before.items():
        told = (path in moved) + (path in lost) + (path in replaced)
        assert told <= 1, path
        if not told or path in moved:
            for place in moved.get(path, [path]):
                assert after[place] == text, path
                from_old.add(place)
    made = {one.path for one in conversion.changes} | {one.instead for one in conversion.losses}
    assert set(after) <= from_old | made


@st.composite
def _with_codes(draw: st.DrawFn, year: Year) -> DossierDocument:
    """Draw a dossier whose codes are those of its year."""
    document = draw(dossiers(year))
    root = grown(document.dossier)
    for leaf, code_list in coded(root):
        leaf.value = type(leaf.value)(draw(st.sampled_from(sorted(codes(code_list, year.name)))))
    dossier = cast("Dossier", built(root))
    set_year(dossier, year)
    return DossierDocument(dossier, document.attachments)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.sampled_from(YEARS), st.sampled_from(YEARS), _POLICIES)
def test_nothing_vanishes_in_silence(
    data: st.DataObject, source: Year, target: Year, policy: Policy
) -> None:
    """Of whatever dossier, to whatever year: every value is there, moved, replaced or reported."""
    document = data.draw(_with_codes(source))
    was = write_xml(document)
    if document.dossier.overdrachtsoort == "swv-dossier" and target.name == "2016.1":
        with pytest.raises(CannotConvertError):
            convert(document, target, policy)
        return

    conversion = convert(document, target, policy)

    new = conversion.document
    assert list(check_structure(new.dossier)) == []
    assert year_of(new.dossier) == target
    _account(document, conversion)
    assert read_xml(write_xml(new)) == new
    assert write_xml(document) == was
    for leaf, code_list in coded(grown(new.dossier)):
        assert str(leaf.value) in codes(code_list, target.name), code_list


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.sampled_from(YEARS), st.sampled_from(YEARS))
def test_codes_nobody_knows_stay_as_they_are(
    data: st.DataObject, source: Year, target: Year
) -> None:
    """A code that was wrong already is not the converter's to judge: it stays for the rules."""
    document = data.draw(dossiers(source))

    conversion = convert(document, target)

    _account(document, conversion)


def test_official_examples_go_to_every_year() -> None:
    """An official example of any year becomes a dossier of any other year, and all is accounted."""
    for path in _official():
        document = read_xml(path.read_bytes())
        for year in YEARS:
            if year.name == "2016.1" and document.dossier.overdrachtsoort == "swv-dossier":
                with pytest.raises(CannotConvertError):
                    convert(document, year)
                continue

            conversion = convert(document, year)

            _account(document, conversion)
            new = conversion.document
            numbers = [one.bestandsinhoud.part_number for one in documents_of(new.dossier)]
            assert numbers == list(range(1, len(new.attachments) + 1)), path
            metadata = new.dossier.metadata
            assert metadata.standaardversie == year.standaardversie
            assert metadata.validatieversie == year.validatieversie


def test_converted_examples_obey_the_switches_of_the_new_year() -> None:
    """In a converted example nothing stands under a switch that keeps it out.

    And in 2019.1, which asks for it, everything VERPLICHT is there.
    """
    for path in _official():
        document = read_xml(path.read_bytes())
        for year in YEARS[1:]:
            new = convert(document, year).document.dossier
            switches = new.metadata.categorie_uitlevering
            filled = Passage(grown(new), year, year, Policy(), {}).categories()
            values = {field.name: value for field, value in switches.ListFields()}
            out = {name for name, value in values.items() if value in {"VERBODEN", "OPT-UIT"}}
            must = {name for name, value in values.items() if value == "VERPLICHT"}
            if year.name < "2019":
                out -= {name for name, value in values.items() if value == "VERBODEN"}
                must = set()

            assert (filled & out, must - filled) == (set(), set()), (path, year.name)


def test_converted_examples_have_no_errors_in_the_new_year() -> None:
    """An official example that went to another year obeys the rules of that year."""
    for path in _official():
        document = read_xml(path.read_bytes())
        for year in YEARS:
            if year.name == "2016.1" and document.dossier.overdrachtsoort == "swv-dossier":
                continue

            report = validate(convert(document, year).document.dossier)

            assert (report.structure, report.errors) == ((), ()), (path, year.name)


def test_official_examples_lose_what_the_years_do_not_share() -> None:
    """Going to 2019.1 loses fields that are gone; going on from there to 2018.1.1 none of those."""
    for path in _official():
        document = read_xml(path.read_bytes())
        conversion = convert(document, year_named("2018.1.1"))

        lost = {one.path for one in conversion.losses}
        if path.parent.name == "2017.1.2":
            assert lost == set(), path
        if path.parent.name == "2019.1" and "full" in path.name:
            names = {one.rpartition("/")[2].partition("[")[0] for one in lost}
            assert {"arrangement_datum", "aandachtspunten"} & names, path


def test_the_same_year_is_the_same_dossier() -> None:
    """Converting to its own year gives the dossier itself; nothing lost, moved or written."""
    document = generate("POVO", 4)

    conversion = convert(document, year_named("2019.1"))

    assert conversion == Conversion(document)


def test_there_and_back_is_the_same_where_both_years_have_all() -> None:
    """What 2018.1.1 and 2019.1 share comes back the same after a way there and back."""
    document = generate("POPO", 2)
    pupil = document.dossier.huidigeschool.leerling
    pupil.ClearField("onderwijsondersteuning")
    pupil.overstapadvies.ClearField("aandachtspunten")
    document = _renumbered(document)

    there = convert(document, year_named("2018.1.1"))
    back = convert(there.document, year_named("2019.1"))

    assert there.losses == back.losses == ()
    assert back.document == document


def _renumbered(document: DossierDocument) -> DossierDocument:
    attachments = []
    for one in documents_of(document.dossier):
        attachments.append(document.attachments[one.bestandsinhoud.part_number - 1])
        one.bestandsinhoud.part_number = len(attachments)
    return DossierDocument(document.dossier, tuple(attachments))


def test_a_dossier_that_is_not_built_right_is_not_converted() -> None:
    """Of a dossier that is no dossier of its own year nothing could be promised: it is refused."""
    document = generate("POVO", 4)
    document.dossier.huidigeschool.leerling.ClearField("achternaam")

    with pytest.raises(StructureError):
        convert(document, year_named("2018.1.1"))


@pytest.mark.parametrize("change", [lambda files: files[:-1], lambda files: (*files, b"x")])
def test_attachments_that_are_not_those_of_the_dossier_are_refused(
    change: Callable[[tuple[bytes, ...]], tuple[bytes, ...]],
) -> None:
    """With an attachment too few or too many nothing is converted: it would be lost, or another."""
    document = generate("POVO", 4)

    with pytest.raises(AttachmentMismatchError):
        convert(
            DossierDocument(document.dossier, change(document.attachments)), year_named("2018.1.1")
        )


def test_spellings_go_with_their_values() -> None:
    """A value spelled in its own way is spelled so in the new year too, also where it moved."""
    older = convert(generate("POVO", 5), year_named("2018.1.1")).document
    older.dossier.huidigeschool.leerling.zorg.medicijngebruik = True
    xml = write_xml(older).replace(b"<medicijngebruik>true<", b"<medicijngebruik>1<")

    new = write_xml(convert(read_xml(xml), year_named("2019.1")).document)

    assert b"<medicijngebruik>1</medicijngebruik>" in new


def test_no_text_of_a_loss_holds_a_value() -> None:
    """A report of losses can be shown and sent: it names places and reasons, never values."""
    for path in _official():
        document = read_xml(path.read_bytes())
        if document.dossier.overdrachtsoort == "swv-dossier":
            continue
        values = {text for text in _values(write_xml(document)).values() if len(text) > 6}
        conversion = convert(document, year_named("2016.1"))
        causes = {one.cause for one in conversion.losses} | {
            one.cause for one in conversion.changes
        }
        texts = [one.text(language) for one in causes for language in ("nl", "en")]
        assert [text for text in texts if any(value in text for value in values)] == []
