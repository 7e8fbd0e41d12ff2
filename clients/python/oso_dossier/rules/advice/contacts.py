"""Ways to reach somebody: phone numbers and e-mail addresses that can work, each once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from oso_dossier.rules.advice.contract import types_with
from oso_dossier.rules.advice.definition import Advice, Circumstances, advice, first

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIST = "communicatielijst"
# RFC 5321 and 5322 admit more; what people have looks like this. The standard's own pattern looks
# at the end only.
_EMAIL = re.compile(
    r"[^\s@<>()\[\],;:\"\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}"
)
_LONGEST_EMAIL = 254
# Spaces, dashes and brackets are how people write it. ITU-T E.164: fifteen digits at most.
_BETWEEN = re.compile(r"[\s().\-/]")
_PHONE = re.compile(r"\+?[0-9]{7,15}")


def _no_email(contact: Any, _: Circumstances) -> Iterable[str]:
    address = contact.nummer
    fits = len(address) <= _LONGEST_EMAIL and _EMAIL.fullmatch(address) is not None
    return first("nummer", wrong=contact.soort == "e-mail" and not fits)


def _no_phone(contact: Any, _: Circumstances) -> Iterable[str]:
    digits = _BETWEEN.sub("", contact.nummer)
    return first("nummer", wrong=contact.soort == "telefoon" and _PHONE.fullmatch(digits) is None)


def _twice(holder: Any, _: Circumstances) -> Iterable[str]:
    seen: set[tuple[str, str, str]] = set()
    listed = getattr(holder, _LIST)
    items = listed if hasattr(listed, "__len__") else listed.communicatie
    for index, one in enumerate(items, 1):
        value = one.nummer.casefold() if one.soort == "e-mail" else _BETWEEN.sub("", one.nummer)
        key = (one.soort, one.aanduiding, value)
        if key in seen and not one.geheim:  # of what is secret all have the same dummy
            yield f"{_LIST}[1]/communicatie[{index}]"
        seen.add(key)


ADVICE: tuple[Advice, ...] = (
    advice(
        "OSO.COM.01",
        "Communicatie",
        _no_email,
        condition=(
            "Een e-mailadres heeft niet de vorm naam@domein.",
            "An e-mail address does not have the form name@domain.",
        ),
        message=("Dit e-mailadres kan niet kloppen.", "This e-mail address cannot be right."),
        hint=("Verbeter het adres of haal het weg.", "Mend the address or remove it."),
        source="OSO: RFC 5321 and 5322; the pattern of the standard looks at the end only",
    ),
    advice(
        "OSO.COM.02",
        "Communicatie",
        _no_phone,
        condition=(
            "Een telefoonnummer heeft geen 7 tot 15 cijfers.",
            "A phone number does not have 7 to 15 digits.",
        ),
        message=("Dit telefoonnummer kan niet kloppen.", "This phone number cannot be right."),
        hint=(
            "Verbeter het nummer. Zet een toelichting in een ander veld.",
            "Mend the number. Put an explanation in another field.",
        ),
        source="OSO: ITU-T E.164",
    ),
    advice(
        "OSO.COM.03",
        types_with(_LIST),
        _twice,
        condition=(
            "Hetzelfde nummer of adres staat twee keer bij dezelfde persoon of instelling.",
            "The same number or address stands twice with one person or institution.",
        ),
        message=("Dit contactgegeven staat er dubbel in.", "This contact detail is there twice."),
        hint=("Haal er een weg.", "Remove one of the two."),
        source="OSO: one number twice helps nobody, and one of the two gets out of date",
    ),
)
