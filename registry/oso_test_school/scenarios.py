"""What the test school does, pupil by pupil: the table that everything here works from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from oso.result.v1 import result_code_pb2 as codes
from oso_test_school.pupils import Pupil

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso.result.v1.result_code_pb2 import ResultCode
    from oso_las.model import Identity


class Standing(Enum):
    """How the dossier of a pupil stands at the test school."""

    READY = "ready"
    READY_ELSEWHERE = "ready for another school"
    INSPECTED = "inspected"
    NOT_INSPECTED = "meant for whoever asks, not inspected"
    WITHDRAWN = "withdrawn"
    ABSENT = "none"
    ON_DEMAND = "made when an operator notifies an SWV of it"


class Content(Enum):
    """What is special about a dossier."""

    USUAL = "nothing"
    MANY_ATTACHMENTS = "40 small attachments more, and one of over 5 MiB"
    LARGE = "an attachment of over 5 MiB"
    OLD_YEAR = "of 2018.1.1"


class Script(Enum):
    """What the test school does beside answering as any school would."""

    NONE = "nothing"
    CHANGES = "puts the dossier together anew some time after it was delivered"
    NOTIFIES = "sets the dossier ready for who asked in vain, and notifies"
    CUTS_ONCE = "cuts the connection in the middle, unless the transfer is taken up again"
    CUTS_ALWAYS = "cuts the connection every time"
    DAMAGES_PART = "changes a byte of an attachment on its way"
    DAMAGES_SIGNATURE = "changes a byte of the manifest's signature"


class Text(NamedTuple):
    """A sentence in Dutch and in English."""

    nl: str
    en: str

    def said(self, language: str) -> str:
        """Give it in `nl` or `en`."""
        return self.nl if language == "nl" else self.en


@dataclass(frozen=True)
class Scenario:
    """One thing that can happen.

    Attributes:
        name: Names it, for ever.
        profile: Of the dossier.
        seed: What the dossier is invented from.
        pupil: Who to ask for.
        result: What the supplier's system reports when it closes the session.
        story: What happens, and what to do for it.
        standing: How the dossier stands.
        content: What is special about it.
        script: What the test school does besides.

    """

    name: str
    profile: str
    seed: int
    pupil: Pupil
    result: ResultCode.ValueType
    story: Text
    standing: Standing = Standing.READY
    content: Content = Content.USUAL
    script: Script = Script.NONE


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "popo",
        "POPO",
        501,
        Pupil("999962656", "2010-02-08", ("Lieke", "Zoë"), "van", "Nergenshuizen"),
        codes.RESULT_CODE_DELIVERED,
        Text(
            "Van basisschool naar basisschool: het dossier wordt geleverd.",
            "From primary to primary school: the dossier is delivered.",
        ),
    ),
    Scenario(
        "povo",
        "POVO",
        501,
        Pupil("999969122", "2007-04-04", ("Björn", "Anouk"), "", "Voorbeeld"),
        codes.RESULT_CODE_DELIVERED,
        Text(
            "Van basisschool naar voortgezet onderwijs, met advies en eindtoets: geleverd.",
            "From primary to secondary school, with advice and final test: delivered.",
        ),
    ),
    Scenario(
        "vovo",
        "VOVO",
        501,
        Pupil("999938034", "2005-04-24", ("Ravi", "Renée"), "van den", "Testberg"),
        codes.RESULT_CODE_DELIVERED,
        Text(
            "Van voortgezet naar voortgezet onderwijs: geleverd.",
            "From secondary to secondary school: delivered.",
        ),
    ),
    Scenario(
        "within-brin",
        "BB",
        501,
        Pupil("999997889", "2012-01-16", ("Joris", "Sem"), "van der", "Modelvaart"),
        codes.RESULT_CODE_DELIVERED,
        Text(
            "Binnen één BRIN (overdrachtbinnenbrin): vraag vanaf een aanleverpunt dat OfficeHeart "
            "u op de BRIN van de testschool geeft. Geleverd, zonder inzage door de ouders.",
            "Within one BRIN (overdrachtbinnenbrin): ask from a delivery point that OfficeHeart "
            "gives you at the test school's BRIN. Delivered, without inspection by the parents.",
        ),
    ),
    Scenario(
        "onderwijsnummer",
        "POVO",
        502,
        Pupil(
            "109999004",
            "2007-07-23",
            ("Noor", "Amira"),
            "ter",
            "Demonstratie",
            kind="onderwijsnummer",
        ),
        codes.RESULT_CODE_DELIVERED,
        Text(
            "Een leerling met een onderwijsnummer en zonder BSN: geleverd.",
            "A pupil with an onderwijsnummer and no BSN: delivered.",
        ),
    ),
    Scenario(
        "many-attachments",
        "POVO",
        503,
        Pupil("999993215", "2007-07-31", ("Ravi", "Daan"), "", "Øvingsma"),
        codes.RESULT_CODE_DELIVERED,
        Text(
            "Veel bijlagen: 42 kleine en één van ruim 5 MiB. Alle 43 komen byte voor byte aan.",
            "Many attachments: 42 small ones and one of over 5 MiB. All 43 arrive byte for byte.",
        ),
        content=Content.MANY_ATTACHMENTS,
    ),
    Scenario(
        "old-year",
        "POVO",
        504,
        Pupil("999940144", "2007-04-24", ("Amira", "Femke"), "", "Øvingsma"),
        codes.RESULT_CODE_DOSSIER_YEAR_NOT_SUPPORTED,
        Text(
            "Het dossier is van 2018.1.1. Wie bij de aanvraag alleen 2019.1 accepteert, krijgt het "
            "niet; wie ook 2018.1 accepteert wel.",
            "The dossier is of 2018.1.1. Who accepts only 2019.1 with the request does not get it; "
            "who accepts 2018.1 as well does.",
        ),
        content=Content.OLD_YEAR,
    ),
    Scenario(
        "unchanged",
        "POVO",
        505,
        Pupil("999943455", "2007-03-30", ("Ilse", "Zoë"), "van den", "Testberg"),
        codes.RESULT_CODE_DOSSIER_NOT_CHANGED,
        Text(
            "Dit dossier verandert nooit meer: vraag met changed_since op nu. Zonder changed_since "
            "wordt het geleverd.",
            "This dossier never changes again: ask with changed_since now. Without changed_since "
            "it is delivered.",
        ),
    ),
    Scenario(
        "changed",
        "POVO",
        506,
        Pupil("999919817", "2007-01-16", ("Sem", "Ilse"), "van", "Nergenshuizen"),
        codes.RESULT_CODE_DELIVERED,
        Text(
            "Het dossier wordt geleverd en twee minuten later gewijzigd: vraag opnieuw met "
            "changed_since op het moment van de vorige keer, en krijg de nieuwe versie.",
            "The dossier is delivered, and changed two minutes later: ask again with changed_since "
            "at the moment of the last time, and get the new version.",
        ),
        script=Script.CHANGES,
    ),
    Scenario(
        "not-ready",
        "POVO",
        507,
        Pupil("999952924", "2007-06-11", ("Mehmet", "Esmée"), "van", "Nergenshuizen"),
        codes.RESULT_CODE_DOSSIER_NOT_READY,
        Text(
            "De ouders hebben het dossier ingezien, maar het staat niet klaar.",
            "The parents have inspected the dossier, but it is not set ready.",
        ),
        standing=Standing.INSPECTED,
    ),
    Scenario(
        "notified",
        "POVO",
        516,
        Pupil("999901850", "2007-05-23", ("Tygo", "Esmée"), "'t", "Schijnbaar"),
        codes.RESULT_CODE_DOSSIER_NOT_READY,
        Text(
            "Niet klaar; enkele seconden later wel, en dan krijgt uw systeem een notificatie en "
            "kan het dossier worden opgehaald. Voor één school tegelijk: een andere krijgt zolang "
            "NOT_FOR_THIS_SCHOOL.",
            "Not ready; some seconds later it is, and then your system is notified and can fetch "
            "the dossier. For one school at a time: another gets NOT_FOR_THIS_SCHOOL meanwhile.",
        ),
        standing=Standing.INSPECTED,
        script=Script.NOTIFIES,
    ),
    Scenario(
        "unknown-pupil",
        "POVO",
        508,
        Pupil("999959049", "2007-06-17", ("Noor", "Zoë"), "", "Voorbeeld"),
        codes.RESULT_CODE_DOSSIER_NOT_READY,
        Text(
            "De testschool kent deze leerling niet. Het antwoord is hetzelfde: wie wel en niet op "
            "een school zit, blijft verborgen.",
            "The test school does not have this pupil. The answer is the same: who is at a school "
            "and who is not stays hidden.",
        ),
        standing=Standing.ABSENT,
    ),
    Scenario(
        "not-inspected",
        "POVO",
        509,
        Pupil("999909599", "2007-01-10", ("Esmée", "Fatima"), "", "Voorbeeld"),
        codes.RESULT_CODE_DOSSIER_NOT_INSPECTED,
        Text(
            "Het dossier is voor uw school bestemd, maar de ouders moeten het nog inzien.",
            "The dossier is meant for your school, but the parents must still inspect it.",
        ),
        standing=Standing.NOT_INSPECTED,
    ),
    Scenario(
        "other-school",
        "POVO",
        510,
        Pupil("999959621", "2007-04-10", ("Sem", "Anouk"), "de", "Proefman"),
        codes.RESULT_CODE_NOT_FOR_THIS_SCHOOL,
        Text(
            "Het dossier staat klaar, voor een andere school dan de uwe.",
            "The dossier is set ready, for another school than yours.",
        ),
        standing=Standing.READY_ELSEWHERE,
    ),
    Scenario(
        "withdrawn",
        "POVO",
        511,
        Pupil("999912173", "2007-08-03", ("Zoë", "Renée"), "", "Voorbeeld"),
        codes.RESULT_CODE_DOSSIER_WITHDRAWN,
        Text(
            "Het dossier stond klaar en is ingetrokken.",
            "The dossier was set ready, and was withdrawn.",
        ),
        standing=Standing.WITHDRAWN,
    ),
    Scenario(
        "cut-once",
        "POVO",
        512,
        Pupil("999966637", "2007-08-14", ("Björn", "Tygo"), "'t", "Schijnbaar"),
        codes.RESULT_CODE_DELIVERED,
        Text(
            "De verbinding breekt af na 3 MiB. Wie met resume verdergaat waar hij was, krijgt de "
            "rest; wie opnieuw begint, wordt opnieuw afgebroken.",
            "The connection breaks off after 3 MiB. Who goes on where he was, with resume, gets "
            "the rest; who begins anew is cut off anew.",
        ),
        content=Content.LARGE,
        script=Script.CUTS_ONCE,
    ),
    Scenario(
        "cut-always",
        "POVO",
        513,
        Pupil("999915198", "2007-07-15", ("Lieke", "Ravi"), "ter", "Demonstratie"),
        codes.RESULT_CODE_TRANSFER_INCOMPLETE,
        Text(
            "De verbinding breekt af na 1 MiB, en daarna bij elke nieuwe poging meteen. Er wordt "
            "niets als ontvangen opgeslagen.",
            "The connection breaks off after 1 MiB, and at every new attempt at once. Nothing is "
            "stored as received.",
        ),
        content=Content.LARGE,
        script=Script.CUTS_ALWAYS,
    ),
    Scenario(
        "damaged-part",
        "POVO",
        514,
        Pupil("999980440", "2007-02-17", ("Thijs", "Ravi"), "", "Voorbeeld"),
        codes.RESULT_CODE_MANIFEST_INVALID,
        Text(
            "Eén byte van een bijlage is niet die van de inhoudsopgave. Er wordt niets opgeslagen.",
            "One byte of an attachment is not that of the manifest. Nothing is stored.",
        ),
        script=Script.DAMAGES_PART,
    ),
    Scenario(
        "wrong-signature",
        "POVO",
        515,
        Pupil("999976357", "2007-02-05", ("Ravi", "Anouk"), "de", "Proefman"),
        codes.RESULT_CODE_MANIFEST_INVALID,
        Text(
            "De handtekening onder de inhoudsopgave klopt niet. Er wordt niets opgeslagen.",
            "The signature of the manifest is wrong. Nothing is stored.",
        ),
        script=Script.DAMAGES_SIGNATURE,
    ),
    Scenario(
        "swv-po",
        "POSWV",
        501,
        Pupil("", "2013-04-12", ("Mehmet", "Esmée"), "van der", "Modelvaart", kind=""),
        codes.RESULT_CODE_DELIVERED,
        Text(
            "Voor een SWV: vraag OfficeHeart om een notificatie; haal het dossier op met de "
            "koppelsleutel daarin. Geleverd, zonder BSN of onderwijsnummer.",
            "For an SWV: ask OfficeHeart for a notification; fetch the dossier with the coupling "
            "key in it. Delivered, without BSN or onderwijsnummer.",
        ),
        standing=Standing.ON_DEMAND,
    ),
    Scenario(
        "swv-vo",
        "VOSWV",
        501,
        Pupil("", "2005-07-07", ("Ravi", "Amira"), "ter", "Demonstratie", kind=""),
        codes.RESULT_CODE_DELIVERED,
        Text(
            "Hetzelfde, voor een leerling van het voortgezet onderwijs.",
            "The same, for a pupil of secondary education.",
        ),
        standing=Standing.ON_DEMAND,
    ),
)

_BY_IDENTITY: Mapping[Identity, Scenario] = {
    one.pupil.identity: one for one in SCENARIOS if one.pupil.number
}


def scenario_of(identity: Identity) -> Scenario | None:
    """Find the scenario of a pupil; None for any other."""
    return _BY_IDENTITY.get(identity)
