"""Giving out certificates: with an invitation, with the certificate before, and after a crash."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import CertificateSigningRequestBuilder, Name, load_pem_x509_certificate

from oso.registry.v1.enrolment_service_pb2 import EnrolCertificateRequest
from oso.registry.v1.system_pb2 import (
    CERTIFICATE_STATE_FAILED,
    CERTIFICATE_STATE_INTENDED,
    CERTIFICATE_STATE_ISSUED,
    REVOCATION_REASON_KEY_COMPROMISE,
    REVOCATION_REASON_SUPERSEDED,
)
from oso_registry.authority import Authority, AuthorityError, IssuerError
from oso_registry.authority.problems import IssuerProblem
from oso_registry.systems.revocation import revoke_certificate
from oso_rpc.errors import OsoError
from oso_rpc.identity import identity_of_certificate
from tests.unit.registry.parties import country as of

from .conftest import Counter, new_csr

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from oso.registry.v1.system_pb2 import Certificate, RevocationReason
    from oso_registry.store import Transaction


async def _refused(work: Awaitable[object]) -> str:
    try:
        await work
    except OsoError as error:
        return error.name
    return ""


def _csr(key: Any) -> bytes:
    request = CertificateSigningRequestBuilder().subject_name(Name([])).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


async def _revoke(counter: Counter, name: str, reason: RevocationReason.ValueType) -> Certificate:
    def work(tx: Transaction) -> Certificate:
        return revoke_certificate(tx, name, reason, "")

    return await counter.office.act(work)


async def test_an_invitation_gives_a_certificate(counter: Counter) -> None:
    """It names the system that was invited, whatever the request says, and lasts 90 days."""
    certificate = await counter.enrol(await counter.invite())

    leaf = load_pem_x509_certificate(certificate.pem.encode())
    assert "las" == identity_of_certificate(leaf).system_id
    assert leaf.fingerprint(hashes.SHA256()) == certificate.sha256
    assert counter.clock.now() + timedelta(days=90) == leaf.not_valid_after_utc
    assert [CERTIFICATE_STATE_ISSUED] == [one.state for one in await counter.certificates()]


async def test_a_lost_answer_is_asked_for_again(counter: Counter) -> None:
    """The same token with the same signing request gives the same certificate, also later."""
    token, csr = await counter.invite(), new_csr()
    first = await counter.enrol(token, csr)
    counter.clock.later(days=2)

    assert first == await counter.enrol(token, csr)
    assert 1 == len(await counter.certificates())


async def test_a_token_is_good_once(counter: Counter) -> None:
    """With another signing request it is refused, and nothing more is given out."""
    token = await counter.invite()
    await counter.enrol(token)

    assert "ENROLMENT_TOKEN_USED" == await _refused(counter.enrol(token))
    assert 1 == len(await counter.certificates())


async def test_two_who_use_one_token_at_once_get_one_certificate(counter: Counter) -> None:
    """Whoever comes second is refused, however close behind."""
    token = await counter.invite()

    reasons = await asyncio.gather(*(_refused(counter.enrol(token)) for _ in range(5)))

    assert ["", *["ENROLMENT_TOKEN_USED"] * 4] == sorted(reasons)
    assert 1 == len(await counter.certificates())


async def test_one_who_asks_twice_at_once_gets_the_same(counter: Counter) -> None:
    """A client that tries again before the answer came harms nothing."""
    token, csr = await counter.invite(), new_csr()

    given = await asyncio.gather(*(counter.enrol(token, csr) for _ in range(5)))

    assert 1 == len({one.sha256 for one in given})


async def test_a_token_is_good_for_its_system_and_its_time(counter: Counter) -> None:
    """Another's, a guessed one, one that is too old, one that was replaced: refused."""
    token = await counter.invite()
    newer = await counter.invite()
    old = await counter.invite(of.OTHER_SYSTEM, timedelta(minutes=1))
    counter.clock.later(minutes=1)

    assert "ENROLMENT_TOKEN_UNKNOWN" == await _refused(counter.enrol("A" * 43))
    assert "ENROLMENT_TOKEN_EXPIRED" == await _refused(counter.enrol(token))
    assert "ENROLMENT_TOKEN_UNKNOWN" == await _refused(counter.enrol(newer, system=of.OTHER_SYSTEM))
    assert "ENROLMENT_TOKEN_EXPIRED" == await _refused(counter.enrol(old, system=of.OTHER_SYSTEM))
    assert "" == await _refused(counter.enrol(newer))


async def test_a_token_survives_a_refused_request(counter: Counter) -> None:
    """A key that cannot be certified uses nothing up."""
    token = await counter.invite()
    refused = {
        b"nonsense": "SIGNING_REQUEST_INVALID",
        _csr(rsa.generate_private_key(public_exponent=65537, key_size=2048)): "KEY_TYPE_REFUSED",
        _csr(ec.generate_private_key(ec.SECP384R1())): "KEY_TYPE_REFUSED",
    }
    for csr, reason in refused.items():
        assert reason == await _refused(counter.enrol(token, csr))

    assert "" == await _refused(counter.enrol(token))


async def test_a_key_belongs_to_one_system(counter: Counter) -> None:
    """The key of another system gets no certificate."""
    csr = new_csr()
    await counter.enrol(await counter.invite(), csr)
    token = await counter.invite(of.OTHER_SYSTEM)

    assert "KEY_BLOCKED" == await _refused(counter.enrol(token, csr, of.OTHER_SYSTEM))


