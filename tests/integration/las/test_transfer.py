"""From school to school, whole: what arrives is what was sent, or nothing."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oso.result.v1 import result_code_pb2 as codes
from oso_dossier import DossierDocument, canonical, read_xml, write_xml
from oso_dossier.attachments import describe
from oso_dossier.documents import documents_of
from oso_dossier.errors import AttachmentMismatchError
from oso_dossier.synthetic import generate
from oso_las.fetching import Patience
from oso_las.model import (
    BeingFetchedError,
    Identity,
    NotABrinError,
    State,
    YearNotSupportedError,
)
from oso_rpc.errors import OsoError, name_of

from .conftest import OTHER, SOURCE, TARGET, cutting_proxy

if TYPE_CHECKING:
    from oso_las.collector import Collected
    from oso_las.desk import Desk
    from oso_las.fetching import Progress

    from .conftest import Country

OFFICIAL = Path(__file__).parents[4] / "shared" / "dossiers" / "2019.1"


def _with_large_attachment(size: int) -> DossierDocument:
    document = generate("POVO", 7)
    content = os.urandom(size)
    attachments = (document.attachments[0], content)
    documents_of(document.dossier)[1].bestandsinhoud.CopyFrom(describe(content, 2))
    return DossierDocument(document.dossier, attachments)


async def exported(desk: Desk, number: int, out: Path) -> bytes:
    """Give the XML of a dossier at a desk."""
    await desk.export(number, out)
    return await asyncio.to_thread(out.read_bytes)


async def test_a_dossier_travels_from_school_to_school(
    either_country: Country, tmp_path: Path
) -> None:
    """The target gets exactly what the source imported, and the centre has the proof."""
    country = either_country
    number, identity = await country.ready()

    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == "DELIVERED"
    assert collected.closed
    assert collected.dossier_number is not None
    desk = country.nodes[TARGET].desk
    sent = await exported(country.nodes[SOURCE].desk, number, tmp_path / "sent.xml")
    assert await exported(desk, collected.dossier_number, tmp_path / "received.xml") == sent
    assert await country.timeline(collected.session_id) == ["GRANTED", "MATCHED", "DELIVERED"]
    (entry,) = await desk.entries()
    assert (entry.state, entry.source_brin) == (State.RECEIVED, SOURCE)
    (given,) = await country.nodes[SOURCE].desk.entries()
    assert given.state is State.DELIVERED


@pytest.mark.parametrize(
    "name",
    ["OV_POPO_full", "OV_POPO_opt_out", "OV_POVO_full", "OV_POVO_opt_out", "OV_VOVO_full"],
)
async def test_official_examples_travel_unchanged(
    country: Country, name: str, tmp_path: Path
) -> None:
    """Each official example of a kind we do arrives canonically equal."""
    path = OFFICIAL / f"{name}.xml"
    if not path.exists():
        pytest.skip("the official examples are not here")
    document = read_xml(path)
    _, identity = await country.ready(document)

    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    desk, number = country.nodes[TARGET].desk, collected.dossier_number or 0
    received = await exported(desk, number, tmp_path / "received.xml")
    assert canonical(received) == canonical(path.read_bytes())


@pytest.mark.parametrize(
    "waited",
    [pytest.param(60.0, id="a fast disk"), pytest.param(-1.0, id="a disk that makes it wait")],
)
async def test_a_connection_cut_in_an_attachment_is_taken_up_again(
    country: Country, monkeypatch: pytest.MonkeyPatch, waited: float
) -> None:
    """Cut twice in a large attachment, the transfer goes on where it was and ends well."""
    monkeypatch.setattr("oso_las.fetching._WAITED", waited)
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
        collector = country.nodes[TARGET].collector
        collector._patience = Patience(unreached=2, broken=3)
        collected = await collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) in {"TRANSFER_INCOMPLETE", "UNREACHABLE"}
    assert await country.nothing_stored(TARGET)


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
        ("draft, meant for it", "DOSSIER_NOT_INSPECTED"),
        ("inspected, meant for it", "DOSSIER_NOT_READY"),
        ("draft, meant for another", "DOSSIER_NOT_READY"),
        ("draft, meant for it, withdrawn", "DOSSIER_NOT_READY"),
        ("other school", "NOT_FOR_THIS_SCHOOL"),
        ("withdrawn", "DOSSIER_WITHDRAWN"),
    ],
)
async def test_a_dossier_that_may_not_go_gets_its_reason(
    country: Country, prepare: str, expected: str
) -> None:
    """Not ready, not inspected, for another school, withdrawn: it is told; nothing is stored."""
    document = generate("POVO", 7)
    identity = Identity.of_dossier(document.dossier)
    desk = country.nodes[SOURCE].desk
    if prepare != "nothing":
        number = await desk.import_document(document, "test")
        if "meant" in prepare:
            await desk.mark(number, OTHER if "another" in prepare else TARGET, "test")
        if not prepare.startswith("draft"):
            await desk.inspect(number, "test")
        if prepare in {"other school", "withdrawn"}:
            await desk.set_ready(number, OTHER if prepare == "other school" else TARGET, "test")
        if prepare.endswith("withdrawn"):
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

    async def nobody(*_request: object) -> None:
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


class StoppedError(Exception):
    """Stands for whatever stops a process in the middle of a transfer."""


def _stop_at(part: int, after: int = 0) -> Progress:
    def stop(part_number: int, name: str, done: int, size: int) -> None:  # noqa: ARG001
        if part_number == part and done > after:
            raise StoppedError

    return stop


async def test_what_was_left_of_a_transfer_is_cleared_when_the_session_is_over(
    country: Country,
) -> None:
    """A broken transfer is kept to go on with; past its session nothing of the pupil stays."""
    _, identity = await country.ready(_with_large_attachment(6_000_000))
    collector = country.nodes[TARGET].collector
    with pytest.raises(StoppedError):
        await collector.collect(identity, SOURCE, "worker", progress=_stop_at(2))
    await collector.finish()
    assert country.files(TARGET), "kept as long as the session lives"
    country.clock.offset = timedelta(hours=1)

    assert await collector.finish() == 0

    assert await country.nothing_stored(TARGET)
    database = country.nodes[TARGET].desk._database
    assert await database.read(lambda tx: tx.retrievals("open")) == []


async def test_leftovers_that_were_spoiled_do_not_spoil_the_transfer(country: Country) -> None:
    """Bytes that changed on disk while the target was down are fetched again, from the start."""
    document = _with_large_attachment(6_000_000)
    _, identity = await country.ready(document)
    collector = country.nodes[TARGET].collector
    with pytest.raises(StoppedError):
        await collector.collect(identity, SOURCE, "worker", progress=_stop_at(2, 3_000_000))
    (left,) = (country.home(TARGET) / "parts" / "incoming").glob("*/part-2")
    with left.open("r+b") as file:
        file.write(b"spoiled")

    collected = await collector.collect(identity, SOURCE, "worker")

    assert name_of(collected.result) == "DELIVERED"
    received = await country.nodes[TARGET].desk.document(collected.dossier_number or 0)
    assert received == document


async def test_two_workers_do_not_fetch_the_same_dossier_at_once(country: Country) -> None:
    """Who asks while it comes in is told so; the first one gets it whole."""
    document = _with_large_attachment(6_000_000)
    _, identity = await country.ready(document)
    collector = country.nodes[TARGET].collector
    second: list[asyncio.Task[Collected]] = []

    def ask_too(part_number: int, name: str, done: int, size: int) -> None:  # noqa: ARG001
        if part_number == 2 and not second:
            second.append(asyncio.create_task(collector.collect(identity, SOURCE, "another")))

    collected = await collector.collect(identity, SOURCE, "worker", progress=ask_too)

    with pytest.raises(BeingFetchedError):
        await second[0]
    assert name_of(collected.result) == "DELIVERED"
    assert len(await country.nodes[TARGET].desk.entries()) == 1


async def test_of_one_pupil_one_dossier_is_ready(country: Country) -> None:
    """Setting an older dossier ready withdraws the newer one, as the other way round."""
    desk = country.nodes[SOURCE].desk
    numbers = [await desk.import_document(generate("POVO", 7), "test") for _ in range(2)]
    for number in numbers:
        await desk.inspect(number, "test")
    older, newer = numbers

    await desk.set_ready(newer, TARGET, "test")
    await desk.set_ready(older, TARGET, "test")

    states = {one.number: one.state for one in await desk.entries()}
    assert states == {older: State.READY, newer: State.WITHDRAWN}
    assert [row.act for row in await desk.acts(newer)] == [
        "import",
        "inspect",
        "ready",
        "withdraw",
    ]


async def test_a_school_that_cannot_exist_is_a_mistake_in_typing(country: Country) -> None:
    """A target or source that is no BRIN is refused before anything changes or is sent."""
    number, identity = await country.ready()
    desk = country.nodes[SOURCE].desk
    with pytest.raises(NotABrinError):
        await desk.set_ready(number, "01vv", "test")
    with pytest.raises(NotABrinError):
        await country.nodes[TARGET].collector.collect(identity, "school", "worker")

    (entry,) = await desk.entries()
    assert (entry.state, entry.target_brin) == (State.READY, TARGET)


async def test_a_pupil_who_came_from_elsewhere_is_no_guess(country: Country) -> None:
    """A school that asks for a pupil whose dossier we once received does not count as guessing."""
    _, identity = await country.ready()
    await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")
    await country.start_school(OTHER)
    collector = country.nodes[OTHER].collector

    for _ in range(5):
        collected = await collector.collect(identity, TARGET, "worker")
        assert name_of(collected.result) == "DOSSIER_NOT_READY"

    database = country.nodes[TARGET].desk._database
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    assert await database.read(lambda tx: tx.unknown_pupils_asked(OTHER, long_ago)) == 0


async def test_a_file_that_is_not_the_attachment_named_leaves_nothing(
    country: Country, tmp_path: Path
) -> None:
    """With one file of another digest, none of the dossier's files is stored."""
    document = generate("POVO", 7)
    paths = [tmp_path / "0", tmp_path / "1"]
    paths[0].write_bytes(document.attachments[0])
    paths[1].write_bytes(b"something else")

    with pytest.raises(AttachmentMismatchError):
        await country.nodes[SOURCE].desk.import_message(document.dossier, paths, "test")

    assert await country.nothing_stored(SOURCE)


