"""What is decided between two years: the choices, their defaults, and what each loses."""

from __future__ import annotations

from typing import Any

import pytest
from google.type.date_pb2 import Date

from oso.dossier.v1.document_pb2 import TEKSTVORM_BASE64, Document
from oso_dossier import DossierDocument, check_structure
from oso_dossier.attachments import describe
from oso_dossier.synthetic import generate
from oso_dossier.years import (
    CannotConvertError,
    Conversion,
    Policy,
    Reason,
    convert,
    year_named,
)

_PUPIL = "/dossier[1]/huidigeschool[1]/leerling[1]"
_DAY = Date(year=2018, month=3, day=1)


def _plain(year: str = "2019.1", profile: str = "POPO") -> DossierDocument:
    """Give a dossier without support, tests and documents, to put something in."""
    dossier = generate(profile, 1).dossier
    pupil = dossier.huidigeschool.leerling
    for name in (
        "onderwijsondersteuning",
        "eindtoets_basisonderwijs",
        "overigdocumentlijst",
        "verzuim",
        "huisarts",
        "voorschools",
        "vroegschools",
    ):
        pupil.ClearField(name)
    pupil.overstapadvies.ClearField("aandachtspunten")
    document = DossierDocument(dossier)
    return document if year == "2019.1" else convert(document, year_named(year)).document


def _pupil(document: DossierDocument) -> Any:
    return document.dossier.huidigeschool.leerling


def _switches(document: DossierDocument) -> Any:
    return document.dossier.metadata.categorie_uitlevering


def _fill(document: Document, attachments: list[bytes], name: str) -> None:
    attachments.append(name.encode())
    document.bestandsnaam = name
    facts = describe(name.encode(), len(attachments), TEKSTVORM_BASE64)
    document.bestandsinhoud.CopyFrom(facts)


def _converted(
    document: DossierDocument, year: str, attachments: list[bytes] | None = None, **policy: Any
) -> Conversion:
    with_files = DossierDocument(document.dossier, tuple(attachments or ()))
    conversion = convert(with_files, year_named(year), Policy(**policy))
    assert list(check_structure(conversion.document.dossier)) == []
    return conversion


def _lost(conversion: Conversion) -> dict[str, Reason]:
    return {one.path.removeprefix(_PUPIL): one.cause.reason for one in conversion.losses}


def _names(documents: Any) -> list[str]:
    return [one.bestandsnaam for one in documents]


def _opps(document: DossierDocument) -> list[bytes]:
    attachments: list[bytes] = []
    for year in (2017, 2018, 2016):
        opp = _pupil(document).zorg.opp.add()
        opp.opp_ingangdatum.CopyFrom(Date(year=year, month=8, day=1))
        _fill(opp.document, attachments, f"opp{year}")
    return attachments


def test_of_several_perspectives_the_latest_stays_with_all_documents() -> None:
    """Up to 2019.1 one perspective stays, by default the last begun; no file is lost."""
    document = _plain("2018.1.1")
    attachments = _opps(document)

    conversion = _converted(document, "2019.1", attachments)

    opp = _pupil(conversion.document).onderwijsondersteuning.opp
    assert opp.opp_ingangdatum.year == 2018
    assert _names(opp.document) == ["opp2017", "opp2018", "opp2016"]
    assert conversion.document.attachments == tuple(attachments)
    assert _lost(conversion) == {
        "/zorg[1]/opp[1]/opp_ingangdatum[1]": Reason.ONLY_ONE,
        "/zorg[1]/opp[3]/opp_ingangdatum[1]": Reason.ONLY_ONE,
    }


def test_the_first_perspective_stays_when_asked() -> None:
    """With `opp=first` the first one in the file is kept."""
    document = _plain("2018.1.1")
    attachments = _opps(document)

    conversion = _converted(document, "2019.1", attachments, opp="first")

    opp = _pupil(conversion.document).onderwijsondersteuning.opp
    assert opp.opp_ingangdatum.year == 2017