async def test_a_compromised_key_is_never_certified_again(counter: Counter) -> None:
    """Not with an invitation, not as a renewal."""
    csr = new_csr()
    certificate = await counter.enrol(await counter.invite(), csr)
    await _revoke(counter, certificate.name, REVOCATION_REASON_KEY_COMPROMISE)

    assert "KEY_BLOCKED" == await _refused(counter.enrol(await counter.invite(), csr))
    assert "KEY_BLOCKED" == await _refused(counter.renew(csr))
    assert "" == await _refused(counter.enrol(await counter.invite()))


@pytest.mark.parametrize(("minutes", "reason"), [(15, "CLOCK_SKEW"), (-15, "CLOCK_SKEW"), (9, "")])
async def test_a_clock_that_is_off_is_told_so(
    counter: Counter, minutes: float, reason: str
) -> None:
    """More than ten minutes either way: its certificate would not be of use."""
    request = EnrolCertificateRequest(
        request_id=str(uuid4()),
        system=of.SYSTEM,
        token=await counter.invite(),
        signing_request=new_csr(),
    )
    request.request_time.FromDatetime(counter.clock.now() + timedelta(minutes=minutes))

    assert reason == await _refused(counter.issuing.enrol(request))


async def test_the_same_key_is_renewed_in_its_last_month(counter: Counter) -> None:
    """Thirty days before the end, not a minute earlier; a new key may come at any time."""
    csr = new_csr()
    await counter.enrol(await counter.invite(), csr)
    counter.clock.later(days=60, minutes=-1)
    early, rekeyed = await _refused(counter.renew(csr)), await _refused(counter.renew())
    counter.clock.later(minutes=1)

    assert ("RENEWAL_TOO_EARLY", "") == (early, rekeyed)
    assert "" == await _refused(counter.renew(csr))
    assert "RENEWAL_TOO_EARLY" == await _refused(counter.renew(csr))


async def test_a_renewal_has_one_answer(counter: Counter) -> None:
    """The same request_id gives the same certificate; another signing request is refused."""
    await counter.enrol(await counter.invite())
    csr, request_id = new_csr(), str(uuid4())
    first = await counter.renew(csr, request_id)

    assert first == await counter.renew(csr, request_id.upper())
    assert "REQUEST_ID_REUSED" == await _refused(counter.renew(new_csr(), request_id))
    assert 2 == len(await counter.certificates())


async def test_a_system_has_twenty_certificates_in_force_at_most(counter: Counter) -> None:
    """A client that asks in a loop is stopped before it fills the directory."""
    await counter.enrol(await counter.invite())
    for _ in range(19):
        await counter.renew()

    assert "CONDITION_FAILED" == await _refused(counter.renew())


async def test_a_system_out_of_use_gets_nothing(counter: Counter) -> None:
    """Neither with its invitation nor with its certificate."""
    token = await counter.invite()
    await counter.disable()

    assert "SYSTEM_DISABLED" == await _refused(counter.enrol(token))
    assert "SYSTEM_DISABLED" == await _refused(counter.renew())


async def test_what_was_revoked_is_not_given_out_again(counter: Counter) -> None:
    """A repeated request does not bring it back."""
    token, csr = await counter.invite(), new_csr()
    certificate = await counter.enrol(token, csr)
    await _revoke(counter, certificate.name, REVOCATION_REASON_SUPERSEDED)

    assert "CERTIFICATE_REVOKED" == await _refused(counter.enrol(token, csr))


def _cannot_sign(error: AuthorityError) -> Any:
    def sign(_authority: Authority, _plan: object) -> bytes:
        raise error

    return sign


async def test_an_authority_that_cannot_sign_now_signs_later(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intent stays; the next attempt, or the repair, gives the certificate that was meant."""
    token, csr = await counter.invite(), new_csr()
    with monkeypatch.context() as patch:
        patch.setattr(Authority, "sign", _cannot_sign(AuthorityError()))
        assert "AUTHORITY_UNAVAILABLE" == await _refused(counter.enrol(token, csr))
        await counter.issuing.repair()
    intended = await counter.certificates()

    await counter.issuing.repair()

    repaired = await counter.certificates()
    assert [CERTIFICATE_STATE_INTENDED] == [one.state for one in intended]
    assert [(intended[0].name, CERTIFICATE_STATE_ISSUED)] == [
        (one.name, one.state) for one in repaired
    ]
    assert repaired[0] == await counter.enrol(token, csr)


async def test_what_will_never_be_signed_is_given_up(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its invitation is good again, for the same request too."""
    token, csr = await counter.invite(), new_csr()
    with monkeypatch.context() as patch:
        error = IssuerError("issuing-1", IssuerProblem.NOT_ACTIVE)
        patch.setattr(Authority, "sign", _cannot_sign(error))
        assert "AUTHORITY_UNAVAILABLE" == await _refused(counter.enrol(token, csr))

    again = await counter.enrol(token, csr)

    states = {one.name: one.state for one in await counter.certificates()}
    assert CERTIFICATE_STATE_ISSUED == states.pop(again.name)
    assert [CERTIFICATE_STATE_FAILED] == list(states.values())


async def test_an_intent_older_than_a_day_is_given_up(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for it any more: it must not turn up as a certificate in force."""
    with monkeypatch.context() as patch:
        patch.setattr(Authority, "sign", _cannot_sign(AuthorityError()))
        await _refused(counter.enrol(await counter.invite()))
    counter.clock.later(days=1, seconds=1)

    await counter.issuing.repair()

    assert [CERTIFICATE_STATE_FAILED] == [one.state for one in await counter.certificates()]
