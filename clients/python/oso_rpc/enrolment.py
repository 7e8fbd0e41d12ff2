"""A system's first certificate, for an invitation: what a client of OfficeHeart does.

The key is made where it lives and stays there. What is asked is on the disk before it is sent:
after a lost answer or a crash the same command asks the same, and gets the same certificate.

InvitationError          the file is no invitation
InvitationExposedError   others could read it
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from typing import TYPE_CHECKING

import grpc
import protovalidate
from google.protobuf.json_format import Parse, ParseError

from oso.registry.v1.enrolment_service_pb2 import EnrolCertificateRequest
from oso.registry.v1.enrolment_service_pb2_grpc import EnrolmentServiceStub
from oso.registry.v1.invitation_pb2 import Invitation
from oso_rpc.channel import open_channel
from oso_rpc.credentials import (
    CredentialsError,
    KeyFileExposedError,
    load_certificate,
    read_private,
)
from oso_rpc.errors import from_rpc_error

if TYPE_CHECKING:
    from pathlib import Path

    from oso.registry.v1.enrolment_service_pb2 import EnrolCertificateResponse
    from oso_rpc.clock import Clock
    from oso_rpc.credential_files import CredentialFiles
    from oso_rpc.credentials import Credentials

OFFICE_HEART = "OfficeHeart"
SECONDS = 30.0


class InvitationExposedError(KeyFileExposedError):
    """Others could read the invitation, and be the system it invites."""

    text_nl = (
        "{path} is een uitnodiging, maar anderen dan de eigenaar kunnen erbij (rechten "
        "{mode:04o}), of het is geen gewoon bestand van deze gebruiker. Kan iemand haar hebben "
        "gelezen, vraag dan een nieuwe. Anders: chmod 600 {path}"
    )
    text_en = (
        "{path} is an invitation, but others than its owner can reach it (mode {mode:04o}), or it "
        "is no regular file of this user. If somebody may have read it, ask for a new one. If not: "
        "chmod 600 {path}"
    )


class InvitationError(CredentialsError):
    """The file is no invitation.

    Attributes:
        path: The file.

    """

    text_nl = "{path} is geen uitnodiging van OfficeHeart, of is niet heel"
    text_en = "{path} is no invitation of OfficeHeart, or is not whole"


def load_invitation(path: Path) -> Invitation:
    """Read an invitation, after making sure that its owner alone can: it has a secret in it.

    Raises:
        CredentialsError: Others could read it, it is a link, or no invitation.
        OSError: It cannot be read.

    """
    try:
        content = read_private(path)
    except KeyFileExposedError as error:
        raise InvitationExposedError(path, error.mode) from None
    return parse_invitation(path, content)


def parse_invitation(path: Path, content: bytes) -> Invitation:
    """Read an invitation from its JSON form; the path is for what an error names.

    Raises:
        InvitationError: It is none. Nothing of it is told: it may hold the secret.

    """
    try:
        invitation = Parse(content, Invitation(), ignore_unknown_fields=True)
        protovalidate.validate(invitation)
        load_certificate(path, invitation.authority_pem.encode("utf-8"))
    except (ParseError, ValueError, protovalidate.ValidationError):
        raise InvitationError(path) from None
    return invitation


def system_id_of(name: str) -> str:
    """Give the id of a system from its resource name."""
    return name.removeprefix("systems/")


def request_id_of(signing_request: bytes) -> str:
    """Give the request id that goes with a signing request: the same request, the same id."""
    return str(uuid.UUID(bytes=hashlib.sha256(signing_request).digest()[:16], version=4))


async def enrol(files: CredentialFiles, invitation: Invitation, clock: Clock) -> Credentials:
    """Get the certificate an invitation is for, and take it into use.

    Where it was got before with the same invitation, gives what is in use, and asks nobody.

    Raises:
        CredentialsError: A file cannot be used, another process is at it, or the answer does not
            fit what was asked.
        OsoError: The reason of a refusal; UNREACHABLE when OfficeHeart does not answer.
        OSError: A file cannot be read or written.
        ValueError: A file is not what it should be.

    """
    async with files.changing_beside():
        if await asyncio.to_thread(files.enrolled_with, invitation.token):
            return await asyncio.to_thread(files.load)
        system_id = system_id_of(invitation.system)
        asked = await asyncio.to_thread(files.ask_with, invitation.token, system_id)
        request = EnrolCertificateRequest(
            request_id=request_id_of(asked),
            system=invitation.system,
            token=invitation.token,
            signing_request=asked,
        )
        request.request_time.FromDatetime(clock.now())
        answer = await _call(invitation, request)
        await asyncio.to_thread(
            files.accept,
            answer.certificate.pem.encode("ascii"),
            answer.authority_pem.encode("ascii"),
            system_id,
        )
        if files.next_certificate.exists():
            await asyncio.to_thread(files.take_up, clock.now())
        return await asyncio.to_thread(files.load)


async def _call(
    invitation: Invitation, request: EnrolCertificateRequest
) -> EnrolCertificateResponse:
    async with open_channel(
        invitation.enrolment_address,
        system_id_of(invitation.office_heart),
        invitation.authority_pem.encode("utf-8"),
    ) as channel:
        try:
            return await EnrolmentServiceStub(channel).EnrolCertificate(request, timeout=SECONDS)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, party=OFFICE_HEART) from None
