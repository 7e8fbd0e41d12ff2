"""Numbers that carry a check of their own: of persons, schools and bank accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stdnum import iban
from stdnum.nl import brin, bsn, onderwijsnummer, postcode

from oso_dossier.rules.advice.definition import Advice, Circumstances, advice, first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_COPY = (
    "Vergelijk het nummer met het bewijs van inschrijving en verbeter het.",
    "Compare the number with the proof of enrolment and mend it.",
)


def _field(name: str, admits: Callable[[str], bool]) -> Callable[..., Iterable[str]]:
    """Make the test of a field by what admits its text."""

    def looks(message: Any, _: Circumstances) -> Iterable[str]:
        there = message.HasField(name)
        return first(name, wrong=there and not admits(getattr(message, name)))

    return looks


def _brin(name: str) -> Callable[..., Iterable[str]]:
    return _field(name, brin.is_valid)


_BRIN_TEXTS: dict[str, Any] = {
    "condition": (
        "Een BRIN is geen twee cijfers en twee hoofdletters.",
        "A BRIN is not two digits and two capitals.",
    ),
    "message": ("Dit is geen BRIN.", "This is no BRIN."),
    "hint": (
        "Neem het BRIN over uit het register van DUO, zoals 00AA.",
        "Take the BRIN from the register of DUO, such as 00AA.",
    ),
    "source": "OSO: form of the BRIN in the register of institutions (DUO)",
}
_POSTCODES = frozenset({"6030", "NLD", "NL"})


def _postcode(address: Any, _: Circumstances) -> Iterable[str]:
    country = address.land.code if address.HasField("land") else ""
    dutch = not country or country in _POSTCODES
    return first("postcode", wrong=dutch and not postcode.is_valid(address.postcode))


ADVICE: tuple[Advice, ...] = (
    advice(
        "OSO.BSN.01",
        "Leerling",
        _field("bsn", bsn.is_valid),
        condition=(
            "Het burgerservicenummer voldoet niet aan de elfproef.",
            "The citizen service number (BSN) fails the eleven-test.",
        ),
        message=(
            "Dit burgerservicenummer kan niet bestaan (elfproef).",
            "This citizen service number cannot exist (eleven-test).",
        ),
        hint=_COPY,
        source="OSO: eleven-test of the BSN (Wet algemene bepalingen burgerservicenummer)",
    ),
    advice(
        "OSO.BSN.02",
        "Leerling",
        _field("onderwijsnummer", onderwijsnummer.is_valid),
        condition=(
            "Het onderwijsnummer voldoet niet aan zijn elfproef.",
            "The onderwijsnummer fails its eleven-test.",
        ),
        message=(
            "Dit onderwijsnummer kan niet bestaan (elfproef).",
            "This onderwijsnummer cannot exist (eleven-test).",
        ),
        hint=_COPY,
        source="OSO: eleven-test of the onderwijsnummer (DUO; remainder 5, begins with 10)",
    ),
    advice("OSO.BRIN.01", ("Huidigeschool", "Schoolloopbaan"), _brin("brincode"), **_BRIN_TEXTS),
    advice("OSO.BRIN.02", "Leerling", _brin("teruggeplaatstnaarbrin"), **_BRIN_TEXTS),
    advice("OSO.BRIN.03", "ArrangementCluster12", _brin("arrangement_brin"), **_BRIN_TEXTS),
    advice(
        "OSO.IBAN.01",
        "Verzorger",
        _field("iban", iban.is_valid),
        condition=(
            "Het IBAN voldoet niet aan zijn controlegetal of de vorm van zijn land.",
            "The IBAN fails its check digits or the form of its country.",
        ),
        message=("Dit IBAN klopt niet.", "This IBAN is not right."),
        hint=("Neem het IBAN over van de bankpas.", "Take the IBAN from the bank card."),
        source="OSO: ISO 13616, check digits by ISO 7064 MOD 97-10",
    ),
    advice(
        "OSO.PC.01",
        "Adres",
        _postcode,
        condition=(
            "De postcode van een Nederlands adres is geen vier cijfers en twee letters.",
            "The postal code of a Dutch address is not four digits and two letters.",
        ),
        message=("Dit is geen Nederlandse postcode.", "This is no Dutch postal code."),
        hint=(
            "Verbeter de postcode, of vul bij het adres het land in.",
            "Mend the postal code, or give the country with the address.",
        ),
        source="OSO: form of the Dutch postal code (NEN 5825)",
    ),
)
