"""Each rule of a profile: what breaks it, in which profiles, and where the finding is.

Misuse tried here: what is absent, what is empty, what is there where it may not be; the same in
profiles the rule is not for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .made import (
    METADATA,
    MOVES,
    PROFILES,
    PUPIL,
    SCHOOL,
    SUPPORT,
    add,
    clear,
    errors,
    made,
    pupil,
    put,
    warnings,
)

if TYPE_CHECKING:
    from .made import Change

DOSSIER = "/dossier[1]"
INSPECTION = f"{DOSSIER}/inzage[1]"


def header(change: Change) -> Change:
    """Make a change to the header one to a dossier."""
    return lambda dossier: change(dossier.metadata)


def inspection(change: Change) -> Change:
    """Make a change to the inspection one to a dossier."""
    return lambda dossier: change(dossier.inzage)


def secret(*more: Change) -> Change:
    """Make the pupil's address secret and then other changes; there is no address to begin with."""

    def change(pupil: Any) -> None:
        pupil.ClearField("adreslijst")
        pupil.adresgeheim = True
        for one in more:
            one(pupil)

    return change


def address(pupil: Any) -> None:
    """Give a pupil an address."""
    pupil.adreslijst.adres.add(soortadres="post")


def contact(soort: str, nummer: str) -> Change:
    """Add a secret contact to the pupil, the second carer and the school."""

    def change(dossier: Any) -> None:
        for holder in (
            dossier.huidigeschool,
            dossier.huidigeschool.leerling,
            dossier.huidigeschool.leerling.verzorger[1],
        ):
            holder.communicatielijst.add(soort=soort, nummer=nummer, geheim=True)

    return change


ABROAD = add("adresbuitenland")

