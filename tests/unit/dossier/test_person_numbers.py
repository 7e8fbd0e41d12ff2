"""Where a dossier has a BSN or onderwijsnummer: found, and never repeated."""

from __future__ import annotations

import pytest

from oso_dossier.person_numbers import person_number_places
from oso_dossier.synthetic import generate

_BSN, _ONDERWIJSNUMMER, _NEITHER = "999900006", "100000009", "999900007"


def _with_remark(text: str) -> list[str]:
    dossier = generate("POSWV", 7).dossier
    dossier.huidigeschool.leerling.overstapadvies.aandachtspunten = text
    return person_number_places(dossier)


@pytest.mark.parametrize("profile", ["POSWV", "VOSWV"])
def test_a_dossier_for_an_swv_has_none(profile: str) -> None:
    """Of many invented dossiers for an SWV none is refused without a reason."""
    for seed in range(40):
        assert [] == person_number_places(generate(profile, seed).dossier)


@pytest.mark.parametrize("field", ["bsn", "onderwijsnummer"])
def test_the_fields_for_one_count_whatever_is_in_them(field: str) -> None:
    """A number that cannot be one is still a number somebody put where one belongs."""
    dossier = generate("POSWV", 7).dossier
    setattr(dossier.huidigeschool.leerling, field, _NEITHER)

    assert [f"huidigeschool.leerling.{field}"] == person_number_places(dossier)


@pytest.mark.parametrize(
    "text",
    [
        _BSN,
        _ONDERWIJSNUMMER,
        f"BSN {_BSN}.",
        f"nummer:{_BSN}, zie bijlage",
        "9999.00.006",
        "999 900 006",
        "999.900.006",
        f"{_NEITHER} {_BSN}",
    ],
)
def test_a_number_in_a_text_is_found(text: str) -> None:
    """However people write it, it is found, and the path says where."""
    assert ["huidigeschool.leerling.overstapadvies.aandachtspunten"] == _with_remark(text)


@pytest.mark.parametrize(
    "text",
    [
        _NEITHER,
        f"1{_BSN}",
        f"{_BSN}7",
        f"a{_BSN}",
        f"{_BSN}b",
        "000000000",
        "0612345678",
        "14-05-2019 8",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    """Digits that cannot be a number of a person are no reason to refuse a dossier."""
    assert [] == _with_remark(text)


def test_numbers_in_lists_are_found_with_their_place() -> None:
    """The second of two telephone numbers is named as the second."""
    dossier = generate("POSWV", 7).dossier
    lines = dossier.huidigeschool.communicatielijst
    lines[1].nummer = _BSN

    assert ["huidigeschool.communicatielijst[1].nummer"] == person_number_places(dossier)
