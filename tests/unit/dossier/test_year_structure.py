"""Each year of the standard has its own fields, in its own order; the contract has them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import protovalidate
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buf.validate import validate_pb2
from oso_dossier import (
    DossierDocument,
    Problem,
    StructureError,
    WrongNamespaceError,
    canonical,
    check_structure,
    read_xml,
    write_xml,
)
from oso_dossier.data_set import UNSAID, YEARS, UnknownYearError, Year, year_named, year_of
from oso_dossier.documents import documents_of
from oso_dossier.plan import Kind, MessagePlan, dossier_plan
from oso_dossier.synthetic import generate
from oso_dossier.testing import dossiers
from oso_dossier.values import BooleanType, DateType, DecimalType, IntegerType, StringType

from .official import SHARED, facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from oso_dossier.values import ValueType

_QUIET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
_NAMES = {
    StringType: "string",
    BooleanType: "boolean",
    DateType: "date",
    IntegerType: "integer",
    DecimalType: "decimal",
}
_OLDER = [year for year in YEARS if year is not UNSAID]
_EVERY = st.sampled_from(YEARS)


class Row(NamedTuple):
    """One path, as a table of the standard and the contract both tell it."""

    path: str
    base_type: str
    required: bool
    repeated: bool
    choice: str
    facets: str


def _official() -> list[Path]:
    return sorted(SHARED.glob("dossiers/*/*.xml"))


def _year(name: str) -> Year:
    return year_named(name)


def _facets(value: ValueType | None) -> str:
    if isinstance(value, DateType) and value.only_31_july:
        return "pattern=[0-9][0-9][0-9][0-9]-07-31"
    if isinstance(value, IntegerType) and value.most < 2**31 - 1:
        return f"maxInclusive={value.most} minInclusive={value.least}"
    if not isinstance(value, StringType):
        return ""
    if value.pattern is not None:
        return "pattern=" + value.pattern.pattern.removeprefix("^(?:").removesuffix(")$")
    least = f"minLength={value.min_length}" if value.min_length or value.max_length else ""
    most = f"maxLength={value.max_length} " if value.max_length else ""
    return most + least


def _base(value: ValueType | None, kind: Kind | None = None) -> str:
    if kind is Kind.ATTACHMENT:
        return "string"
    return _NAMES[type(value)] if value is not None else ""


def _rows(plan: MessagePlan, path: str) -> Iterator[Row]:
    by_name = plan.make.DESCRIPTOR.fields_by_name
    for attribute in plan.attributes.values():
        rules = by_name[attribute.field].GetOptions().Extensions[validate_pb2.field]
        name, kind = f"{path}/@{attribute.name}", attribute.value
        yield Row(name, _base(kind), rules.required, False, "", _facets(kind))
    for element in plan.elements:
        value: ValueType | None = element.value
        if element.message is not None and element.message.text is not None:
            value = element.message.text.value
        choice = f"{path}#{element.slot}" if len(plan.slots[element.slot]) > 1 else ""
        here = f"{path}/{element.name}"
        base = _base(value, element.kind)
        facets = "minLength=1" if element.kind is Kind.ATTACHMENT else _facets(value)
        yield Row(here, base, element.required, element.repeated, choice, facets)
        if element.item:
            here = f"{here}/{element.item}"
            yield Row(here, "", element.least > 0, True, "", "")
        if element.message is not None:
            yield from _rows(element.message, here)


def _told(row: dict[str, str]) -> Row:
    choice = f"{row['path'].rpartition('/')[0]}#{row['choice_group']}"
    return Row(
        row["path"],
        row["base_type"],
        row["min_occurs"] != "0",
        row["max_occurs"] not in {"1", ""},
        choice if row["choice_group"] else "",
        row["facets"].replace(r"\p{Nd}", r"\d"),  # two spellings of the same
    )


def _groups(rows: list[Row]) -> list[list[str]]:
    """Give the paths that exclude each other."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.choice:
            found.setdefault(row.choice, []).append(row.path)
    return sorted(group for group in found.values() if len(group) > 1)


