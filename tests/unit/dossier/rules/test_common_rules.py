"""The rules for every dossier: codes, e-mail addresses, versions, carers who died, the doctor.

Misuse tried here: an empty code, a code in capitals, a code of another list, the same element in
many places, and texts around the edges of what an e-mail address is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oso_dossier.data_set import YEARS, set_year
from oso_dossier.rules import validate
from oso_dossier.rules.code_lists import code_rules

from .made import METADATA, PROFILES, PUPIL, SCHOOL, errors, made, pupil, put

if TYPE_CHECKING:
    from .made import Change

TESTED_ONCE = "CL.33"
HISTORY = f"{PUPIL}/schoolloopbaanlijst[1]/schoolloopbaan"
FINAL = f"{PUPIL}/eindtoets_basisonderwijs[1]/eindtoetsresultaat[1]"
SUPPORT_NEEDS = f"{PUPIL}/onderwijsondersteuning[1]"


def _codes(pupil: Any) -> None:
    """Give a pupil an element with each code, wrong but for the one that is not set."""
    put(nnca="3", leerlinggewicht="0.3", geslacht=3)(pupil)
    put(
        codevoorschoolsehistorie=0,
        codevoorschoolsprogramma=16,
        codevoorschoolsetoeleider=10,
        codevoorschoolsedeelname=6,
    )(pupil.voorschools)
    pupil.vroegschools.add(codevroegschoolsprogramma=1)
    pupil.vroegschools.add(codevroegschoolsprogramma=0)
    put(advies="", wensouders="1", wensleerling="010", herzienadvies="x", profiel="Basis")(
        pupil.overstapadvies
    )
    support = pupil.onderwijsondersteuning
    support.diagnose.add(code=["HB", "hb", "F80"])
    support.diagnose.add(code=[""])
    support.tlv.add(tlvcategorie="nvt")
    support.rvc.rvcindicatie = "Lwoo"
    del pupil.verzorger[1:]
    put(relatietotkind="0", geslacht=9)(pupil.verzorger[0])


CODES = [
    ("CL.02.advies", f"{PUPIL}/overstapadvies[1]/advies[1]"),
    ("CL.02.wensouders", f"{PUPIL}/overstapadvies[1]/wensouders[1]"),
    ("CL.02.wensleerling", f"{PUPIL}/overstapadvies[1]/wensleerling[1]"),
    ("CL.02.herzienadvies", f"{PUPIL}/overstapadvies[1]/herzienadvies[1]"),
    ("CL.06", f"{PUPIL}/voorschools[1]/codevoorschoolsetoeleider[1]"),
    ("CL.07", f"{PUPIL}/voorschools[1]/codevoorschoolsehistorie[1]"),
    ("CL.08", f"{PUPIL}/voorschools[1]/codevoorschoolsedeelname[1]"),
    ("CL.09.voorschools", f"{PUPIL}/voorschools[1]/codevoorschoolsprogramma[1]"),
    ("CL.09.vroegschools", f"{PUPIL}/vroegschools[2]/codevroegschoolsprogramma[1]"),
    ("CL.10", f"{PUPIL}/nnca[1]"),
    ("CL.14", f"{PUPIL}/geslacht[1]"),
    ("CL.14", f"{PUPIL}/verzorger[1]/geslacht[1]"),
    ("CL.15", f"{PUPIL}/leerlinggewicht[1]"),
    ("CL.17", f"{SUPPORT_NEEDS}/rvc[1]/rvcindicatie[1]"),
    ("CL.21", f"{PUPIL}/overstapadvies[1]/profiel[1]"),
    ("CL.23", f"{SUPPORT_NEEDS}/diagnose[1]/code[2]"),
    ("CL.23", f"{SUPPORT_NEEDS}/diagnose[2]/code[1]"),
    ("CL.31", f"{SUPPORT_NEEDS}/tlv[1]/tlvcategorie[1]"),
    ("CL.41", f"{PUPIL}/verzorger[1]/relatietotkind[1]"),
]


def test_wrong_codes_are_found_by_list_and_then_as_they_stand() -> None:
    """Each wrong code is found at its place: list by list, and for one list down the document."""
    assert errors("POPO", pupil(_codes)) == CODES


def _lists(pupil: Any) -> None:
    """Give a pupil tests and cards with a wrong year group in each place there is for one."""
    pupil.ClearField("toetslijst")
    pupil.ClearField("cijferlijstlijst")
    pupil.schoolloopbaanlijst[0].jaargroep = "9"
    test = pupil.toetslijst.add()
    test.afname.jaargroep = "00"
    test.resultaat.referentiescore.add(codereferentiescore="ae", codevergelijkingsgroep="vwo")
    part = test.toetsonderdeel.add().resultaat.referentiescore
    part.add(codereferentiescore="AE", codevergelijkingsgroep="VWO")
    part.add(codereferentiescore="", codevergelijkingsgroep="")
    card = pupil.cijferlijstlijst.add(jaargroep="s")
    for name in ("a", "b"):
        group = card.cijferlijst_typelijst.add(naam=name)
        group.onderdeel.add(naam=name, jaargroep=name).score.waarde = "1"
        group.score.add(waarde="1")


def test_a_code_in_many_places_is_found_down_the_document() -> None:
    """A card's own year group stands after those of its lines; groups count on through a card."""
    test = f"{PUPIL}/toetslijst[1]/toets[1]"
    part = f"{test}/toetsonderdeel[1]/resultaat[1]/referentiescore[2]"
    card = f"{PUPIL}/cijferlijstlijst[1]/cijferlijst[1]"

    assert errors("POPO", pupil(_lists)) == [
        ("CL.11", f"{test}/resultaat[1]/referentiescore[1]/codereferentiescore[1]"),
        ("CL.11", f"{part}/codereferentiescore[1]"),
        ("CL.13", f"{HISTORY}[1]/jaargroep[1]"),
        ("CL.13", f"{test}/afname[1]/jaargroep[1]"),
        ("CL.13", f"{card}/cijferlijstTypelijst[1]/onderdeel[1]/jaargroep[1]"),
        ("CL.13", f"{card}/cijferlijstTypelijst[1]/onderdeel[2]/jaargroep[1]"),
        ("CL.13", f"{card}/jaargroep[1]"),
        ("CL.22", f"{test}/resultaat[1]/referentiescore[1]/codevergelijkingsgroep[1]"),
        ("CL.22", f"{part}/codevergelijkingsgroep[1]"),
    ]


