"""Channels to other parties of OSO."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import grpc

from oso_rpc.identity import system_tls_name
from oso_rpc.tls import require_tls_1_3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oso_rpc.credentials import Credentials
    from oso_rpc.credentials_source import CredentialsSource

# Seconds. As long as a server lets a call run on after its connection came of age.
_LONGEST_CALL = 3600.0
_OPTIONS = (
    ("grpc.enable_http_proxy", 0),  # a dossier never goes through somebody's proxy
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.enable_retries", 1),
    (
        "grpc.service_config",
        # Calls that change something carry a request_id, so trying again is safe for every unary
        # call of ours; a stream that has begun is never tried again by gRPC.
        json.dumps(
            {
                "methodConfig": [
                    {
                        "name": [{}],
                        "retryPolicy": {
                            "maxAttempts": 3,
                            "initialBackoff": "0.1s",
                            "maxBackoff": "1s",
                            "backoffMultiplier": 2,
                            "retryableStatusCodes": ["UNAVAILABLE"],
                        },
                    }
                ]
            }
        ),
    ),
)


def secure_channel(
    address: str,
    system_id: str,
    credentials: Credentials,
    options: Sequence[tuple[str, Any]] = (),
) -> grpc.aio.Channel:
    """Open a channel over mutual TLS to one system, and no other.

    TLS fails unless the certificate of whoever answers names that system: being reachable at the
    address is not enough.

    Args:
        address: Where it listens, `host:port`.
        system_id: Who must answer.
        credentials: What to show and trust.
        options: More gRPC channel options; they win over ours, the name of the system excepted.

    Raises:
        TlsNotRestrictedError: This process could agree on less than TLS 1.3.

    """
    tls = grpc.ssl_channel_credentials(
        root_certificates=credentials.authority_pem,
        private_key=credentials.key_pem,
        certificate_chain=credentials.certificate_pem,
    )
    return _pinned(address, system_id, tls, options)


def open_channel(address: str, system_id: str, authority_pem: bytes) -> grpc.aio.Channel:
    """Open a channel to one system, and no other, without showing who we are.

    For who has no certificate yet; all else is `secure_channel`.

    Args:
        address: Where it listens for who has none, `host:port`.
        system_id: Who must answer.
        authority_pem: The root certificates to trust.

    Raises:
        TlsNotRestrictedError: This process could agree on less than TLS 1.3.

    """
    return _pinned(address, system_id, grpc.ssl_channel_credentials(authority_pem), ())


def _pinned(
    address: str,
    system_id: str,
    tls: grpc.ChannelCredentials,
    options: Sequence[tuple[str, Any]],
) -> grpc.aio.Channel:
    require_tls_1_3()
    pin = ("grpc.ssl_target_name_override", system_tls_name(system_id))
    # Of two values for the same option gRPC takes the first.
    return grpc.aio.secure_channel(address, tls, options=(pin, *options, *_OPTIONS))


def _same(one: Credentials, other: Credentials) -> bool:
    """Tell whether the same is shown and trusted."""
    shown = one.certificate_pem == other.certificate_pem
    return shown and one.authority_pem == other.authority_pem


class Connection:
    """The way to one system, for as long as a process runs: always with the credentials in use.

    After a change the next call goes over a channel that shows the new ones. Calls that run go on
    over the channel they began on; that is closed at a next change, when the credentials it shows
    are gone.
    """

    def __init__(
        self,
        address: str,
        system_id: str,
        source: CredentialsSource,
        options: Sequence[tuple[str, Any]] = (),
    ) -> None:
        """Say where to, and with what; as for `secure_channel`. Nothing is sent yet."""
        self._address = address
        self._system_id = system_id
        self._source = source
        self._options = options
        self._channels: list[tuple[Credentials, grpc.aio.Channel]] = []
        self._closing: dict[asyncio.Future[None], grpc.aio.Channel] = {}

    def channel(self) -> grpc.aio.Channel:
        """Give the channel to begin a call on. Ask for each call, or each attempt of a stream.

        Raises:
            TlsNotRestrictedError: This process could agree on less than TLS 1.3.

        """
        return self._showing(self._source.current)

    def channel_of(self, certificate_sha256: bytes) -> grpc.aio.Channel | None:
        """Give the channel that shows a certificate, for what is bound to it; None if it is gone.

        Raises: as `channel`.

        """
        found = self._source.shown(certificate_sha256)
        return None if found is None else self._showing(found)

    def _showing(self, credentials: Credentials) -> grpc.aio.Channel:
        for known, channel in self._channels:
            if _same(known, credentials):
                return channel
        made = secure_channel(self._address, self._system_id, credentials, self._options)
        self._close_gone()
        self._channels.append((credentials, made))
        return made

    def _close_gone(self) -> None:
        """Close the channels whose credentials are gone, when what runs on them has ended."""
        gone = [one for one in self._channels if self._is_gone(one[0])]
        self._channels = [one for one in self._channels if one not in gone]
        for _, channel in gone:
            closing = asyncio.ensure_future(channel.close(_LONGEST_CALL))
            self._closing[closing] = channel
            closing.add_done_callback(self._closing.pop)

    def _is_gone(self, credentials: Credentials) -> bool:
        return self._source.shown(credentials.identity.certificate_sha256) is None

    async def close(self) -> None:
        """Close all channels, whatever runs on them."""
        going = dict(self._closing)
        for closing in going:
            closing.cancel()
        for channel in (*going.values(), *(channel for _, channel in self._channels)):
            await channel.close()