def test_going_down_documents_after_the_first_go_to_the_other_documents() -> None:
    """2018.1.1 has one document in a perspective: the rest goes to the other documents."""
    document = _plain()
    attachments: list[bytes] = []
    opp = _pupil(document).onderwijsondersteuning.opp
    opp.opp_ingangdatum.CopyFrom(_DAY)
    for name in ("een", "twee"):
        _fill(opp.document.add(), attachments, name)

    kept = _converted(document, "2018.1.1", attachments)
    dropped = _converted(document, "2018.1.1", attachments, documents="drop")

    assert _names([_pupil(kept.document).zorg.opp[0].document]) == ["een"]
    assert _names(_pupil(kept.document).overigdocumentlijst) == ["twee"]
    assert (kept.losses, kept.document.attachments) == ((), (b"een", b"twee"))
    assert dropped.document.attachments == (b"een",)
    place = "/onderwijsondersteuning[1]/opp[1]/document[2]"
    assert _lost(dropped) == {
        f"{place}/bestandsnaam[1]": Reason.ONLY_ONE,
        f"{place}/bestandsinhoud[1]": Reason.ONLY_ONE,
    }


@pytest.mark.parametrize("switch", ["VERBODEN", "OPT-UIT"])
def test_documents_do_not_go_where_the_switch_forbids(switch: str) -> None:
    """Under a switch that keeps other documents out, a document without a place is lost."""
    document = _plain("2018.1.1")
    attachments: list[bytes] = []
    _switches(document).cat_bijlagedocs = switch
    life = _pupil(document).sefunctioneren
    life.toelichtingsef = "x"
    _fill(life.document.add(), attachments, "rapport")

    conversion = _converted(document, "2019.1", attachments)

    assert conversion.document.attachments == ()
    assert _lost(conversion) == {
        "/sefunctioneren[1]/document[1]/bestandsnaam[1]": Reason.SWITCHED_OFF,
        "/sefunctioneren[1]/document[1]/bestandsinhoud[1]": Reason.SWITCHED_OFF,
        "/sefunctioneren[1]/toelichtingsef[1]": Reason.NOT_IN_YEAR,
    }


def test_reports_on_social_life_explain_needs_where_support_must_be_there() -> None:
    """Support VERPLICHT with nothing else in it gets the first report as explanation of needs."""
    document = _plain("2018.1.1")
    attachments: list[bytes] = []
    _switches(document).cat_zorgenbegeleiding = "VERPLICHT"
    for name in ("een", "twee"):
        _fill(_pupil(document).sefunctioneren.document.add(), attachments, name)

    conversion = _converted(document, "2019.1", attachments)

    pupil = _pupil(conversion.document)
    explanation = pupil.onderwijsondersteuning.toelichting_onderwijsbehoeften
    assert explanation.document.bestandsnaam == "een"
    assert _names(pupil.overigdocumentlijst) == ["twee"]
    assert _switches(conversion.document).cat_onderwijsondersteuning == "VERPLICHT"


@pytest.mark.parametrize("emptied", ["OPTIONEEL", "OPT-UIT"])
def test_a_mandatory_switch_of_which_nothing_is_left_is_changed(emptied: str) -> None:
    """Support VERPLICHT that the conversion left empty is no longer VERPLICHT; a change says so."""
    document = _plain("2018.1.1")
    _switches(document).cat_zorgenbegeleiding = "VERPLICHT"
    _pupil(document).zorg.naamib = "x"

    conversion = _converted(document, "2019.1", emptied=emptied)

    assert _switches(conversion.document).cat_onderwijsondersteuning == emptied
    assert Reason.SWITCH_CHANGED in {one.cause.reason for one in conversion.changes}
    assert _lost(conversion) == {"/zorg[1]/naamib[1]": Reason.NOT_IN_YEAR}


def test_a_mandatory_switch_that_was_empty_before_stays() -> None:
    """What the school left out itself the converter does not cover up."""
    document = _plain("2018.1.1")
    _switches(document).cat_zorgenbegeleiding = "VERPLICHT"

    conversion = _converted(document, "2019.1")

    assert _switches(conversion.document).cat_onderwijsondersteuning == "VERPLICHT"


def _doctors(document: DossierDocument, *kinds: str) -> None:
    for number, kind in enumerate(kinds):
        doctor = _pupil(document).zorg.artslijst.add(achternaam=f"Arts{number}")
        if kind:
            doctor.soort = kind


