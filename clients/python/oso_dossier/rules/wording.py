"""What rules say, in words that many of them share."""

from __future__ import annotations

from typing import NamedTuple

from oso_dossier.rules.rule import Text


class Words(NamedTuple):
    """What a rule says: when it is broken, the message, how to mend it."""

    condition: Text
    message: Text
    hint: Text


def missing(dutch: str, english: str) -> Words:
    """Say that something is not there: `de voornaam van de leerling`, `the pupil's first name`."""
    return Words(
        Text(f"In het dossier ontbreekt {dutch}.", f"The dossier lacks {english}."),
        Text(f"{_upper(dutch)} ontbreekt.", f"This is missing: {english}."),
        Text(
            f"Vul {dutch} in en maak het dossier opnieuw.",
            f"Fill in {english} and make the dossier again.",
        ),
    )


def forbidden(dutch: str, english: str) -> Words:
    """Say that something may not be there."""
    return Words(
        Text(f"In het dossier staat {dutch}.", f"The dossier has {english}."),
        Text(
            f"Dit mag niet in het dossier staan: {dutch}.",
            f"This may not be in the dossier: {english}.",
        ),
        Text(
            f"Laat {dutch} weg. Doet uw programma dat niet zelf, neem dan contact op met uw"
            " leverancier.",
            f"Leave out {english}. If your program does not do that itself, ask its supplier.",
        ),
    )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def after(start: Text, rest: Text) -> Text:
    """Put the start of a sentence before the rest of it."""
    return Text(start.nl + _lower(rest.nl), start.en + _lower(rest.en))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