@pytest.mark.parametrize("name", ["2016.1", "2017.1.2", "2018.1.1"])
def test_an_older_year_has_its_paths_in_its_order(name: str) -> None:
    """The plan of a year has the paths of that year's table, in the same order, and no other."""
    standard = [row["path"] for row in facts(f"fields-{name}.csv")][1:]

    assert [row.path for row in _rows(dossier_plan(_year(name)), "dossier")] == standard


@pytest.mark.parametrize("name", ["2016.1", "2017.1.2", "2018.1.1"])
def test_an_older_year_has_its_types_occurrence_choices_and_facets(name: str) -> None:
    """Each path of a year has the type, occurrence, choice and facets of that year's table."""
    ours = list(_rows(dossier_plan(_year(name)), "dossier"))
    standard = [_told(row) for row in facts(f"fields-{name}.csv")][1:]

    assert _groups(ours) == _groups(standard)
    in_choice = {path for group in _groups(ours) for path in group}
    wrong = [
        (mine, told)
        for mine, told in zip(ours, standard, strict=True)
        if mine[:2] + mine[3:4] + mine[5:] != told[:2] + told[3:4] + told[5:]
        or (mine.required != told.required and mine.path not in in_choice)
    ]
    assert wrong == []


def test_this_year_has_its_paths_in_its_order() -> None:
    """The fields that only older years have do not stand among those of 2019.1."""
    standard = [row["path"] for row in facts("fields.csv") if row["path"].startswith("dossier/")]

    assert [row.path for row in _rows(dossier_plan(), "dossier")] == standard


def test_official_examples_of_every_year_come_back_the_same() -> None:
    """An official example of whatever year is the same file after reading and writing."""
    examples = _official()
    if not examples:
        pytest.skip("the official examples are not here")
    for path in examples:
        xml = path.read_bytes()
        document = read_xml(xml)

        assert canonical(write_xml(document)) == canonical(xml), path
        assert year_of(document.dossier).name == path.parent.name


def test_official_examples_of_every_year_satisfy_the_structure_in_the_contract() -> None:
    """What the standard of a year accepts, the contract accepts for that year, but for codes."""
    examples = _official()
    if not examples:
        pytest.skip("the official examples are not here")
    for path in examples:
        violations = protovalidate.collect_violations(read_xml(path.read_bytes()).dossier)

        assert [one.proto.rule_id for one in violations if "CL." not in one.proto.rule_id] == []


@_QUIET
@given(st.data(), _EVERY)
def test_any_dossier_of_any_year_survives_xml(data: st.DataObject, year: Year) -> None:
    """Whatever the structure of a year admits is the same dossier after a way through XML."""
    document: DossierDocument = data.draw(dossiers(year))

    xml = write_xml(document)

    assert read_xml(xml) == document
    assert canonical(write_xml(read_xml(xml))) == canonical(xml)
    assert year_of(read_xml(xml).dossier) == year


@_QUIET
@given(st.data(), _EVERY, _EVERY)
def test_codec_and_contract_agree_what_a_year_has(
    data: st.DataObject, made: Year, said: Year
) -> None:
    """A dossier with fields of another year is refused by the codec and by any validator."""
    dossier = data.draw(dossiers(made)).dossier
    dossier.gegevensset = said.name

    findings = check_structure(dossier)
    violations = protovalidate.collect_violations(dossier)

    assert bool(findings) == any("CL." not in one.proto.rule_id for one in violations)
    if made == said:
        assert list(findings) == []


def test_a_dossier_that_says_no_year_is_of_2019() -> None:
    """No year means 2019.1; said by name it is the same dossier with the same XML."""
    document = generate("POVO", 3)
    xml = write_xml(document)

    assert (document.dossier.gegevensset, year_of(document.dossier).name) == ("", "2019.1")
    document.dossier.gegevensset = "2019.1"
    assert write_xml(document) == xml
    assert read_xml(xml).dossier.gegevensset == ""


