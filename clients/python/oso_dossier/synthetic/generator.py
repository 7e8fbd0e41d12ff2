"""One invented dossier from a profile and a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal

from oso.dossier.v1.dossier_pb2 import Dossier
from oso.options.v1 import field_pb2
from oso_dossier.attachments import describe
from oso_dossier.document import DossierDocument
from oso_dossier.profiles import BB, WITHIN_BRIN
from oso_dossier.synthetic import names
from oso_dossier.synthetic.drawing import pdf, png, zipped

if TYPE_CHECKING:
    from oso.dossier.v1.document_pb2 import Document

PROFILES = ("POPO", "POVO", "VOVO", BB, "POSWV", "VOSWV")
_ADVICE = ("10", "20", "30", "40", "50", "60", "70", "80")
_FORBIDDEN = {
    "POPO": ("cat_vombo",),
    "POVO": ("cat_vve", "cat_vombo"),
    "VOVO": ("cat_vve",),
    BB: (),
    "POSWV": ("cat_eindtoetsbo", "cat_vombo"),
    "VOSWV": ("cat_vve",),
}
_KINDS = {BB: WITHIN_BRIN, "POSWV": "swv-dossier", "VOSWV": "swv-dossier"}
_SECONDARY = frozenset({"VOVO", "VOSWV"})
_OPTIONAL = (
    "cat_vve",
    "cat_onderwijsondersteuning",
    "cat_verzuim",
    "cat_eindtoetsbo",
    "cat_toetsresultaten",
    "cat_handelingsplannen",
    "cat_cijferlijsten",
    "cat_vombo",
    "cat_bijlagedocs",
)
_FOR_SWV = (
    *(one for one in _OPTIONAL if one != "cat_onderwijsondersteuning"),
    "cat_ouderinzage",
    "cat_overstapadvies",
)
_OTHER_OPTIONAL = {
    BB: (
        *_OPTIONAL,
        "cat_ouderinzage",
        "cat_oudersverzorgers",
        "cat_schoolloopbaan",
        "cat_overstapadvies",
    ),
    "POSWV": _FOR_SWV,
    "VOSWV": _FOR_SWV,
}


@dataclass
class _Draw:
    """The chance of one dossier, and what it has drawn so far."""

    chance: random.Random
    profile: str
    attachments: list[bytes] = field(default_factory=list)

    def one(self, choices: Any) -> Any:
        """Draw one of some."""
        return choices[self.chance.randrange(len(choices))]

    def test_number(self) -> str:
        """Draw a BSN that nobody has: begins with 9999, passes the eleven-test."""
        while True:
            digits = [9, 9, 9, 9, *(self.chance.randrange(10) for _ in range(4))]
            rest = sum(
                digit * weight for digit, weight in zip(digits, range(9, 1, -1), strict=True)
            )
            if rest % 11 < 10:  # noqa: PLR2004  the check digit must be one digit
                return "".join(map(str, [*digits, rest % 11]))

    def attach(self, document: Document, name: str, about: str, content: bytes) -> None:
        """Fill a document and keep its bytes, in the order of the dossier."""
        self.attachments.append(zipped(name, content))
        document.bestandsnaam, document.omschrijving = name, about
        number = len(self.attachments)
        document.bestandsinhoud.CopyFrom(describe(self.attachments[-1], number))


def generate(profile: str, seed: int) -> DossierDocument:
    """Make an invented dossier.

    Args:
        profile: POPO, POVO, VOVO, BB, POSWV or VOSWV.
        seed: Any whole number; the same one gives the same dossier.

    Raises:
        ValueError: The profile is not one of these.

    """
    if profile not in PROFILES:
        raise ValueError(profile)
    draw = _Draw(random.Random(f"{profile}-{seed}"), profile)  # noqa: S311  not for secrets
    dossier = Dossier(overdrachtsoort=_KINDS.get(profile, "overstapdossier"))
    school_year = 2018
    _metadata(dossier, draw)
    dossier.inzage.voorlopigdossier = False
    dossier.inzage.inzage = True
    dossier.inzage.inzagedatum.CopyFrom(_date(date(2019, 5, 14)))
    dossier.inzage.akkoord = "Ja"
    if profile == "VOVO":
        dossier.inzage.toestemming = "Ja"
    town = draw.one(names.TOWNS)
    _school(dossier.huidigeschool, draw, town)
    _pupil(dossier.huidigeschool.leerling, draw, town, school_year)
    return DossierDocument(dossier, tuple(draw.attachments))


def _metadata(dossier: Dossier, draw: _Draw) -> None:
    metadata = dossier.metadata
    metadata.deeldossier = "LASLVS"
    metadata.pakketnaam, metadata.pakketversie = "OSO synthetic", "1"
    metadata.datum.CopyFrom(_date(date(2019, 5, 15)))
    metadata.standaardversie, metadata.validatieversie = "2019.1", "2019.1.1"
    metadata.overstap = "POPO" if draw.profile == BB else draw.profile
    optional = _OTHER_OPTIONAL.get(draw.profile, _OPTIONAL)
    switches = metadata.categorie_uitlevering
    for one in switches.DESCRIPTOR.fields:
        if one.GetOptions().Extensions[field_pb2.facts].last_year:
            continue  # of older years
        value = "OPTIONEEL" if one.name in optional else "VERPLICHT"
        if one.name in _FORBIDDEN[draw.profile]:
            value = "VERBODEN"
        elif one.name == "cat_vombo":
            value = "OPT-UIT"
        setattr(switches, one.name, value)


def _school(school: Any, draw: _Draw, town: tuple[str, str, str]) -> None:
    secondary = draw.profile in _SECONDARY
    kind = "Scholengemeenschap" if secondary else "Basisschool"
    school.naam = f"{kind} {draw.one(names.SCHOOLS)}"
    _address(school.adreslijst.add(), draw, town)
    _contact(school.communicatielijst.add(), "telefoon", "werk", "0880000000")
    _contact(school.communicatielijst.add(), "e-mail", "werk", "administratie@school.example")
    school.brincode, school.vestigingscode, school.aanleverpunt = (
        "01VV" if secondary else "00SS",
        "00",
        "1",
    )
    school.naamdirecteur = draw.one(names.TEACHERS)
    school.website = "https://www.school.example"


def _address(address: Any, draw: _Draw, town: tuple[str, str, str], street: str = "") -> None:
    address.soortadres = "bezoek"
    address.straat = street or draw.one(names.STREETS)
    address.nummer = str(draw.chance.randrange(1, 180))
    letters = "ABCDEGHJKLMNPRTVWXZ"
    address.postcode = (
        f"{town[2]}{draw.chance.randrange(10, 100)}{draw.one(letters)}{draw.one(letters)}"
    )
    address.plaats, address.gemeente = town[0], town[1]
    address.land.code, address.land.omschrijving = "6030", "Nederland"


def _contact(contact: Any, kind: str, use: str, value: str) -> None:
    contact.soort, contact.aanduiding, contact.nummer = kind, use, value
    contact.geheim = contact.noodnummer = False


def _pupil(pupil: Any, draw: _Draw, town: tuple[str, str, str], school_year: int) -> None:
    secondary = draw.profile in _SECONDARY
    first, gender = draw.one(names.FIRST_NAMES)
    second, _ = draw.one(names.FIRST_NAMES)
    prefix, surname = draw.one(names.SURNAMES)
    ages = {"POVO": 12, "VOVO": 14, "VOSWV": 14}
    age = ages.get(draw.profile, draw.chance.randrange(6, 10))
    born = date(school_year + 1 - age, 1, 1) + timedelta(days=draw.chance.randrange(240))
    pupil.voornaam.extend([first, second])
    pupil.voorletters_1 = f"{first[0]}.{second[0]}."
    if prefix:
        pupil.voorvoegsel = prefix
    pupil.achternaam, pupil.roepnaam, pupil.geslacht = surname, first, gender
    pupil.geboortedatum.CopyFrom(_date(born))
    pupil.adresgeheim = False
    home = pupil.adreslijst.adres.add()
    _address(home, draw, town)
    _contact(pupil.communicatielijst.add(), "telefoon", "prive", "0600000000")
    if draw.profile not in {"POSWV", "VOSWV"}:  # an SWV gets no number of a person
        pupil.bsn = draw.test_number()
    pupil.leerlingid = f"L{draw.chance.randrange(1000, 10000)}"
    started = date(born.year + (12 if secondary else 4), 8, 20)
    pupil.onderwijssinds.CopyFrom(_date(date(born.year + 4, 8, 20)))
    pupil.startdatumhuidigonderwijs.CopyFrom(_date(started))
    pupil.datuminschrijving.CopyFrom(_date(started))
    pupil.datumuitschrijving.CopyFrom(_date(date(school_year + 1, 7, 31)))
    pupil.verzorgersaansprakelijk = True
    level = draw.chance.randrange(len(_ADVICE))
    _advice(pupil.overstapadvies, draw, level)
    _career(pupil, draw, started.year, school_year)
    _support(pupil.onderwijsondersteuning, draw, school_year)
    _absence(pupil.verzuim, draw, secondary=secondary)
    if draw.profile == "POVO":
        _final_test(pupil.eindtoets_basisonderwijs, draw, level, school_year)
    if not secondary:
        _tests(pupil, draw, level, school_year, min(age - 4, 8))
    _grades(pupil, draw, school_year, secondary=secondary)
    drawing = pupil.overigdocumentlijst.add()
    about = "Tekening gemaakt bij de afscheidsmap"
    draw.attach(drawing, "tekening.png", about, png(draw.chance))
    for number in range(2):
        _parent(pupil.verzorger.add(), draw, surname if number else "", home)


def _advice(advice: Any, draw: _Draw, level: int) -> None:
    if draw.profile == "POVO":
        advice.advies = advice.wensouders = advice.wensleerling = _ADVICE[level]
    advice.argumentatie = (
        "Past bij de resultaten, de werkhouding en de zelfstandigheid van de leerling."
    )
    advice.contactnodig = False
    advice.contactpersoon = draw.one(names.TEACHERS)
    advice.contacttelefoon = "0880000000"
    advice.contactemail = "leerkracht@school.example"
    advice.aandachtspunten = "Werkt graag samen; heeft baat bij een vaste dagstructuur."


def _career(pupil: Any, draw: _Draw, first_year: int, last_year: int) -> None:
    for number, year in enumerate(range(first_year, last_year + 1), 1):
        stretch = pupil.schoolloopbaanlijst.add()
        stretch.schooljaar = f"{year}-{year + 1}"
        group = min(number, 3) if draw.profile in _SECONDARY else min(number, 8)
        stretch.jaargroep = str(group)
        stretch.groepscode = f"{group}A"
        stretch.groepsnaam = f"Groep {group}A"
        stretch.begindatum.CopyFrom(_date(date(year, 8, 20)))
        stretch.einddatum.CopyFrom(_date(date(year + 1, 7, 5)))
        stretch.brincode = "01VV" if draw.profile in _SECONDARY else "00SS"
        stretch.vestigingscode = "00"


def _support(support: Any, draw: _Draw, school_year: int) -> None:
    support.medicijngebruik = False
    plan = support.handelingsplan.add()
    plan.startdatum.CopyFrom(_date(date(school_year, 10, 1)))
    plan.einddatum.CopyFrom(_date(date(school_year + 1, 2, 1)))
    plan.isgerichtop = draw.one(("rekenen", "technisch lezen", "spelling", "concentratie"))
    lines = [
        f"Doel: vooruitgang op het gebied van {plan.isgerichtop}.",
        "Aanpak: twee keer per week twintig minuten in een kleine groep.",
        "Evaluatie: doel behaald, plan afgesloten.",
        "Dit document is verzonnen en gaat over niemand.",
    ]
    content = pdf("Handelingsplan", lines)
    draw.attach(plan.document, "handelingsplan.pdf", "Handelingsplan", content)


def _absence(absence: Any, draw: _Draw, *, secondary: bool) -> None:
    if secondary:
        absence.urengeoorloofd, absence.urenongeoorloofd = draw.chance.randrange(20), 0
    else:
        absence.dagdelengeoorloofd, absence.dagdelenongeoorloofd = draw.chance.randrange(12), 0
    absence.meerdan25percent = False
    absence.frequentie = 0
    absence.contactleerplicht = False


def _final_test(final: Any, draw: _Draw, level: int, school_year: int) -> None:
    result = final.eindtoetsresultaat
    result.toetssoort = _codes(result, "toetssoort")[0]
    result.toetsniveau = "G"
    result.datum_afname.CopyFrom(_date(date(school_year + 1, 4, 16)))
    result.standaardscore = 505 + 6 * level + draw.chance.randrange(5)
    result.toets_advies = "Het advies van de toets komt overeen met dat van de school."
    final.deelgenomen = True


def _tests(pupil: Any, draw: _Draw, level: int, school_year: int, group: int) -> None:
    for subject, code, start in (("Rekenen", "OSOREK", 40), ("Begrijpend lezen", "OSOBLZ", 25)):
        for at in range(max(group - 2, 3), group + 1):
            test = pupil.toetslijst.add()
            test.toetsidentificatie.eldtoetscode = f"{code}{at}"
            test.toetsidentificatie.leergebied = subject
            test.toetsidentificatie.toetsnaam = f"{subject} midden {at}"
            year = school_year + 1 - (group - at)
            test.afname.afnamedatum.CopyFrom(_date(date(year, 1, 20)))
            test.afname.jaargroep = str(at)
            test.afname.dl = 10 * (at - 2) - 5
            score = test.resultaat.toetsscore
            score.aantalopgaven = 60
            score.aantalgoed = min(60, 28 + 3 * level + draw.chance.randrange(8))
            score.aantalfout = 60 - score.aantalgoed
            ability = start + 9 * at + 2 * level + draw.chance.randrange(40) / 10
            score.vaardigheidsscore.CopyFrom(Decimal(value=f"{ability:.1f}"))
            score.betrouwbaarheidsinterval.bivlaag.CopyFrom(Decimal(value=f"{ability - 4:.1f}"))
            score.betrouwbaarheidsinterval.bivhoog.CopyFrom(Decimal(value=f"{ability + 4:.1f}"))
            reference = test.resultaat.referentiescore.add()
            reference.codereferentiescore = _codes(reference, "codereferentiescore")[0]
            reference.codevergelijkingsgroep = _codes(reference, "codevergelijkingsgroep")[0]
            reference.waarde = str(1 + level // 2)


def _grades(pupil: Any, draw: _Draw, school_year: int, *, secondary: bool) -> None:
    card = pupil.cijferlijstlijst.add()
    subjects = ("Nederlands", "Engels", "Wiskunde") if secondary else ("Taal", "Rekenen", "Gym")
    entry = card.cijferlijst_typelijst.add()
    entry.naam = "Rapport"
    for subject in subjects:
        line = entry.onderdeel.add()
        line.naam = subject
        line.score.waarde = f"{draw.chance.randrange(55, 96) / 10:.1f}"
    entry.score.add().kwalificatie = "Goed gewerkt"
    card.afnamedatum.CopyFrom(_date(date(school_year + 1, 2, 8)))
    card.jaargroep = pupil.schoolloopbaanlijst[-1].jaargroep
    card.periode = "1"


def _parent(parent: Any, draw: _Draw, surname: str, home: Any) -> None:
    first, gender = draw.one(names.PARENT_NAMES)
    prefix, own = draw.one(names.SURNAMES)
    parent.voornaam.append(first)
    parent.voorletters_1 = f"{first[0]}."
    if prefix and not surname:
        parent.voorvoegsel = prefix
    parent.achternaam = surname or own
    parent.roepnaam, parent.geslacht, parent.adresgeheim = first, gender, False
    parent.adreslijst.add().CopyFrom(home)
    _contact(parent.communicatielijst.add(), "telefoon", "prive", "0600000001")
    _contact(parent.communicatielijst.add(), "e-mail", "prive", f"{first.lower()}@ouder.example")
    parent.wettigevertegenwoordiger = True


def _codes(message: Any, name: str) -> list[str]:
    """Give the codes the contract admits for a field, from its rule."""
    one = message.DESCRIPTOR.fields_by_name[name]
    if not one.GetOptions().Extensions[field_pb2.facts].code_list:
        raise ValueError(name)
    from buf.validate import validate_pb2  # noqa: PLC0415  used here alone

    expression = one.GetOptions().Extensions[validate_pb2.field].cel[0].expression
    inside = expression.partition("[")[2].rpartition("]")[0]
    return [code.strip(" '") for code in inside.split(",")]


def _date(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
