"""What is said of refusals: by the Traffic Center, or passed on by the source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.registry.v1 import ticket_pb2 as contract
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.helpdesk.said import Case, Said

if TYPE_CHECKING:
    from oso_registry.helpdesk.said import Table

_OPEN = contract.SESSION_LEG_OPEN
_CHECK = contract.SESSION_LEG_CHECK
_CLOSE = contract.SESSION_LEG_CLOSE

_SOURCE = contract.SESSION_PARTY_SOURCE
_TARGET = contract.SESSION_PARTY_TARGET
_TRAFFIC_CENTER = contract.SESSION_PARTY_TRAFFIC_CENTER
_OFFICE_HEART = contract.SESSION_PARTY_OFFICE_HEART

# The request is not the one the session is for, or came at a wrong moment.
ABOUT_THE_SESSION: Table = {
    (codes.RESULT_CODE_SESSION_MISMATCH, Case.ANY): Said(
        _CHECK,
        _TARGET,
        "De aanvraag die {source} van {target} kreeg, wijkt af van de toegekende sessie",
        "The request that {source} got from {target} differs from the granted session",
        "Laat {target} een nieuwe sessie openen. Gebeurt het weer, dan stuurt het systeem van"
        " {target} iets anders naar {source} dan naar het verkeerscentrum: een zaak voor zijn"
        " leverancier.",
        "Let {target} open a new session. If it happens again, the system of {target} sends"
        " something else to {source} than to the Traffic Center: a matter for its supplier.",
    ),
    (codes.RESULT_CODE_SESSION_MISMATCH, Case.SOURCE): Said(
        _CHECK,
        _SOURCE,
        "De aanvraag werd nagevraagd voor een andere school dan {source}, voor wie de sessie is",
        "The request was checked on behalf of another school than {source}, which the session is"
        " for",
        "Laat de leverancier van {source} nagaan of BRIN en routeringskenmerk goed staan"
        " ingesteld. Hoort het systeem dat vroeg niet bij {source}, meld het dan aan de registrar.",
        "Let the supplier of {source} find out whether BRIN and routing key are set right. If the"
        " system that asked is not of {source}, tell the registrar.",
    ),
    (codes.RESULT_CODE_DELIVERY_POINT_UNKNOWN, Case.ANY): Said(
        _CHECK,
        _TARGET,
        "{target} vroeg op voor een ander aanleverpunt dan waarvoor de sessie is toegekend",
        "{target} requested on behalf of another delivery point than the session was granted to",
        "Laat de leverancier van {target} nagaan welk routeringskenmerk zijn systeem meestuurt.",
        "Let the supplier of {target} find out which routing key its system sends along.",
    ),
    (codes.RESULT_CODE_DELIVERY_POINT_UNKNOWN, Case.SOURCE): Said(
        _CHECK,
        _SOURCE,
        "Er werd nagevraagd voor een aanleverpunt dat niet bij OSO is geregistreerd",
        "The request was checked on behalf of a delivery point that is not registered with OSO",
        "Laat de leverancier van {source} het routeringskenmerk in zijn systeem vergelijken met"
        " dat in OfficeHeart.",
        "Let the supplier of {source} compare the routing key in its system with that in"
        " OfficeHeart.",
    ),
    (codes.RESULT_CODE_DELIVERY_POINT_UNKNOWN, Case.CLOSE): Said(
        _CLOSE,
        _TARGET,
        "Bij het afmelden werd een aanleverpunt genoemd dat niet van {source} is",
        "The report named a delivery point that is not of {source}",
        "Laat de leverancier van {target} nagaan welk aanleverpunt zijn systeem bij het afmelden"
        " noemt.",
        "Let the supplier of {target} find out which delivery point its system names when it"
        " closes.",
    ),
    (codes.RESULT_CODE_SCHOOLS_NOT_RELATED, Case.ANY): Said(
        _OPEN,
        _TARGET,
        "Er werd een overdracht binnen één BRIN gevraagd, maar {source} en {target} hebben niet"
        " dezelfde BRIN",
        "A transfer within one BRIN was asked for, but {source} and {target} have not the same"
        " BRIN",
        "Laat {target} een gewoon overstapdossier opvragen.",
        "Let {target} request an ordinary transfer dossier.",
    ),
    (codes.RESULT_CODE_SESSION_CLOSED, Case.ANY): Said(
        _CHECK,
        _TARGET,
        "De aanvraag kwam nadat {target} de sessie had afgemeld",
        "The request came after {target} had closed the session",
        "Laat {target} een nieuwe sessie openen als er nog iets moet worden opgehaald.",
        "Let {target} open a new session if there is still something to fetch.",
    ),
    (codes.RESULT_CODE_SESSION_CLOSED, Case.CLOSE): Said(
        _CLOSE,
        _TARGET,
        "De sessie was al afgemeld",
        "The session was closed already",
        "Er hoeft niets te gebeuren: de eerste afmelding geldt.",
        "Nothing has to be done: the first report counts.",
    ),
    (codes.RESULT_CODE_SESSION_EXPIRED, Case.ANY): Said(
        _CHECK,
        _TARGET,
        "De aanvraag kwam bij {source} aan nadat de sessie was verlopen",
        "The request reached {source} after the session had expired",
        "Laat {target} een nieuwe sessie openen en meteen ophalen.",
        "Let {target} open a new session and fetch at once.",
    ),
    (codes.RESULT_CODE_SESSION_EXPIRED, Case.CLOSE): Said(
        _CLOSE,
        _TARGET,
        "{target} wilde de afloop melden nadat de sessie was verlopen",
        "{target} wanted to report how it ended after the session had expired",
        "Kijk bij {target} of het dossier is aangekomen. Zo niet: laat {target} het opnieuw"
        " opvragen. De leverancier van {target} moet zorgen dat zijn systeem op tijd afmeldt.",
        "See at {target} whether the dossier arrived. If not: let {target} request it again. The"
        " supplier of {target} must see to it that its system closes in time.",
    ),
    (codes.RESULT_CODE_COUPLING_KEY_UNKNOWN, Case.ANY): Said(
        _OPEN,
        _TARGET,
        "{target} vroeg het dossier op met een koppelsleutel die het verkeerscentrum niet kent, of"
        " die niet voor {target} is",
        "{target} asked for the dossier with a coupling key that the Traffic Center does not know,"
        " or that is not for {target}",
        "Laat {target} de sleutel uit de notificatie van {source} gebruiken; is die weg, vraag"
        " {source} dan om een nieuwe notificatie.",
        "Let {target} use the key in the notification of {source}; if that is gone, ask {source}"
        " for a new notification.",
    ),
    (codes.RESULT_CODE_COUPLING_KEY_EXPIRED, Case.ANY): Said(
        _OPEN,
        _TARGET,
        "De koppelsleutel was verlopen toen {target} het dossier opvroeg",
        "The coupling key had expired when {target} asked for the dossier",
        "Vraag {source} om een nieuwe notificatie, en laat {target} het dossier binnen de termijn"
        " ophalen.",
        "Ask {source} for a new notification, and let {target} fetch the dossier in time.",
    ),
    (codes.RESULT_CODE_COUPLING_KEY_USED, Case.ANY): Said(
        _OPEN,
        _TARGET,
        "Het dossier bij deze koppelsleutel was al overgedragen",
        "The dossier of this coupling key had been delivered already",
        "Kijk bij {target} of het dossier er is. Is het weg, of veranderd: vraag {source} om een"
        " nieuwe notificatie.",
        "See at {target} whether the dossier is there. If it is gone, or has changed: ask {source}"
        " for a new notification.",
    ),
    (codes.RESULT_CODE_SESSION_REVOKED, Case.ANY): Said(
        _CHECK,
        _TRAFFIC_CENTER,
        "Het verkeerscentrum heeft de sessie ingetrokken",
        "The Traffic Center took the session back",
        "Vraag de beheerder van het verkeerscentrum waarom, voordat {target} opnieuw opvraagt.",
        "Ask whoever runs the Traffic Center why, before {target} requests again.",
    ),
    (codes.RESULT_CODE_SESSION_UNKNOWN, Case.ANY): Said(
        _CHECK,
        _TARGET,
        "{target} stuurde {source} een sessienummer dat het verkeerscentrum niet kent",
        "{target} sent {source} a session id that the Traffic Center does not know",
        "Laat {target} een nieuwe sessie openen. Gebeurt het weer, dan is het een zaak voor de"
        " leverancier van {target}.",
        "Let {target} open a new session. If it happens again, it is a matter for the supplier of"
        " {target}.",
    ),
}

# A school or its delivery point may not take part now.
ABOUT_TAKING_PART: Table = {
    (codes.RESULT_CODE_SOURCE_UNKNOWN, Case.ANY): Said(
        _CHECK,
        _OFFICE_HEART,
        "{source} staat niet (meer) in het deelnemersregister",
        "{source} is not, or no longer, in the directory",
        "Ga na of de BRIN klopt; zo ja, laat de registrar {source} registreren.",
        "See whether the BRIN is right; if so, let the registrar register {source}.",
    ),
    (codes.RESULT_CODE_SOURCE_INACTIVE, Case.ANY): Said(
        _CHECK,
        _SOURCE,
        "{source} heeft geen actief aanleverpunt voor deze overdracht",
        "{source} has no active delivery point for this transfer",
        "Laat de leverancier van {source} het aanleverpunt in OfficeHeart aanzetten en de"
        " overdrachtsoorten nagaan.",
        "Let the supplier of {source} enable the delivery point in OfficeHeart and look at its"
        " kinds of transfer.",
    ),
    (codes.RESULT_CODE_TARGET_INACTIVE, Case.ANY): Said(
        _CHECK,
        _TARGET,
        "Het aanleverpunt van {target} is niet actief voor deze overdracht",
        "The delivery point of {target} is not active for this transfer",
        "Laat de leverancier van {target} het aanleverpunt in OfficeHeart aanzetten en de"
        " overdrachtsoorten nagaan.",
        "Let the supplier of {target} enable the delivery point in OfficeHeart and look at its"
        " kinds of transfer.",
    ),
    (codes.RESULT_CODE_NOT_QUALIFIED, Case.ANY): Said(
        _CHECK,
        _OFFICE_HEART,
        "{source} of {target} mag nog niet, of niet meer, uitwisselen",
        "{source} or {target} may not exchange yet, or no longer",
        "Kijk in OfficeHeart bij de kwalificatie van beide scholen.",
        "Look at the qualification of both schools in OfficeHeart.",
    ),
    (codes.RESULT_CODE_NOT_QUALIFIED, Case.TARGET): Said(
        _CHECK,
        _TARGET,
        "{target} mag nog niet, of niet meer, uitwisselen",
        "{target} may not exchange yet, or no longer",
        "Laat {target} de kwalificatie afronden; tijdens de proef kan alleen met de testschool"
        " worden uitgewisseld.",
        "Let {target} complete its qualification; during the trial it can exchange with the test"
        " school only.",
    ),
    (codes.RESULT_CODE_NOT_QUALIFIED, Case.SOURCE): Said(
        _CHECK,
        _SOURCE,
        "{source} mag nog niet, of niet meer, uitwisselen",
        "{source} may not exchange yet, or no longer",
        "Laat {source} de kwalificatie afronden; tijdens de proef kan alleen met de testschool"
        " worden uitgewisseld.",
        "Let {source} complete its qualification; during the trial it can exchange with the test"
        " school only.",
    ),
    (codes.RESULT_CODE_MANDATE_MISSING, Case.ANY): Said(
        _CHECK,
        _OFFICE_HEART,
        "Van {source} of {target} geldt het mandaat van het bestuur niet",
        "The board's mandate of {source} or {target} is not in force",
        "Kijk in OfficeHeart bij de mandaten van beide scholen; het bestuur moet een mandaat"
        " geven.",
        "Look at the mandates of both schools in OfficeHeart; the board must give one.",
    ),
    (codes.RESULT_CODE_MANDATE_MISSING, Case.TARGET): Said(
        _CHECK,
        _TARGET,
        "Het mandaat van het bestuur voor het aanleverpunt van {target} geldt niet",
        "The board's mandate for the delivery point of {target} is not in force",
        "Laat het bestuur van {target} in OfficeHeart een mandaat geven aan zijn leverancier.",
        "Let the board of {target} give its supplier a mandate in OfficeHeart.",
    ),
    (codes.RESULT_CODE_MANDATE_MISSING, Case.SOURCE): Said(
        _CHECK,
        _SOURCE,
        "Het mandaat van het bestuur voor het aanleverpunt van {source} geldt niet",
        "The board's mandate for the delivery point of {source} is not in force",
        "Laat het bestuur van {source} in OfficeHeart een mandaat geven aan zijn leverancier.",
        "Let the board of {source} give its supplier a mandate in OfficeHeart.",
    ),
}

# A certificate may not be used, or not for this.
ABOUT_CERTIFICATES: Table = {
    (codes.RESULT_CODE_CERTIFICATE_EXPIRED, Case.ANY): Said(
        _CHECK,
        _TARGET,
        "Het certificaat van het systeem van {target} is niet geldig op dit moment",
        "The certificate of the system of {target} is not valid at this moment",
        "Laat de leverancier van {target} het certificaat verlengen en een nieuwe sessie openen.",
        "Let the supplier of {target} renew the certificate and open a new session.",
    ),
    (codes.RESULT_CODE_CERTIFICATE_REVOKED, Case.ANY): Said(
        _CHECK,
        _TARGET,
        "Het certificaat van het systeem van {target} is ingetrokken",
        "The certificate of the system of {target} was revoked",
        "Laat de leverancier van {target} een nieuw certificaat aanvragen; vraag de registrar"
        " waarom het oude is ingetrokken.",
        "Let the supplier of {target} enrol for a new certificate; ask the registrar why the old"
        " one was revoked.",
    ),
    (codes.RESULT_CODE_CERTIFICATE_UNKNOWN, Case.ANY): Said(
        _CHECK,
        _TARGET,
        "Het certificaat van het systeem van {target} staat niet in het deelnemersregister",
        "The certificate of the system of {target} is not in the directory",
        "Laat de leverancier van {target} nagaan of zijn systeem het certificaat gebruikt dat"
        " OfficeHeart gaf.",
        "Let the supplier of {target} find out whether its system uses the certificate that"
        " OfficeHeart gave out.",
    ),
    (codes.RESULT_CODE_CERTIFICATE_NOT_ALLOWED, Case.ANY): Said(
        _CHECK,
        _TARGET,
        "{source} kreeg de aanvraag met een ander certificaat dan waarmee {target} de sessie"
        " opende",
        "{source} got the request with another certificate than {target} opened the session with",
        "Laat {target} een nieuwe sessie openen, bijvoorbeeld na een vernieuwd certificaat. Komt"
        " de aanvraag niet van {target}, meld het dan meteen aan de registrar: iemand gebruikt het"
        " sessienummer.",
        "Let {target} open a new session, for example after its certificate was renewed. If the"
        " request is not from {target}, tell the registrar at once: somebody uses the session id.",
    ),
    (codes.RESULT_CODE_CERTIFICATE_NOT_ALLOWED, Case.SOURCE): Said(
        _CHECK,
        _SOURCE,
        "Het systeem dat de aanvraag navroeg, is niet geregistreerd bij het aanleverpunt waarvoor"
        " het vroeg",
        "The system that checked the request is not registered with the delivery point it asked"
        " for",
        "Laat de leverancier van {source} in OfficeHeart nagaan welk systeem bij het aanleverpunt"
        " hoort. Hoort het systeem dat vroeg niet bij {source}, meld het dan aan de registrar.",
        "Let the supplier of {source} see in OfficeHeart which system belongs to the delivery"
        " point. If the system that asked is not of {source}, tell the registrar.",
    ),
    (codes.RESULT_CODE_CERTIFICATE_NOT_ALLOWED, Case.CLOSE): Said(
        _CLOSE,
        _TARGET,
        "Er werd afgemeld met een ander certificaat dan waarmee {target} de sessie opende",
        "Closing was tried with another certificate than {target} opened the session with",
        "Laat {target} afmelden met het certificaat van de sessie. Kwam de afmelding niet van"
        " {target}, meld het dan aan de registrar: iemand gebruikt het sessienummer.",
        "Let {target} close with the certificate of the session. If it was not {target} that"
        " tried, tell the registrar: somebody uses the session id.",
    ),
}

# The call itself, or the system that answers it.
ABOUT_CALLS: Table = {
    (codes.RESULT_CODE_REQUEST_INVALID, Case.ANY): Said(
        contract.SESSION_LEG_DELIVER,
        _TARGET,
        "Het systeem van {target} stuurde {source} een aanvraag die niet aan de afspraken voldoet",
        "The system of {target} sent {source} a request that does not keep to the contract",
        "Een zaak voor de leverancier van {target}: opnieuw proberen helpt niet.",
        "A matter for the supplier of {target}: trying again does not help.",
    ),
    (codes.RESULT_CODE_REQUEST_INVALID, Case.CLOSE): Said(
        _CLOSE,
        _TARGET,
        "Het systeem van {target} meldde de sessie af op een manier die niet aan de afspraken"
        " voldoet",
        "The system of {target} reported the result in a way that does not keep to the contract",
        "Een zaak voor de leverancier van {target}: opnieuw proberen helpt niet.",
        "A matter for the supplier of {target}: trying again does not help.",
    ),
    (codes.RESULT_CODE_REQUEST_ID_REUSED, Case.ANY): Said(
        _CLOSE,
        _TARGET,
        "Het systeem van {target} gebruikte een aanvraagnummer voor twee verschillende aanvragen",
        "The system of {target} used one request id for two different requests",
        "Een zaak voor de leverancier van {target}: elke aanvraag moet een eigen nummer krijgen.",
        "A matter for the supplier of {target}: every request must have an id of its own.",
    ),
    (codes.RESULT_CODE_DEADLINE_REQUIRED, Case.ANY): Said(
        contract.SESSION_LEG_DELIVER,
        _TARGET,
        "Het systeem van {target} vroeg iets zonder tijdslimiet",
        "The system of {target} asked something without a deadline",
        "Een zaak voor de leverancier van {target}: elke aanroep heeft een tijdslimiet nodig.",
        "A matter for the supplier of {target}: every call needs a deadline.",
    ),
    (codes.RESULT_CODE_DIRECTORY_EXPIRED, Case.ANY): Said(
        _CHECK,
        _OFFICE_HEART,
        "Het deelnemersregister was te oud; daarom werd niets toegestaan",
        "The directory was too old; so nothing was allowed",
        "Laat de beheerder van OfficeHeart nagaan of het deelnemersregister wordt gepubliceerd en"
        " aankomt; daarna kan {target} opnieuw opvragen.",
        "Let the administrator of OfficeHeart find out whether the directory is published and"
        " arrives; then {target} can request again.",
    ),
    (codes.RESULT_CODE_NOT_RECORDED, Case.ANY): Said(
        _CHECK,
        _SOURCE,
        "De aanvraag bij {source} kon niet worden vastgelegd en is daarom niet behandeld",
        "The request at {source} could not be recorded and was therefore not handled",
        "Laat {target} het later opnieuw proberen. Blijft het, laat dan de leverancier van"
        " {source} de opslag van zijn systeem nagaan, en de beheerder van het verkeerscentrum de"
        " zijne.",
        "Let {target} try again later. If it stays, let the supplier of {source} look at the"
        " storage of its system, and whoever runs the Traffic Center at theirs.",
    ),
}
