"""Commands on systems and certificates: `oso-registry system|certificate|blocked-key ...`.

Imports are made where they are used: see `oso_registry.parties.asking`.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oso_registry.desk import Desk, pass_desk
from oso_registry.parties.asking import call, every, number_of, plain, word

if TYPE_CHECKING:
    from collections.abc import Callable

    import grpc

    from oso.registry.v1.invitation_pb2 import Invitation

_SYSTEMS, _ENROLMENT, _CERTIFICATES = "SystemService", "EnrolmentService", "CertificateService"
_ROLES = [
    "las",
    "supplier",
    "board-manager",
    "school-manager",
    "registrar",
    "auditor",
    "helpdesk",
    "traffic-center",
]
_REASONS = {
    "key-compromise": "Somebody else may have the key: it is blocked too.",
    "affiliation-changed": "The system belongs to somebody else now.",
    "superseded": "A newer one is in use.",
    "cessation-of-operation": "The system is out of use.",
    "privilege-withdrawn": "It has lost the right to it (registrar only).",
}
OUT = click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File for the invitation; it must not be there yet. Its owner alone can read it.",
)
HOURS = click.option(
    "--hours",
    type=click.FloatRange(1 / 60, 168),
    default=24.0,
    show_default=True,
    help="For how long it can be used.",
)


@click.group()
def system() -> None:
    """Systems: what holds a certificate. A school's LAS, or somebody's desk."""


@system.command("add")
@click.argument("id_", metavar="ID")
@click.option("--name", "display_name", required=True, help="What people call it.")
@click.option("--role", type=click.Choice(_ROLES), default="las", show_default=True)
@click.option(
    "--owner",
    default="",
    metavar="KIND/ID",
    help="Whom it belongs to, such as suppliers/OIN, schools/00SS or boards/41234.",
)
@click.option("--reads-evidence", is_flag=True, help="May read all evidence (Traffic Center).")
@pass_desk
def add(
    desk: Desk, id_: str, *, display_name: str, role: str, owner: str, reads_evidence: bool
) -> None:
    """Register a system. Then invite it: `system invite`."""
    from oso.registry.v1.system_service_pb2 import CreateSystemRequest  # noqa: PLC0415

    request = CreateSystemRequest(system_id=id_)
    made = request.system
    made.display_name, made.owner, made.auditor = display_name, owner, reads_evidence
    made.role = number_of(made, "role", role)  # type: ignore[assignment]
    _tell(desk, desk.run(lambda channel: call(channel, _SYSTEMS, request)).system)


@system.command("show")
@click.argument("id_", metavar="ID")
@pass_desk
def show(desk: Desk, id_: str) -> None:
    """Show a system and its certificates."""
    from oso.registry.v1.certificate_service_pb2 import ListCertificatesRequest  # noqa: PLC0415
    from oso.registry.v1.system_service_pb2 import GetSystemRequest  # noqa: PLC0415

    async def go(channel: grpc.aio.Channel) -> None:
        name = _name(id_)
        _tell(desk, (await call(channel, _SYSTEMS, GetSystemRequest(name=name))).system)
        request = ListCertificatesRequest(parent=name)
        async for one in every(channel, _CERTIFICATES, request, "certificates"):
            _tell_certificate(desk, one)

    desk.run(go)


@system.command("list")
@click.option("--owner", default="", help="Only those of this owner, such as schools/00SS.")
@click.option("--role", type=click.Choice(_ROLES), help="Only those with this role.")
@pass_desk
def list_(desk: Desk, owner: str, role: str | None) -> None:
    """List systems, by id."""
    from oso.registry.v1.system_service_pb2 import ListSystemsRequest  # noqa: PLC0415

    request = ListSystemsRequest(owner=owner)
    if role:
        request.role = number_of(request, "role", role)  # type: ignore[assignment]

    async def go(channel: grpc.aio.Channel) -> None:
        async for one in every(channel, _SYSTEMS, request, "systems"):
            _tell(desk, one)

    desk.run(go)


@system.command("rename")
@click.argument("id_", metavar="ID")
@click.option("--name", "display_name", required=True, help="What people call it.")
@pass_desk
def rename(desk: Desk, id_: str, display_name: str) -> None:
    """Change what people call a system."""
    from oso.registry.v1.system_service_pb2 import UpdateSystemRequest  # noqa: PLC0415

    request = UpdateSystemRequest()
    request.system.name, request.system.display_name = _name(id_), display_name
    _tell(desk, desk.run(lambda channel: call(channel, _SYSTEMS, request)).system)


@system.command("disable")
@click.argument("id_", metavar="ID")
@pass_desk
def disable(desk: Desk, id_: str) -> None:
    """Put a system out of use: its certificates are revoked."""
    _switch(desk, "Disable", id_)


@system.command("enable")
@click.argument("id_", metavar="ID")
@pass_desk
def enable(desk: Desk, id_: str) -> None:
    """Let a system enrol again, with a new invitation."""
    _switch(desk, "Enable", id_)


@system.command("invite")
@click.argument("id_", metavar="ID")
@OUT
@HOURS
@pass_desk
def invite(desk: Desk, id_: str, out: Path, hours: float) -> None:
    """Invite a system to ask for its certificate; an earlier invitation ends."""
    from oso.registry.v1.enrolment_service_pb2 import InviteSystemRequest  # noqa: PLC0415

    request = InviteSystemRequest(system=_name(id_))
    request.lifetime.FromTimedelta(timedelta(hours=hours))
    if out.exists():
        raise click.ClickException(_is_there(desk, out))
    told = desk.run(lambda channel: call(channel, _ENROLMENT, request))
    hand_out(desk, told.invitation, out)


def hand_out(desk: Desk, invitation: Invitation, out: Path) -> None:
    """Write an invitation to a private file, and tell what to do with it."""
    from google.protobuf.json_format import MessageToJson  # noqa: PLC0415

    from oso_rpc.credentials import write_private  # noqa: PLC0415

    try:
        write_private(out, MessageToJson(invitation, preserving_proto_field_name=True).encode())
    except FileExistsError:
        raise click.ClickException(_is_there(desk, out)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror}") from None
    until = invitation.expire_time.ToDatetime(tzinfo=UTC)
    system_id = invitation.system.removeprefix("systems/")
    desk.say(
        f"Uitnodiging voor {system_id} staat in {out}, geldig tot {until:%Y-%m-%d %H:%M} UTC, voor "
        "één certificaat.\nWie haar heeft kan dit systeem zijn: verstuur haar zoals een "
        "wachtwoord.",
        f"Invitation for {system_id} is in {out}, good until {until:%Y-%m-%d %H:%M} UTC, for one "
        "certificate.\nWhoever has it can be this system: send it as you would a password.",
        system=invitation.system,
        file=str(out),
        expire_time=until.isoformat(),
    )


@click.command("list")
@click.option("--system", "system_id", default="-", help="Only those of this system.")
@click.option("--state", type=click.Choice(["intended", "issued", "failed", "revoked"]))
@pass_desk
def list_certificates(desk: Desk, system_id: str, state: str | None) -> None:
    """List certificates that were given out."""
    from oso.registry.v1.certificate_service_pb2 import ListCertificatesRequest  # noqa: PLC0415

    request = ListCertificatesRequest(parent=_name(system_id))
    if state:
        request.state = number_of(request, "state", state)  # type: ignore[assignment]

    async def go(channel: grpc.aio.Channel) -> None:
        async for one in every(channel, _CERTIFICATES, request, "certificates"):
            _tell_certificate(desk, one)

    desk.run(go)


@click.command("revoke")
@click.argument("name", metavar="SYSTEM/SERIAL")
@click.option("--reason", type=click.Choice(list(_REASONS)), required=True)
@pass_desk
def revoke(desk: Desk, name: str, reason: str) -> None:
    """Take a certificate back, for good: no call with it is answered any more."""
    from oso.registry.v1.certificate_service_pb2 import RevokeCertificateRequest  # noqa: PLC0415

    request = RevokeCertificateRequest(name=_certificate_name(name))
    request.reason = number_of(request, "reason", reason)  # type: ignore[assignment]
    told = desk.run(lambda channel: call(channel, _CERTIFICATES, request))
    _tell_certificate(desk, told.certificate)


@click.group("blocked-key")
def blocked_key() -> None:
    """Keys that get no certificate any more."""


@blocked_key.command("list")
@pass_desk
def list_keys(desk: Desk) -> None:
    """List blocked keys."""
    from oso.registry.v1.certificate_service_pb2 import ListBlockedKeysRequest  # noqa: PLC0415

    async def go(channel: grpc.aio.Channel) -> None:
        request = ListBlockedKeysRequest()
        async for one in every(channel, _CERTIFICATES, request, "blocked_keys"):
            _tell_key(desk, one)

    desk.run(go)


@blocked_key.command("add")
@click.argument("sha256", metavar="SHA256")
@click.option("--reason", required=True, help="Why, for whoever asks later. No names of persons.")
@pass_desk
def block(desk: Desk, sha256: str, reason: str) -> None:
    """Block a key, named by the SHA-256 of its SubjectPublicKeyInfo."""
    from oso.registry.v1.certificate_service_pb2 import CreateBlockedKeyRequest  # noqa: PLC0415

    request = CreateBlockedKeyRequest(blocked_key_id=sha256.lower())
    request.blocked_key.reason = reason
    told = desk.run(lambda channel: call(channel, _CERTIFICATES, request))
    _tell_key(desk, told.blocked_key)


@blocked_key.command("remove")
@click.argument("sha256", metavar="SHA256")
@pass_desk
def unblock(desk: Desk, sha256: str) -> None:
    """Unblock a key that was blocked by mistake."""
    from oso.registry.v1.certificate_service_pb2 import DeleteBlockedKeyRequest  # noqa: PLC0415

    request = DeleteBlockedKeyRequest(name=f"blockedKeys/{sha256.lower()}")
    desk.run(lambda channel: call(channel, _CERTIFICATES, request))
    desk.say("De sleutel is niet meer geblokkeerd.", "The key is not blocked any more.")


# What goes into the group `certificate`, beside what is done by hand.
CERTIFICATE_COMMANDS = [list_certificates, revoke]


def _switch(desk: Desk, verb: str, id_: str) -> None:
    from oso.registry.v1 import system_service_pb2 as messages  # noqa: PLC0415

    make: Callable[..., Any] = getattr(messages, f"{verb}SystemRequest")
    told = desk.run(lambda channel: call(channel, _SYSTEMS, make(name=_name(id_))))
    _tell(desk, told.system)


def _name(text: str) -> str:
    return text if text.startswith("systems/") else f"systems/{text}"


def _certificate_name(text: str) -> str:
    system_id, _, serial = text.removeprefix("systems/").rpartition("/")
    return f"systems/{system_id.removesuffix('/certificates')}/certificates/{serial.lower()}"


def _tell(desk: Desk, told: Any) -> None:
    id_ = told.name.removeprefix("systems/")
    parts = [id_, plain(told.display_name), word(desk, told, "role"), told.owner]
    if told.auditor:
        parts.append(desk.text("leest bewijs", "reads evidence"))
    if told.disabled:
        parts.append(desk.text("buiten gebruik", "out of use"))
    desk.show(told, "  ".join(filter(None, parts)))


def _tell_certificate(desk: Desk, told: Any) -> None:
    system_id, _, serial = told.name.removeprefix("systems/").partition("/certificates/")
    until = f"{told.expire_time.ToDatetime():%Y-%m-%d %H:%M} UTC"
    parts = [f"{system_id}/{serial}", until, word(desk, told, "state")]
    if told.HasField("revoke_time"):
        parts += [
            f"{told.revoke_time.ToDatetime():%Y-%m-%d %H:%M} UTC",
            word(desk, told, "revocation_reason"),
        ]
    desk.show(told, "  ".join(parts))


def _tell_key(desk: Desk, told: Any) -> None:
    since = f"{told.create_time.ToDatetime():%Y-%m-%d}"
    desk.show(told, f"{told.name.removeprefix('blockedKeys/')}  {since}  {plain(told.reason)}")


def _is_there(desk: Desk, path: Path) -> str:
    return desk.text(
        f"{path} is er al; er is niets gewijzigd", f"{path} is there already; nothing was changed"
    )
