"""A manifest is believed when the right school signed it, for this session, and not otherwise."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

import pytest

from oso.exchange.v1.manifest_pb2 import (
    PART_TYPE_ATTACHMENT,
    PART_TYPE_DOSSIER,
    Manifest,
    SignedManifest,
)
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_OVERSTAPDOSSIER,
)
from oso_dossier.documents import documents_of
from oso_dossier.synthetic import generate
from oso_las.manifest import (
    LARGEST_DOSSIER,
    ManifestError,
    check_dossier,
    open_manifest,
    sign_manifest,
)
from oso_registry.testing import Landscape, routing_key_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_rpc.credentials import Credentials

SESSION, BRIN = str(uuid.UUID(int=7)), "00SS"


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> tuple[Credentials, Credentials]:
    """The source's credentials, and those of another school."""
    folder: Path = tmp_path_factory.mktemp("landscape")
    landscape = Landscape(folder)
    for system in ("las-a", "las-b"):
        landscape.add_system(system)
    return landscape.credentials("las-a"), landscape.credentials("las-b")


def _manifest(dossier: Dossier) -> Manifest:
    manifest = Manifest(
        session_id=SESSION,
        kind=TRANSFER_KIND_OVERSTAPDOSSIER,
        profile="POVO",
        dossier_year="2019.1",
        source_brin=BRIN,
        source_routing_key=routing_key_of(BRIN),
    )
    manifest.collect_time.seconds = 1_790_000_000
    manifest.parts.add(part_number=0, type=PART_TYPE_DOSSIER, size=9, sha256=bytes(32))
    for document in documents_of(dossier):
        facts = document.bestandsinhoud
        manifest.parts.add(
            part_number=facts.part_number,
            type=PART_TYPE_ATTACHMENT,
            size=facts.size,
            sha256=facts.sha256,
        )
    return manifest


def _signed(manifest: Manifest, credentials: Credentials) -> SignedManifest:
    der = credentials.identity.certificate_der
    return sign_manifest(manifest, credentials.private_key, der)


def _opened(signed: SignedManifest, thumbprints: set[bytes]) -> Manifest:
    return open_manifest(signed, thumbprints, SESSION, BRIN, routing_key_of(BRIN))


def test_a_signed_manifest_is_read_back(systems: tuple[Credentials, Credentials]) -> None:
    """What the source signed is what the target reads."""
    source, _ = systems
    manifest = _manifest(generate("POVO", 7).dossier)

    assert manifest == _opened(_signed(manifest, source), {source.identity.certificate_sha256})


def test_the_same_delivery_gives_the_same_manifest(
    systems: tuple[Credentials, Credentials],
) -> None:
    """Bytes and digest are the same each time, so that a broken transfer can go on."""
    source, _ = systems
    dossier = generate("POVO", 7).dossier

    first, second = (_signed(_manifest(dossier), source).manifest for _ in range(2))

    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()


@pytest.mark.parametrize("field", ["manifest", "signature", "certificate"])
def test_one_changed_bit_anywhere_is_refused(
    systems: tuple[Credentials, Credentials], field: str
) -> None:
    """Every byte of manifest, signature and certificate counts."""
    source, _ = systems
    good = _signed(_manifest(generate("POVO", 7).dossier), source)
    for place in range(0, len(getattr(good, field)), 7):
        spoiled = SignedManifest()
        spoiled.CopyFrom(good)
        content = bytearray(getattr(good, field))
        content[place] ^= 1
        setattr(spoiled, field, bytes(content))
        with pytest.raises(ManifestError):
            _opened(spoiled, {source.identity.certificate_sha256})


def test_a_good_signature_of_another_school_is_refused(
    systems: tuple[Credentials, Credentials],
) -> None:
    """A certificate the Traffic Center did not name for this delivery point does not count."""
    source, other = systems
    signed = _signed(_manifest(generate("POVO", 7).dossier), other)

    with pytest.raises(ManifestError, match="not one of this delivery point"):
        _opened(signed, {source.identity.certificate_sha256})


def test_a_certificate_that_is_none_is_refused(systems: tuple[Credentials, Credentials]) -> None:
    """Bytes with the right digest that are no certificate are refused, not crashed upon."""
    source, _ = systems
    signed = _signed(_manifest(generate("POVO", 7).dossier), source)
    signed.certificate = b"no certificate"

    with pytest.raises(ManifestError, match="cannot be read"):
        _opened(signed, {hashlib.sha256(b"no certificate").digest()})


def _swapped(manifest: Manifest) -> None:
    manifest.parts[1].part_number, manifest.parts[2].part_number = 2, 1


@pytest.mark.parametrize(
    "change",
    [
        lambda m: setattr(m, "session_id", str(uuid.UUID(int=8))),
        lambda m: setattr(m, "source_brin", "01VV"),
        lambda m: setattr(m, "source_routing_key", routing_key_of("01VV")),
        lambda m: setattr(m.parts[0], "type", PART_TYPE_ATTACHMENT),
        lambda m: setattr(m.parts[1], "type", PART_TYPE_DOSSIER),
        lambda m: setattr(m.parts[0], "size", LARGEST_DOSSIER + 1),
        lambda m: setattr(m.parts[1], "sha256", b"short"),
        lambda m: m.parts.pop(0),
        lambda m: m.ClearField("parts"),
        lambda m: m.ClearField("collect_time"),
        _swapped,
    ],
)
def test_a_well_signed_manifest_of_something_else_is_refused(
    systems: tuple[Credentials, Credentials], change: Callable[[Manifest], None]
) -> None:
    """Another session or source, or parts that cannot be, are refused whoever signed them."""
    source, _ = systems
    manifest = _manifest(generate("POVO", 7).dossier)
    change(manifest)

    with pytest.raises(ManifestError):
        _opened(_signed(manifest, source), {source.identity.certificate_sha256})


@pytest.mark.parametrize(
    "change",
    [
        lambda m: setattr(m, "kind", TRANSFER_KIND_OVERDRACHTBINNENBRIN),
        lambda m: setattr(m, "profile", "VOVO"),
        lambda m: setattr(m, "dossier_year", "2020.1"),
        lambda m: setattr(m.parts[1], "size", m.parts[1].size + 1),
        lambda m: setattr(m.parts[2], "sha256", bytes(32)),
        lambda m: m.parts.pop(),
    ],
)
def test_a_manifest_that_is_not_of_the_dossier_is_refused(
    change: Callable[[Manifest], None],
) -> None:
    """Profile, year and every attachment must be those the dossier itself names."""
    dossier = generate("POVO", 7).dossier
    documents = [one.bestandsinhoud for one in documents_of(dossier)]
    manifest = _manifest(dossier)
    check_dossier(manifest, dossier, documents)
    change(manifest)

    with pytest.raises(ManifestError):
        check_dossier(manifest, dossier, documents)


@pytest.mark.parametrize("year", ["2018.1.1", "2031.1"])
def test_a_dossier_of_another_year_than_its_header_says_is_refused(year: str) -> None:
    """A dossier whose fields are of another year than manifest and header say is not taken in."""
    dossier = generate("POVO", 7).dossier
    documents = [one.bestandsinhoud for one in documents_of(dossier)]
    manifest = _manifest(dossier)
    dossier.gegevensset = year

    with pytest.raises(ManifestError):
        check_dossier(manifest, dossier, documents)
