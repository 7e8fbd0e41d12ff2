"""Registering systems, changing them and putting them out of use: who may, and what must hold."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1.party_pb2 import (
    PARTY_STATUS_ACTIVE,
    PARTY_STATUS_CLOSED,
    RegionalInitiative,
    Swv,
)
from oso.registry.v1.system_pb2 import (
    CERTIFICATE_STATE_INTENDED,
    CERTIFICATE_STATE_ISSUED,
    CERTIFICATE_STATE_REVOKED,
    REVOCATION_REASON_CESSATION_OF_OPERATION,
    Certificate,
    System,
)
from oso.registry.v1.system_service_pb2 import ListSystemsRequest
from oso_registry.calls import Caller
from oso_registry.parties.resources import REGIONAL_INITIATIVES, SUPPLIERS, SWVS
from oso_registry.systems.register import (
    change_system,
    disable_system,
    enable_system,
    get_system,
    list_systems,
    register_system,
)
from oso_registry.systems.resources import CERTIFICATES, OFFICE_HEART, SYSTEMS
from tests.unit.registry.parties import country as of

if TYPE_CHECKING:
    from tests.unit.registry.parties.country import Country

_LAS = roles.ROLE_LAS


def _system(role: roles.Role.ValueType = _LAS, owner: str = of.SUPPLIER, **more: Any) -> System:
    return System(display_name="LAS", role=role, owner=owner, **more)


def _register(country: Country, caller: Caller, system: System) -> str:
    return of.outcome(register_system, country.call(caller), system, "new")


def _certify(
    country: Country, system: str, number: int = 1, state: Any = CERTIFICATE_STATE_ISSUED
) -> Certificate:
    certificate = Certificate(
        name=f"{system}/certificates/{number:040x}",
        state=state,
        public_key_sha256=number.to_bytes(32, "big"),
    )
    certificate.expire_time.FromDatetime(of.NOW + timedelta(days=90))
    return country.call().put(CERTIFICATES, certificate)


@pytest.mark.parametrize(
    ("caller", "role", "owner"),
    [
        (of.REGISTRAR, _LAS, of.SUPPLIER),
        (of.REGISTRAR, _LAS, of.SCHOOL),
        (of.REGISTRAR, _LAS, of.BOARD),
        (of.REGISTRAR, _LAS, "swvs/PO3001"),
        (of.REGISTRAR, _LAS, "regionalInitiatives/noord"),
        (of.REGISTRAR, roles.ROLE_HELPDESK, ""),
        (of.REGISTRAR, roles.ROLE_TRAFFIC_CENTER, ""),
        (of.SUPPLIERS_DESK, _LAS, of.SUPPLIER),
        (of.SUPPLIERS_DESK, roles.ROLE_SUPPLIER, of.SUPPLIER),
        (of.BOARD_MANAGER, _LAS, of.SCHOOL),
        (of.BOARD_MANAGER, roles.ROLE_SCHOOL_MANAGER, of.SCHOOL),
        (of.BOARD_MANAGER, roles.ROLE_BOARD_MANAGER, of.BOARD),
        (of.SCHOOL_MANAGER, _LAS, of.SCHOOL),
        (of.SCHOOL_MANAGER, roles.ROLE_SCHOOL_MANAGER, of.SCHOOL),
    ],
)
def test_a_system_is_registered_by_whoever_it_belongs_to(
    country: Country, caller: Caller, role: roles.Role.ValueType, owner: str
) -> None:
    """A registrar registers any system, the others those of their own."""
    tx = country.call()
    tx.put(SWVS, Swv(name="swvs/PO3001", display_name="SWV", status=PARTY_STATUS_ACTIVE))
    noord = RegionalInitiative(
        name="regionalInitiatives/noord", display_name="Noord", status=PARTY_STATUS_ACTIVE
    )
    tx.put(REGIONAL_INITIATIVES, noord)

    assert "" == _register(country, caller, _system(role, owner))
    assert owner == get_system(country.call(caller), "systems/new").owner


@pytest.mark.parametrize(
    ("caller", "system"),
    [
        (of.SUPPLIERS_DESK, _system(_LAS, of.OTHER_SUPPLIER)),
        (of.SUPPLIERS_DESK, _system(_LAS, of.SCHOOL)),
        (of.SUPPLIERS_DESK, _system(_LAS, "")),
        (of.SUPPLIERS_DESK, _system(roles.ROLE_REGISTRAR, "")),
        (of.SUPPLIERS_DESK, _system(roles.ROLE_TRAFFIC_CENTER, of.SUPPLIER)),
        (of.SUPPLIERS_DESK, _system(auditor=True)),
        (of.BOARD_MANAGER, _system(_LAS, of.OTHER_SCHOOL)),
        (of.BOARD_MANAGER, _system(roles.ROLE_BOARD_MANAGER, of.OTHER_BOARD)),
        (of.SCHOOL_MANAGER, _system(_LAS, of.OTHER_SCHOOL)),
        (of.SCHOOL_MANAGER, _system(_LAS, of.BOARD)),
        (of.SCHOOL_MANAGER, _system(roles.ROLE_AUDITOR, "")),
        (Caller("las", _LAS, of.SUPPLIER), _system(_LAS, of.OTHER_SUPPLIER)),
    ],
)
def test_nobody_registers_a_system_for_somebody_else(
    country: Country, caller: Caller, system: System
) -> None:
    """Another's system, an office role, or the right to read all evidence: refused."""
    assert "NOT_ALLOWED" == _register(country, caller, system)


