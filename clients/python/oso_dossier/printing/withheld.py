"""What is secret, and never printed: the standard's flags `geheim` and `adresgeheim`.

The standard wants a stand-in for a secret number, and no address at all where the address is
secret. A dossier may hold the value by mistake; the printout then still says no more than "secret".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oso.dossier.v1.contact_pb2 import Communicatie

STAND_INS = frozenset({"9999999999", "geheim@geheim.geheim"})
"""What the standard has in the place of a secret number or e-mail address (OVa.LL08)."""
_ADDRESSES = frozenset({"adreslijst", "postcode4adres", "adresbuitenland"})


def is_secret_contact(contact: Communicatie) -> bool:
    """Tell whether a phone number or e-mail address is secret."""
    return contact.geheim or contact.nummer.strip() in STAND_INS


def secret_fields(message: Any) -> frozenset[str]:
    """Name the fields of a person that hold a secret address; none when it is no secret."""
    if "adresgeheim" in message.DESCRIPTOR.fields_by_name and message.adresgeheim:
        return _ADDRESSES
    return frozenset()
