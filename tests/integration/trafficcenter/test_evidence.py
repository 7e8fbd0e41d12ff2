"""What an auditor reads at the Traffic Center, and that nobody else does; on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_DELIVERED,
    RESULT_CODE_DOSSIER_NOT_READY,
    RESULT_CODE_UNREACHABLE,
)
from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER

from .conftest import SOURCE, TARGET, reason

if TYPE_CHECKING:
    from .conftest import Center

_AUDITOR = "auditor"


@pytest.fixture
def audited(center: Center) -> Center:
    """A Traffic Center with an auditor in its directory."""
    center.landscape.add_system(_AUDITOR)
    for system in center.landscape.directory.systems:
        system.auditor = system.system_id == _AUDITOR
    center.landscape.publish()
    return center


async def _published(center: Center) -> None:
    """Start anew, with the directory as it was published last."""
    await center.stop()
    await center.start()


async def _listed(center: Center, caller: str = _AUDITOR, **asked: Any) -> Any:
    request = messages.ListClosedSessionsRequest(**asked)
    return await center.stub(caller).ListClosedSessions(request, timeout=10)


async def _closed(center: Center, result: Any, **changes: Any) -> str:
    """Open and close a session; give its id."""
    _, opened = await center.open()
    closing = center.closing(opened, result=result, **changes)
    await center.stub("las-b").CloseSession(closing, timeout=10)
    return str(opened.session.session_id)


async def test_an_auditor_reads_what_was_closed_and_nothing_of_the_pupil(audited: Center) -> None:
    """Schools, kind, result, moment and number of each closed session; no key, no open session."""
    await _published(audited)
    opening, opened = await audited.open()
    await audited.stub("las-a").CheckSession(audited.checking(opening, opened), timeout=10)
    await audited.stub("las-b").CloseSession(
        audited.closing(opened, result=RESULT_CODE_DELIVERED, manifest_sha256=bytes(32)), timeout=10
    )
    await reason(audited.stub("las-b").CloseSession(audited.closing(opened), timeout=10))
    opening_again, unreached = await audited.open()
    refused = audited.checking(opening_again, unreached, search_key=bytes(32))
    await reason(audited.stub("las-a").CheckSession(refused, timeout=10))
    closing = audited.closing(unreached, result=RESULT_CODE_UNREACHABLE, source_routing_key="")
    await audited.stub("las-b").CloseSession(closing, timeout=10)
    await audited.open()

    told = await _listed(audited)

    first, second = told.sessions
    assert (opened.session.session_id, SOURCE, TARGET, TRANSFER_KIND_OVERSTAPDOSSIER) == (
        first.session_id,
        first.source_brin,
        first.target_brin,
        first.kind,
    )
    assert (RESULT_CODE_DELIVERED, 3, True) == (first.result, first.sequence, first.checked)
    assert first.close_time.ToMicroseconds() > opened.session.create_time.ToMicroseconds()
    assert (unreached.session.session_id, RESULT_CODE_UNREACHABLE, False) == (
        second.session_id,
        second.result,
        second.checked,
    )
    assert ("", 8) == (told.next_page_token, told.last_sequence)
    assert opening.key.search_key not in told.SerializeToString()


async def test_only_auditors_read_evidence(audited: Center) -> None:
    """Neither the schools of a session nor a stranger may list sessions."""
    await _published(audited)
    await _closed(audited, RESULT_CODE_DOSSIER_NOT_READY)

    reasons = [await reason(_listed(audited, who)) for who in ("las-a", "las-b", "las-c")]

    assert ["NOT_ALLOWED"] * 3 == reasons


async def test_who_remembers_how_far_it_came_misses_nothing(audited: Center) -> None:
    """Pages give each session once, in order; after the last number only what is new comes."""
    await _published(audited)
    closed = [await _closed(audited, RESULT_CODE_DOSSIER_NOT_READY) for _ in range(3)]

    seen, token = [], ""
    while True:
        page = await _listed(audited, page_size=2, page_token=token)
        seen += [session.session_id for session in page.sessions]
        token = page.next_page_token
        if not token:
            break
    last = page.last_sequence
    nothing = await _listed(audited, after_sequence=last)
    await _published(audited)
    newer = await _closed(audited, RESULT_CODE_DOSSIER_NOT_READY)
    later = await _listed(audited, after_sequence=last)

    assert closed == seen
    assert ([], last) == (list(nothing.sessions), nothing.last_sequence)
    assert [newer] == [session.session_id for session in later.sessions]


async def test_a_number_beyond_the_journal_tells_where_it_ends(audited: Center) -> None:
    """Who asks after more than there is, hears of an end before that: begin again."""
    await _published(audited)
    await _closed(audited, RESULT_CODE_DOSSIER_NOT_READY)

    assert 2 == (await _listed(audited, after_sequence=1_000)).last_sequence


@pytest.mark.parametrize("forged", ["x", "-1", "9" * 30])
async def test_a_token_not_of_ours_is_refused(audited: Center, forged: str) -> None:
    """A page token is one this service made."""
    await _published(audited)

    assert "REQUEST_INVALID" == await reason(_listed(audited, page_token=forged))
