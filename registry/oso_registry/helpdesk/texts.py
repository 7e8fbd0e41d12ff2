"""What may be written in a ticket: readable, and nothing that names a pupil."""

from __future__ import annotations

import unicodedata

from oso.result.v1.result_code_pb2 import RESULT_CODE_PERSONAL_NUMBER_IN_TEXT
from oso_registry.calls import invalid
from oso_registry.personal_numbers import has_personal_number
from oso_rpc.errors import OsoError

_LAYOUT = frozenset("\n\r\t")


def require_fit(field: str, text: str, *, one_line: bool = False) -> None:
    """Refuse a text that says nothing, cannot be shown, or may name a pupil by number.

    Args:
        field: Where it stands in the request, for the refusal.
        text: The text.
        one_line: Whether it must be on one line.

    Raises:
        OsoError: REQUEST_INVALID; PERSONAL_NUMBER_IN_TEXT, without the number.

    """
    if not text.strip():
        raise invalid(field, "says nothing")
    require_shown(field, text, one_line=one_line)
    if has_personal_number(text):
        raise OsoError(RESULT_CODE_PERSONAL_NUMBER_IN_TEXT, field=field)


def require_shown(field: str, text: str, *, one_line: bool = False) -> None:
    """Refuse control characters: no screen shows them, and PostgreSQL does not keep NUL.

    Raises:
        OsoError: REQUEST_INVALID.

    """
    allowed = frozenset[str]() if one_line else _LAYOUT
    for one in text:
        if unicodedata.category(one) in ("Cc", "Zl", "Zp") and one not in allowed:
            raise invalid(field, "has a line break or control character")