@pytest.mark.parametrize(
    ("kinds", "policy", "chosen"),
    [
        (("kinderarts", "Huisarts"), "family-or-first", "Arts1"),
        (("kinderarts", "oogarts"), "family-or-first", "Arts0"),
        (("kinderarts", ""), "family", ""),
        (("huisarts", "huisarts"), "family", "Arts0"),
    ],
)
def test_one_doctor_becomes_the_huisarts(kinds: tuple[str, ...], policy: str, chosen: str) -> None:
    """The family doctor becomes the huisarts; who is not is reported."""
    document = _plain("2018.1.1")
    _doctors(document, *kinds)

    conversion = _converted(document, "2019.1", doctor=policy)

    assert _pupil(conversion.document).huisarts.achternaam == chosen
    lost = [path for path, reason in _lost(conversion).items() if "achternaam" in path]
    assert len(lost) == len(kinds) - bool(chosen)


def test_a_secret_address_of_a_doctor_does_not_travel_without_its_mark() -> None:
    """2019.1 cannot say that a huisarts' address is secret: then the address stays behind."""
    document = _plain("2018.1.1")
    _doctors(document, "huisarts")
    doctor = _pupil(document).zorg.artslijst[0]
    doctor.adresgeheim, doctor.roepnaam, doctor.geslacht = True, "x", 1
    doctor.geboortedatum.CopyFrom(_DAY)
    doctor.adreslijst.add(soortadres="bezoek", straat="x", nummer="1", postcode="1", plaats="x")

    conversion = _converted(document, "2019.1")

    huisarts = _pupil(conversion.document).huisarts
    assert [field.name for field, _ in huisarts.ListFields()] == ["achternaam"]
    lost = _lost(conversion)
    assert lost["/zorg[1]/artslijst[1]/arts[1]/adresgeheim[1]"] is Reason.SECRET
    assert lost["/zorg[1]/artslijst[1]/arts[1]/adreslijst[1]/adres[1]/straat[1]"] is Reason.SECRET
    assert lost["/zorg[1]/artslijst[1]/arts[1]/roepnaam[1]"] is Reason.NOT_OF_DOCTOR
    assert lost["/zorg[1]/artslijst[1]/arts[1]/geboortedatum[1]"] is Reason.NOT_IN_YEAR


def test_an_address_that_is_not_secret_stays_with_the_huisarts() -> None:
    """A mark that says the address is not secret is allowed in 2019.1 and stays."""
    document = _plain("2018.1.1")
    _doctors(document, "huisarts")
    _pupil(document).zorg.artslijst[0].adresgeheim = False

    conversion = _converted(document, "2019.1")

    assert _pupil(conversion.document).huisarts.HasField("adresgeheim")


@pytest.mark.parametrize(("switch", "stays"), [("OPTIONEEL", True), ("OPT-UIT", False)])
def test_the_huisarts_goes_into_care_where_care_may_be(switch: str, stays: bool) -> None:  # noqa: FBT001  the table
    """Down to 2018.1.1 the huisarts becomes a doctor in care, unless care was opted out of."""
    document = _plain()
    _switches(document).cat_onderwijsondersteuning = switch
    _pupil(document).huisarts.achternaam = "Arts"

    conversion = _converted(document, "2018.1.1")

    pupil = _pupil(conversion.document)
    assert [one.soort for one in pupil.zorg.artslijst] == ["huisarts"] * stays
    assert pupil.HasField("zorg") == stays
    assert _lost(conversion) == (
        {} if stays else {"/huisarts[1]/achternaam[1]": Reason.SWITCHED_OFF}
    )


