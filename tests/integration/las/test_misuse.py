"""Requests that must not be served, and sources that lie: nothing is half-stored."""

from __future__ import annotations

import dataclasses
import os
import uuid
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from oso.exchange.v1.dossier_exchange_service_pb2 import (
    Chunk,
    FetchDossierRequest,
    FetchDossierResponse,
    Resume,
)
from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceStub
from oso.exchange.v1.manifest_pb2 import Manifest
from oso.trafficcenter.v1.session_pb2 import Grant
from oso_dossier import dossier_bytes, parse_dossier
from oso_las.delivering import Delivery
from oso_las.manifest import sign_manifest
from oso_las.search_key import search_key
from oso_registry.testing import routing_key_of
from oso_rpc.channel import secure_channel
from oso_rpc.errors import from_rpc_error, name_of

from .conftest import OTHER, SOURCE, SYSTEMS, TARGET

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from oso_las.model import Identity

    from .conftest import Country


class Attacker:
    """Speaks to the source as it likes."""

    def __init__(self, country: Country, brin: str = TARGET) -> None:
        """Connect to the source with the credentials of a school."""
        self.country = country
        server_address = next(
            point.address
            for point in country.landscape.directory.delivery_points
            if point.brin == SOURCE
        )
        credentials = country.landscape.credentials(SYSTEMS[brin])
        self.channel = secure_channel(server_address, SYSTEMS[SOURCE], credentials)

    async def request(self, identity: Identity) -> FetchDossierRequest:
        """Open a session and make a good request."""
        salt = os.urandom(32)
        center = self.country.nodes[TARGET].traffic_center
        opened = await center.open(routing_key_of(TARGET), SOURCE, search_key(identity, salt))
        return FetchDossierRequest(
            session_id=opened.session.session_id,
            grant=opened.grant,
            source_routing_key=routing_key_of(SOURCE),
            identity=identity.message(),
            salt=salt,
            accepted_dossier_years=["2019.1"],
        )

    async def fetch(self, request: FetchDossierRequest) -> list[Any]:
        """Give all that is delivered."""
        stub = DossierExchangeServiceStub(self.channel)
        return [one async for one in stub.FetchDossier(request, timeout=10)]

    async def reason(self, request: FetchDossierRequest) -> str:
        """Give why it is refused."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.fetch(request)
        return from_rpc_error(caught.value, party="source").name


@pytest.fixture
async def attacker(country: Country) -> AsyncIterator[Attacker]:
    """The target's own credentials in bad hands."""
    made = Attacker(country)
    yield made
    await made.channel.close()


async def test_a_good_request_is_served(country: Country, attacker: Attacker) -> None:
    """The request the other tests spoil is served as it is: manifest first, then the bytes."""
    number, identity = await country.ready()

    first, *rest = await attacker.fetch(await attacker.request(identity))

    manifest = Manifest.FromString(first.manifest.manifest)
    assert sum(len(one.chunk.data) for one in rest) == sum(part.size for part in manifest.parts)
    document = await country.nodes[SOURCE].desk.document(number)
    assert rest[0].chunk.data == dossier_bytes(document.dossier)


def _flip(request: FetchDossierRequest, change: Callable[[Grant], None]) -> None:
    grant = Grant.FromString(request.grant.grant)
    change(grant)
    request.grant.grant = grant.SerializeToString(deterministic=True)


def _later(grant: Grant) -> None:
    grant.expire_time.seconds += 3600