@pytest.mark.parametrize(
    ("system", "refusal"),
    [
        (_system(_LAS, ""), "REQUEST_INVALID"),
        (_system(roles.ROLE_SUPPLIER, of.SCHOOL), "REQUEST_INVALID"),
        (_system(roles.ROLE_BOARD_MANAGER, of.SCHOOL), "REQUEST_INVALID"),
        (_system(roles.ROLE_SCHOOL_MANAGER, of.BOARD), "REQUEST_INVALID"),
        (_system(roles.ROLE_REGISTRAR, of.BOARD), "REQUEST_INVALID"),
        (_system(roles.ROLE_TRAFFIC_CENTER, of.SUPPLIER), "REQUEST_INVALID"),
        (_system(_LAS, "schools/99ZZ"), "RESOURCE_UNKNOWN"),
        (_system(_LAS, "planets/mars"), "REQUEST_INVALID"),
        (System(display_name="", role=_LAS, owner=of.SUPPLIER), "REQUEST_INVALID"),
        (System(display_name="x", owner=of.SUPPLIER), "REQUEST_INVALID"),
    ],
)
def test_role_and_owner_belong_together(country: Country, system: System, refusal: str) -> None:
    """A role says what kind of owner a system has, and the owner must be there."""
    assert _register(country, of.REGISTRAR, system).startswith(refusal)


def test_a_party_that_closed_gets_no_new_systems(country: Country) -> None:
    """Whoever does not take part any more needs no certificate."""
    supplier = country.call().require(SUPPLIERS, of.SUPPLIER)
    supplier.status = PARTY_STATUS_CLOSED
    country.call().put(SUPPLIERS, supplier)

    assert "PARTY_CLOSED" == _register(country, of.REGISTRAR, _system())


def test_an_id_is_given_once(country: Country) -> None:
    """What is there already is not replaced."""
    tx = country.call()

    assert "RESOURCE_EXISTS" == of.outcome(register_system, tx, _system(), "las")


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        (of.REGISTRAR, [of.SYSTEM, of.OTHER_SYSTEM, of.SCHOOLS_SYSTEM]),
        (of.AUDITOR, [of.SYSTEM, of.OTHER_SYSTEM, of.SCHOOLS_SYSTEM]),
        (of.SUPPLIERS_DESK, [of.SYSTEM]),
        (of.BOARD_MANAGER, [of.SCHOOLS_SYSTEM]),
        (of.SCHOOL_MANAGER, [of.SCHOOLS_SYSTEM]),
        (of.OTHER_SCHOOL_MANAGER, []),
    ],
)
def test_everybody_sees_their_own_systems(
    country: Country, caller: Caller, seen: list[str]
) -> None:
    """Workers of OfficeHeart see all; a list gives what a look-up would."""
    found, _ = list_systems(country.call(caller), ListSystemsRequest())

    assert seen == [one.name for one in found]
    for name in (of.SYSTEM, of.OTHER_SYSTEM, of.SCHOOLS_SYSTEM):
        reached = not of.outcome(get_system, country.call(caller), name)
        assert reached == (name in seen)