def _final_test(pupil: Any) -> None:
    result = pupil.eindtoets_basisonderwijs.eindtoetsresultaat
    put(toetssoort="11", toetsniveau="g", wettelijke_ontheffing="true")(result)
    part = result.onderdelen.add(onderdeelcode="8050", ond_referentieniveau="1")
    part.domeinen.domein.add(domeincode="8000", dom_referentieniveau="05")


def test_codes_of_the_final_test() -> None:
    """The lists of the final test are tested at each level of it."""
    part = f"{FINAL}/onderdelen[1]/onderdeel[1]"
    domain = f"{part}/domeinen[1]/domein[1]"

    assert errors("POVO", pupil(_final_test)) == [
        ("CL.42", f"{FINAL}/toetssoort[1]"),
        ("CL.43", f"{FINAL}/toetsniveau[1]"),
        ("CL.44", f"{FINAL}/wettelijke_ontheffing[1]"),
        ("CL.45.onderdeel", f"{part}/ond_referentieniveau[1]"),
        ("CL.45.domein", f"{domain}/dom_referentieniveau[1]"),
        ("CL.46", f"{part}/onderdeelcode[1]"),
        ("CL.47", f"{domain}/domeincode[1]"),
    ]


def _around(dossier: Any) -> None:
    dossier.inzage.akkoord = "ja"
    dossier.inzage.toestemming = ""
    school = dossier.huidigeschool
    school.adreslijst[0].soortadres = "Post"
    school.adreslijst[0].aanduiding = "to"
    school.communicatielijst[0].soort = "fax"
    school.communicatielijst[0].aanduiding = "privé"
    school.leerling.examenresultaat.examenuitslag = "Geslaagd"
    school.leerling.resultaatvakkenvo.add(beoordelingexamenvak="goed")


