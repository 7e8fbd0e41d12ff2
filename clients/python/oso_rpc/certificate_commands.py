"""What the commands enroll, renew and status do and tell; each system's command line has them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from oso.result.v1 import result_code_pb2 as codes
from oso_rpc.channel import Connection
from oso_rpc.credentials_source import CredentialsSource
from oso_rpc.enrolment import enrol, load_invitation, parse_invitation, system_id_of
from oso_rpc.renewal import Renewer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from oso.registry.v1.invitation_pb2 import Invitation
    from oso_rpc.clock import Clock
    from oso_rpc.credential_files import CredentialFiles
    from oso_rpc.errors import OsoError
    from oso_rpc.identity import PeerIdentity
    from oso_rpc.renewal import RenewalPlan, Standing

STDIN = "-"


@dataclass(frozen=True)
class Told:
    """What a command says.

    Attributes:
        nl: For people, in Dutch.
        en: For people, in English.
        facts: For programs.

    """

    nl: str
    en: str
    facts: Mapping[str, object]


@dataclass(frozen=True)
class Place:
    """A system whose certificate a command is about.

    Attributes:
        files: Its files.
        office_heart: Where OfficeHeart listens, `host:port`; empty when it is not known.
        office_heart_system: The system that must answer there.
        plan: When its certificate is renewed.

    """

    files: CredentialFiles
    office_heart: str
    office_heart_system: str
    plan: RenewalPlan


def read_invitation(file: str) -> Invitation:
    """Read an invitation from a file that its owner alone can read, or `-`: standard input.

    Raises: as `load_invitation`.

    """
    if file == STDIN:
        return parse_invitation(Path("stdin"), sys.stdin.buffer.read())
    return load_invitation(Path(file))


def office_heart_settings(invitation: Invitation) -> dict[str, str]:
    """Give the settings that say where OfficeHeart is."""
    return {
        "office_heart": invitation.address,
        "office_heart_system": system_id_of(invitation.office_heart),
    }


async def enroll(files: CredentialFiles, invitation: Invitation, file: str, clock: Clock) -> Told:
    """Enrol with an invitation that was read from a file.

    Raises: as `enrolment.enrol`.

    """
    made = (await enrol(files, invitation, clock)).identity
    spent_nl = spent_en = ""
    if file != STDIN:
        spent_nl = f" De uitnodiging is nu gebruikt en nergens meer goed voor: verwijder {file}."
        spent_en = f" The invitation is used up and good for nothing now: delete {file}."
    return Told(
        f"{made.system_id} heeft een certificaat, geldig tot {_day(made.not_after)}.{spent_nl}",
        f"{made.system_id} has a certificate, good until {_day(made.not_after)}.{spent_en}",
        _facts(made),
    )


async def renew(place: Place, clock: Clock, *, new_key: bool, at_once: bool) -> Told:
    """Renew by hand: ask when it is time or told to, take up when it is time or told to.

    Args:
        place: Whose certificate.
        clock: The clock.
        new_key: Ask now, also when the present certificate is good for a while.
        at_once: Use what was given now, also when others may not know it yet.

    Raises: as `Renewer.ask` and `Renewer.take_up`.

    """
    source = CredentialsSource(place.files)
    connection = None
    if place.office_heart:
        connection = Connection(place.office_heart, place.office_heart_system, source)
    renewer = Renewer(source, connection, clock, place.plan)
    try:
        standing = await renewer.standing()
        if standing.waiting is None:
            if not new_key and clock.now() < standing.allowed_from:
                return _not_due(standing)
            await renewer.ask()
            standing = await renewer.standing()
        if at_once or _is_due(standing, clock.now()):
            await renewer.take_up()
            return _taken_up(source.current.identity)
        return _waiting(standing)
    finally:
        if connection is not None:
            await connection.close()


async def status(place: Place, clock: Clock) -> Told:
    """Tell how it is with the certificate.

    Raises: as `CredentialFiles.load`.

    """
    source = CredentialsSource(place.files)
    standing = await Renewer(source, None, clock, place.plan).standing()
    present = standing.present
    left = standing.days_left(clock.now())
    lines = [
        (f"systeem          {present.system_id}", f"system         {present.system_id}"),
        (
            f"certificaat tot  {_minute(present.not_after)}, nog {left} dagen",
            f"certificate to   {_minute(present.not_after)}, {left} days left",
        ),
        (
            f"verlengen vanaf  {_minute(standing.allowed_from)}",
            f"renewed from     {_minute(standing.allowed_from)}",
        ),
    ]
    if standing.waiting is not None and standing.used_from is not None:
        until, begin = _minute(standing.waiting.not_after), _minute(standing.used_from)
        lines.append(
            (
                f"het volgende     tot {until}, in gebruik vanaf {begin}",
                f"the next one     to {until}, used from {begin}",
            )
        )
    lines.append(
        (
            f"OfficeHeart      {place.office_heart or 'niet ingesteld: er wordt niet verlengd'}",
            f"OfficeHeart      {place.office_heart or 'not set: nothing is renewed'}",
        )
    )
    facts = {
        **_facts(present),
        "days_left": left,
        "renew_from": standing.allowed_from.isoformat(),
        "next_used_from": standing.used_from.isoformat() if standing.used_from else None,
        "office_heart": place.office_heart,
    }
    return Told("\n".join(nl for nl, _ in lines), "\n".join(en for _, en in lines), facts)


def refusal(error: OsoError, language: str) -> str:
    """Make the sentence of a refusal; of a clock that is off, what to do about it."""
    if error.code != codes.RESULT_CODE_CLOCK_SKEW:
        return error.text(language)
    try:
        offset = timedelta(seconds=int(error.metadata["offset_seconds"]))
    except (KeyError, ValueError, OverflowError):
        return error.text(language)
    ahead = offset > timedelta()
    if language == "nl":
        return (
            f"De klok van deze computer loopt {_span(offset, 'uur', 'minuten')} "
            f"{'voor' if ahead else 'achter'} op die van OfficeHeart. Zet hem gelijk (bijvoorbeeld "
            "met: timedatectl set-ntp true) en probeer het opnieuw. Er is niets gebruikt."
        )
    return (
        f"The clock of this computer is {_span(offset, 'h', 'min')} "
        f"{'ahead of' if ahead else 'behind'} that of OfficeHeart. Set it right (for instance "
        "with: timedatectl set-ntp true) and try again. Nothing was used up."
    )


def _is_due(standing: Standing, now: datetime) -> bool:
    return standing.used_from is not None and now >= standing.used_from


def _not_due(standing: Standing) -> Told:
    until, begin = _day(standing.present.not_after), _day(standing.allowed_from)
    return Told(
        f"Het certificaat is geldig tot {until} en wordt verlengd vanaf {begin}. Nu al een nieuwe "
        "sleutel en een nieuw certificaat: --new-key.",
        f"The certificate is good until {until} and is renewed from {begin}. A new key and a new "
        "certificate now: --new-key.",
        {**_facts(standing.present), "renewed": False},
    )


def _waiting(standing: Standing) -> Told:
    waiting, begin = standing.waiting or standing.present, standing.used_from
    when, until = _minute(begin) if begin else "-", _day(waiting.not_after)
    return Told(
        f"Het volgende certificaat is er, geldig tot {until}. Het gaat in gebruik op {when}, als "
        "iedereen het kent. Nu al: --now.",
        f"The next certificate is here, good until {until}. It will be used from {when}, when "
        "everybody knows it. Now: --now.",
        {**_facts(waiting), "renewed": True, "used": False},
    )


def _taken_up(made: PeerIdentity) -> Told:
    until = _day(made.not_after)
    return Told(
        f"Het nieuwe certificaat is in gebruik, geldig tot {until}. Wat draait neemt het vanzelf "
        "over.",
        f"The new certificate is in use, good until {until}. What runs takes it up by itself.",
        {**_facts(made), "renewed": True, "used": True},
    )


def _facts(identity: PeerIdentity) -> dict[str, object]:
    return {
        "system": identity.system_id,
        "certificate_sha256": identity.certificate_sha256.hex(),
        "expire_time": identity.not_after.isoformat(),
    }


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _span(offset: timedelta, hours: str, minutes: str) -> str:
    whole = round(abs(offset) / timedelta(minutes=1))
    if whole < 60:  # noqa: PLR2004  minutes in an hour
        return f"{whole} {minutes}"
    return f"{whole // 60} {hours} {whole % 60} {minutes}"