async def test_files_of_an_import_that_broke_off_are_swept(country: Country) -> None:
    """A day later, what no dossier names is gone, and what one names is not."""
    number, _ = await country.ready()
    desk = country.nodes[SOURCE].desk
    orphan = desk._files.add(b"of an import that was killed")
    country.clock.offset = timedelta(days=2)

    assert await desk.sweep() == 1

    assert not desk._files.path(orphan).exists()
    assert await desk.document(number) == generate("POVO", 7)


@pytest.mark.parametrize("name", ["../../../etc/cron.d/x", "/etc/passwd", "a/b", "..", "\\x\\y"])
async def test_the_name_of_an_attachment_is_never_a_path(country: Country, name: str) -> None:
    """Whatever an attachment is called, its file is named by its digest; its name is text."""
    document = generate("POVO", 7)
    documents_of(document.dossier)[1].bestandsnaam = name
    _, identity = await country.ready(document)

    collected = await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")

    received = await country.nodes[TARGET].desk.document(collected.dossier_number or 0)
    assert documents_of(received.dossier)[1].bestandsnaam == name
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in country.files(TARGET))


@pytest.mark.parametrize("year", ["2016.1", "2018.1.1", "2031.1"])
async def test_a_dossier_of_another_year_is_not_taken_in(country: Country, year: str) -> None:
    """Only years the exchange accepts are imported; the worker reads how to convert others."""
    document = generate("POVO", 7)
    document.dossier.gegevensset = year
    desk = country.nodes[SOURCE].desk

    with pytest.raises(YearNotSupportedError) as caught:
        await desk.import_document(document, "worker")

    assert f"van {year}" in caught.value.text("nl")
    assert "oso dossier convert --to 2019.1" in caught.value.text("nl")
    assert list(await desk.entries()) == []
    assert country.files(SOURCE) == []
