"""A qualification in words: what is done, what is to be done, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.directory.v1 import directory_pb2 as states
from oso.registry.v1 import qualification_pb2 as contract

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from google.protobuf.timestamp_pb2 import Timestamp

    from oso.registry.v1.qualification_pb2 import Qualification, StepStatus

    Text = Callable[[str, str], str]

_WIDTH = 36

_WEBCAST, _PRESENTATION, _CHECKLIST, _CERTIFICATE, _EXCHANGE, _DECLARATION, _EVALUATION = (
    step for step in contract.QualificationStep.values() if step
)
_NAMES: Mapping[int, tuple[str, str]] = {
    _WEBCAST: ("Introductiewebcast bekeken", "Introduction webcast watched"),
    _PRESENTATION: ("Beveiligingspresentatie gezien", "Security presentation seen"),
    _CHECKLIST: ("Beveiligingsvragenlijst ingevuld", "Security checklist filled in"),
    _CERTIFICATE: ("Certificaat werkt", "Certificate works"),
    _EXCHANGE: ("Dossier uitgewisseld met testschool", "Dossier exchanged with test school"),
    _DECLARATION: ("Eigen verklaring ondertekend", "Own declaration signed"),
    _EVALUATION: ("Evaluatiegesprek: kan kwalificeren", "Evaluation talk: can qualify"),
}
# What to do for a step, a line each.
_TO_DO_NL: Mapping[int, tuple[str, ...]] = {
    _WEBCAST: ("Bekijk de webcast en meld dat: oso-registry qualification state {brin} webcast",),
    _PRESENTATION: (
        "Bekijk haar en meld dat: oso-registry qualification state {brin} presentation",
    ),
    _CHECKLIST: (
        "Haal het formulier: oso-registry qualification form --out vragenlijst.toml",
        "Vul het in en dien het in: oso-registry qualification answer {brin} vragenlijst.toml",
    ),
    _CERTIFICATE: (
        "Haal het certificaat op en installeer het in uw LAS.",
        "OfficeHeart ziet de eerste aanroep vanzelf; u hoeft niets te melden.",
    ),
    _EXCHANGE: (
        "Wissel in de proef een dossier uit met een testschool.",
        "OfficeHeart hoort dat van het verkeerscentrum; u hoeft niets te melden.",
    ),
    _DECLARATION: (
        "Lees haar: oso-registry qualification declaration",
        "Onderteken haar: oso-registry qualification sign {brin} VERSIE",
    ),
    _EVALUATION: ("OfficeHeart houdt tijdens de proef een gesprek met de school.",),
}
_TO_DO_EN: Mapping[int, tuple[str, ...]] = {
    _WEBCAST: ("Watch it and say so: oso-registry qualification state {brin} webcast",),
    _PRESENTATION: ("See it and say so: oso-registry qualification state {brin} presentation",),
    _CHECKLIST: (
        "Get the form: oso-registry qualification form --out checklist.toml",
        "Fill it in and hand it in: oso-registry qualification answer {brin} checklist.toml",
    ),
    _CERTIFICATE: (
        "Get the certificate and install it in your LAS.",
        "OfficeHeart sees the first call by itself; there is nothing to report.",
    ),
    _EXCHANGE: (
        "In the trial, exchange a dossier with a test school.",
        "OfficeHeart hears of it from the Traffic Center; there is nothing to report.",
    ),
    _DECLARATION: (
        "Read it: oso-registry qualification declaration",
        "Sign it: oso-registry qualification sign {brin} VERSION",
    ),
    _EVALUATION: ("During the trial OfficeHeart has a talk with the school.",),
}
_ACTORS = {
    contract.STEP_ACTOR_SCHOOL: ("school of bestuur", "school or board"),
    contract.STEP_ACTOR_SYSTEM: ("LAS van de school", "the school's LAS"),
    contract.STEP_ACTOR_REGISTRAR: ("OfficeHeart", "OfficeHeart"),
}
_STATES = {
    states.QUALIFICATION_STATE_REGISTERED: ("geregistreerd", "registered"),
    states.QUALIFICATION_STATE_TRIAL: ("in de proef", "in its trial"),
    states.QUALIFICATION_STATE_EXTENDED: ("in de verlengde proef", "in its extended trial"),
    states.QUALIFICATION_STATE_QUALIFIED: ("gekwalificeerd", "qualified"),
    states.QUALIFICATION_STATE_SUSPENDED: ("geschorst", "suspended"),
    states.QUALIFICATION_STATE_WITHDRAWN: ("teruggetrokken", "withdrawn"),
}
_PARTNERS = {
    contract.EXCHANGE_PARTNERS_NOBODY: (
        "Mag nu met niemand uitwisselen.",
        "May exchange with nobody now.",
    ),
    contract.EXCHANGE_PARTNERS_TEST_SCHOOLS: (
        "Mag nu alleen met testscholen uitwisselen.",
        "May exchange with test schools only now.",
    ),
    contract.EXCHANGE_PARTNERS_EVERYBODY: (
        "Mag met alle gekwalificeerde scholen uitwisselen.",
        "May exchange with every qualified school.",
    ),
}
_TRYING = (states.QUALIFICATION_STATE_TRIAL, states.QUALIFICATION_STATE_EXTENDED)
_PREPARING = (_WEBCAST, _PRESENTATION, _CHECKLIST)
_BEGIN = (
    "Aan zet: OfficeHeart, om de proef te beginnen.",
    "To move: OfficeHeart, to begin the trial.",
)
_OVER = (
    "De proef is afgelopen. Aan zet: OfficeHeart, voor een gesprek over verlengen of kwalificeren.",
    "The trial has ended. To move: OfficeHeart, for a talk about extending or qualifying.",
)
_DECIDE = (
    "Alles is gedaan. Aan zet: OfficeHeart, om te kwalificeren.",
    "All is done. To move: OfficeHeart, to qualify.",
)
_LAST = {
    states.QUALIFICATION_STATE_QUALIFIED: ("Er is niets te doen.", "There is nothing to do."),
    states.QUALIFICATION_STATE_SUSPENDED: (
        "Aan zet: OfficeHeart, om de schorsing op te heffen.",
        "To move: OfficeHeart, to take the suspension back.",
    ),
    states.QUALIFICATION_STATE_WITHDRAWN: (
        "Alleen OfficeHeart kan de school opnieuw laten beginnen.",
        "Only OfficeHeart can let the school begin again.",
    ),
}


def id_of(qualification: Qualification) -> str:
    """Give the BRIN of the school, or the code of the SWV."""
    return qualification.name.split("/")[1]


def headline(qualification: Qualification, text: Text) -> str:
    """Give one line: which school or SWV, where it stands, how many steps are done."""
    done = sum(one.HasField("done_time") for one in qualification.steps)
    head = f"{id_of(qualification)}  {text(*_STATES[qualification.state])}"
    if qualification.HasField("trial_end_time"):
        end = day(qualification.trial_end_time)
        ended = qualification.state in _TRYING and _has_ended(qualification)
        head += f", {text('afgelopen op', 'ended on') if ended else text('tot', 'until')} {end}"
    if not qualification.steps:  # an SWV has none
        return head
    return f"{head}  {done}/{len(qualification.steps)} {text('stappen gedaan', 'steps done')}"


def whole(qualification: Qualification, text: Text) -> list[str]:
    """Give all of it: where it stands, the seven steps of a school, and who is to move."""
    lines = [headline(qualification, text), text(*_PARTNERS[qualification.partners])]
    if qualification.steps:
        lines.append("")
        for number, status in enumerate(qualification.steps, 1):
            lines += _step(number, status, id_of(qualification), text)
        lines += ["", _next(qualification, text)]
    reason = qualification.last_decision.reason
    if reason:
        lines.append(text("Laatste besluit, omdat: ", "Last decision, because: ") + reason)
    return lines


def day(moment: Timestamp) -> str:
    """Give a moment as a day (UTC)."""
    return f"{moment.ToDatetime():%Y-%m-%d}"


def _step(number: int, status: StepStatus, brin: str, text: Text) -> list[str]:
    head = f"{number} {text(*_NAMES[status.step]):<{_WIDTH}}"
    if status.HasField("done_time"):
        by = status.system.removeprefix("systems/")
        return [f"  [x] {head} {day(status.done_time)}  {by}".rstrip()]
    nl, en = ("\n".join(known[status.step]) for known in (_TO_DO_NL, _TO_DO_EN))
    by = text(*_ACTORS[status.actor])
    return [
        f"  [ ] {head} {text('te doen door', 'to do, by')}: {by}",
        *(f"        {line.format(brin=brin)}" for line in text(nl, en).splitlines()),
    ]


def _next(qualification: Qualification, text: Text) -> str:
    """Say who is to move, and with what."""
    todo = [one for one in qualification.steps if not one.HasField("done_time")]
    if qualification.state == states.QUALIFICATION_STATE_REGISTERED:
        todo = [one for one in todo if one.step in _PREPARING]
        return _waits(todo, text) if todo else text(*_BEGIN)
    if qualification.state not in _TRYING:
        return text(*_LAST[qualification.state])
    if _has_ended(qualification):
        return text(*_OVER)
    return _waits(todo, text) if todo else text(*_DECIDE)


def _waits(todo: Sequence[StepStatus], text: Text) -> str:
    """Say who is to move: all who have a step to do, each once."""
    actors = dict.fromkeys(one.actor for one in todo)
    if len(actors) > 1:
        # The talk comes last: it is not OfficeHeart's turn yet.
        actors.pop(contract.STEP_ACTOR_REGISTRAR, None)
    who = ", ".join(text(*_ACTORS[actor]) for actor in actors)
    return text(f"Aan zet: {who}.", f"To move: {who}.")


def _has_ended(qualification: Qualification) -> bool:
    return qualification.partners == contract.EXCHANGE_PARTNERS_NOBODY
