"""The few forms of DER that are written here by hand (X.690), to sign with keys we do not hold.

`cryptography` signs only with its own keys. A key in a token makes the signature alone, so the
signed form, SEQUENCE of content, algorithm and signature, is put together here; for certificates
and revocation lists alike, and for both kinds of keys, so that there is one way.
"""

from __future__ import annotations

_INTEGER, _BIT_STRING, _OCTET_STRING, _SEQUENCE = b"\x02", b"\x03", b"\x04", b"\x30"
_SHORT = 0x80
# AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758, 3.2): an object identifier, no parameters.
ECDSA_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


def _element(tag: bytes, content: bytes) -> bytes:
    length = len(content)
    if length < _SHORT:
        return tag + bytes([length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return tag + bytes([_SHORT | len(size)]) + size + content


def sequence(*elements: bytes) -> bytes:
    """Give a SEQUENCE of elements that are DER already."""
    return _element(_SEQUENCE, b"".join(elements))


def integer(number: int) -> bytes:
    """Give a number, 0 or higher, as INTEGER."""
    return _element(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def octets(content: bytes) -> bytes:
    """Give bytes as OCTET STRING."""
    return _element(_OCTET_STRING, content)


def signed(content: bytes, signature: bytes) -> bytes:
    """Give certificate or revocation list: its content with the ECDSA signature over it.

    Args:
        content: TBSCertificate or TBSCertList, DER.
        signature: ECDSA-Sig-Value over the SHA-256 of it, DER.

    """
    return sequence(content, ECDSA_WITH_SHA256, _element(_BIT_STRING, b"\0" + signature))
