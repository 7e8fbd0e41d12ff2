"""What is said of results: how a session went, and what source and target report of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.registry.v1 import ticket_pb2 as contract
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.helpdesk.said import Case, Said

if TYPE_CHECKING:
    from oso_registry.helpdesk.said import Table

_NO_LEG = contract.SESSION_LEG_UNSPECIFIED
_OPEN = contract.SESSION_LEG_OPEN
_REACH = contract.SESSION_LEG_REACH
_CHECK = contract.SESSION_LEG_CHECK
_DELIVER = contract.SESSION_LEG_DELIVER
_RECEIVE = contract.SESSION_LEG_RECEIVE
_CLOSE = contract.SESSION_LEG_CLOSE

_NOBODY = contract.SESSION_PARTY_UNSPECIFIED
_SOURCE = contract.SESSION_PARTY_SOURCE
_TARGET = contract.SESSION_PARTY_TARGET

_DELIVERED = contract.SESSION_VERDICT_DELIVERED
_UNDER_WAY = contract.SESSION_VERDICT_UNDER_WAY
_NOTHING = contract.SESSION_VERDICT_NOTHING_TO_DELIVER

# It went well, it goes on, or time ran out.
PROGRESS: Table = {
    (codes.RESULT_CODE_DELIVERED, Case.ANY): Said(
        _NO_LEG,
        _NOBODY,
        "Het dossier van {source} is volledig aangekomen bij {target}",
        "The dossier of {source} arrived in full at {target}",
        "Er hoeft niets te gebeuren. Staat het dossier niet in het leerlingsysteem van {target},"
        " dan moet het daar nog worden overgenomen.",
        "Nothing has to be done. If {target} does not see the dossier in its own system, it still"
        " has to be taken over there.",
        _DELIVERED,
    ),
    (codes.RESULT_CODE_GRANTED, Case.ANY): Said(
        _NO_LEG,
        _NOBODY,
        "{target} mag het dossier ophalen; {source} heeft nog geen aanvraag gemeld",
        "{target} may fetch the dossier; {source} has not reported a request yet",
        "Wacht tot de sessie is afgemeld of verloopt. Blijft het zo, dan bereikt het systeem van"
        " {target} dat van {source} niet.",
        "Wait until the session is closed or expires. If it stays like this, the system of"
        " {target} does not reach that of {source}.",
        _UNDER_WAY,
    ),
    (codes.RESULT_CODE_MATCHED, Case.ANY): Said(
        _NO_LEG,
        _NOBODY,
        "De aanvraag van {target} is aangekomen bij {source} en klopt; de afloop is nog niet"
        " gemeld",
        "The request of {target} arrived at {source} and is right; how it ended was not reported"
        " yet",
        "Wacht tot de sessie is afgemeld of verloopt.",
        "Wait until the session is closed or expires.",
        _UNDER_WAY,
    ),
    (codes.RESULT_CODE_LAPSED, Case.ANY): Said(
        _REACH,
        _TARGET,
        "{target} vroeg een sessie aan, maar {source} heeft nooit een aanvraag gemeld; de sessie"
        " is verlopen zonder afmelding",
        "{target} asked for a session, but {source} never reported a request; the session ended by"
        " time without being closed",
        "Laat {target} het dossier opnieuw opvragen. Gebeurt het weer, dan moet de leverancier van"
        " {target} nagaan waarom zijn systeem {source} niet bereikt en niet afmeldt.",
        "Let {target} request the dossier again. If it happens again, the supplier of {target}"
        " must find out why its system does not reach {source} and does not close the session.",
    ),
    (codes.RESULT_CODE_LAPSED, Case.MATCHED): Said(
        _CLOSE,
        _TARGET,
        "{source} kreeg de aanvraag en die klopte, maar {target} heeft de afloop nooit gemeld; de"
        " sessie is verlopen",
        "{source} got the request and it was right, but {target} never reported how it ended; the"
        " session ended by time",
        "Kijk bij {target} of het dossier is aangekomen. Zo niet: laat {target} het opnieuw"
        " opvragen. Gebeurt het weer, dan moet de leverancier van {target} nagaan waarom zijn"
        " systeem niet afmeldt.",
        "See at {target} whether the dossier arrived. If not: let {target} request it again. If it"
        " happens again, the supplier of {target} must find out why its system does not close"
        " sessions.",
    ),
}

# The source had nothing to give, for a reason that is in order.
NOTHING_TO_DELIVER: Table = {
    (codes.RESULT_CODE_DOSSIER_NOT_CHANGED, Case.ANY): Said(
        _NO_LEG,
        _NOBODY,
        "Het dossier bij {source} is niet gewijzigd sinds {target} het ophaalde",
        "The dossier at {source} has not changed since {target} fetched it",
        "Er hoeft niets te gebeuren: {target} heeft de laatste versie al.",
        "Nothing has to be done: {target} has the latest version already.",
        _NOTHING,
    ),
    (codes.RESULT_CODE_DOSSIER_NOT_INSPECTED, Case.ANY): Said(
        _DELIVER,
        _SOURCE,
        "{source} heeft het dossier, maar de ouders hebben het nog niet ingezien",
        "{source} has the dossier, but the parents have not inspected it yet",
        "Laat {source} de inzage door de ouders vastleggen en het dossier klaarzetten; daarna kan"
        " {target} het opnieuw opvragen.",
        "Let {source} record the parents' inspection and set the dossier ready; then {target} can"
        " request it again.",
        _NOTHING,
    ),
    (codes.RESULT_CODE_NOT_FOR_THIS_SCHOOL, Case.ANY): Said(
        _DELIVER,
        _SOURCE,
        "{source} heeft het dossier klaargezet voor een andere school dan {target}",
        "{source} set the dossier ready for another school than {target}",
        "Laat {source} nagaan voor welke school het dossier is bedoeld en het zo nodig voor"
        " {target} klaarzetten.",
        "Let {source} find out for which school the dossier is meant, and set it ready for"
        " {target} if need be.",
        _NOTHING,
    ),
    (codes.RESULT_CODE_DOSSIER_WITHDRAWN, Case.ANY): Said(
        _DELIVER,
        _SOURCE,
        "{source} had het dossier klaargezet en heeft het weer ingetrokken",
        "{source} had set the dossier ready and took it back",
        "Vraag {source} waarom; zodra er een nieuwe versie klaarstaat, kan {target} die opvragen.",
        "Ask {source} why; as soon as a new version is ready, {target} can request it.",
        _NOTHING,
    ),
    (codes.RESULT_CODE_DOSSIER_NOT_READY, Case.ANY): Said(
        _DELIVER,
        _SOURCE,
        "Bij {source} staat voor deze leerling geen dossier klaar",
        "No dossier is ready for this pupil at {source}",
        "Laat {source} het dossier klaarzetten. Staat het er al, controleer dan bij {target} of"
        " nummer en geboortedatum van de leerling goed zijn ingevoerd: bij een onbekende leerling"
        " geeft {source} hetzelfde antwoord.",
        "Let {source} set the dossier ready. If it is there already, check at {target} whether the"
        " pupil's number and birth date were entered right: for an unknown pupil {source} gives"
        " the same answer.",
        _NOTHING,
    ),
}

# Something went wrong between the two schools.
BETWEEN_SCHOOLS: Table = {
    (codes.RESULT_CODE_DOSSIER_YEAR_NOT_SUPPORTED, Case.ANY): Said(
        _DELIVER,
        _SOURCE,
        "Er is geen jaar van de standaard dat de systemen van {source} en {target} allebei"
        " aankunnen",
        "There is no year of the standard that the systems of {source} and {target} both support",
        "Leg de ondersteunde jaren van beide systemen naast elkaar; de leverancier van het systeem"
        " dat achterloopt, meestal dat van {source}, moet bijwerken.",
        "Compare the years both systems support; the supplier of the one that is behind, mostly"
        " that of {source}, must update.",
    ),
    (codes.RESULT_CODE_TRANSFER_INCOMPLETE, Case.ANY): Said(
        _RECEIVE,
        _TARGET,
        "De overdracht van {source} naar {target} brak af voordat alles binnen was",
        "The transfer from {source} to {target} broke off before everything had arrived",
        "Laat {target} het dossier opnieuw opvragen. Breekt het vaker af, laat dan beide"
        " leveranciers naar verbinding en tijdslimieten kijken.",
        "Let {target} request the dossier again. If it breaks off more often, let both suppliers"
        " look at the connection and its time limits.",
    ),
    (codes.RESULT_CODE_MANIFEST_INVALID, Case.ANY): Said(
        _RECEIVE,
        _SOURCE,
        "Wat {target} van {source} ontving, klopte niet met de ondertekende inhoudsopgave; er is"
        " niets opgeslagen",
        "What {target} received from {source} did not match the signed manifest; nothing was"
        " stored",
        "Laat de leverancier van {source} nagaan wat zijn systeem verstuurde en waarmee het"
        " ondertekent; meld het als het vaker gebeurt, want er kan iemand tussen zitten.",
        "Let the supplier of {source} find out what its system sent and what it signs with; report"
        " it when it happens again, for somebody may be in between.",
    ),
    (codes.RESULT_CODE_UNREACHABLE, Case.ANY): Said(
        _REACH,
        _SOURCE,
        "{target} kreeg geen verbinding met het systeem van {source}",
        "{target} got no connection to the system of {source}",
        "Laat de leverancier van {source} nagaan of zijn systeem aanstaat, van buiten bereikbaar"
        " is op het adres van het aanleverpunt, en zijn eigen certificaat toont. Daarna kan"
        " {target} opnieuw opvragen.",
        "Let the supplier of {source} find out whether its system is running, can be reached from"
        " outside at the address of the delivery point, and shows its own certificate. Then"
        " {target} can request again.",
    ),
    (codes.RESULT_CODE_UNREACHABLE, Case.MATCHED): Said(
        _DELIVER,
        _SOURCE,
        "{source} kreeg de aanvraag en die klopte, maar daarna kreeg {target} geen antwoord meer",
        "{source} got the request and it was right, but then {target} got no answer any more",
        "Laat {target} opnieuw opvragen. Gebeurt het weer, laat dan de leverancier van {source}"
        " nagaan waarom zijn systeem na de controle niet aflevert.",
        "Let {target} request again. If it happens again, let the supplier of {source} find out"
        " why its system does not deliver after the check.",
    ),
    (codes.RESULT_CODE_GRANT_INVALID, Case.ANY): Said(
        _DELIVER,
        _TARGET,
        "{source} weigerde: de toestemming die {target} liet zien, is niet geldig",
        "{source} refused: the grant that {target} showed is not valid",
        "Laat {target} opnieuw opvragen. Gebeurt het weer, laat dan de leverancier van {target}"
        " nagaan of zijn systeem de toestemming ongewijzigd doorgeeft, met het certificaat waarmee"
        " de sessie is aangevraagd.",
        "Let {target} request again. If it happens again, let the supplier of {target} find out"
        " whether its system passes the grant on unchanged, over the certificate the session was"
        " asked with.",
    ),
    (codes.RESULT_CODE_KEY_MISMATCH, Case.ANY): Said(
        _DELIVER,
        _TARGET,
        "{source} weigerde: de leerlinggegevens die {target} stuurde, horen niet bij deze sessie",
        "{source} refused: the pupil's identity that {target} sent does not belong to this session",
        "Laat {target} een nieuwe sessie openen. Gebeurt het weer, dan maakt het systeem van"
        " {target} de zoeksleutel verkeerd: een zaak voor zijn leverancier.",
        "Let {target} open a new session. If it happens again, the system of {target} makes the"
        " search key in a wrong way: a matter for its supplier.",
    ),
    (codes.RESULT_CODE_TOO_MANY_UNKNOWN_PUPILS, Case.ANY): Said(
        _DELIVER,
        _TARGET,
        "{source} weigerde: {target} vroeg te vaak naar leerlingen die {source} niet heeft",
        "{source} refused: {target} asked too often for pupils {source} does not have",
        "Wacht, en laat {target} nagaan of de leerlingen van {source} komen en of nummers en"
        " geboortedata goed zijn ingevoerd. Was het opzet, meld het dan aan de registrar.",
        "Wait, and let {target} find out whether the pupils come from {source} and whether numbers"
        " and birth dates were entered right. If it was on purpose, tell the registrar.",
    ),
    (codes.RESULT_CODE_RESUME_INVALID, Case.ANY): Said(
        _DELIVER,
        _TARGET,
        "{target} wilde een afgebroken overdracht hervatten, maar {source} heeft intussen iets"
        " anders klaarstaan",
        "{target} wanted to resume a broken transfer, but {source} has something else ready by now",
        "Laat {target} opnieuw opvragen, vanaf het begin.",
        "Let {target} request again, from the beginning.",
    ),
    (codes.RESULT_CODE_INTERNAL, Case.ANY): Said(
        _DELIVER,
        _SOURCE,
        "Het systeem van {source} gaf een storing",
        "The system of {source} failed",
        "Laat {target} het later opnieuw proberen; blijft het, geef het sessienummer dan aan de"
        " leverancier van {source}.",
        "Let {target} try again later; if it stays, give the session id to the supplier of"
        " {source}.",
    ),
    (codes.RESULT_CODE_KIND_NOT_SUPPORTED, Case.ANY): Said(
        _DELIVER,
        _SOURCE,
        "Het systeem van {source} doet deze overdrachtsoort niet",
        "The system of {source} does not do this kind of transfer",
        "Vraag de leverancier van {source} of en wanneer zijn systeem dit ondersteunt; haal de"
        " soort anders van zijn aanleverpunt af.",
        "Ask the supplier of {source} whether and when its system supports it; else take the kind"
        " off its delivery point.",
    ),
    (codes.RESULT_CODE_TLS_VERSION, Case.ANY): Said(
        _REACH,
        _TARGET,
        "De verbinding van {target} gebruikte een oudere beveiliging dan TLS 1.3",
        "The connection of {target} used an older protection than TLS 1.3",
        "Laat de leverancier van {target} zijn systeem op TLS 1.3 instellen.",
        "Let the supplier of {target} set its system to TLS 1.3.",
    ),
    (codes.RESULT_CODE_CLOCK_SKEW, Case.ANY): Said(
        _OPEN,
        _TARGET,
        "De klok van het systeem van {target} loopt uit de pas",
        "The clock of the system of {target} is off",
        "Laat de beheerder van het systeem van {target} de klok gelijkzetten (NTP).",
        "Let whoever runs the system of {target} set its clock (NTP).",
    ),
    (codes.RESULT_CODE_TRAFFIC_CENTER_UNAVAILABLE, Case.ANY): Said(
        _CHECK,
        _SOURCE,
        "Het systeem van {source} kon het verkeerscentrum niet bereiken om de aanvraag te"
        " controleren",
        "The system of {source} could not reach the Traffic Center to check the request",
        "Het verkeerscentrum gaf {target} wel antwoord. Laat de leverancier van {source} daarom"
        " zijn verbinding ernaartoe nagaan; daarna kan {target} opnieuw opvragen.",
        "The Traffic Center did answer {target}. So let the supplier of {source} look at its"
        " connection to it; then {target} can request again.",
    ),
}
