"""No connection that could be less than TLS 1.3."""

from __future__ import annotations

import oso_rpc


class TlsNotRestrictedError(Exception):
    """This process could agree on TLS 1.2, so it makes no connections: a mistake of its program.

    Either `grpc` was imported before `oso_rpc`, or GRPC_SSL_CIPHER_SUITES is set to something else.
    """

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        if language == "nl":
            return (
                "dit programma zou een verbinding kunnen maken die minder is dan TLS 1.3 en maakt "
                "er daarom geen: importeer oso_rpc vóór grpc, en zet GRPC_SSL_CIPHER_SUITES niet"
            )
        return (
            "this program could make a connection that is less than TLS 1.3, so it makes none: "
            "import oso_rpc before grpc, and do not set GRPC_SSL_CIPHER_SUITES"
        )

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")


def require_tls_1_3() -> None:
    """Return when this process can agree on nothing less than TLS 1.3.

    Raises:
        TlsNotRestrictedError: It could.

    """
    if not oso_rpc.TLS_1_3_ONLY:
        raise TlsNotRestrictedError
