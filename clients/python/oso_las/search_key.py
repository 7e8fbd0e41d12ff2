"""The search key (zoeksleutel): a commitment to who the pupil is, that tells nothing by itself.

    SHA-256( "oso.search-key.v1" 00 salt(32) len(kind) kind len(number) number len(date) date )

Each length is one byte. docs/protocol/search-key.md has test vectors. A bare hash of a BSN would be
worth nothing: nine digits can be tried in seconds; the fresh salt, known to the two schools alone,
prevents it.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oso_las.model import Identity

_DOMAIN = b"oso.search-key.v1\0"
SALT_SIZE = 32


def search_key(identity: Identity, salt: bytes) -> bytes:
    """Compute the search key of an identity under a salt of 32 bytes; 32 bytes.

    Raises:
        ValueError: The salt has another length.

    """
    if len(salt) != SALT_SIZE:
        raise ValueError("the salt of a search key has 32 bytes")
    digest = hashlib.sha256(_DOMAIN + salt)
    for part in (identity.kind, identity.number, identity.birth_date):
        text = part.encode("ascii")
        digest.update(bytes([len(text)]) + text)
    return digest.digest()


def reproduces(identity: Identity, salt: bytes, key: bytes) -> bool:
    """Tell whether identity and salt give this search key. Takes the same time either way."""
    return len(salt) == SALT_SIZE and hmac.compare_digest(search_key(identity, salt), key)