@pytest.mark.parametrize("level", ["B", "N", "S", "E"])
def test_levels_that_are_gone_become_g_or_the_result_goes(level: str) -> None:
    """A level of the final test that 2019.1 does not have becomes G and is reported, or goes."""
    document = _plain("2018.1.1")
    test = _pupil(document).eindtoets_basisonderwijs
    test.deelgenomen = True
    result = test.eindtoetsresultaat
    result.toetssoort, result.toetsniveau = "0011", level
    result.datum_afname.CopyFrom(_DAY)

    kept = _converted(document, "2019.1")
    dropped = _converted(document, "2019.1", test_level="drop")

    place = "/eindtoets_basisonderwijs[1]/eindtoetsresultaat[1]"
    new = _pupil(kept.document).eindtoets_basisonderwijs
    assert new.eindtoetsresultaat.toetsniveau == "G"
    assert _lost(kept) == {f"{place}/toetsniveau[1]": Reason.CODE_REPLACED}
    assert kept.losses[0].instead == f"{_PUPIL}{place}/toetsniveau[1]"
    assert not _pupil(dropped.document).eindtoets_basisonderwijs.HasField("eindtoetsresultaat")
    assert _lost(dropped) == {
        f"{place}/toetssoort[1]": Reason.INCOMPLETE,
        f"{place}/toetsniveau[1]": Reason.CODE,
        f"{place}/datum_afname[1]": Reason.INCOMPLETE,
    }


def test_a_kind_of_test_that_is_gone_takes_its_result_with_it() -> None:
    """Test 0015 has no counterpart in 2019.1: a result cannot be without its kind of test."""
    document = _plain("2018.1.1")
    test = _pupil(document).eindtoets_basisonderwijs
    test.deelgenomen = True
    test.eindtoetsresultaat.toetssoort, test.eindtoetsresultaat.toetsniveau = "0015", "G"
    test.eindtoetsresultaat.datum_afname.CopyFrom(_DAY)

    conversion = _converted(document, "2019.1")

    assert not _pupil(conversion.document).eindtoets_basisonderwijs.HasField("eindtoetsresultaat")
    assert len(conversion.losses) == 3


def test_contents_under_a_forbidden_switch_go_or_the_switch_opens() -> None:
    """2019.1 refuses contents under VERBODEN: they are dropped, or the switch becomes OPTIONEEL."""
    document = _plain("2018.1.1")
    _switches(document).cat_vve = "VERBODEN"
    _pupil(document).vanpeuterspeelzaal = True

    dropped = _converted(document, "2019.1")
    allowed = _converted(document, "2019.1", forbidden="allow")

    assert not _pupil(dropped.document).HasField("vanpeuterspeelzaal")
    assert _lost(dropped)["/vanpeuterspeelzaal[1]"] is Reason.SWITCHED_OFF
    assert _pupil(allowed.document).vanpeuterspeelzaal
    assert _switches(allowed.document).cat_vve == "OPTIONEEL"
    assert Reason.SWITCH_CHANGED in {one.cause.reason for one in allowed.changes}


def test_what_other_rules_ask_for_opens_its_forbidden_switch() -> None:
    """The advice must be there: under VERBODEN the switch is wrong, and the advice stays."""
    document = _plain("2018.1.1", "POVO")
    _switches(document).cat_overstapadvies = "VERBODEN"
    document.dossier.overdrachtsoort = "overstapdossier"

    conversion = _converted(document, "2019.1")

    assert _pupil(conversion.document).HasField("overstapadvies")
    assert _switches(conversion.document).cat_overstapadvies == "OPTIONEEL"


def test_forbidden_support_leaves_the_plans_of_action() -> None:
    """Plans of action stand in support but are a category of their own."""
    document = _plain("2018.1.1")
    _switches(document).cat_zorgenbegeleiding = "VERBODEN"
    _pupil(document).zorg.medicijngebruik = True
    plan = _pupil(document).handelingsplanlijst.add(isgerichtop="x")
    plan.startdatum.CopyFrom(_DAY)

    conversion = _converted(document, "2019.1")

    support = _pupil(conversion.document).onderwijsondersteuning
    assert [field.name for field, _ in support.ListFields()] == ["handelingsplan"]


def test_a_transfer_inside_the_institution_loses_birth_place_and_nationality() -> None:
    """2019.1 refuses both in a transfer inside the institution, and there only."""
    document = _plain("2018.1.1")
    _pupil(document).geboorteplaats = "x"
    stays = _converted(document, "2019.1")
    document.dossier.overdrachtsoort = "overdrachtbinnenbrin"

    goes = _converted(document, "2019.1")

    assert _pupil(stays.document).geboorteplaats == "x"
    assert not _pupil(goes.document).HasField("geboorteplaats")
    assert _lost(goes)["/geboorteplaats[1]"] is Reason.KIND


