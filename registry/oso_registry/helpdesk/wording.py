"""Sentences about a session, in Dutch and English: schools by name, and what differed behind it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from oso.registry.v1.ticket_pb2 import SessionStep
from oso.trafficcenter.v1 import session_pb2 as sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso.trafficcenter.v1.session_pb2 import Session, SessionEvent
    from oso_registry.helpdesk.said import Said

Both: TypeAlias = "tuple[str, str]"  # Dutch, English

_LONGEST = 120
# Entries of an event's details that help, in this order, and how they are told. The others repeat
# what the sentence says.
_DETAILS: tuple[tuple[str, Both], ...] = (
    ("fields", ("wat verschilt: {}", "what differs: {}")),
    ("routing_key", ("aanleverpunt {}", "delivery point {}")),
    ("subject", ("het gaat om {}", "it is about {}")),
    ("brin", ("school {}", "school {}")),
    ("qualification", ("status: {}", "state: {}")),
    ("not_before", ("geldig vanaf {}", "valid from {}")),
    ("not_after", ("geldig tot {}", "valid until {}")),
    ("expire_time", ("de sessie gold tot {}", "the session was good until {}")),
    ("offset_seconds", ("{} seconden", "{} seconds")),
    ("accepted", ("gevraagd: {}", "asked: {}")),
    ("offered", ("mogelijk: {}", "possible: {}")),
    ("request_id", ("aanvraagnummer {}", "request id {}")),
    ("detail", ("{}", "{}")),
)
_FIELDS: Mapping[str, Both] = {
    "source_brin": ("BRIN van de bron", "BRIN of the source"),
    "source_routing_key": ("aanleverpunt van de bron", "delivery point of the source"),
    "target_brin": ("BRIN van het doel", "BRIN of the target"),
    "kind": ("overdrachtsoort", "kind of transfer"),
    "key": ("zoeksleutel van de leerling", "search key of the pupil"),
}
_MOMENTS = frozenset({"not_before", "not_after", "expire_time"})
_QUALIFICATIONS: Mapping[str, Both] = {
    "registered": ("geregistreerd", "registered"),
    "trial": ("proef", "trial"),
    "extended": ("proef verlengd", "extended trial"),
    "suspended": ("geschorst", "suspended"),
    "withdrawn": ("teruggetrokken", "withdrawn"),
}

# What was done; the outcome follows. (kind, refused) -> sentence.
_DID: Mapping[tuple[int, bool], Both] = {
    (sessions.SESSION_EVENT_TYPE_OPEN, False): (
        "{target} vroeg een sessie aan voor een dossier van {source}: toegekend ({who}).",
        "{target} asked for a session for a dossier of {source}: granted ({who}).",
    ),
    (sessions.SESSION_EVENT_TYPE_OPEN, True): (
        "{target} vroeg een sessie aan ({who}). Geweigerd: {why}",
        "{target} asked for a session ({who}). Refused: {why}",
    ),
    (sessions.SESSION_EVENT_TYPE_CHECK, False): (
        "{source} liet de aanvraag van {target} controleren: die klopt ({who}).",
        "{source} had the request of {target} checked: it is right ({who}).",
    ),
    (sessions.SESSION_EVENT_TYPE_CHECK, True): (
        "Een aanvraag werd gecontroleerd ({who}). Geweigerd: {why}",
        "A request was checked ({who}). Refused: {why}",
    ),
    (sessions.SESSION_EVENT_TYPE_CLOSE, False): (
        "{target} meldde de sessie af ({who}). {why}",
        "{target} closed the session ({who}). {why}",
    ),
    (sessions.SESSION_EVENT_TYPE_CLOSE, True): (
        "De sessie werd afgemeld ({who}). Geweigerd: {why}",
        "Closing the session was tried ({who}). Refused: {why}",
    ),
    (sessions.SESSION_EVENT_TYPE_EXPIRE, False): (
        "De sessie verliep zonder afmelding.",
        "The session ended by time without being closed.",
    ),
}
_WHO = (
    ("systeem", "aanleverpunt", "over aanleverpunt"),
    ("system", "delivery point", "about delivery point"),
)
_NEWER: Both = (
    "Een stap die deze versie niet kent ({who}). {why}",
    "A step that this version does not know ({who}). {why}",
)
_MORE: Both = (
    "Er zijn nog meer stappen; die staan hier niet.",
    "There are more steps; they are not told here.",
)


class Words:
    """How a session is spoken of."""

    def __init__(self, session: Session, names: Mapping[str, str]) -> None:
        """Take the session, and names of schools by BRIN."""
        self._session_id = session.session_id
        self._schools = {
            "source": _school(session.source_brin, names),
            "target": _school(session.target_brin, names),
        }

    def both(self, sentence: Both, details: Mapping[str, str] | None = None) -> Both:
        """Fill a sentence in, in both languages.

        Args:
            sentence: Templates. With details they have no full stop.
            details: What differed or was missing; told behind the sentence. None: nothing ever is.

        """
        nl, en = (_capital(text.format_map(self._schools)) for text in sentence)
        if details is None:
            return nl, en
        helping = {key: value for key, value in details.items() if value != self._session_id}
        return f"{nl}{_behind(helping, 0)}.", f"{en}{_behind(helping, 1)}."

    def step(self, event: SessionEvent, said: Said) -> Both:
        """Tell a step."""
        template = _DID.get((event.type, event.refused), _NEWER)
        why = self.both((said.summary_nl, said.summary_en), event.details if event.refused else {})
        told = []
        for language in (0, 1):
            who = _who(event, language)
            text = template[language].format(who=who, why=why[language], **self._schools)
            told.append(_capital(text))
        return told[0], told[1]

    @staticmethod
    def more() -> SessionStep:
        """Tell that there are more steps than are told."""
        return SessionStep(text_nl=_MORE[0], text_en=_MORE[1])


def _school(brin: str, names: Mapping[str, str]) -> str:
    name = names.get(brin)
    return f"{_shown(name)} ({brin})" if name else f"school {_shown(brin)}"


def _who(event: SessionEvent, language: int) -> str:
    """Give the system that asked, with the delivery point it named: its own, but when it closed."""
    system, point, about = _WHO[language]
    told = [f"{system} {_shown(event.system_id) or '-'}"]
    if event.routing_key:
        closing = event.type == sessions.SESSION_EVENT_TYPE_CLOSE
        told.append(f"{about if closing else point} {_shown(event.routing_key)}")
    return ", ".join(told)


def _behind(details: Mapping[str, str], language: int) -> str:
    """Give what goes behind a sentence: the details that help, in parentheses."""
    told = [
        text[language].format(_value(name, details[name], language))
        for name, text in _DETAILS
        if details.get(name)
    ]
    return f" ({'; '.join(told)})" if told else ""


def _value(name: str, value: str, language: int) -> str:
    if name == "fields":
        known = [_FIELDS.get(one, (one, one))[language] for one in value.split(", ")]
        return _shown(", ".join(known))
    if name == "qualification":
        return _shown(_QUALIFICATIONS.get(value, (value, value))[language])
    if name in _MOMENTS:
        return _moment(value)
    return _shown(value)


def _moment(value: str) -> str:
    try:
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return _shown(value)


def _shown(text: str) -> str:
    """Make a text of another party fit for a screen."""
    return "".join(one if one.isprintable() else " " for one in text[:_LONGEST])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
