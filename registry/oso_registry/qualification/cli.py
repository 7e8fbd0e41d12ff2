"""Commands on the qualification of schools and SWVs: `oso-registry qualification ...`.

Imports are made where they are used: see `oso_registry.parties.asking`. Dates are days in UTC:
until the beginning of that day.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oso_registry.desk import Desk, pass_desk
from oso_registry.parties.asking import call, every, number_of, plain, word

if TYPE_CHECKING:
    import grpc

_SERVICE = "QualificationService"
_DAY = click.DateTime(["%Y-%m-%d"])
_BRIN = click.argument("brin")
_STATES = ["registered", "trial", "extended", "qualified", "suspended", "withdrawn"]
_UNTIL = click.option(
    "--until",
    "end",
    type=_DAY,
    metavar="YYYY-MM-DD",
    help="Until, not including, this day; an SWV's trial has no end.",
)
_WHY = click.option(
    "--reason", required=True, help="Why, for whoever asks later. No personal data."
)


_BASIS = click.option(
    "--reason", default="", help="What it rests on; needed for an SWV. No personal data."
)
_PARTY = click.argument("party", metavar="BRIN|SWV")


@click.group()
def qualification() -> None:
    """Qualification: what a school does, and what OfficeHeart sees, before it may exchange."""


@qualification.command("show")
@_PARTY
@pass_desk
def show(desk: Desk, party: str) -> None:
    """Show what a school has done, what is to be done, and by whom; or where an SWV stands."""
    from oso.registry.v1.qualification_service_pb2 import GetQualificationRequest  # noqa: PLC0415

    _tell(desk, _asked(desk, GetQualificationRequest(name=_name(party))))


@qualification.command("list")
@click.option("--state", type=click.Choice(_STATES), help="Only those that stand so.")
@click.option("--board", help="Only schools of the board with this number.")
@click.option("--trial-ended", is_flag=True, help="Only those in a trial that has ended.")
@pass_desk
def list_all(desk: Desk, state: str | None, board: str | None, *, trial_ended: bool) -> None:
    """List how far schools have come."""
    from oso.registry.v1.qualification_service_pb2 import ListQualificationsRequest  # noqa: PLC0415
    from oso_registry.qualification.telling import headline  # noqa: PLC0415

    request = ListQualificationsRequest(trial_ended=trial_ended)
    if state:
        request.state = number_of(request, "state", state)  # type: ignore[assignment]
    if board:
        request.board = f"boards/{board.removeprefix('boards/')}"

    async def go(channel: grpc.aio.Channel) -> None:
        async for one in every(channel, _SERVICE, request, "qualifications"):
            desk.show(one, headline(one, desk.text))

    desk.run(go)


@qualification.command("state")
@_BRIN
@click.argument("step", type=click.Choice(["webcast", "presentation"]))
@pass_desk
def state(desk: Desk, brin: str, step: str) -> None:
    """Say that the school watched the webcast, or saw the presentation."""
    from oso.registry.v1 import qualification_pb2 as contract  # noqa: PLC0415
    from oso.registry.v1.qualification_service_pb2 import StateStepRequest  # noqa: PLC0415

    steps = {
        "webcast": contract.QUALIFICATION_STEP_WEBCAST_WATCHED,
        "presentation": contract.QUALIFICATION_STEP_PRESENTATION_SEEN,
    }
    _tell(desk, _asked(desk, StateStepRequest(name=_name(brin), step=steps[step])))


@qualification.command("form")
@click.option("--version", default="current", show_default=True, help="Such as 2026.1.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; else it is shown. One that is there stays as it is.",
)
@pass_desk
def form(desk: Desk, version: str, out: Path | None) -> None:
    """Give the security checklist as a form to fill in."""
    from oso.registry.v1.qualification_service_pb2 import GetChecklistRequest  # noqa: PLC0415
    from oso_registry.qualification.form import blank_form  # noqa: PLC0415

    request = GetChecklistRequest(name=f"checklists/{version}")
    checklist = desk.run(lambda channel: call(channel, _SERVICE, request)).checklist
    text = blank_form(checklist, dutch=desk.language == "nl")
    if out is None:
        desk.show(checklist, text)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from None
    desk.say(f"Vul {out} in.", f"Fill in {out}.", file=str(out))


@qualification.command("answer")
@_BRIN
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_desk
def answer(desk: Desk, brin: str, file: Path) -> None:
    """Hand in the security checklist that was filled in."""
    from oso.registry.v1.qualification_service_pb2 import SubmitChecklistRequest  # noqa: PLC0415
    from oso_registry.qualification.form import FormError, read_form  # noqa: PLC0415

    try:
        submission = read_form(file.read_text(encoding="utf-8"))
    except FormError as error:
        raise click.ClickException(f"{file}: {desk.text(error.nl, error.en)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: {error}") from None
    request = SubmitChecklistRequest(parent=f"schools/{brin}", checklist_submission=submission)
    kept = desk.run(lambda channel: call(channel, _SERVICE, request)).checklist_submission
    _tell_submission(desk, kept)


@qualification.command("answers")
@_BRIN
@pass_desk
def answers(desk: Desk, brin: str) -> None:
    """List the checklists a school filled in, the oldest first."""
    from oso.registry.v1.qualification_service_pb2 import (  # noqa: PLC0415
        ListChecklistSubmissionsRequest,
    )

    request = ListChecklistSubmissionsRequest(parent=f"schools/{brin}")

    async def go(channel: grpc.aio.Channel) -> None:
        async for one in every(channel, _SERVICE, request, "checklist_submissions"):
            _tell_submission(desk, one)

    desk.run(go)


@qualification.command("declaration")
@click.option("--version", default="current", show_default=True, help="Such as 2026.1.")
@pass_desk
def declaration(desk: Desk, version: str) -> None:
    """Show the declaration a school signs."""
    from oso.registry.v1.qualification_service_pb2 import GetDeclarationRequest  # noqa: PLC0415

    request = GetDeclarationRequest(name=f"declarations/{version}")
    found = desk.run(lambda channel: call(channel, _SERVICE, request)).declaration
    named = found.name.rpartition("/")[2]
    head = desk.text(
        f"Versie {named}", f"Version {named}; the Dutch text is the one that is signed"
    )
    desk.show(found, head, "", desk.text(found.text_nl, found.text_en))


@qualification.command("sign")
@_BRIN
@click.argument("version")
@pass_desk
def sign(desk: Desk, brin: str, version: str) -> None:
    """Sign the declaration that was read, with the certificate of this desk."""
    from oso.registry.v1.qualification_service_pb2 import SignDeclarationRequest  # noqa: PLC0415

    request = SignDeclarationRequest(name=_name(brin), declaration=f"declarations/{version}")
    _tell(desk, _asked(desk, request))


@qualification.command("evaluate")
@_BRIN
@click.argument("outcome", type=click.Choice(["qualify", "extend"]))
@click.option(
    "--date", "day", type=_DAY, metavar="YYYY-MM-DD", help="The day of the talk; else today."
)
@click.option(
    "--until", "end", type=_DAY, metavar="YYYY-MM-DD", help="With extend: new end of the trial."
)
@click.option("--remark", default="", help="What was said. No personal data.")
@pass_desk
def evaluate(
    desk: Desk,
    brin: str,
    outcome: str,
    *,
    day: datetime | None,
    end: datetime | None,
    remark: str,
) -> None:
    """Record an evaluation talk; `extend` extends the trial."""
    from oso.registry.v1.qualification_service_pb2 import RecordEvaluationRequest  # noqa: PLC0415

    request = RecordEvaluationRequest(name=_name(brin))
    held = day or datetime.now(UTC)
    made = request.evaluation
    made.outcome = number_of(made, "outcome", outcome)  # type: ignore[assignment]
    made.date.year, made.date.month, made.date.day = held.year, held.month, held.day
    made.remark = remark
    if end is not None:
        made.trial_end_time.FromDatetime(end)
    _tell(desk, _asked(desk, request))


@qualification.command("start-trial")
@_PARTY
@_UNTIL
@_BASIS
@pass_desk
def start_trial(desk: Desk, party: str, end: datetime | None, reason: str) -> None:
    """Let a school exchange with test schools until a day, or an SWV."""
    if end is None and not _is_swv(party):
        raise click.UsageError("Missing option '--until'.")
    _act(desk, party, "START_TRIAL", reason, end)


@qualification.command("qualify")
@_PARTY
@_BASIS
@pass_desk
def qualify(desk: Desk, party: str, reason: str) -> None:
    """Let a school or SWV exchange with everybody."""
    _act(desk, party, "QUALIFY", reason)


@qualification.command("suspend")
@_PARTY
@_WHY
@pass_desk
def suspend(desk: Desk, party: str, reason: str) -> None:
    """Stop a school or SWV for now."""
    _act(desk, party, "SUSPEND", reason)


@qualification.command("resume")
@_PARTY
@_BASIS
@pass_desk
def resume(desk: Desk, party: str, reason: str) -> None:
    """Take a suspension back: the school or SWV is again what it was."""
    _act(desk, party, "RESUME", reason)


@qualification.command("withdraw")
@_PARTY
@_WHY
@pass_desk
def withdraw(desk: Desk, party: str, reason: str) -> None:
    """Stop a school or SWV for good."""
    _act(desk, party, "WITHDRAW", reason)


@qualification.command("reinstate")
@_PARTY
@_WHY
@pass_desk
def reinstate(desk: Desk, party: str, reason: str) -> None:
    """Let a withdrawn school or SWV begin again, with all steps."""
    _act(desk, party, "REINSTATE", reason)


def _act(desk: Desk, party: str, act: str, reason: str = "", end: datetime | None = None) -> None:
    from oso.registry.v1.qualification_service_pb2 import ActOnQualificationRequest  # noqa: PLC0415

    request = ActOnQualificationRequest(name=_name(party), reason=reason)
    request.act = number_of(request, "act", act)  # type: ignore[assignment]
    if end is not None:
        request.trial_end_time.FromDatetime(end)
    _tell(desk, _asked(desk, request))


def _asked(desk: Desk, request: Any) -> Any:
    return desk.run(lambda channel: call(channel, _SERVICE, request)).qualification


def _is_swv(party: str) -> bool:
    """Tell whether this is the code of an SWV, which begins with a letter, and no BRIN."""
    return party[:1].isalpha()


def _name(party: str) -> str:
    return f"{'swvs' if _is_swv(party) else 'schools'}/{party}/qualification"


def _tell(desk: Desk, told: Any) -> None:
    from oso_registry.qualification.telling import whole  # noqa: PLC0415

    desk.show(told, *(plain(line) for line in whole(told, desk.text)))


def _tell_submission(desk: Desk, told: Any) -> None:
    """Tell a checklist that was filled in: its number, and each answer that is not YES."""
    version, number = (text.rpartition("/")[2] for text in (told.checklist, told.name))
    noes = desk.text(f"{told.no_count} keer nee", f"{told.no_count} times no")
    day = f"{told.create_time.ToDatetime():%Y-%m-%d}"
    head = f"{number}  {version}  {day}  {told.system.removeprefix('systems/')}  {noes}"
    lines = [
        f"  {one.question_id}: {word(desk, one, 'reply')}  {plain(one.explanation)}".rstrip()
        for one in told.answers
        if one.explanation
    ]
    desk.show(told, head, *lines)