def test_a_diagnosis_of_several_codes_becomes_several() -> None:
    """2018.1.1 has one code in a diagnosis; a code it does not know is lost, the others are not."""
    document = _plain()
    _pupil(document).onderwijsondersteuning.diagnose.add(code=["F84", "HB", "F90"], naam="x")

    conversion = _converted(document, "2018.1.1")

    found = _pupil(conversion.document).zorg.diagnose
    assert [(one.code, one.naam) for one in found] == [("F84", "x"), ("F90", "x")]
    place = "/onderwijsondersteuning[1]/diagnose[1]"
    assert _lost(conversion) == {f"{place}/code[2]": Reason.CODE}
    assert [one.to for one in conversion.moves if one.path.endswith("/naam[1]")] == [
        f"{_PUPIL}/zorg[1]/diagnose[1]/naam[1]",
        f"{_PUPIL}/zorg[1]/diagnose[2]/naam[1]",
    ]


def test_a_diagnosis_of_new_codes_only_is_lost() -> None:
    """A diagnosis none of whose codes 2018.1.1 knows cannot be told: all of it is reported."""
    document = _plain()
    _pupil(document).onderwijsondersteuning.diagnose.add(code=["HB"], naam="x")

    conversion = _converted(document, "2018.1.1")

    place = "/onderwijsondersteuning[1]/diagnose[1]"
    assert _lost(conversion) == {
        f"{place}/code[1]": Reason.CODE,
        f"{place}/naam[1]": Reason.INCOMPLETE,
    }


def test_an_arrangement_without_a_school_is_lost_going_down() -> None:
    """2018.1.1 wants the school with an arrangement."""
    document = _plain()
    support = _pupil(document).onderwijsondersteuning
    for brin in ("", "01AA"):
        one = support.arrangement_cluster12.add()
        one.arrangement_datum.CopyFrom(_DAY)
        if brin:
            one.arrangement_brin, one.arrangement_vestigingscode = brin, "00"

    conversion = _converted(document, "2018.1.1")

    assert [one.arrangement_brin for one in _pupil(conversion.document).zorg.arrangement] == [
        "01AA"
    ]
    place = "/onderwijsondersteuning[1]/arrangement_cluster12[1]"
    assert _lost(conversion) == {f"{place}/arrangement_datum[1]": Reason.INCOMPLETE}


@pytest.mark.parametrize(
    ("policy", "code", "lost"),
    [
        ("combination", 6, ["codevoorschoolsprogramma"]),
        ("drop", 0, ["codevoorschoolsprogramma", "voorschoolsemaanden"]),
    ],
)
def test_programmes_without_a_code_become_a_combination(
    policy: str, code: int, lost: list[str]
) -> None:
    """Down to 2017.1.2 a programme above 6 becomes a combination, or takes its block with it."""
    document = _plain("2018.1.1")
    before = _pupil(document).voorschools
    before.codevoorschoolsprogramma, before.voorschoolsemaanden = 12, 3

    conversion = _converted(document, "2017.1.2", preschool=policy)

    assert _pupil(conversion.document).voorschools.codevoorschoolsprogramma == code
    assert list(_lost(conversion)) == [f"/voorschools[1]/{name}[1]" for name in lost]


def test_the_death_of_a_carer_is_lost_before_2018() -> None:
    """2017.1.2 cannot say that a carer died: that is reported, the carer stays."""
    document = _plain("2018.1.1")
    carer = _pupil(document).verzorger[0]
    carer.overleden = True
    carer.overlijdensdatum.CopyFrom(_DAY)

    conversion = _converted(document, "2017.1.2")

    assert _lost(conversion) == {
        "/verzorger[1]/overleden[1]": Reason.NOT_IN_YEAR,
        "/verzorger[1]/overlijdensdatum[1]": Reason.NOT_IN_YEAR,
    }