def test_codes_around_the_pupil() -> None:
    """Contacts, addresses, inspection and examination have codes too."""
    subject = f"{PUPIL}/resultaatvakkenvo[1]"

    assert errors("VOVO", _around) == [
        ("CL.04", f"{SCHOOL}/communicatielijst[1]/communicatie[1]/soort[1]"),
        ("CL.05", f"{SCHOOL}/communicatielijst[1]/communicatie[1]/aanduiding[1]"),
        ("CL.18", f"{SCHOOL}/adreslijst[1]/adres[1]/aanduiding[1]"),
        ("CL.19", f"{SCHOOL}/adreslijst[1]/adres[1]/soortadres[1]"),
        ("CL.35", f"{PUPIL}/examenresultaat[1]/examenuitslag[1]"),
        ("CL.36", f"{subject}/beoordelingexamenvak[1]"),
        ("CL.37.akkoord", "/dossier[1]/inzage[1]/akkoord[1]"),
        ("CL.37.toestemming", "/dossier[1]/inzage[1]/toestemming[1]"),
    ]


def test_codes_of_the_header() -> None:
    """The part of the file is tested once, with the file as its place; the others at theirs."""

    def change(dossier: Any) -> None:
        put(deeldossier="las", overstap="popo")(dossier.metadata)
        dossier.overdrachtsoort = "Overstapdossier"
        for field in dossier.metadata.categorie_uitlevering.DESCRIPTOR.fields:
            if field.name != "cat_zorgenbegeleiding":
                setattr(dossier.metadata.categorie_uitlevering, field.name, "verboden")

    found = errors("POPO", change)
    switches = [one for one in found if one[0].startswith("CL.48")]

    assert found[:3] == [
        ("CL.16", f"{METADATA}/overstap[1]"),
        ("CL.29", "/dossier[1]/overdrachtsoort[1]"),
        (TESTED_ONCE, "/[1]"),
    ]
    assert [rule for rule, _ in switches] == [
        one.rule.id for one in code_rules() if one.code_list == 48 and not one.rule.last_year
    ]
    assert switches[-1] == (
        "CL.48.cat_bijlagedocs",
        f"{METADATA}/categorie_uitlevering[1]/cat_bijlagedocs[1]",
    )


CONTACT = f"{SCHOOL}/communicatielijst[1]/communicatie[1]"
SHORT, LONG, AT, PATTERN = (f"OG.01.{name}" for name in ("minlength", "maxlength", "at", "pattern"))


@pytest.mark.parametrize(
    ("number", "rules"),
    [
        ("a@b", [SHORT]),
        ("a@bc", []),
        ("a@b.nl", []),
        ("", [SHORT, AT, PATTERN]),
        ("0612345678", [AT, PATTERN]),
        ("a@b.nl ", [PATTERN]),
        ("a@b.nl\n", [PATTERN]),
        ("@b.nl", [PATTERN]),
        ("a@", [SHORT, PATTERN]),
        ("aa@-b", [PATTERN]),
        ("aa@b-", [PATTERN]),
        ("aa@b-c", []),
        ("aa@b..c", [PATTERN]),
        ("aa@b.", [PATTERN]),
        ("aa@b_c", [PATTERN]),
        ("é@b.nl", [PATTERN]),
        ("aa@é.nl", [PATTERN]),
        ("mail naar: a@b.nl", []),
        ("a@b a@c", []),
        ("a@b@c", []),
        ("a b@@c", [PATTERN]),
        ("!#$%*+=?^_`{|}~.-@b", []),
        ("a&@b", [PATTERN]),
        ("a&a@b", []),
        ("a@" + "b" * 254, []),
        ("a@" + "b" * 255, [LONG]),
        ("😀" * 250 + "aa@b.nl", [LONG]),
        ("😀" * 249 + "aa@b.nl", []),
    ],
)
@pytest.mark.parametrize("profile", PROFILES)
def test_an_email_address_is_judged_by_its_end(number: str, rules: list[str], profile: str) -> None:
    """Length, an @, and a name and a domain at the end; what stands before them is free."""

    def change(dossier: Any) -> None:
        put(soort="e-mail", nummer=number)(dossier.huidigeschool.communicatielijst[0])

    assert errors(profile, change) == [(rule, CONTACT) for rule in rules]


