"""What is secret, and never printed: values the contract marks as secret under a flag.

The standard wants a stand-in for a secret number (`geheim`), and no address at all where the
address is secret (`adresgeheim`). A dossier may hold the value by mistake; the printout then still
says no more than "secret".
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from oso.options.v1 import field_pb2

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

    from oso.dossier.v1.contact_pb2 import Communicatie

STAND_INS = frozenset({"9999999999", "geheim@geheim.geheim"})
"""What the standard has in the place of a secret number or e-mail address (OVa.LL08)."""


def is_secret_contact(contact: Communicatie) -> bool:
    """Tell whether a phone number or e-mail address is secret."""
    return "nummer" in secret_fields(contact) or contact.nummer.strip() in STAND_INS


def secret_fields(message: Any) -> frozenset[str]:
    """Name the fields of a message whose values are secret."""
    switches = _switches(message.DESCRIPTOR)
    return frozenset(name for name, switch in switches if getattr(message, switch))


@cache
def _switches(descriptor: Descriptor) -> tuple[tuple[str, str], ...]:
    """Give the fields that can be secret, each with the flag that says so."""
    return tuple(
        (field.name, switch)
        for field in descriptor.fields
        if (switch := field.GetOptions().Extensions[field_pb2.facts].secret_when)
    )
