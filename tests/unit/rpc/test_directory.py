"""The directory as its readers see it: signed, never older, expires closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_REVOKED,
    Directory,
    SignedDirectory,
)
from oso_registry.directory import sign_directory
from oso_registry.testing import TRAFFIC_CENTER, Landscape, routing_key_of
from oso_rpc.admission import DirectoryAdmission
from oso_rpc.directory import (
    DirectoryError,
    DirectoryInvalidError,
    DirectoryOlderError,
    DirectorySignatureError,
    DirectorySource,
    open_directory,
)
from oso_rpc.errors import OsoError
from oso_rpc.signing import Signer, key_id_of, verify

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    time = NOW

    def now(self) -> datetime:
        """Give the moment it was set to."""
        return self.time


@pytest.fixture
def landscape(tmp_path: Path) -> Landscape:
    """Give a landscape with two systems at two schools, published at NOW."""
    made = Landscape(tmp_path)
    for brin, system in (("01VV", "las-b"), ("00SS", "las-a")):
        made.add_system(system, now=NOW)
        made.add_school(brin, system)
    made.publish(NOW)
    return made


@pytest.fixture
def clock() -> Clock:
    """Give a clock at NOW."""
    return Clock()


@pytest.fixture
def source(landscape: Landscape, clock: Clock) -> DirectorySource:
    """Give a source that has read the published directory."""
    made = DirectorySource(landscape.directory_file, landscape.trusted_keys, clock)
    made.load()
    return made


def test_view_finds_who_takes_part(source: DirectorySource) -> None:
    """Schools, delivery points, systems and certificates are found by what names them."""
    view = source.view()
    school, point = view.school("00SS"), view.delivery_point(routing_key_of("00SS"))

    assert school is not None
    assert school.brin == "00SS"
    assert point is not None
    assert view.delivery_points_of("00SS") == (point,)
    assert view.delivery_points_by("las-a") == (point,)
    assert view.accepted_dossier_years == ("2019.1",)
    assert [one.brin for one in view.delivery_points] == ["00SS", "01VV"]


def test_view_of_strangers_is_empty(source: DirectorySource) -> None:
    """Who is not in the directory is not found, and may do nothing."""
    view = source.view()

    assert view.school("99ZZ") is None
    assert view.delivery_point("x") is None
    assert view.delivery_points_of("99ZZ") == ()
    assert view.certificate(b"x" * 32) is None
    assert view.active_thumbprints("stranger") == ()
    assert not view.may_act_for("stranger", routing_key_of("00SS"))


def test_system_acts_for_its_own_delivery_points_only(source: DirectorySource) -> None:
    """A system may act for the delivery points registered to it, and no others."""
    view = source.view()

    assert view.may_act_for("las-a", routing_key_of("00SS"))
    assert not view.may_act_for("las-a", routing_key_of("01VV"))
    assert not view.may_act_for("las-a", "0" * 20)


def test_revoked_certificate_is_no_longer_active(
    landscape: Landscape, source: DirectorySource
) -> None:
    """A certificate that was taken back is not among the thumbprints a school is told."""
    assert len(source.view().active_thumbprints("las-a")) == 1

    landscape.set_status("las-a", CERTIFICATE_STATUS_REVOKED)
    landscape.publish(NOW)
    source.refresh()

    assert source.view().active_thumbprints("las-a") == ()


def test_every_changed_bit_is_noticed(landscape: Landscape) -> None:
    """A directory with one bit changed anywhere is refused."""
    good = landscape.directory_file.read_bytes()

    for place in range(0, len(good), 7):
        bad = bytearray(good)
        bad[place] ^= 1
        with pytest.raises((DirectorySignatureError, DirectoryInvalidError)):
            open_directory(bytes(bad), landscape.trusted_keys)


def test_directory_of_another_authority_is_refused(landscape: Landscape, tmp_path: Path) -> None:
    """A directory somebody else signed, with a key of theirs, is refused."""
    other = Landscape(tmp_path / "other")

    with pytest.raises(DirectorySignatureError):
        open_directory(other.directory_file.read_bytes(), landscape.trusted_keys)


def test_key_id_does_not_make_a_key_trusted(landscape: Landscape, tmp_path: Path) -> None:
    """Naming our key id over somebody else's signature does not help."""
    other = Landscape(tmp_path / "other")
    signed = SignedDirectory.FromString(other.directory_file.read_bytes())
    signed.key_id = landscape.directory_signer.key_id

    with pytest.raises(DirectorySignatureError):
        open_directory(signed.SerializeToString(), landscape.trusted_keys)


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"\n"])
def test_nonsense_is_no_directory(landscape: Landscape, content: bytes) -> None:
    """Bytes that are no directory are refused as such, or for their missing signature."""
    with pytest.raises((DirectoryInvalidError, DirectorySignatureError)):
        open_directory(content, landscape.trusted_keys)