# What is changed, where that is found, and the rules with the profiles they are for.
BROKEN: list[tuple[str, Change, str, dict[str, tuple[str, ...]]]] = [
    (
        "no administration",
        header(put(deeldossier="LVS")),
        METADATA,
        {"OVa.MD01": (*MOVES, "BB"), "PaO.MD01": SUPPORT},
    ),
    (
        "other validatieversie",
        header(put(validatieversie="2018.1.1")),
        METADATA,
        {"OVa.MD02": (*MOVES, "BB"), "PaO.MD02": SUPPORT},
    ),
    (
        "no switches",
        header(clear("categorie_uitlevering")),
        METADATA,
        {"OVa.MD03": MOVES, "OVb.MD03": ("BB",), "PaO.MD03": SUPPORT},
    ),
    ("no inspection", clear("inzage"), DOSSIER, {"OVa.IZ01": MOVES}),
    ("not inspected", inspection(put(inzage=False)), INSPECTION, {"OVa.IZ02": MOVES}),
    ("inspection unknown", inspection(clear("inzage")), INSPECTION, {"OVa.IZ02": MOVES}),
    ("no day", inspection(clear("inzagedatum")), INSPECTION, {"OVa.IZ03": MOVES}),
    ("no answer", inspection(clear("akkoord")), INSPECTION, {"OVa.IZ04": MOVES}),
    ("no consent", inspection(clear("toestemming")), INSPECTION, {"OVa.IZ05": ("VOVO",)}),
    (
        "no address of the school",
        lambda dossier: dossier.huidigeschool.ClearField("adreslijst"),
        SCHOOL,
        {"OVa.SL01.address": MOVES, "PaO.SL01.address": SUPPORT},
    ),
    (
        "no contact of the school",
        lambda dossier: dossier.huidigeschool.ClearField("communicatielijst"),
        SCHOOL,
        {"OVa.SL02": MOVES, "PaO.SL02": SUPPORT},
    ),
    ("no name", pupil(clear("voornaam")), PUPIL, {"OVa.LL01": MOVES, "PaO.LL01": SUPPORT}),
    (
        "no birth date",
        pupil(clear("geboortedatum")),
        PUPIL,
        {"OVa.LL02": MOVES, "PaO.LL02": SUPPORT},
    ),
    (
        "not said whether secret",
        pupil(clear("adresgeheim")),
        PUPIL,
        {"OVa.LL04": MOVES, "PaO.LL04": SUPPORT},
    ),
    (
        "no address",
        pupil(clear("adreslijst")),
        PUPIL,
        {"OVa.LL05": MOVES, "PaO.LL05": SUPPORT},
    ),
    (
        "secret address",
        pupil(secret(address)),
        PUPIL,
        {"OVa.LL06": MOVES, "OVb.LL02": ("BB",), "PaO.LL06": SUPPORT},
    ),
    (
        "postal code alone",
        pupil(secret(put(postcode4adres="1234"))),
        PUPIL,
        {"OVa.LL07": MOVES, "OVb.LL03": ("BB",), "PaO.LL07": SUPPORT},
    ),
    (
        "secret address abroad",
        pupil(secret(ABROAD)),
        PUPIL,
        {"OVa.LL09": MOVES, "OVb.LL05": ("BB",), "PaO.LL09": SUPPORT},
    ),
    (
        "place of birth",
        pupil(put(geboorteplaats="")),
        PUPIL,
        {"OVa.LL10": MOVES, "OVb.LLxx.geboorteplaats": ("BB",), "PaO.LL10": SUPPORT},
    ),
    (
        "nationality",
        pupil(add("nationaliteit")),
        PUPIL,
        {"OVa.LL11": MOVES, "OVb.LLxx.nationaliteit": ("BB",), "PaO.LL11": SUPPORT},
    ),
    ("no number", pupil(clear("bsn")), PUPIL, {"OVa.LL12": MOVES}),
    ("a number", pupil(put(onderwijsnummer="")), PUPIL, {"PaO.LL12": SUPPORT}),
    ("no key", pupil(clear("leerlingid")), PUPIL, {"OVa.LL13": ("POVO",)}),
    ("no day of enrolment", pupil(clear("datuminschrijving")), PUPIL, {"OVa.LL14": MOVES}),
    (
        "carers nowhere",
        pupil(clear("verzorger")),
        PUPIL,
        {"OVa.OV01": MOVES, "PaO.OV01": SUPPORT},
    ),
    (
        "carers not liable",
        pupil(put(verzorgersaansprakelijk=False)),
        PUPIL,
        {"OVa.AI01.POPO": ("POPO",), "OVa.AI01.POVO": ("POVO",)},
    ),
    (
        "pre-school",
        pupil(add("voorschools")),
        PUPIL,
        {"OVa.VV01": ("POVO", "VOVO"), "PaO.VV03": ("VOSWV",)},
    ),
    (
        "early school",
        pupil(add("vroegschools")),
        PUPIL,
        {"OVa.VV02": ("POVO", "VOVO"), "PaO.VV04": ("VOSWV",)},
    ),
    ("playgroup", pupil(add("vanpeuterspeelzaal")), PUPIL, {"PaO.VV01": ("VOSWV",)}),
    ("its name", pupil(add("naampeuterspeelzaal")), PUPIL, {"PaO.VV02": ("VOSWV",)}),
    (
        "no career",
        pupil(clear("schoolloopbaanlijst")),
        PUPIL,
        {"OVa.SL01.career": MOVES, "PaO.SL01.career": SUPPORT},
    ),
    ("no advice", pupil(clear("overstapadvies")), PUPIL, {"OVa.OA01": MOVES}),
    ("final test", pupil(add("eindtoets_basisonderwijs")), PUPIL, {"PaO.EB01": ("POSWV",)}),
    ("promotion", pupil(add("bevorderd")), PUPIL, {"PaO.VM01": ("POSWV",)}),
    ("examination", pupil(add("examenresultaat")), PUPIL, {"PaO.VM02": ("POSWV",)}),
    ("subjects", pupil(add("resultaatvakkenvo")), PUPIL, {"PaO.VM03": ("POSWV",)}),
    ("certificates", pupil(add("certificaat")), PUPIL, {"PaO.VM04": ("POSWV",)}),
    ("competencies", pupil(add("competenties")), PUPIL, {"PaO.VM05": ("POSWV",)}),
    ("internship", pupil(add("stage")), PUPIL, {"PaO.VM06": ("POSWV",)}),
    ("other", pupil(add("overigvombo")), PUPIL, {"PaO.VM07": ("POSWV",)}),
    (
        "bank account",
        pupil(lambda pupil: put(banknummer="")(pupil.verzorger[1])),
        f"{PUPIL}/verzorger[2]",
        {"PaO.OV05": SUPPORT},
    ),
]


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_made_is_valid(profile: str) -> None:
    """The dossiers the tests begin with break nothing."""
    assert errors(profile, lambda _: None) == []
    assert warnings(profile, lambda _: None) == []


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("change", "place", "rules"), [one[1:] for one in BROKEN], ids=[one[0] for one in BROKEN]
)
def test_a_rule_holds_in_its_profiles(
    change: Change, place: str, rules: dict[str, tuple[str, ...]], profile: str
) -> None:
    """A change breaks the rule of the profile and no other, at its place; elsewhere nothing."""
    expected = [(rule, place) for rule, profiles in rules.items() if profile in profiles]

    assert errors(profile, change) == expected


