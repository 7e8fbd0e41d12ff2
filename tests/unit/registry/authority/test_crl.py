"""Revocation lists say exactly what was asked, or are not made."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from oso.registry.v1.system_pb2 import RevocationReason
from oso_registry.authority import (
    Authority,
    CrlError,
    CrlProblem,
    FileKey,
    IssuerError,
    KeyAccess,
    Reason,
    RevokedEntry,
    State,
    create_authority,
    load_authority,
)
from oso_registry.authority.crl import ListPlan, publish_list, sign_list
from oso_rpc.credentials import new_key_and_request

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
WEEK = timedelta(days=7)
DEMO = KeyAccess(demo=True)
SERIAL = 1 << 150
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Give an authority made at NOW in the folder `ca`."""
    return create_authority(tmp_path / "ca", NOW, root_access=DEMO, access=DEMO)


def make(authority: Authority, *revoked: RevokedEntry, number: int = 1) -> bytes:
    """Make a list of a week."""
    return authority.revocation_list(authority.active, revoked, number, NOW, WEEK)


def test_list_has_its_profile(authority: Authority) -> None:
    """A list names issuer, key, number and both moments, and is signed by the issuer."""
    read = x509.load_der_x509_crl(make(authority, number=7))
    key = authority.issuing.public_key()
    named = authority.issuing.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value

    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert read.is_signature_valid(key)
    assert authority.issuing.subject == read.issuer
    assert NOW.replace(microsecond=0) - timedelta(minutes=5) == read.last_update_utc
    assert NOW.replace(microsecond=0) + WEEK == read.next_update_utc
    assert [
        (ExtensionOID.AUTHORITY_KEY_IDENTIFIER, False),
        (ExtensionOID.CRL_NUMBER, False),
    ] == [(one.oid, one.critical) for one in read.extensions]
    assert (
        read.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        == named.digest
    )
    assert read.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7


def test_list_holds_what_was_revoked(authority: Authority) -> None:
    """Each entry has its moment and reason; without a reason there is no extension."""
    entries = [RevokedEntry(SERIAL + reason, NOW, reason) for reason in Reason]

    read = x509.load_der_x509_crl(make(authority, *entries))
    found = {one.serial_number: one for one in read}

    assert {one.serial for one in entries} == set(found)
    assert {NOW.replace(microsecond=0)} == {one.revocation_date_utc for one in read}
    assert [] == list(found[SERIAL].extensions)
    assert (
        found[SERIAL + 1].extensions.get_extension_for_class(x509.CRLReason).value.reason
        is x509.ReasonFlags.key_compromise
    )


def test_reasons_are_those_of_the_contract() -> None:
    """Every reason of the contract is one of ours, with the same number and name."""
    for name, number in RevocationReason.items():
        assert Reason(number).name == name.removeprefix("REVOCATION_REASON_")


def test_same_input_gives_the_same_list(authority: Authority) -> None:
    """The order in which certificates are named makes no difference."""
    entries = [RevokedEntry(SERIAL + n, NOW, Reason.SUPERSEDED) for n in range(5)]

    assert make(authority, *entries) == make(authority, *reversed(entries))


@pytest.mark.parametrize(
    ("entries", "number", "lifetime", "problem"),
    [
        ((), 0, WEEK, CrlProblem.NUMBER),
        ((), 1 << 159, WEEK, CrlProblem.NUMBER),
        ((), 1, timedelta(0), CrlProblem.LIFETIME),
        ((), 1, timedelta(days=401), CrlProblem.LIFETIME),
        ((RevokedEntry(0, NOW),), 1, WEEK, CrlProblem.ENTRY),
        ((RevokedEntry(1 << 159, NOW),), 1, WEEK, CrlProblem.ENTRY),
        ((RevokedEntry(SERIAL, NOW + WEEK),), 1, WEEK, CrlProblem.ENTRY),
        (
            (RevokedEntry(SERIAL, NOW), RevokedEntry(SERIAL, NOW, Reason.SUPERSEDED)),
            *(1, WEEK, CrlProblem.TWICE),
        ),
    ],
)
def test_list_that_cannot_be_is_refused(
    authority: Authority,
    entries: tuple[RevokedEntry, ...],
    number: int,
    lifetime: timedelta,
    problem: CrlProblem,
) -> None:
    """What RFC 5280 does not allow, or nobody can mean, is refused before anything is signed."""
    with pytest.raises(CrlError) as caught:
        authority.revocation_list(authority.active, entries, number, NOW, lifetime)

    assert problem is caught.value.problem


@pytest.mark.parametrize(
    ("state", "gives"),
    [
        (State.PREPARED, False),
        (State.ACTIVE, True),
        (State.OUTGOING, True),
        (State.RETIRED, False),
    ],
)
def test_who_gives_a_list(authority: Authority, state: State, *, gives: bool) -> None:
    """An issuer gives its list while it signs, and while what it signed is in force."""
    issuer = replace(authority.active, state=state)
    changed = replace(authority, issuers=(issuer,))

    assert ((issuer,) if gives else ()) == changed.listing
    if gives:
        assert changed.revocation_list(issuer, (), 1, NOW, WEEK)
    else:
        with pytest.raises(CrlError) as caught:
            changed.revocation_list(issuer, (), 1, NOW, WEEK)
        assert caught.value.problem is CrlProblem.NOT_SIGNING


