"""From school to school, whole: what arrives is what was sent, or nothing."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oso.result.v1 import result_code_pb2 as codes
from oso_dossier import DossierDocument, canonical, read_xml, write_xml
from oso_dossier.attachments import describe
from oso_dossier.documents import documents_of
from oso_dossier.synthetic import generate
from oso_las.model import Identity, State
from oso_rpc.errors import OsoError, name_of

from .conftest import OTHER, SOURCE, TARGET, cutting_proxy

if TYPE_CHECKING:
    from .conftest import Country

OFFICIAL = Path(__file__).parents[4] / "shared" / "dossiers" / "2019.1"


def _with_large_attachment(size: int) -> DossierDocument:
    document = generate("POVO", 7)
    content = os.urandom(size)
    attachments = (document.attachments[0], content)
    documents_of(document.dossier)[1].bestandsinhoud.CopyFrom(describe(content, 2))
    return DossierDocument(document.dossier, attachments)


async def test_a_dossier_travels_from_school_to_school(either_country: Country) -> None:
    """The target gets exactly what the source imported, and the centre has the proof."""
    country = either_country
    number, identity = await country.ready()

    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == "DELIVERED"
    assert collected.closed
    assert collected.dossier_number is not None
    desk = country.nodes[TARGET].desk
    sent = await country.nodes[SOURCE].desk.export_xml(number)
    assert await desk.export_xml(collected.dossier_number) == sent
    assert await country.timeline(collected.session_id) == ["GRANTED", "MATCHED", "DELIVERED"]
    (entry,) = await desk.entries()
    assert (entry.state, entry.source_brin) == (State.RECEIVED, SOURCE)
    (given,) = await country.nodes[SOURCE].desk.entries()
    assert given.state is State.DELIVERED


@pytest.mark.parametrize(
    "name",
    ["OV_POPO_full", "OV_POPO_opt_out", "OV_POVO_full", "OV_POVO_opt_out", "OV_VOVO_full"],
)
async def test_official_examples_travel_unchanged(country: Country, name: str) -> None:
    """Each official example of a kind we do arrives canonically equal."""
    path = OFFICIAL / f"{name}.xml"
    if not path.exists():
        pytest.skip("the official examples are not here")
    document = read_xml(path)
    _, identity = await country.ready(document)

    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    received = await country.nodes[TARGET].desk.export_xml(collected.dossier_number or 0)
    assert canonical(received) == canonical(path.read_bytes())


async def test_a_connection_cut_in_an_attachment_is_taken_up_again(country: Country) -> None:
    """Cut twice in a large attachment, the transfer goes on where it was and ends well."""
    document = _with_large_attachment(6_000_000)
    _, identity = await country.ready(document)
    await country.stop_school(SOURCE)
    server = await country.start_school(SOURCE)
    async with cutting_proxy(server.port, 2_500_000, times=2) as (port, cut):
        country.tell_address(SOURCE, f"127.0.0.1:{port}")
        await country.publish()
        steps: list[int] = []

        collected = await country.nodes[TARGET].collector.collect(
            identity,
            SOURCE,
            "worker",
            progress=lambda _part, _name, done, _size: steps.append(done),
        )

    assert len(cut) == 2
    assert name_of(collected.result) == "DELIVERED"
    received = await country.nodes[TARGET].desk.document(collected.dossier_number or 0)
    assert received == document
    large = [step for step in steps if step > 1_000_000]
    assert large == sorted(set(large)), "no byte of the attachment was written twice"


async def test_a_connection_that_is_always_cut_ends_incomplete(country: Country) -> None:
    """When it never comes through, the session is closed so, and nothing is stored as received."""
    _, identity = await country.ready(_with_large_attachment(3_000_000))
    await country.stop_school(SOURCE)
    server = await country.start_school(SOURCE)
    async with cutting_proxy(server.port, 20_000, times=99) as (port, _):
        country.tell_address(SOURCE, f"127.0.0.1:{port}")
        await country.publish()
        collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) in {"TRANSFER_INCOMPLETE", "UNREACHABLE"}
    assert await country.nodes[TARGET].desk.entries() == []


async def test_a_school_that_does_not_answer_is_reported_so(country: Country) -> None:
    """Nobody at the address: UNREACHABLE, and the centre is told."""
    _, identity = await country.ready()
    await country.stop_school(SOURCE)

    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == "UNREACHABLE"
    assert await country.timeline(collected.session_id) == ["GRANTED", "UNREACHABLE"]
    assert await country.nothing_stored(TARGET)


async def test_another_system_at_the_address_gets_no_identity(country: Country) -> None:
    """A participant with a good certificate, at the address of another, is not spoken to."""
    _, identity = await country.ready()
    impostor = await country.start_school(OTHER)
    country.tell_address(SOURCE, f"127.0.0.1:{impostor.port}")
    await country.publish()

    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == "UNREACHABLE"


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        ("nothing", "DOSSIER_NOT_READY"),
        ("draft", "DOSSIER_NOT_READY"),
        ("inspected", "DOSSIER_NOT_READY"),
        ("other school", "NOT_FOR_THIS_SCHOOL"),
        ("withdrawn", "DOSSIER_WITHDRAWN"),
    ],
)
async def test_a_dossier_that_may_not_go_gets_its_reason(
    country: Country, prepare: str, expected: str
) -> None:
    """Not ready, for another school, withdrawn: the reason is given and nothing is stored."""
    document = generate("POVO", 7)
    identity = Identity.of_dossier(document.dossier)
    desk = country.nodes[SOURCE].desk
    if prepare != "nothing":
        number = await desk.import_document(document, "test")
        if prepare != "draft":
            await desk.inspect(number, "test")
        if prepare in {"other school", "withdrawn"}:
            await desk.set_ready(number, OTHER if prepare == "other school" else TARGET, "test")
        if prepare == "withdrawn":
            await desk.withdraw(number, "test")

    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == expected
    assert await country.timeline(collected.session_id) == ["GRANTED", "MATCHED", expected]
    assert await country.nothing_stored(TARGET)


async def test_a_dossier_that_did_not_change_does_not_go_again(country: Country) -> None:
    """Asked for changes since a later moment, the source says that there are none."""
    _, identity = await country.ready()
    since = datetime.now(UTC) + timedelta(minutes=1)

    collected = await country.nodes[TARGET].collector.collect(
        identity, SOURCE, "worker", changed_since=since
    )

    assert name_of(collected.result) == "DOSSIER_NOT_CHANGED"


async def test_a_newer_dossier_takes_the_place_of_the_one_before(country: Country) -> None:
    """A changed dossier must be inspected and set ready again; until then the one before goes."""
    _, identity = await country.ready()
    changed = generate("POVO", 7)
    changed.dossier.huidigeschool.leerling.roepnaam = "Anders"
    desk = country.nodes[SOURCE].desk
    number = await desk.import_document(changed, "test")
    collector = country.nodes[TARGET].collector
    before = await collector.collect(identity, SOURCE, "worker")
    await desk.inspect(number, "test")
    await desk.set_ready(number, TARGET, "test")
    after = await collector.collect(identity, SOURCE, "worker")

    target = country.nodes[TARGET].desk
    first = await target.document(before.dossier_number or 0)
    second = await target.document(after.dossier_number or 0)
    assert first.dossier.huidigeschool.leerling.roepnaam != "Anders"
    assert second.dossier.huidigeschool.leerling.roepnaam == "Anders"
    assert [one.state for one in await desk.entries()] == [State.WITHDRAWN, State.DELIVERED]


async def test_a_school_that_keeps_guessing_is_stopped(country: Country) -> None:
    """After some pupils the source does not have, the target gets nothing at all for a while."""
    _, known = await country.ready()
    collector = country.nodes[TARGET].collector
    for seed in range(100, 103):
        guess = Identity.of_dossier(generate("POVO", seed).dossier)
        assert name_of((await collector.collect(guess, SOURCE, "w")).result) == "DOSSIER_NOT_READY"

    collected = await collector.collect(known, SOURCE, "worker")

    assert name_of(collected.result) == "TOO_MANY_UNKNOWN_PUPILS"


async def test_a_close_that_fails_is_sent_later(country: Country) -> None:
    """With the centre gone after the fetch, the dossier is kept; the close is sent later."""
    _, identity = await country.ready()
    collector, center = country.nodes[TARGET].collector, country.nodes[TARGET].traffic_center
    close = center.close

    async def nobody(_request: object) -> None:
        raise OsoError(codes.RESULT_CODE_TRAFFIC_CENTER_UNAVAILABLE)

    center.close = nobody  # type: ignore[method-assign,assignment]
    collected = await collector.collect(identity, SOURCE, "worker")
    assert (name_of(collected.result), collected.closed) == ("DELIVERED", False)
    assert await collector.finish() == 1
    center.close = close  # type: ignore[method-assign]

    assert await collector.finish() == 0
    assert await country.timeline(collected.session_id) == ["GRANTED", "MATCHED", "DELIVERED"]


async def test_after_the_session_the_target_forgets_who_it_asked_for(country: Country) -> None:
    """When a session is closed, number, birth date and salt are gone from the record of it."""
    _, identity = await country.ready()
    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")
    database = country.nodes[TARGET].desk._database
    row = await database.read(
        lambda tx: found.model_dump() if (found := tx.retrieval(collected.session_id)) else {}
    )

    assert (row["pupil_number"], row["birth_date"], row["salt"]) == ("", "", b"")


async def test_files_are_for_their_owner_only(country: Country) -> None:
    """Nothing a node writes can be read by another account."""
    _, identity = await country.ready()
    await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    for brin in (SOURCE, TARGET):
        for path in country.home(brin).rglob("*"):
            assert path.stat().st_mode & 0o077 == 0, path


async def test_a_dossier_message_with_files_travels(country: Country, tmp_path: Path) -> None:
    """A supplier can give attachments as files; they arrive with the same digest."""
    document = _with_large_attachment(2_000_000)
    paths = []
    for number, content in enumerate(document.attachments):
        paths.append(tmp_path / f"attachment-{number}")
        paths[-1].write_bytes(content)
    desk = country.nodes[SOURCE].desk
    number = await desk.import_message(document.dossier, paths, "test")
    await desk.inspect(number, "test")
    await desk.set_ready(number, TARGET, "test")

    identity = Identity.of_dossier(document.dossier)
    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    received = await country.nodes[TARGET].desk.document(collected.dossier_number or 0)
    digests = [hashlib.sha256(content).digest() for content in received.attachments]
    assert digests == [hashlib.sha256(path.read_bytes()).digest() for path in paths]
    assert write_xml(received) == write_xml(document)