@pytest.mark.parametrize(
    ("profile", "rules"),
    [
        *[(one, ["OVa.OS01", "OVa.OS02"]) for one in MOVES],
        *[(one, ["PaO.SO01", "PaO.SO02"]) for one in SUPPORT],
        ("BB", []),
    ],
)
def test_a_dossier_needs_its_move(profile: str, rules: list[str]) -> None:
    """Without a move both the rule that it is there and the rule which it may be are broken."""
    assert errors(profile, header(clear("overstap"))) == [(one, METADATA) for one in rules]


def test_only_the_month_of_birth_breaks_two_rules() -> None:
    """The month stands in the place of the date: the one is missing and the other forbidden."""
    change = pupil(put(geboortemaand="2010-05"))

    assert errors("POPO", change) == [("OVa.LL02", PUPIL), ("OVa.LL03", PUPIL)]
    assert errors("BB", change) == [("OVb.LL01", PUPIL)]
    assert errors("VOSWV", change) == [("PaO.LL02", PUPIL), ("PaO.LL03", PUPIL)]


def test_not_said_whether_carers_are_liable() -> None:
    """It must be said in moves; where nobody is liable then, an institution must be."""
    change = pupil(clear("verzorgersaansprakelijk"))

    assert errors("POPO", change) == [("OVa.LL15", PUPIL), ("OVa.AI01.POPO", PUPIL)]
    assert errors("VOVO", change) == [("OVa.LL15", PUPIL)]
    assert errors("POSWV", change) == []


@pytest.mark.parametrize(
    ("soort", "dummy", "kind"),
    [("telefoon", "9999999999", "phone"), ("e-mail", "geheim@geheim.geheim", "email")],
)
@pytest.mark.parametrize(
    ("profile", "rule"),
    [*[(one, "OVa.LL08") for one in MOVES], ("BB", "OVb.LL04"), ("POSWV", "PaO.LL08")],
)
def test_a_secret_contact_is_not_shown(
    soort: str, dummy: str, kind: str, profile: str, rule: str
) -> None:
    """Every secret contact in the file must be the stand-in; in the order of the document."""
    places = [SCHOOL, PUPIL, f"{PUPIL}/verzorger[2]"]
    known = made(profile).huidigeschool
    counts = [
        len(one.communicatielijst) + 1
        for one in (known, known.leerling, known.leerling.verzorger[1])
    ]
    expected = [
        (f"{rule}.{kind}", f"{place}/communicatielijst[1]/communicatie[{count}]")
        for place, count in zip(places, counts, strict=True)
    ]

    assert errors(profile, contact(soort, "a@b.nl")) == expected
    assert errors(profile, contact(soort, dummy)) == []


def test_phones_and_addresses_are_found_contact_by_contact() -> None:
    """Where both kinds are wrong, the findings follow the contacts, not the rules."""

    def change(dossier: Any) -> None:
        contact("e-mail", "a@b.nl")(dossier)
        contact("telefoon", "06")(dossier)

    rules = [rule for rule, _ in errors("POVO", change)]

    assert rules == ["OVa.LL08.email", "OVa.LL08.phone"] * 3


def test_the_findings_of_a_profile_follow_the_document() -> None:
    """The dossier itself comes before its header, and that before the school and the pupil."""

    def change(dossier: Any) -> None:
        header(put(deeldossier="TIB"))(dossier)
        dossier.ClearField("inzage")
        dossier.huidigeschool.ClearField("adreslijst")
        dossier.huidigeschool.leerling.ClearField("voornaam")

    assert errors("POVO", change) == [
        ("OVa.IZ01", DOSSIER),
        ("OVa.MD01", METADATA),
        ("OVa.SL01.address", SCHOOL),
        ("OVa.LL01", PUPIL),
    ]
