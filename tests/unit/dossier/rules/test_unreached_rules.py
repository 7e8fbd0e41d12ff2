"""Rules the official sheet for moves should reach and does not: what they meant is a warning.

Misuse tried here: the first and the last day of a school year, a test with nothing in it, a grade
in the second of two groups that stand side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .made import MOVES, PUPIL, SUPPORT, clear, errors, pupil, put, warnings

if TYPE_CHECKING:
    from oso.dossier.v1.dossier_pb2 import Dossier

    from .made import Change

ADVICE = f"{PUPIL}/overstapadvies[1]"
FINAL = f"{PUPIL}/eindtoets_basisonderwijs[1]"
TEST = f"{PUPIL}/toetslijst[1]/toets[1]"
CARD = f"{PUPIL}/cijferlijstlijst[1]/cijferlijst[1]/cijferlijstTypelijst[1]"


def advice(change: Change) -> Change:
    """Make a change to the advice one to a dossier."""
    return lambda dossier: change(dossier.huidigeschool.leerling.overstapadvies)


def secret_carer(pupil: Any) -> None:
    """Give the second carer a secret address."""
    carer = pupil.verzorger[1]
    carer.adresgeheim = True
    del carer.adreslijst[:]
    carer.adreslijst.add(soortadres="post")


def old_test(year: int, month: int, day: int) -> Change:
    """Give the pupil one test, of this day."""

    def change(pupil: Any) -> None:
        del pupil.toetslijst[:]
        test = pupil.toetslijst.add()
        test.afname.afnamedatum.year = year
        test.afname.afnamedatum.month = month
        test.afname.afnamedatum.day = day
        test.resultaat.toetsscore.aantalgoed = 0

    return change


def no_result(pupil: Any) -> None:
    """Give the pupil a recent test with a part; both have no result."""
    old_test(2019, 5, 1)(pupil)
    pupil.toetslijst[0].resultaat.Clear()
    pupil.toetslijst[0].toetsonderdeel.add().resultaat.SetInParent()


def no_score(pupil: Any) -> None:
    """Give the pupil a recent test whose score holds nothing but the name of its scale."""
    old_test(2019, 5, 1)(pupil)
    pupil.toetslijst[0].resultaat.toetsscore.Clear()
    pupil.toetslijst[0].resultaat.toetsscore.codevaardigheidsschaal = "x"


def empty_grades(pupil: Any) -> None:
    """Give the pupil a card with two lists; the second has an empty grade for a line and at all."""
    del pupil.cijferlijstlijst[:]
    card = pupil.cijferlijstlijst.add(jaargroep="8")
    for full in (True, False):
        one = card.cijferlijst_typelijst.add(naam="x")
        line = one.onderdeel.add(naam="y")
        if full:
            line.score.waarde = ""
            one.score.add(kwalificatie="goed")
        else:
            line.score.SetInParent()
            one.score.add()


DEAD: list[tuple[str, Change, list[str], dict[str, tuple[str, ...]]]] = [
    ("no school advice", advice(clear("advies")), [ADVICE], {"OVa.OA02": ("POVO",)}),
    ("contact not said", advice(clear("contactnodig")), [ADVICE], {"OVa.OA03": MOVES}),
    (
        "contact unknown",
        advice(lambda advice: (put(contactnodig=True)(advice), clear("contactpersoon")(advice))),
        [ADVICE],
        {"OVa.OA04": MOVES},
    ),
    (
        "no phone",
        advice(lambda advice: (put(contactnodig=True)(advice), clear("contacttelefoon")(advice))),
        [ADVICE],
        {"OVa.OA05": MOVES},
    ),
    (
        "not taken, no kind",
        pupil(
            lambda pupil: pupil.eindtoets_basisonderwijs.CopyFrom(
                type(pupil.eindtoets_basisonderwijs)(deelgenomen=False)
            )
        ),
        [FINAL],
        {"OVa.EB03.notaken": MOVES},
    ),
    (
        "last day that is too old",
        pupil(old_test(2016, 7, 31)),
        [TEST],
        {"OVa.TR04": ("POVO", "BB")},
    ),
    ("first day that is not", pupil(old_test(2016, 8, 1)), [], {}),
]
# These are errors for support, where the sheet does reach them.
REACHED: list[tuple[str, Change, list[str], str, str, tuple[str, ...]]] = [
    (
        "secret carer",
        pupil(secret_carer),
        [f"{PUPIL}/verzorger[2]"],
        "OVa.OV03",
        "PaO.OV03",
        ("BB",),
    ),
    (
        "no result",
        pupil(no_result),
        [f"{TEST}/resultaat[1]", f"{TEST}/toetsonderdeel[1]/resultaat[1]"],
        "OVa.TR05",
        "PaO.TR01",
        (),
    ),
    (
        "no score",
        pupil(no_score),
        [f"{TEST}/resultaat[1]/toetsscore[1]"],
        "OVa.TR06",
        "PaO.TR02",
        (),
    ),
    (
        "no grade",
        pupil(empty_grades),
        [f"{CARD}/onderdeel[2]/score[1]", f"{CARD}/score[2]"],
        "OVa.CL01",
        "PaO.CL01",
        (),
    ),
]


@pytest.mark.parametrize("profile", [*MOVES, "BB"])
@pytest.mark.parametrize(
    ("change", "places", "rules"), [one[1:] for one in DEAD], ids=[one[0] for one in DEAD]
)
def test_a_rule_the_official_sheet_does_not_reach_warns(
    change: Change, places: list[str], rules: dict[str, tuple[str, ...]], profile: str
) -> None:
    """What the standard meant is a warning, and only for who asks for those.

    The rule about old tests looks at the move only; here BB dossiers say POVO.
    """
    ids = [rule for rule, profiles in rules.items() if profile in profiles]

    assert errors(profile, change) == []
    assert warnings(profile, change) == [(rule, place) for rule in ids for place in places]


@pytest.mark.parametrize(
    ("change", "places", "warned", "refused", "more"),
    [one[1:] for one in REACHED],
    ids=[one[0] for one in REACHED],
)
def test_the_same_rule_is_an_error_where_it_is_reached(
    change: Change, places: list[str], warned: str, refused: str, more: tuple[str, ...]
) -> None:
    """What is a warning in a move is an error in a dossier for support, at the same places."""
    for profile in MOVES:
        assert errors(profile, change) == []
        assert warnings(profile, change) == [(warned, place) for place in places]
    for profile in SUPPORT:
        assert errors(profile, change) == [(refused, place) for place in places]
        assert warnings(profile, change) == [(refused, place) for place in places]
    expected = [("OVb.OV01", place) for place in places] if more else []
    assert warnings("BB", change) == expected


def test_the_final_test_with_no_result_warns_twice() -> None:
    """No result means no advice of the test either."""

    def change(dossier: Any) -> None:
        final = dossier.huidigeschool.leerling.eindtoets_basisonderwijs
        final.Clear()
        final.deelgenomen = True

    assert warnings("VOVO", change) == [("OVa.EB02", FINAL), ("OVa.EB04", FINAL)]


def test_a_special_school_needs_no_advice() -> None:
    """A school of kind SO gives no advice; the rule says so itself."""

    def change(dossier: Dossier) -> None:
        dossier.huidigeschool.soort = "SO"
        dossier.huidigeschool.leerling.overstapadvies.ClearField("advies")

    assert warnings("POVO", change) == []


def test_a_school_year_begins_in_august() -> None:
    """A dossier made on 1 August is of the new school year: older tests fall off that day."""

    def change(month: int, day: int) -> Change:
        def changed(dossier: Any) -> None:
            dossier.metadata.datum.month, dossier.metadata.datum.day = month, day
            old_test(2017, 7, 31)(dossier.huidigeschool.leerling)

        return changed

    assert warnings("POVO", change(7, 31)) == []
    assert warnings("POVO", change(8, 1)) == [("OVa.TR04", TEST)]
