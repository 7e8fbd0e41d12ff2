"""The OIN (organisatie-identificatienummer) of suppliers.

20 characters: a prefix of 8 that says what kind of number follows, and 12 that hold it. It may hold
letters, so it is never read as a number. Source: Logius, OIN-Stelsel (2024), "Data Architectuur".
"""

from __future__ import annotations

import re

from stdnum.nl import bsn

PREFIX = 8
# An RSIN passes the same eleven-test as a BSN.
_RSIN = "00000001"
# What follows each prefix: the main number, then the suffix.
_FORMS = {
    _RSIN: r"[0-9]{9}[0-9]{3}",
    "00000003": r"(?!0{8})[0-9]{8}[0-9]{4}",  # KvK: number of the chamber of commerce
    "00000004": r"[0-9]{9}[0-9]{3}",  # SubOIN
    "00000006": r"[0-9]{9}[0-9]{3}",  # given out by Logius
    "00000007": r"000[0-9]{2}[A-Z]{2}[0-9]{2}[0-9]{3}",  # BRIN: a school
    "00000008": r"[0-9A-Z]{12}",  # foreign
    "00000099": r"[0-9A-Z]{12}",  # for tests: nobody's
}


def is_oin(text: str) -> bool:
    """Tell whether a text can be an OIN: its length, a known prefix, and what must follow it."""
    form = _FORMS.get(text[:PREFIX])
    if form is None or not re.fullmatch(form, text[PREFIX:], re.ASCII):
        return False
    return not text.startswith(_RSIN) or bool(bsn.is_valid(text[PREFIX:-3]))
