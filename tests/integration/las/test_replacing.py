"""Certificates of schools that are renewed in the middle of an exchange."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from oso.result.v1 import result_code_pb2 as codes
from oso_dossier.synthetic import generate
from oso_las.model import Identity
from oso_rpc.directory import DirectorySource
from oso_rpc.errors import OsoError, name_of

from .conftest import SOURCE, SYSTEMS, TARGET, home_on_disk
from .test_processes import _large, _requesting

if TYPE_CHECKING:
    from oso_rpc.credentials import Credentials

    from .conftest import Country


async def renew(country: Country, brin: str) -> tuple[Credentials, Credentials]:
    """Renew the certificate of a school, make it known, take it up; give old and new."""
    credentials = country.nodes[brin].credentials
    before = credentials.current
    made = country.landscape.renew(SYSTEMS[brin])
    await country.publish()
    for node in country.nodes.values():
        assert isinstance(node.directory, DirectorySource)
        node.directory.refresh()
    await credentials.refresh()
    assert credentials.current.identity == made.identity
    return before, made


async def nobody(*_arguments: Any) -> Any:
    """Be the Traffic Center when nobody answers."""
    raise OsoError(codes.RESULT_CODE_TRAFFIC_CENTER_UNAVAILABLE)


async def test_a_dossier_travels_before_and_after_renewals(country: Country) -> None:
    """Both schools renew while they run; what comes after is delivered as what came before."""
    _, identity = await country.ready()
    collector = country.nodes[TARGET].collector
    results = []
    for school in ("", SOURCE, TARGET):
        if school:
            await renew(country, school)
        results.append(await collector.collect(identity, SOURCE, "worker"))

    assert ["DELIVERED"] * 3 == [name_of(one.result) for one in results]
    assert [True] * 3 == [one.closed for one in results]


async def test_a_session_is_finished_with_the_certificate_it_was_opened_with(
    country: Country,
) -> None:
    """The target renews while a dossier comes in: it is fetched and closed with the old one."""
    _, identity = await country.ready(_large())
    renewed: list[asyncio.Task[Any]] = []

    def at_half(part_number: int, name: str, done: int, size: int) -> None:  # noqa: ARG001
        if part_number == 2 and done > 2_000_000 and not renewed:
            renewed.append(asyncio.create_task(renew(country, TARGET)))

    collector = country.nodes[TARGET].collector
    collected = await collector.collect(identity, SOURCE, "worker", progress=at_half)

    before, made = await renewed[0]
    assert before.identity != made.identity
    assert (name_of(collected.result), collected.closed) == ("DELIVERED", True)
    assert await country.timeline(collected.session_id) == ["GRANTED", "MATCHED", "DELIVERED"]


async def test_a_source_signs_with_the_certificate_the_target_was_told_of(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source renews after the session was opened: the target knows only the old one."""
    _, identity = await country.ready()
    collector = country.nodes[TARGET].collector
    opening = country.nodes[TARGET].traffic_center.open

    async def open_and_renew(*arguments: Any, **more: Any) -> Any:
        opened = await opening(*arguments, **more)
        await renew(country, SOURCE)
        return opened

    monkeypatch.setattr(country.nodes[TARGET].traffic_center, "open", open_and_renew)
    collected = await collector.collect(identity, SOURCE, "worker")

    assert (name_of(collected.result), collected.closed) == ("DELIVERED", True)


async def test_a_close_that_waited_is_sent_with_the_certificate_of_its_session(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the Traffic Center must still be told is told as the system that opened the session."""
    _, identity = await country.ready()
    node = country.nodes[TARGET]
    with monkeypatch.context() as patch:
        patch.setattr(node.traffic_center, "close", nobody)
        collected = await node.collector.collect(identity, SOURCE, "worker")
    await renew(country, TARGET)

    assert (collected.closed, await node.collector.finish()) == (False, 0)
    assert (await country.timeline(collected.session_id))[-1] == "DELIVERED"


async def test_a_close_whose_certificate_is_gone_is_given_up(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a second renewal nobody can close the first session: it is not tried forever."""
    _, identity = await country.ready()
    node = country.nodes[TARGET]
    with monkeypatch.context() as patch:
        patch.setattr(node.traffic_center, "close", nobody)
        await node.collector.collect(identity, SOURCE, "worker")
    for _ in range(2):
        await renew(country, TARGET)

    assert [0, 0] == [await node.collector.finish(), await node.collector.finish()]


@pytest.mark.slow
async def test_a_session_that_was_broken_off_goes_on_after_a_renewal(country: Country) -> None:
    """Killed while a part comes in, then renewed: the next process goes on in the same session."""
    document = _large()
    await country.ready(document)
    await country.stop_school(TARGET)
    home = home_on_disk(country, TARGET)
    command, number = _requesting(home, document)
    child = subprocess.Popen(  # noqa: ASYNC220  to be killed, not waited for
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdin is not None
    with child.stdin:
        child.stdin.write(number)
    incoming = home / "parts" / "incoming"
    for _ in range(2000):
        if any(path.stat().st_size > 1_000_000 for path in incoming.glob("*/part-2")):
            break
        await asyncio.sleep(0.002)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    (left,) = incoming.glob("*/part-2")
    before = country.landscape.credentials(SYSTEMS[TARGET])
    made = country.landscape.renew(SYSTEMS[TARGET])
    country.landscape.publish()

    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, _ = await process.communicate(number.encode())

    told = json.loads(out)
    assert before.identity != made.identity
    assert (told["result"], told["closed"]) == ("DELIVERED", True)
    assert left.parent.name.startswith(told["session"]), "the session was taken up, not opened anew"


async def test_a_notification_is_brought_by_who_registered_it(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source renews between registering a notification and bringing it: it arrives."""
    document = generate("POVO", 7)
    identity = Identity.of_dossier(document.dossier)
    await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")
    number, _ = await country.ready(document)
    center = country.nodes[SOURCE].traffic_center
    reporting = center.report_notification

    async def report_and_renew(*arguments: Any, **more: Any) -> Any:
        reported = await reporting(*arguments, **more)
        await renew(country, SOURCE)
        return reported

    monkeypatch.setattr(center, "report_notification", report_and_renew)
    (sent,) = await country.nodes[SOURCE].notifier.notify(number, "worker")

    assert sent.result == "ARRIVED"