def test_another_authoritys_issuer_gives_none(authority: Authority, tmp_path: Path) -> None:
    """The issuer must be the authority's own, and its key open."""
    other = create_authority(tmp_path / "other", NOW, root_access=DEMO, access=DEMO)
    closed = load_authority(tmp_path / "ca", None)

    with pytest.raises(IssuerError):
        authority.revocation_list(other.active, (), 1, NOW, WEEK)
    with pytest.raises(IssuerError):
        closed.revocation_list(closed.active, (), 1, NOW, WEEK)


class WrongKey(FileKey):
    """Signs something else than it is asked to, as a token could."""

    def sign(self, content: bytes) -> bytes:
        """Sign one byte less."""
        return super().sign(content[:-1])


def test_wrong_signature_is_not_given_out(authority: Authority) -> None:
    """What was signed is verified before anybody sees it."""
    key = WrongKey(ec.generate_private_key(ec.SECP256R1()))
    issuer = replace(authority.active, key=key)

    with pytest.raises(CrlError) as caught:
        replace(authority, issuers=(issuer,)).revocation_list(issuer, (), 1, NOW, WEEK)

    assert caught.value.problem is CrlProblem.SIGNATURE


def test_list_replaces_an_older_one_only(authority: Authority, tmp_path: Path) -> None:
    """A list is replaced by one of a higher number; an equal or lower one leaves it as it is."""
    path = tmp_path / "issuing-1.crl"
    publish_list(path, make(authority, number=2), authority.issuing)

    for number in (1, 2):
        with pytest.raises(CrlError) as caught:
            publish_list(path, make(authority, number=number), authority.issuing)
        assert caught.value.problem is CrlProblem.NUMBER_NOT_HIGHER
    assert make(authority, number=2) == path.read_bytes()

    publish_list(path, make(authority, number=3), authority.issuing)
    assert make(authority, number=3) == path.read_bytes()


@pytest.mark.parametrize("there", [b"", b"nonsense", None])
def test_what_is_no_list_of_ours_stays(
    authority: Authority, tmp_path: Path, there: bytes | None
) -> None:
    """A file that is no list, or another issuer's, is not replaced in silence."""
    path = tmp_path / "issuing-1.crl"
    root_list = ListPlan("root-1", authority.root, (), 1, NOW, WEEK)
    key = load_root_key(tmp_path)
    content = sign_list(root_list, key) if there is None else there
    path.write_bytes(content)

    with pytest.raises(CrlError) as caught:
        publish_list(path, make(authority, number=9), authority.issuing)

    assert caught.value.problem is CrlProblem.OTHER_LIST
    assert content == path.read_bytes()


def load_root_key(folder: Path) -> FileKey:
    """Open the key of the root."""
    key = DEMO.open(folder / "ca", "root-1.key")
    assert isinstance(key, FileKey)
    return key


def ask_openssl(folder: Path, *arguments: str) -> str:
    """Run openssl in a folder; give all it says."""
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def verify(folder: Path, leaf: str) -> str:
    """Ask openssl what it thinks of a leaf, with both lists."""
    return ask_openssl(
        folder,
        *("verify", "-crl_check_all", "-x509_strict", "-attime", str(int(NOW.timestamp()))),
        *("-CAfile", "ca/root.crt", "-untrusted", "ca/issuing-1.crt", "-CRLfile", "lists.pem"),
        leaf,
    )


@openssl
def test_openssl_takes_our_lists(authority: Authority, tmp_path: Path) -> None:
    """Somebody else's program reads both lists, refuses what was revoked, and takes the rest."""
    serials = {}
    for name in ("good", "bad"):
        pem = authority.issue(new_key_and_request(name)[1], name, NOW)
        (tmp_path / f"{name}.pem").write_bytes(pem)
        serials[name] = x509.load_pem_x509_certificate(pem).serial_number
    revoked = RevokedEntry(serials["bad"], NOW, Reason.KEY_COMPROMISE)
    root_list = ListPlan("root-1", authority.root, (), 1, NOW, WEEK)
    lists = [make(authority, revoked), sign_list(root_list, load_root_key(tmp_path))]
    (tmp_path / "lists.pem").write_bytes(
        b"".join(x509.load_der_x509_crl(one).public_bytes(Encoding.PEM) for one in lists)
    )
    (tmp_path / "list.der").write_bytes(lists[0])

    read = ask_openssl(
        tmp_path,
        *("crl", "-inform", "DER", "-in", "list.der", "-noout", "-text"),
        *("-CAfile", "ca/issuing-1.crt"),
    )

    assert "verify OK" in read
    assert "Version 2" in read
    assert "Key Compromise" in read
    assert verify(tmp_path, "good.pem").endswith("good.pem: OK\n")
    assert "certificate revoked" in verify(tmp_path, "bad.pem")


def test_problems_speak_both_languages() -> None:
    """Every reason not to give a list has a Dutch and an English sentence that name whose it is."""
    for problem in CrlProblem:
        error = CrlError("issuing-1", problem)

        assert error.text("nl") != error.text("en")
        assert str(error).startswith("issuing-1: ")