def test_email_addresses_are_found_contact_by_contact() -> None:
    """All that is wrong with one contact comes before what is wrong with the next."""

    def change(dossier: Any) -> None:
        for holder in (dossier.huidigeschool, dossier.huidigeschool.leerling):
            put(soort="e-mail", nummer="x")(holder.communicatielijst[0])

    found = errors("POPO", change)

    assert [rule for rule, _ in found] == [SHORT, AT, PATTERN] * 2
    assert {place for _, place in found[3:]} == {f"{PUPIL}/communicatielijst[1]/communicatie[1]"}


def test_the_version_is_that_of_the_year() -> None:
    """The version of the standard is compared to the letter, for every dossier."""
    change = lambda dossier: put(standaardversie="2018.1")(dossier.metadata)  # noqa: E731

    for profile in PROFILES:
        assert errors(profile, change) == [("OG.02", f"{METADATA}/standaardversie[1]")]


@pytest.mark.parametrize("year", YEARS, ids=[year.name for year in YEARS])
def test_each_year_wants_its_own_versions(year: Any) -> None:
    """In a dossier of another year the versions of 2019.1 are wrong, and its own are right."""
    dossier = made("BB")
    set_year(dossier, year)
    dossier.metadata.ClearField("categorie_uitlevering")

    def versions() -> list[str]:
        findings = validate(dossier, structure_checked=True).findings
        return [one.rule.id for one in findings if one.rule.id in {"OG.02", "OVa.MD02"}]

    wrong = versions()
    put(standaardversie=year.standaardversie, validatieversie=year.validatieversie)(
        dossier.metadata
    )

    assert versions() == []
    assert wrong == ([] if year.name == "2019.1" else ["OG.02", "OVa.MD02"])


DEATH = {"month": 1, "day": 2, "year": 2019}


@pytest.mark.parametrize(
    ("died", "rules"),
    [(None, ["OG.04.noflag", "OG.04.false"]), (False, ["OG.04.false"]), (True, [])],
)
def test_a_date_of_death_needs_a_death(died: bool | None, rules: list[str]) -> None:  # noqa: FBT001  a row of a table
    """A carer with a date of death is said to have died."""

    def change(pupil: Any) -> None:
        carer = pupil.verzorger[1]
        for name, value in DEATH.items():
            setattr(carer.overlijdensdatum, name, value)
        if died is not None:
            carer.overleden = died

    assert errors("VOVO", pupil(change)) == [(rule, f"{PUPIL}/verzorger[2]") for rule in rules]


DOCTOR = f"{PUPIL}/huisarts[1]"


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (put(roepnaam=""), ["roepnaam"]),
        (put(geslacht=0), ["geslacht"]),
        (put(adresgeheim=False), []),
        (put(adresgeheim=True), ["adresgeheim"]),
        (
            put(roepnaam="x", geslacht=1, adresgeheim=True),
            ["roepnaam", "geslacht", "adresgeheim"],
        ),
    ],
)
def test_some_things_do_not_belong_with_a_doctor(change: Change, rules: list[str]) -> None:
    """A doctor has no nickname, no gender and no secret address; a carer may have them."""

    def everyone(pupil: Any) -> None:
        change(pupil.huisarts)
        put(roepnaam="x", geslacht=1)(pupil.verzorger[0])

    assert errors("POPO", pupil(everyone)) == [(f"OG.05.{rule}", DOCTOR) for rule in rules]
