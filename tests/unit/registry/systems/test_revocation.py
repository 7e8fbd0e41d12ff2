"""Taking certificates back and blocking keys: who may, and what follows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1.blocked_key_pb2 import BlockedKey
from oso.registry.v1.certificate_service_pb2 import (
    ListBlockedKeysRequest,
    ListCertificatesRequest,
)
from oso.registry.v1.system_pb2 import (
    CERTIFICATE_STATE_FAILED,
    CERTIFICATE_STATE_INTENDED,
    CERTIFICATE_STATE_ISSUED,
    CERTIFICATE_STATE_REVOKED,
    REVOCATION_REASON_KEY_COMPROMISE,
    REVOCATION_REASON_PRIVILEGE_WITHDRAWN,
    REVOCATION_REASON_SUPERSEDED,
    Certificate,
)
from oso_registry.calls import Caller
from oso_registry.systems.resources import CERTIFICATES
from oso_registry.systems.revocation import (
    block_key,
    get_certificate,
    is_blocked,
    list_blocked_keys,
    list_certificates,
    revoke_certificate,
    unblock_key,
)
from tests.unit.registry.parties import country as of

if TYPE_CHECKING:
    from oso.registry.v1.system_pb2 import CertificateState
    from tests.unit.registry.parties.country import Country

_KEY = bytes(range(32))


def _put(
    country: Country,
    number: int = 1,
    state: CertificateState.ValueType = CERTIFICATE_STATE_ISSUED,
    key: bytes = _KEY,
    system: str = of.SYSTEM,
) -> str:
    certificate = Certificate(
        name=f"{system}/certificates/{number:040x}", state=state, public_key_sha256=key
    )
    certificate.expire_time.FromDatetime(of.NOW + timedelta(days=90))
    return country.call().put(CERTIFICATES, certificate).name


@pytest.mark.parametrize(
    ("caller", "system", "refusal"),
    [
        (of.REGISTRAR, of.SYSTEM, ""),
        (of.SUPPLIERS_DESK, of.SYSTEM, ""),
        (of.SCHOOL_MANAGER, of.SCHOOLS_SYSTEM, ""),
        (of.BOARD_MANAGER, of.SCHOOLS_SYSTEM, ""),
        (of.OTHER_SUPPLIERS_DESK, of.SYSTEM, "NOT_ALLOWED"),
        (of.SCHOOL_MANAGER, of.SYSTEM, "NOT_ALLOWED"),
        (of.OTHER_BOARD_MANAGER, of.SCHOOLS_SYSTEM, "NOT_ALLOWED"),
    ],
)
def test_a_certificate_is_revoked_by_whoever_the_system_belongs_to(
    country: Country, caller: Caller, system: str, refusal: str
) -> None:
    """School, board, supplier or registrar: who, when and why stand in it."""
    name = _put(country, system=system)
    tx = country.call(caller)

    assert refusal == of.outcome(revoke_certificate, tx, name, REVOCATION_REASON_SUPERSEDED, "")
    told = country.call().require(CERTIFICATES, name)
    if not refusal:
        assert CERTIFICATE_STATE_REVOKED == told.state
        assert (f"systems/{caller.system_id}", REVOCATION_REASON_SUPERSEDED) == (
            told.revoker,
            told.revocation_reason,
        )
        assert told.HasField("revoke_time")


def test_only_a_registrar_withdraws_a_privilege(country: Country) -> None:
    """The reason says that the system lost a right; whoever it belongs to cannot say so."""
    name, reason = _put(country), REVOCATION_REASON_PRIVILEGE_WITHDRAWN
    desk = country.call(of.SUPPLIERS_DESK)

    assert "NOT_ALLOWED" == of.outcome(revoke_certificate, desk, name, reason, "")
    assert "" == of.outcome(revoke_certificate, country.call(), name, reason, "")


def test_a_second_revocation_changes_nothing_but_a_compromise_found_out_later(
    country: Country,
) -> None:
    """The first moment stays; the key is blocked from the compromise on."""
    name = _put(country)
    first = revoke_certificate(country.call(), name, REVOCATION_REASON_SUPERSEDED, "")
    tx = country.call(of.SUPPLIERS_DESK, days=1)
    again = revoke_certificate(tx, name, REVOCATION_REASON_SUPERSEDED, "")
    blocked_before = is_blocked(tx, _KEY)

    later = revoke_certificate(tx, name, REVOCATION_REASON_KEY_COMPROMISE, "")

    assert first == again
    assert (False, True) == (blocked_before, is_blocked(tx, _KEY))
    assert REVOCATION_REASON_KEY_COMPROMISE == later.revocation_reason
    assert first.revoke_time == later.revoke_time


def test_a_compromise_takes_back_every_certificate_of_the_key(country: Country) -> None:
    """Whoever has the key could use any of them."""
    names = [_put(country, 1), _put(country, 2), _put(country, 3, key=bytes(32))]

    revoke_certificate(country.call(), names[0], REVOCATION_REASON_KEY_COMPROMISE, "")

    states = [country.call().require(CERTIFICATES, name).state for name in names]
    assert [CERTIFICATE_STATE_REVOKED] * 2 + [CERTIFICATE_STATE_ISSUED] == states


@pytest.mark.parametrize(
    ("state", "refusal"),
    [(CERTIFICATE_STATE_INTENDED, ""), (CERTIFICATE_STATE_FAILED, "CONDITION_FAILED")],
)
def test_what_is_about_to_be_signed_can_be_revoked(
    country: Country, state: CertificateState.ValueType, refusal: str
) -> None:
    """What never came to be cannot."""
    tx, reason = country.call(), REVOCATION_REASON_SUPERSEDED

    assert refusal == of.outcome(revoke_certificate, tx, _put(country, state=state), reason, "")


def test_a_stale_etag_revokes_nothing(country: Country) -> None:
    """Whoever read an older state is told so."""
    name, reason = _put(country), REVOCATION_REASON_SUPERSEDED

    assert "ETAG_STALE" == of.outcome(revoke_certificate, country.call(), name, reason, "0000")
    assert CERTIFICATE_STATE_ISSUED == country.call().require(CERTIFICATES, name).state


def test_a_key_blocked_by_mistake_is_unblocked_a_compromised_one_never(country: Country) -> None:
    """What somebody else may have stays blocked for good."""
    key_id = _KEY.hex()
    block_key(country.call(), BlockedKey(reason="vergissing"), key_id)
    again = of.outcome(block_key, country.call(), BlockedKey(reason="x"), key_id)
    unblock_key(country.call(), f"blockedKeys/{key_id}", "")
    unblocked = is_blocked(country.call(), _KEY)
    revoke_certificate(country.call(), _put(country), REVOCATION_REASON_KEY_COMPROMISE, "")

    told = of.outcome(unblock_key, country.call(), f"blockedKeys/{key_id}", "")

    assert ("RESOURCE_EXISTS", False, "CONDITION_FAILED") == (again, unblocked, told)
    found, _ = list_blocked_keys(country.call(), ListBlockedKeysRequest())
    assert [f"blockedKeys/{key_id}"] == [one.name for one in found]


def test_a_blocked_key_has_a_reason(country: Country) -> None:
    """Whoever asks later must find out why."""
    told = of.outcome(block_key, country.call(), BlockedKey(), _KEY.hex())

    assert told.startswith("REQUEST_INVALID")


@pytest.mark.parametrize(
    ("caller", "seen"),
    [(of.REGISTRAR, 2), (of.HELPDESK, 2), (of.SUPPLIERS_DESK, 1), (of.BOARD_MANAGER, 1)],
)
def test_everybody_sees_the_certificates_of_their_own_systems(
    country: Country, caller: Caller, seen: int
) -> None:
    """A list gives what a look-up would."""
    names = [_put(country, 1), _put(country, 2, system=of.SCHOOLS_SYSTEM)]

    found, _ = list_certificates(country.call(caller), ListCertificatesRequest(parent="systems/-"))

    reached = [not of.outcome(get_certificate, country.call(caller), name) for name in names]
    assert (seen, seen) == (len(found), sum(reached))


def test_an_unknown_certificate_is_unknown(country: Country) -> None:
    """Of a system one sees: it is told; roles without sight learn nothing."""
    name = f"{of.SYSTEM}/certificates/{1:040x}"
    las = Caller("las", roles.ROLE_LAS, of.SUPPLIER)

    assert "RESOURCE_UNKNOWN" == of.outcome(get_certificate, country.call(), name)
    assert "NOT_ALLOWED" == of.outcome(get_certificate, country.call(las), name)