async def test_a_grant_changed_by_one_bit_is_refused_wherever_the_bit_is(
    country: Country, attacker: Attacker
) -> None:
    """Every bit of grant and signature counts: changed, nothing is delivered."""
    _, identity = await country.ready()
    good = await attacker.request(identity)
    for field in ("grant", "signature"):
        size = len(getattr(good.grant, field))
        for place in range(0, size, max(1, size // 12)):
            spoiled = FetchDossierRequest()
            spoiled.CopyFrom(good)
            content = bytearray(getattr(good.grant, field))
            content[place] ^= 1
            setattr(spoiled.grant, field, bytes(content))
            assert await attacker.reason(spoiled) in {
                "GRANT_INVALID",
                "SESSION_MISMATCH",
                "SESSION_UNKNOWN",
                "DELIVERY_POINT_UNKNOWN",
                "CERTIFICATE_NOT_ALLOWED",
                "REQUEST_INVALID",
                "SCHOOLS_NOT_RELATED",
            }, (field, place)
    assert len(await attacker.fetch(good)) > 1


async def test_a_grant_with_a_longer_life_is_refused(country: Country, attacker: Attacker) -> None:
    """A grant whose expiry was moved matches its session but not its signature."""
    _, identity = await country.ready()
    request = await attacker.request(identity)
    _flip(request, _later)

    assert await attacker.reason(request) == "GRANT_INVALID"


async def test_an_identity_that_does_not_reproduce_the_commitment_is_refused(
    country: Country, attacker: Attacker
) -> None:
    """Another birth date, number or salt than the session was opened for is KEY_MISMATCH."""
    _, identity = await country.ready()
    good = await attacker.request(identity)
    for change in (
        lambda r: setattr(r.identity.birth_date, "day", 1 + r.identity.birth_date.day % 27),
        lambda r: setattr(r.identity, "bsn", "999900006"),
        lambda r: setattr(r.identity, "onderwijsnummer", r.identity.bsn),
        lambda r: setattr(r, "salt", os.urandom(32)),
        lambda r: r.ClearField("salt"),
    ):
        spoiled = FetchDossierRequest()
        spoiled.CopyFrom(good)
        change(spoiled)
        assert await attacker.reason(spoiled) == "KEY_MISMATCH"


async def test_a_session_of_another_certificate_is_worthless(country: Country) -> None:
    """A stolen request over the certificate of another school is refused at the centre's word."""
    _, identity = await country.ready()
    thief = Attacker(country, OTHER)
    request = await thief.request(identity)

    assert await thief.reason(request) == "CERTIFICATE_NOT_ALLOWED"
    outcomes = await country.timeline(request.session_id)
    assert outcomes == ["GRANTED", "CERTIFICATE_NOT_ALLOWED"]
    await thief.channel.close()


async def test_a_malformed_request_is_refused_before_the_centre_is_asked(
    country: Country, attacker: Attacker
) -> None:
    """A request that lacks something, or has what cannot be, is REQUEST_INVALID."""
    _, identity = await country.ready()
    request = await attacker.request(identity)
    for change in (
        lambda r: r.ClearField("identity"),
        lambda r: setattr(r, "session_id", "x"),
        lambda r: setattr(r.identity, "bsn", "12345"),
        lambda r: r.ClearField("accepted_dossier_years"),
        lambda r: r.ClearField("grant"),
        lambda r: setattr(r.changed_since, "seconds", 2**62),
        lambda r: setattr(r.changed_since, "seconds", -1),
    ):
        spoiled = FetchDossierRequest()
        spoiled.CopyFrom(request)
        change(spoiled)
        assert await attacker.reason(spoiled) == "REQUEST_INVALID"
    assert await country.timeline(request.session_id) == ["GRANTED"]


@pytest.mark.parametrize(
    "resume",
    [
        Resume(manifest_sha256=bytes(32)),
        Resume(manifest_sha256=bytes(32), part_number=99),
    ],
)
async def test_going_on_with_something_else_is_refused(
    country: Country, attacker: Attacker, resume: Resume
) -> None:
    """A resume of another delivery than the one there is now is RESUME_INVALID."""
    _, identity = await country.ready()
    request = await attacker.request(identity)
    request.resume.CopyFrom(resume)

    assert await attacker.reason(request) == "RESUME_INVALID"


async def test_without_the_centre_nothing_is_delivered(
    country: Country, attacker: Attacker
) -> None:
    """When the centre cannot be asked, the source delivers nothing."""
    _, identity = await country.ready()
    request = await attacker.request(identity)
    await country.stack.aclose()

    assert await attacker.reason(request) == "TRAFFIC_CENTER_UNAVAILABLE"


async def test_a_session_unknown_to_the_centre_is_refused(
    country: Country, attacker: Attacker
) -> None:
    """A session id the centre never gave is SESSION_UNKNOWN."""
    _, identity = await country.ready()
    request = await attacker.request(identity)
    request.session_id = str(uuid.uuid4())

    assert await attacker.reason(request) == "SESSION_UNKNOWN"


# --- sources that lie


def _resigned(country: Country, delivery: Delivery, change: Callable[[Manifest], None]) -> Delivery:
    manifest = Manifest.FromString(delivery.signed.manifest)
    change(manifest)
    credentials = country.landscape.credentials(SYSTEMS[SOURCE])
    der = credentials.identity.certificate_der
    return dataclasses.replace(
        delivery, signed=sign_manifest(manifest, credentials.private_key, der)
    )


def _liar(
    monkeypatch: pytest.MonkeyPatch, country: Country, lie: Callable[[Delivery], Delivery]
) -> None:
    exchange = country.nodes[SOURCE].exchange
    prepare = exchange.prepare

    async def lying(request: Any, peer: Any) -> Delivery:
        return lie(await prepare(request, peer))

    monkeypatch.setattr(exchange, "prepare", lying)


def _chunks(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Chunk], list[Chunk]]) -> None:
    true_chunks = Delivery.chunks

    async def lying(self: Delivery) -> AsyncIterator[FetchDossierResponse]:
        async with aclosing(true_chunks(self)) as responses:
            async for response in responses:
                for one in spoil(response.chunk):
                    yield FetchDossierResponse(chunk=one)

    monkeypatch.setattr(Delivery, "chunks", lying)


def _other_byte(chunk: Chunk) -> list[Chunk]:
    return [Chunk(part_number=chunk.part_number, offset=chunk.offset, data=b"?" + chunk.data[1:])]


def _too_long(chunk: Chunk) -> list[Chunk]:
    return [Chunk(part_number=chunk.part_number, offset=chunk.offset, data=chunk.data + b"!")]