def test_role_and_owner_stay_as_they_are(country: Country) -> None:
    """A certificate must not change its meaning: register another system."""
    given = System(name=of.SYSTEM, role=roles.ROLE_SUPPLIER, owner=of.OTHER_SUPPLIER)
    for path in ("role", "owner"):
        told = of.outcome(change_system, country.call(), given, FieldMask(paths=[path]))

        assert told.startswith("REQUEST_INVALID")


def test_only_a_registrar_lets_a_system_read_all_evidence(country: Country) -> None:
    """A supplier may rename its system, and no more."""
    given = System(name=of.SYSTEM, display_name="Nieuw", auditor=True)
    mask = FieldMask(paths=["auditor"])

    assert "NOT_ALLOWED" == of.outcome(change_system, country.call(of.SUPPLIERS_DESK), given, mask)
    assert change_system(country.call(), given, mask).auditor
    assert (
        "Nieuw"
        == change_system(
            country.call(of.SUPPLIERS_DESK), given, FieldMask(paths=["display_name"])
        ).display_name
    )


def test_a_stale_etag_changes_nothing(country: Country) -> None:
    """Whoever read an older state is told so."""
    given = System(name=of.SYSTEM, display_name="Nieuw", etag="0000")

    assert "ETAG_STALE" == of.outcome(change_system, country.call(), given, FieldMask())
    assert "ETAG_STALE" == of.outcome(disable_system, country.call(), of.SYSTEM, "0000")


def test_a_system_out_of_use_loses_its_certificates(country: Country) -> None:
    """Those in force and those about to be signed are revoked; to do it again changes nothing."""
    _certify(country, of.SYSTEM)
    _certify(country, of.SYSTEM, 2, CERTIFICATE_STATE_INTENDED)

    disabled = disable_system(country.call(of.SUPPLIERS_DESK), of.SYSTEM, "")

    again = disable_system(country.call(of.SUPPLIERS_DESK, days=1), of.SYSTEM, "")
    assert (True, disabled) == (disabled.disabled, again)
    found = country.call().list(CERTIFICATES)
    assert [(CERTIFICATE_STATE_REVOKED, REVOCATION_REASON_CESSATION_OF_OPERATION)] * 2 == [
        (one.state, one.revocation_reason) for one in found
    ]


def test_a_system_comes_back_without_its_certificates(country: Country) -> None:
    """Enabled, it may enrol again; what was revoked stays revoked."""
    _certify(country, of.SYSTEM)
    disable_system(country.call(), of.SYSTEM, "")

    assert not enable_system(country.call(), of.SYSTEM, "").disabled
    assert CERTIFICATE_STATE_REVOKED == country.call().list(CERTIFICATES)[0].state


def test_the_last_registrar_stays(country: Country) -> None:
    """Somebody must be left who can register: one with a certificate in force."""
    names = ["systems/registrar", "systems/second"]
    for number, name in enumerate(names, 1):
        tx = country.call()
        tx.put(SYSTEMS, System(name=name, display_name=name, role=roles.ROLE_REGISTRAR))
        if name == names[0]:
            _certify(country, name, number)

    first = of.outcome(disable_system, country.call(), names[0], "")
    _certify(country, names[1], 2)
    second = of.outcome(disable_system, country.call(), names[0], "")

    assert ("CONDITION_FAILED", "") == (first, second)
    assert "CONDITION_FAILED" == of.outcome(disable_system, country.call(), names[1], "")


def test_officeheart_stays(country: Country) -> None:
    """It cannot put itself out of use: nobody could be sure who answers."""
    system = System(name=OFFICE_HEART, display_name="x", role=roles.ROLE_AUDITOR)
    country.call().put(SYSTEMS, system)

    assert "CONDITION_FAILED" == of.outcome(disable_system, country.call(), OFFICE_HEART, "")