def test_signed_nonsense_is_refused(landscape: Landscape) -> None:
    """Also what OfficeHeart signed must be a directory by the contract's rules."""
    bad = Directory(version=1, accepted_dossier_years=["nineteen"])
    bad.issue_time.FromDatetime(NOW)

    with pytest.raises(DirectoryInvalidError):
        open_directory(sign_directory(bad, landscape.directory_signer), landscape.trusted_keys)


def test_older_directory_is_refused(landscape: Landscape, source: DirectorySource) -> None:
    """A replayed older version is refused, and the newer one stays in force."""
    old = landscape.directory_file.read_bytes()
    landscape.publish(NOW)
    have = source.load().version

    landscape.directory_file.write_bytes(old)
    with pytest.raises(DirectoryOlderError) as caught:
        source.load()

    assert (caught.value.found, caught.value.have) == (have - 1, have)
    assert source.view().version == have


def test_refresh_keeps_what_is_good(landscape: Landscape, source: DirectorySource) -> None:
    """When the file turns bad the directory in force stays; a good one after it is taken."""
    version = source.view().version

    landscape.directory_file.write_bytes(b"nonsense")
    source.refresh()
    assert source.view().version == version

    landscape.directory_file.unlink()
    source.refresh()
    assert source.view().version == version

    landscape.publish(NOW)
    source.refresh()
    assert source.view().version == version + 1


def test_directory_expires_closed(source: DirectorySource, clock: Clock) -> None:
    """Until its maximum age the directory is in force; past it nothing is granted."""
    clock.time = NOW + timedelta(hours=24)
    assert source.view().version > 0

    clock.time += timedelta(seconds=1)
    with pytest.raises(OsoError) as caught:
        source.view()

    assert caught.value.name == "DIRECTORY_EXPIRED"
    assert caught.value.retry_after == timedelta(minutes=5)


def test_directory_from_the_future_is_not_in_force(source: DirectorySource, clock: Clock) -> None:
    """A directory issued later than clocks may differ is not used: it would never be too old."""
    clock.time = NOW - timedelta(minutes=10)
    assert source.view().version > 0

    clock.time -= timedelta(seconds=1)
    with pytest.raises(OsoError) as caught:
        source.view()

    assert caught.value.name == "DIRECTORY_EXPIRED"


def test_nothing_is_in_force_before_the_first_load(landscape: Landscape, clock: Clock) -> None:
    """A source that could read nothing yet refuses everybody."""
    source = DirectorySource(landscape.directory_file, landscape.trusted_keys, clock)

    with pytest.raises(OsoError) as caught:
        source.view()

    assert caught.value.name == "DIRECTORY_EXPIRED"


def test_admission_by_the_directory(
    landscape: Landscape, source: DirectorySource, clock: Clock
) -> None:
    """An active certificate between its dates is admitted; before and after them it is not."""
    admission = DirectoryAdmission(source)
    peer = landscape.credentials("las-a").identity

    admission.check(peer, NOW)
    for moment in (peer.not_before - timedelta(seconds=1), peer.not_after):
        clock.time = NOW
        with pytest.raises(OsoError) as caught:
            admission.check(peer, moment)
        assert caught.value.name == "CERTIFICATE_EXPIRED"


def test_admission_wants_the_certificate_of_that_system(
    landscape: Landscape, source: DirectorySource
) -> None:
    """A certificate the directory has under another system is unknown."""
    peer = replace(landscape.credentials("las-a").identity, system_id=TRAFFIC_CENTER)

    with pytest.raises(OsoError) as caught:
        DirectoryAdmission(source).check(peer, NOW)

    assert caught.value.name == "CERTIFICATE_UNKNOWN"


@pytest.mark.parametrize(
    "error",
    [
        DirectoryError(),
        DirectorySignatureError(),
        DirectoryInvalidError(),
        DirectoryOlderError(1, 2),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_speak_both_languages(error: DirectoryError) -> None:
    """Every error about a directory has a Dutch and an English sentence with its data in it."""
    assert error.text("nl") != error.text("en")
    assert "{" not in error.text("nl") + error.text("en")
    assert str(error) == error.text("en")


def test_signature_counts_in_its_own_domain_only() -> None:
    """A signature made for one purpose is worth nothing for another."""
    # Test 1 of RFC 8032, section 7.1: a fixed key, so that the key id can be told beforehand.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    signer = Signer(Ed25519PrivateKey.from_private_bytes(seed))
    keys = {signer.key_id: signer.public_key}
    signature = signer.sign("oso.directory.v1", b"payload")

    assert signer.public_key.hex().startswith("d75a980182b10ab7")
    assert signer.key_id == key_id_of(signer.public_key)
    assert verify(keys, signer.key_id, "oso.directory.v1", b"payload", signature)
    assert not verify(keys, signer.key_id, "oso.trafficcenter.v1", b"payload", signature)
    assert not verify(keys, signer.key_id, "oso.directory.v1", b"payloae", signature)
    assert not verify(keys, "another", "oso.directory.v1", b"payload", signature)
    assert not verify(keys, signer.key_id, "oso.directory.v1", b"payload", b"short")