def test_a_dossier_of_an_unknown_year_is_refused() -> None:
    """A year the contract does not know is a finding; nothing is written."""
    document = generate("POVO", 3)
    document.dossier.gegevensset = "2031.1"

    with pytest.raises(StructureError) as caught:
        write_xml(document)

    assert [one.problem for one in caught.value.findings] == [Problem.YEAR]
    assert "2031" not in str(caught.value)
    with pytest.raises(UnknownYearError):
        year_of(document.dossier)


def test_data_of_another_year_is_never_dropped_in_silence() -> None:
    """A field the year does not have is a finding that names it: writing would lose it."""
    document = generate("POVO", 3)
    pupil = document.dossier.huidigeschool.leerling
    pupil.zorg.medicijngebruik = True
    pupil.verzorger.add(achternaam="B", wettigevertegenwoordiger=True).geboortedatum.year = 1980

    findings = check_structure(document.dossier)

    place = "/dossier[1]/huidigeschool[1]/leerling[1]"
    count = len(pupil.verzorger)
    assert [(one.path, one.problem, one.detail) for one in findings] == [
        (place, Problem.OTHER_YEAR, "zorg"),
        (f"{place}/verzorger[{count}]", Problem.OTHER_YEAR, "geboortedatum"),
    ]


def test_an_element_of_another_year_does_not_belong_in_the_file() -> None:
    """A file of 2019.1 with an element of 2018.1.1, or the other way round, is refused."""
    xml = write_xml(generate("POVO", 3))
    birth = xml.replace(b"</roepnaam>", b"</roepnaam><geboortedatum>1980-01-01</geboortedatum>")
    older = xml.replace(b"gegevensset/2019/", b"gegevensset/2018/")

    with pytest.raises(StructureError) as in_new:
        read_xml(birth)
    with pytest.raises(StructureError) as in_old:
        read_xml(older)

    assert Problem.TOO_MANY in {one.problem for one in in_new.value.findings}
    assert "cat_zorgenbegeleiding" in {one.detail for one in in_old.value.findings}


def test_part_numbers_follow_the_order_of_the_file_in_every_year() -> None:
    """Documents are numbered as they stand in the XML, also where field numbers run otherwise."""
    seen = 0
    for path in _official():
        documents = documents_of(read_xml(path.read_bytes()).dossier)
        numbers = [one.bestandsinhoud.part_number for one in documents]

        assert numbers == list(range(1, len(numbers) + 1)), path
        seen += len(numbers)
    if not seen:
        pytest.skip("the official examples are not here")


@pytest.mark.parametrize("year", ["2015", "2020"])
def test_a_dossier_of_a_year_we_do_not_read_is_named_by_its_year(year: str) -> None:
    """A worker with a dossier of a year we do not read sees its year, and the years we read."""
    xml = write_xml(generate("POVO", 3))

    with pytest.raises(WrongNamespaceError) as caught:
        read_xml(xml.replace(b"gegevensset/2019/", f"gegevensset/{year}/".encode()))

    assert caught.value.year == year
    assert caught.value.text("nl") == (
        f"Dit is een dossier van {year}; "
        "deze versie leest dossiers van 2016.1, 2017.1.2, 2018.1.1 en 2019.1."
    )


@pytest.mark.parametrize("year", _OLDER, ids=lambda year: year.name)
def test_years_before_support_was_renamed_want_the_switch_by_its_old_name(year: Year) -> None:
    """Where there are switches, the one of care must be there under the name of the year."""
    names = {
        element.name: element.required
        for row in dossier_plan(year).elements[0].message.elements  # type: ignore[union-attr]
        if row.name == "categorie_uitlevering" and row.message is not None
        for element in row.message.elements
    }

    assert "cat_onderwijsondersteuning" not in names
    assert names.get("cat_zorgenbegeleiding", False) == (year.name >= "2017")
