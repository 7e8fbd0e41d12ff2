"""Commands on the keys of Traffic Centers: `oso-registry grant-key ...`.

Imports are made where they are used: see `oso_registry.parties.asking`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from oso_registry.desk import Desk, pass_desk
from oso_registry.parties.asking import call, every

if TYPE_CHECKING:
    import grpc

_SERVICE = "GrantKeyService"
_SYSTEM = click.option(
    "--system",
    "system_id",
    default="trafficcenter",
    show_default=True,
    help="Id of the Traffic Center.",
)


@click.group("grant-key")
def grant_key() -> None:
    """Keys with which Traffic Centers sign grants."""


@grant_key.command("add")
@_SYSTEM
@click.argument("public_key", metavar="KEY")
@pass_desk
def add(desk: Desk, system_id: str, public_key: str) -> None:
    """Register a KEY, 64 hexadecimal digits: `oso-trafficcenter init` prints it."""
    from oso.registry.v1.grant_key_service_pb2 import CreateGrantKeyRequest  # noqa: PLC0415

    request = CreateGrantKeyRequest(parent=f"systems/{system_id}")
    try:
        request.grant_key.public_key = bytes.fromhex(public_key)
    except ValueError:
        raise click.UsageError(
            desk.text(
                "Een sleutel bestaat uit 64 hexadecimale cijfers.",
                "A key is 64 hexadecimal digits.",
            )
        ) from None
    _tell(desk, desk.run(lambda channel: call(channel, _SERVICE, request)).grant_key)


@grant_key.command("list")
@pass_desk
def list_keys(desk: Desk) -> None:
    """List the keys of all Traffic Centers."""
    from oso.registry.v1.grant_key_service_pb2 import ListGrantKeysRequest  # noqa: PLC0415

    async def go(channel: grpc.aio.Channel) -> None:
        request = ListGrantKeysRequest(parent="systems/-")
        async for one in every(channel, _SERVICE, request, "grant_keys"):
            _tell(desk, one)

    desk.run(go)


@grant_key.command("remove")
@_SYSTEM
@click.argument("key_id", metavar="ID")
@pass_desk
def remove(desk: Desk, system_id: str, key_id: str) -> None:
    """Take a key away, by its ID of 16 digits: grants signed with it are no longer believed."""
    from oso.registry.v1.grant_key_service_pb2 import DeleteGrantKeyRequest  # noqa: PLC0415

    name = f"systems/{system_id}/grantKeys/{key_id}"
    desk.run(lambda channel: call(channel, _SERVICE, DeleteGrantKeyRequest(name=name)))
    desk.say(f"{name} is weg.", f"{name} is gone.", name=name)


def _tell(desk: Desk, found: Any) -> None:
    desk.show(found, f"{found.name}  {found.public_key.hex()}")
