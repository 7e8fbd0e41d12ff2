"""Asking OfficeHeart something from a command, and telling the answer to people.

Imports are made where they are used: a command should not wait for gRPC to say that it was not
understood.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from oso_registry.desk import SECONDS, Desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc

_PACKAGE = "oso.registry.v1"
_PAGE = 1000
# The words of the contract, for who reads Dutch.
_DUTCH = {
    "ACTIVE": "actief",
    "ADMITTED": "toegelaten",
    "AFFILIATION_CHANGED": "van eigenaar veranderd",
    "AUDITOR": "auditor",
    "BOARD_MANAGER": "bestuursbeheerder",
    "CANDIDATE": "in gesprek",
    "CESSATION_OF_OPERATION": "buiten gebruik",
    "CHANGED": "gewijzigd",
    "CLOSED": "gesloten",
    "DISABLED": "uitgezet",
    "DRAFT": "concept",
    "ENDED": "afgelopen",
    "EXTENDED": "proef verlengd",
    "FAILED": "mislukt",
    "HELPDESK": "helpdesk",
    "INTENDED": "in behandeling",
    "ISSUED": "uitgegeven",
    "KEY_COMPROMISE": "sleutel niet meer geheim",
    "LAS": "LAS",
    "MANDATE_ENDED": "mandaat afgelopen",
    "NEW": "nieuw",
    "NO": "nee",
    "NOT_APPLICABLE": "niet van toepassing",
    "NOT_YET": "nog niet ingegaan",
    "PRIVILEGE_WITHDRAWN": "recht vervallen",
    "PUBLISHED": "gepubliceerd",
    "QUALIFIED": "gekwalificeerd",
    "REFUSED": "geweigerd",
    "REGISTERED": "geregistreerd",
    "REGISTRAR": "registrar",
    "REMOVED": "verdwenen",
    "REVOKED": "ingetrokken",
    "SCHOOL_MANAGER": "schoolbeheerder",
    "SOURCE": "bron",
    "SUPERSEDED": "vervangen",
    "SUPPLIER": "leverancier",
    "SUSPENDED": "geschorst",
    "TARGET": "doel",
    "TRAFFIC_CENTER": "verkeerscentrale",
    "TRIAL": "proef",
    "WITHDRAWN": "teruggetrokken",
    "YES": "ja",
}


async def call(channel: grpc.aio.Channel, service: str, request: Any) -> Any:
    """Call the method a request belongs to; give the response.

    A request that changes something gets a request_id.
    """
    from google.protobuf.message_factory import GetMessageClass  # noqa: PLC0415

    method = request.DESCRIPTOR.name.removesuffix("Request")
    response: Any = request.DESCRIPTOR.file.message_types_by_name[f"{method}Response"]
    if "request_id" in request.DESCRIPTOR.fields_by_name:
        request.request_id = str(uuid4())
    unary = channel.unary_unary(
        f"/{_PACKAGE}.{service}/{method}",
        request_serializer=type(request).SerializeToString,
        response_deserializer=GetMessageClass(response).FromString,
    )
    return await unary(request, timeout=SECONDS)


async def every(
    channel: grpc.aio.Channel, service: str, request: Any, field: str
) -> AsyncIterator[Any]:
    """Give all resources of a list, page after page."""
    request.page_size = _PAGE
    while True:
        told = await call(channel, service, request)
        for one in getattr(told, field):
            yield one
        if not told.next_page_token:
            return
        request.page_token = told.next_page_token


def word(desk: Desk, message: Any, field: str) -> str:
    """Give the value of a field for people."""
    enum = message.DESCRIPTOR.fields_by_name[field].enum_type
    value = getattr(message, field)
    if enum is None:
        return plain(str(value))
    text: str = enum.values_by_number[value].name.removeprefix(_prefix(enum))
    return _DUTCH.get(text, text.lower()) if desk.language == "nl" else text.lower()


def number_of(message: Any, field: str, text: str) -> int:
    """Give the number of an enum's value, as options spell it."""
    enum = message.DESCRIPTOR.fields_by_name[field].enum_type
    number: int = enum.values_by_name[_prefix(enum) + text.upper().replace("-", "_")].number
    return number


def plain(text: str) -> str:
    """Give a text so that nothing in it can steer the terminal."""
    return "".join(one if one.isprintable() else "?" for one in text)


def _prefix(enum: Any) -> str:
    """Give what the names of an enum's values begin with: its own name (buf's STANDARD)."""
    return str(enum.values_by_number[0].name.removesuffix("UNSPECIFIED"))
