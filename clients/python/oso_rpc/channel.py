"""A channel to another party of OSO."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import grpc

from oso_rpc.identity import system_tls_name
from oso_rpc.tls import require_tls_1_3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oso_rpc.credentials import Credentials

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
    require_tls_1_3()
    tls = grpc.ssl_channel_credentials(
        root_certificates=credentials.authority_pem,
        private_key=credentials.key_pem,
        certificate_chain=credentials.certificate_pem,
    )
    pin = ("grpc.ssl_target_name_override", system_tls_name(system_id))
    # Of two values for the same option gRPC takes the first.
    return grpc.aio.secure_channel(address, tls, options=(pin, *options, *_OPTIONS))
