"""The authority signs what fits its profile, and nothing else."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from oso_registry.authority import (
    Authority,
    CertificateProfileError,
    KeyAccess,
    KeyLockedError,
    Plan,
    ProfileProblem,
    create_authority,
    load_authority,
)
from oso_rpc.credentials import KeyFileExposedError, new_key_and_request
from oso_rpc.identity import identity_of_certificate

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DEMO = KeyAccess(demo=True)


def make(folder: Path) -> Authority:
    """Make an authority without passphrases at NOW."""
    return create_authority(folder, NOW, root_access=DEMO, access=DEMO)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Give an authority made at NOW in the folder `ca`."""
    return make(tmp_path / "ca")


def request_of(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey,
) -> bytes:
    """Make a signing request that asks for another system's name as well."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trafficcenter")])
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:oso:system:evil")])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signed = request.add_extension(names, critical=False).sign(key, algorithm)
    return signed.public_bytes(serialization.Encoding.PEM)


def test_leaf_has_the_profile(authority: Authority) -> None:
    """A leaf names its system twice, may be client and server, and signs nothing but handshakes."""
    pem = authority.issue(new_key_and_request("las-a")[1], "las-a", NOW)
    leaf = x509.load_pem_x509_certificate(pem)

    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    limits = leaf.extensions.get_extension_for_class(x509.BasicConstraints)

    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:oso:system:las-a"]
    assert names.get_values_for_type(x509.DNSName) == ["las-a.system.oso.internal"]
    assert set(usage) == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}
    assert limits.critical
    assert not limits.value.ca
    assert leaf.not_valid_before_utc == NOW - timedelta(minutes=5)
    assert leaf.not_valid_after_utc == NOW + timedelta(days=90)


def test_leaf_is_verified_up_to_the_root(authority: Authority) -> None:
    """Somebody who trusts the root alone accepts a leaf with the issuing certificate beside it."""
    pem = authority.issue(new_key_and_request("las-a")[1], "las-a", NOW)
    leaf, issuing = x509.load_pem_x509_certificates(pem)
    verifier = PolicyBuilder().store(Store([authority.root])).time(NOW).build_client_verifier()

    chain = verifier.verify(leaf, [issuing]).chain

    assert chain == [leaf, authority.issuing, authority.root]


def test_names_are_the_authoritys(authority: Authority) -> None:
    """Names a request asks for are not taken over."""
    request = request_of(ec.generate_private_key(ec.SECP256R1()))

    leaf = x509.load_pem_x509_certificate(authority.issue(request, "las-a", NOW))

    assert identity_of_certificate(leaf).system_id == "las-a"
    assert "evil" not in str(leaf.extensions)
    assert leaf.subject.rfc4514_string() == "CN=las-a"


def test_serials_do_not_repeat(authority: Authority) -> None:
    """The same request signed twice gives certificates with different serial numbers."""
    request = new_key_and_request("las-a")[1]
    first, second = (
        x509.load_pem_x509_certificate(authority.issue(request, "las-a", NOW)) for _ in range(2)
    )

    assert first.serial_number != second.serial_number


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["P-384", "secp256k1", "RSA", "Ed25519"],
)
def test_other_keys_are_refused(
    authority: Authority,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    """Keys other than ECDSA P-256 are refused before anything is signed."""
    with pytest.raises(CertificateProfileError) as caught:
        authority.issue(request_of(key), "las-a", NOW)

    assert caught.value.problem is ProfileProblem.KEY_TYPE


def test_key_must_be_proven(authority: Authority) -> None:
    """A request whose signature does not match its key is refused: it may be somebody's key."""
    der = bytearray(
        x509.load_pem_x509_csr(new_key_and_request("las-a")[1]).public_bytes(
            serialization.Encoding.DER
        )
    )
    der[-1] ^= 1
    forged = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)

    with pytest.raises(CertificateProfileError) as caught:
        authority.issue(forged, "las-a", NOW)

    assert caught.value.problem is ProfileProblem.KEY_NOT_PROVEN


def test_nonsense_is_no_request(authority: Authority) -> None:
    """Something else than a signing request is refused as such."""
    with pytest.raises(CertificateProfileError) as caught:
        authority.issue(b"nonsense", "las-a", NOW)

    assert caught.value.problem is ProfileProblem.NO_REQUEST


@pytest.mark.parametrize("system_id", ["", "LAS", "las.b", "las b", "-las", "a" * 64, "lás", "*"])
def test_system_id_must_fit_a_name(authority: Authority, system_id: str) -> None:
    """An id that could not be a single DNS label, or could match others, is refused."""
    with pytest.raises(CertificateProfileError) as caught:
        authority.issue(new_key_and_request("x")[1], system_id, NOW)

    assert caught.value.problem is ProfileProblem.SYSTEM_ID