def test_up_from_2016_switches_are_added() -> None:
    """2017.1.2 wants switches: what must be there always is VERPLICHT, all else OPTIONEEL."""
    document = _plain("2016.1")

    conversion = _converted(document, "2017.1.2")

    switches = _switches(conversion.document)
    values = {field.name: value for field, value in switches.ListFields()}
    assert len(values) == 16
    assert {name for name, value in values.items() if value == "VERPLICHT"} == {
        "cat_metadata",
        "cat_school",
        "cat_leerling",
    }
    assert sum(one.cause.reason is Reason.SWITCH_ADDED for one in conversion.changes) == 16


def test_a_swv_file_has_no_counterpart_in_2016() -> None:
    """2016.1 has no swv files: the conversion is refused, saying what has no counterpart."""
    document = _plain()
    document.dossier.overdrachtsoort = "swv-dossier"

    with pytest.raises(CannotConvertError) as caught:
        convert(document, year_named("2016.1"))

    assert [one.path for one in caught.value.losses] == ["/dossier[1]/overdrachtsoort[1]"]
    assert "codelijst 29 van 2016.1" in caught.value.text("nl")


@pytest.mark.parametrize(
    ("policy", "left"),
    [("drop", ["2016-08-01"]), ("keep", ["2016-07-31", "2016-08-01"])],
)
def test_tests_from_too_long_ago_stay_behind_in_povo(policy: str, left: list[str]) -> None:
    """2016.1 refuses tests from before the last three school years, as the file's date has them."""
    document = _plain(profile="POVO")
    pupil = _pupil(document)
    some = pupil.toetslijst[0]
    del pupil.toetslijst[:]
    for day in (Date(year=2016, month=7, day=31), Date(year=2016, month=8, day=1)):
        test = pupil.toetslijst.add()
        test.CopyFrom(some)
        test.afname.afnamedatum.CopyFrom(day)
    document.dossier.metadata.datum.CopyFrom(Date(year=2019, month=5, day=15))

    conversion = _converted(document, "2016.1", old_tests=policy)

    days = [one.afname.afnamedatum for one in _pupil(conversion.document).toetslijst]
    assert [f"{day.year}-{day.month:02d}-{day.day:02d}" for day in days] == left
    assert (Reason.OLD_TEST in _lost(conversion).values()) == (policy == "drop")


def test_a_school_year_begins_in_august() -> None:
    """A file made in August belongs to the new school year: one year of tests more stays behind."""
    document = _plain(profile="POVO")
    pupil = _pupil(document)
    del pupil.toetslijst[1:]
    pupil.toetslijst[0].afname.afnamedatum.CopyFrom(Date(year=2017, month=7, day=31))
    document.dossier.metadata.datum.CopyFrom(Date(year=2019, month=8, day=1))

    conversion = _converted(document, "2016.1")

    assert list(_pupil(conversion.document).toetslijst) == []


def test_a_final_test_without_a_code_in_2016_goes_as_a_whole() -> None:
    """Level G has no counterpart in 2016.1, which wants a result: the whole test is reported."""
    document = _plain()
    test = _pupil(document).eindtoets_basisonderwijs
    test.deelgenomen = True
    test.eindtoetsresultaat.toetssoort, test.eindtoetsresultaat.toetsniveau = "0011", "G"
    test.eindtoetsresultaat.datum_afname.CopyFrom(_DAY)

    conversion = _converted(document, "2016.1")

    assert not _pupil(conversion.document).HasField("eindtoets_basisonderwijs")
    lost = _lost(conversion)
    assert lost["/eindtoets_basisonderwijs[1]/deelgenomen[1]"] is Reason.INCOMPLETE
    assert lost["/eindtoets_basisonderwijs[1]/eindtoetsresultaat[1]/toetsniveau[1]"] is Reason.CODE


@pytest.mark.parametrize("secret", [True, False])
def test_a_secret_address_of_a_carer_does_not_go_to_2016(secret: bool) -> None:  # noqa: FBT001  the table
    """2016.1 refuses the address of a carer who keeps it secret; one that is not secret stays."""
    document = _plain()
    carer = _pupil(document).verzorger[0]
    carer.adresgeheim = secret

    conversion = _converted(document, "2016.1")

    assert len(_pupil(conversion.document).verzorger[0].adreslijst) == (
        0 if secret else len(carer.adreslijst)
    )
    assert (Reason.SECRET_ADDRESS in _lost(conversion).values()) == secret
