"""OfficeHeart, Traffic Center and school together: a revocation reaches open connections."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceStub
from oso_dossier import DossierDocument
from oso_dossier.attachments import describe
from oso_dossier.documents import documents_of
from oso_dossier.synthetic import generate
from oso_rpc.errors import OsoError, from_rpc_error

from .conftest import revoke
from .country import TARGET, Country

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from .conftest import Followers


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQLite alone: what is tried here does not depend on the database."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
async def country(followers: Followers) -> AsyncIterator[Country]:
    """A country that follows OfficeHeart."""
    made = Country(followers)
    async with made.stack:
        await made.start()
        await made.known(lambda view: len(view.delivery_points) == 2)
        yield made


def _large_document() -> DossierDocument:
    document = generate("POVO", 7)
    content = os.urandom(24_000_000)
    documents_of(document.dossier)[1].bestandsinhoud.CopyFrom(describe(content, 2))
    return DossierDocument(document.dossier, (document.attachments[0], content))


def _revoked_at(view: Any) -> bool:
    return not view.active_thumbprints(TARGET[1])


async def _reason(call: Any) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error, party="other").name
    except OsoError as error:
        return error.name
    return ""


async def test_a_dossier_goes_by_what_office_heart_says(country: Country) -> None:
    """With nothing but OfficeHeart's stream a session is granted, and the dossier delivered."""
    request = await country.request(generate("POVO", 7))

    stub: Any = DossierExchangeServiceStub(country.source)
    parts = [part async for part in stub.FetchDossier(request, timeout=20)]

    assert parts[0].HasField("manifest")
    assert len(parts) > 1


async def test_a_revocation_reaches_open_connections(country: Country) -> None:
    """Once revoked, a certificate is refused on connections that stand, at centre and school."""
    request = await country.request(generate("POVO", 7))
    await country.center.ping()

    await country.followers.act(revoke(TARGET[1]))
    await country.known(_revoked_at)
    stub: Any = DossierExchangeServiceStub(country.source)

    assert "CERTIFICATE_REVOKED" == await _reason(country.center.ping())
    assert "CERTIFICATE_REVOKED" == await _reason(stub.FetchDossier(request, timeout=20).read())


async def test_a_delivery_ends_when_its_target_is_revoked(country: Country) -> None:
    """A dossier on its way goes no further once the target's certificate is taken back."""
    request = await country.request(_large_document())
    stub: Any = DossierExchangeServiceStub(country.source)
    call = stub.FetchDossier(request, timeout=60)
    await call.read()

    await country.followers.act(revoke(TARGET[1]))
    await country.known(_revoked_at)
    received = 0

    async def rest() -> None:
        nonlocal received
        while part := await call.read():
            received += len(part.chunk.data)

    assert "CERTIFICATE_REVOKED" == await _reason(rest())
    assert received < 24_000_000