def test_leaf_does_not_outlive_its_issuer(authority: Authority) -> None:
    """A certificate that would be valid when its issuer no longer is, is refused."""
    late = authority.issuing.not_valid_after_utc - timedelta(days=89)

    with pytest.raises(CertificateProfileError) as caught:
        authority.issue(new_key_and_request("las-a")[1], "las-a", late)

    assert caught.value.problem is ProfileProblem.LIFETIME


def test_issuing_authority_makes_no_authorities(authority: Authority) -> None:
    """The issuing certificate allows no further authority below it."""
    limits = authority.issuing.extensions.get_extension_for_class(x509.BasicConstraints).value

    assert limits.ca
    assert limits.path_length == 0


def test_keys_are_private_files(authority: Authority, tmp_path: Path) -> None:
    """Both keys of the authority are readable by their owner only."""
    assert authority.root.subject != authority.issuing.subject
    for name in ("root-1.key", "issuing-1.key"):
        assert stat.S_IMODE((tmp_path / "ca" / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("gone", ["nothing", "root-1.key"])
def test_authority_is_never_overwritten(authority: Authority, tmp_path: Path, gone: str) -> None:
    """Where an authority is, none is made; also when its root key was taken offline."""
    folder = tmp_path / "ca"
    (folder / gone).unlink(missing_ok=True)
    before = {path: path.read_bytes() for path in folder.iterdir()}

    with pytest.raises(FileExistsError):
        make(folder)

    assert before == {path: path.read_bytes() for path in folder.iterdir()}
    assert authority.issuing == load_authority(folder, DEMO).issuing


def test_exposed_issuing_key_is_not_used(authority: Authority, tmp_path: Path) -> None:
    """An issuing key others could have read signs nothing any more."""
    assert authority.active.key
    (tmp_path / "ca" / "issuing-1.key").chmod(0o644)

    with pytest.raises(KeyFileExposedError):
        load_authority(tmp_path / "ca", DEMO)


def test_key_of_another_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    """An issuing key and certificate that do not belong together sign nothing."""
    assert authority.active.key
    make(tmp_path / "other")
    (tmp_path / "other" / "issuing-1.key").replace(tmp_path / "ca" / "issuing-1.key")

    with pytest.raises(KeyLockedError):
        load_authority(tmp_path / "ca", DEMO)


def test_problems_speak_both_languages() -> None:
    """Every reason to refuse a request has a Dutch and an English sentence."""
    for problem in ProfileProblem:
        error = CertificateProfileError(problem)

        assert error.text("nl") != error.text("en")
        assert str(error) == error.text("en")


def test_plan_signed_twice_is_one_certificate(authority: Authority, tmp_path: Path) -> None:
    """After a crash between intent and signature, the record gives the very same certificate."""
    plan = authority.plan(new_key_and_request("las-a")[1], "las-a", NOW)
    recorded = Plan(plan.content, plan.issuer_sha256)

    first = authority.sign(plan)
    again = load_authority(tmp_path / "ca", DEMO).sign(recorded)

    assert first == again


def test_plan_tells_what_will_be_signed(authority: Authority) -> None:
    """What is recorded as the intent is what the certificate then says."""
    plan = authority.plan(new_key_and_request("las-a")[1], "las-a", NOW, serial=1 << 150)
    leaf = x509.load_pem_x509_certificate(authority.sign(plan))

    assert (plan.system_id, plan.serial) == ("las-a", f"{1 << 150:040x}")
    assert plan.serial == f"{leaf.serial_number:040x}"
    assert plan.not_before == leaf.not_valid_before_utc
    assert plan.not_after == leaf.not_valid_after_utc
    assert plan.content == leaf.tbs_certificate_bytes
    assert plan.issuer_sha256 == authority.issuing.fingerprint(hashes.SHA256()).hex()


def test_names_not_given_are_reported(authority: Authority) -> None:
    """Names a request asks for in vain are named in the plan, so that somebody can be told."""
    request = request_of(ec.generate_private_key(ec.SECP256R1()))

    plan = authority.plan(request, "las-a", NOW)

    assert plan.ignored_names == ("trafficcenter", "urn:oso:system:evil")


def test_blocked_key_is_refused(authority: Authority) -> None:
    """A key that was blocked gets no certificate; it is asked for by the hash of the key."""
    request = new_key_and_request("las-a")[1]
    key = authority.plan(request, "las-a", NOW).public_key_sha256

    with pytest.raises(CertificateProfileError) as caught:
        authority.plan(request, "las-a", NOW, blocked={key}.__contains__)

    assert caught.value.problem is ProfileProblem.KEY_BLOCKED
