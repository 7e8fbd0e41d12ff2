"""Which release, draft or code a command on the test-code table means, and asking for it.

Imports are made where they are used: see `oso_registry.parties.asking`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from oso_registry.parties.asking import call

if TYPE_CHECKING:
    import grpc

    from oso_registry.desk import Desk

SERVICE = "TestCodeService"
DRAFT, CURRENT = "draft", "current"


def request_of(method: str, **fields: Any) -> Any:
    """Make the request of a method, such as `ListTestCodes`."""
    from oso.registry.v1 import test_code_service_pb2 as messages  # noqa: PLC0415

    return getattr(messages, f"{method}Request")(**fields)


async def ask(channel: grpc.aio.Channel, method: str, **fields: Any) -> Any:
    """Call a method; give its response."""
    return await call(channel, SERVICE, request_of(method, **fields))


async def draft_of(desk: Desk, channel: grpc.aio.Channel) -> Any:
    """Find the draft: it is the newest release, when there is one.

    Raises:
        ClickException: There is none.

    """
    from oso.registry.v1.test_code_pb2 import TEST_CODE_RELEASE_STATE_DRAFT  # noqa: PLC0415

    told = await ask(channel, "ListTestCodeReleases", page_size=1)
    for release in told.test_code_releases:
        if release.state == TEST_CODE_RELEASE_STATE_DRAFT:
            return release
    raise click.ClickException(
        desk.text(
            "Er is geen concept. Begin er een: oso-registry test-codes begin",
            "There is no draft. Begin one: oso-registry test-codes begin",
        )
    )


async def name_of(desk: Desk, channel: grpc.aio.Channel, release: str) -> str:
    """Give the name of a release, as people call it: a number, `current` or `draft`.

    Raises:
        ClickException: There is no draft.

    """
    if release == DRAFT:
        return str((await draft_of(desk, channel)).name)
    number = release.rpartition("/")[2]
    return f"testCodeReleases/{number.zfill(4) if number.isdigit() else number}"


async def numbered(desk: Desk, channel: grpc.aio.Channel, release: str) -> str:
    """Give the name of a release with its number in it, also of the one in force.

    Raises:
        ClickException: There is no draft.

    """
    name = await name_of(desk, channel, release)
    if not name.endswith(f"/{CURRENT}"):
        return name
    told = await ask(channel, "GetTestCodeRelease", name=name)
    return str(told.test_code_release.name)


async def code_name(desk: Desk, channel: grpc.aio.Channel, release: str, code: str) -> str:
    """Give the name of a code in a release, as people call both.

    Raises:
        ClickException: There is no draft.

    """
    return f"{await numbered(desk, channel, release)}/testCodes/{code}"
