"""Where and by whom a session went wrong: a real Traffic Center, asked by a real OfficeHeart."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import ticket_pb2 as contract
from oso.registry.v1.ticket_service_pb2 import ExplainSessionRequest
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.parties.resources import SCHOOLS
from oso_rpc.errors import name_of

from ...trafficcenter.conftest import SOURCE, STRANGER, TARGET, reason  # noqa: TID252  tests are no package
from .conftest import BOARD, OTHER_BOARD, SUPPLIERS_OF, Helpdesk, refused

if TYPE_CHECKING:
    from oso_registry.store import Transaction

    from .conftest import Together

_CHECK, _CLOSE = contract.SESSION_LEG_CHECK, contract.SESSION_LEG_CLOSE
_REACH, _NO_LEG = contract.SESSION_LEG_REACH, contract.SESSION_LEG_UNSPECIFIED


async def _explained(helpdesk: Helpdesk, session_id: str) -> Any:
    told = await helpdesk(ExplainSessionRequest(session_id=session_id))
    return told.explanation


def _points_at(explained: Any) -> tuple[int, int, str, str]:
    return (
        explained.verdict,
        explained.leg,
        explained.party_name,
        name_of(explained.reason),
    )


async def test_sessions_are_explained(together: Together) -> None:
    """One that went well, one refused at check, one UNREACHABLE, one open, one never closed."""
    center, helpdesk = together.center, await together.helpdesk()
    source, target = center.stub("las-a"), center.stub("las-b")

    opening, well = await center.open()
    await source.CheckSession(center.checking(opening, well), timeout=10)
    delivered = {"result": codes.RESULT_CODE_DELIVERED, "manifest_sha256": bytes(32)}
    await target.CloseSession(center.closing(well, **delivered), timeout=10)

    opening, other_key = await center.open()
    wrong = center.checking(opening, other_key, search_key=bytes(32))
    assert await reason(source.CheckSession(wrong, timeout=10)) == "SESSION_MISMATCH"
    mismatch = {"result": codes.RESULT_CODE_SESSION_MISMATCH}
    await target.CloseSession(center.closing(other_key, **mismatch), timeout=10)

    _, nobody = await center.open()
    silent = {"result": codes.RESULT_CODE_UNREACHABLE, "source_routing_key": ""}
    await target.CloseSession(center.closing(nobody, **silent), timeout=10)

    opening, left = await center.open()
    await source.CheckSession(center.checking(opening, left), timeout=10)
    left_id = left.session.session_id
    under_way = await _explained(helpdesk, left_id)
    center.clock.offset = timedelta(minutes=31)

    ids = [one.session.session_id for one in (well, other_key, nobody)]
    told = [await _explained(helpdesk, one.upper()) for one in (*ids, left_id)]

    assert (contract.SESSION_VERDICT_UNDER_WAY, _NO_LEG, "", "MATCHED") == _points_at(under_way)
    failed = contract.SESSION_VERDICT_FAILED
    assert [
        (contract.SESSION_VERDICT_DELIVERED, _NO_LEG, "", "DELIVERED"),
        (failed, _CHECK, TARGET, "SESSION_MISMATCH"),
        (failed, _REACH, SOURCE, "UNREACHABLE"),
        (failed, _CLOSE, TARGET, "LAPSED"),
    ] == [_points_at(one) for one in told]
    assert [
        "Het dossier van De Regenboog (00SS) is volledig aangekomen bij Het College (01VV).",
        (
            "De aanvraag die De Regenboog (00SS) van Het College (01VV) kreeg, wijkt af van de"
            " toegekende sessie (wat verschilt: zoeksleutel van de leerling)."
        ),
        "Het College (01VV) kreeg geen verbinding met het systeem van De Regenboog (00SS).",
        (
            "De Regenboog (00SS) kreeg de aanvraag en die klopte, maar Het College (01VV) heeft de"
            " afloop nooit gemeld; de sessie is verlopen."
        ),
    ] == [one.summary_nl for one in told]
    assert [*ids, left_id] == [one.session_id for one in told]
    assert [3, 3, 2, 3] == [len(one.steps) for one in told]
    timeline = await center.timeline(ids[1])
    assert [one.time for one in timeline.events] == [one.time for one in told[1].steps]


_STAFF = ["registrar", "auditor", "helpdesk"]
_CALLERS = {
    "registrar": (roles.ROLE_REGISTRAR, ""),
    "auditor": (roles.ROLE_AUDITOR, ""),
    "helpdesk": (roles.ROLE_HELPDESK, ""),
    "source": (roles.ROLE_SCHOOL_MANAGER, f"schools/{SOURCE}"),
    "target": (roles.ROLE_SCHOOL_MANAGER, f"schools/{TARGET}"),
    "stranger": (roles.ROLE_SCHOOL_MANAGER, f"schools/{STRANGER}"),
    "board": (roles.ROLE_BOARD_MANAGER, BOARD),
    "other board": (roles.ROLE_BOARD_MANAGER, OTHER_BOARD),
    "nobody's board": (roles.ROLE_BOARD_MANAGER, ""),
    "source's supplier": (roles.ROLE_SUPPLIER, SUPPLIERS_OF[SOURCE]),
    "target's supplier": (roles.ROLE_SUPPLIER, SUPPLIERS_OF[TARGET]),
    "stranger's supplier": (roles.ROLE_SUPPLIER, SUPPLIERS_OF[STRANGER]),
}


async def _who_learns(together: Together, session_id: str) -> list[str]:
    learned = []
    for name, (role, owner) in _CALLERS.items():
        helpdesk = await together.helpdesk(role, owner)
        outcome = await refused(helpdesk(ExplainSessionRequest(session_id=session_id)))
        assert outcome in ("", "SESSION_UNKNOWN")
        if not outcome:
            learned.append(name)
    return learned


async def test_a_session_is_explained_to_whoever_had_part_in_it(together: Together) -> None:
    """Both schools, their boards, suppliers whose system did something; not who was refused.

    A school that is not registered any more has no board, but may know by its BRIN.
    """
    center = together.center
    opening, opened = await center.open()
    session_id = opened.session.session_id
    schools = ["source", "target", "board"]

    assert [*_STAFF, *schools, "target's supplier"] == await _who_learns(together, session_id)

    theft = center.stub("las-c").CloseSession(center.closing(opened), timeout=10)
    assert await reason(theft) == "CERTIFICATE_NOT_ALLOWED"
    wrong = center.checking(opening, opened, search_key=bytes(32))
    assert await reason(center.stub("las-a").CheckSession(wrong, timeout=10)) == "SESSION_MISMATCH"

    both = ["source's supplier", "target's supplier"]
    assert [*_STAFF, *schools, *both] == await _who_learns(together, session_id)
    assert [] == await _who_learns(together, str(uuid.uuid4()))

    def forget(tx: Transaction) -> None:
        for brin in (SOURCE, TARGET):
            tx.remove(SCHOOLS, f"schools/{brin}")

    await together.office.house.office.act(forget)

    assert [*_STAFF, "source", "target", *both] == await _who_learns(together, session_id)
    told = await _explained(await together.helpdesk(), session_id)
    assert told.summary_nl.startswith("De aanvraag die school 00SS van school 01VV kreeg, wijkt af")


async def test_when_the_traffic_center_does_not_answer_it_is_said(together: Together) -> None:
    """Nobody there, or it refuses OfficeHeart: try later. Its own reasons do not get out."""
    helpdesk = await together.helpdesk()
    request = ExplainSessionRequest(session_id=str(uuid.uuid4()))

    assert "SESSION_UNKNOWN" == await refused(helpdesk(request))
    together.center.clock.offset = timedelta(days=3650)
    assert "TRAFFIC_CENTER_UNAVAILABLE" == await refused(helpdesk(request))
    await together.center.stop()
    assert "TRAFFIC_CENTER_UNAVAILABLE" == await refused(helpdesk(request))