def _gap(chunk: Chunk) -> list[Chunk]:
    return [Chunk(part_number=chunk.part_number, offset=chunk.offset + 1, data=chunk.data)]


def _other_part(chunk: Chunk) -> list[Chunk]:
    return [Chunk(part_number=chunk.part_number + 1, offset=chunk.offset, data=chunk.data)]


def _twice(chunk: Chunk) -> list[Chunk]:
    return [chunk, chunk]


@pytest.mark.parametrize("spoil", [_other_byte, _too_long, _gap, _other_part, _twice])
async def test_bytes_that_are_not_those_of_the_manifest_are_thrown_away(
    country: Country, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Chunk], list[Chunk]]
) -> None:
    """A wrong digest, length or order ends in MANIFEST_INVALID; no row, no file is left."""
    _, identity = await country.ready()
    _chunks(monkeypatch, spoil)

    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == "MANIFEST_INVALID"
    assert await country.nothing_stored(TARGET)
    assert (await country.timeline(collected.session_id))[-1] == "MANIFEST_INVALID"


async def test_a_manifest_signed_by_another_key_is_refused(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest under a certificate the centre did not name is MANIFEST_INVALID."""
    _, identity = await country.ready()
    other = country.landscape.credentials(SYSTEMS[OTHER])

    def lie(delivery: Delivery) -> Delivery:
        manifest = Manifest.FromString(delivery.signed.manifest)
        der = other.identity.certificate_der
        return dataclasses.replace(delivery, signed=sign_manifest(manifest, other.private_key, der))

    _liar(monkeypatch, country, lie)
    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == "MANIFEST_INVALID"
    assert await country.nothing_stored(TARGET)


async def test_a_manifest_once_more_in_the_middle_is_refused(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest comes first and once: a source cannot keep a target busy with signatures."""
    _, identity = await country.ready()

    async def lying(self: Delivery) -> AsyncIterator[FetchDossierResponse]:
        while True:
            yield FetchDossierResponse(manifest=self.signed)

    monkeypatch.setattr(Delivery, "chunks", lying)
    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == "MANIFEST_INVALID"
    assert await country.nothing_stored(TARGET)


async def test_a_stream_that_ends_before_its_end_is_refused(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source that says it is done, and is not, is found out at once."""
    _, identity = await country.ready()
    _chunks(monkeypatch, lambda chunk: [chunk] if chunk.part_number == 0 else [])

    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == "MANIFEST_INVALID"
    assert await country.nothing_stored(TARGET)


async def test_a_delivery_larger_than_the_disk_is_not_begun(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source that announces more than there is room for fills no disk."""
    _, identity = await country.ready()

    def change(manifest: Manifest) -> None:
        manifest.parts[1].size = 2**62

    _liar(monkeypatch, country, lambda delivery: _resigned(country, delivery, change))

    with pytest.raises(OSError, match="space"):
        await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert await country.nothing_stored(TARGET)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: setattr(m, "session_id", str(uuid.uuid4())),
        lambda m: setattr(m, "source_brin", OTHER),
        lambda m: setattr(m, "source_routing_key", routing_key_of(OTHER)),
        lambda m: setattr(m, "dossier_year", "2018.1"),
        lambda m: setattr(m, "profile", "VOVO"),
        lambda m: m.parts.pop(),
        lambda m: m.parts.add(part_number=3, type=2, size=1, sha256=bytes(32)),
        lambda m: setattr(m.parts[1], "part_number", 7),
        lambda m: setattr(m.parts[1], "size", m.parts[1].size - 1),
        lambda m: m.ClearField("parts"),
    ],
)
async def test_a_manifest_that_is_not_of_this_delivery_is_refused(
    country: Country, monkeypatch: pytest.MonkeyPatch, change: Callable[[Manifest], None]
) -> None:
    """Well signed, but of another session, source, year or with other parts: not stored."""
    _, identity = await country.ready()
    _liar(monkeypatch, country, lambda delivery: _resigned(country, delivery, change))

    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == "MANIFEST_INVALID"
    assert await country.nothing_stored(TARGET)


async def test_the_dossier_of_another_pupil_is_refused(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source that delivers somebody else's dossier, well signed, is found out."""
    _, identity = await country.ready()
    files = country.nodes[SOURCE].desk._files

    def lie(delivery: Delivery) -> Delivery:
        dossier = parse_dossier(delivery.files[0][0].read_bytes())
        dossier.huidigeschool.leerling.bsn = "999900006"
        content = dossier_bytes(dossier)
        sha256 = files.add(content)

        def change(manifest: Manifest) -> None:
            manifest.parts[0].size, manifest.parts[0].sha256 = len(content), sha256

        changed = _resigned(country, delivery, change)
        return dataclasses.replace(
            changed, files=((files.path(sha256), len(content)), *delivery.files[1:])
        )

    _liar(monkeypatch, country, lie)
    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == "MANIFEST_INVALID"
    assert await country.nothing_stored(TARGET)
