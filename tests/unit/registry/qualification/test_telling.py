"""A qualification in words, and the checklist as a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oso.registry.v1 import qualification_pb2 as contract
from oso.registry.v1.qualification_pb2 import Qualification
from oso_registry.qualification import material, model
from oso_registry.qualification.form import FormError, blank_form, read_form
from oso_registry.qualification.records import told
from oso_registry.qualification.resources import QUALIFICATIONS
from oso_registry.qualification.telling import headline, whole

from ..parties import country as of  # noqa: TID252  tests are no package one could name
from .trying import answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from .trying import Trying


def _dutch(nl: str, _en: str) -> str:
    return nl


def _english(_nl: str, en: str) -> str:
    return en


def _registered(_: Trying) -> None:
    """Do nothing."""


def _ready(trying: Trying) -> None:
    trying.finish()
    trying.act(model.QUALIFY)


def _suspended(trying: Trying) -> None:
    trying.begin()
    trying.act(model.SUSPEND, reason="onderzoek")


def _withdrawn(trying: Trying) -> None:
    trying.act(model.WITHDRAW, reason="gestopt")


def _only_the_talk(trying: Trying) -> None:
    trying.begin()
    trying.see_certificate()
    trying.see_exchange()
    trying.sign()


@pytest.mark.parametrize(
    ("way", "days", "head", "next_"),
    [
        (_registered, 0, "geregistreerd  0/7", "Aan zet: school of bestuur."),
        (
            lambda trying: trying.prepare(),
            0,
            "geregistreerd  3/7",
            "Aan zet: OfficeHeart, om de proef te beginnen.",
        ),
        (
            lambda trying: trying.begin(),
            0,
            "in de proef, tot 2026-03-31  3/7",
            "Aan zet: LAS van de school, school of bestuur.",
        ),
        (
            lambda trying: trying.begin(),
            30,
            "in de proef, afgelopen op 2026-03-31  3/7",
            (
                "De proef is afgelopen. Aan zet: OfficeHeart, voor een gesprek over verlengen of "
                "kwalificeren."
            ),
        ),
        (_only_the_talk, 0, "in de proef, tot 2026-03-31  6/7", "Aan zet: OfficeHeart."),
        (
            lambda trying: trying.finish(),
            0,
            "in de proef, tot 2026-03-31  7/7",
            "Alles is gedaan. Aan zet: OfficeHeart, om te kwalificeren.",
        ),
        (_ready, 0, "gekwalificeerd  7/7", "Er is niets te doen."),
        (
            _suspended,
            0,
            "geschorst, tot 2026-03-31  3/7",
            "Aan zet: OfficeHeart, om de schorsing op te heffen.",
        ),
        (
            _withdrawn,
            0,
            "teruggetrokken  0/7",
            "Alleen OfficeHeart kan de school opnieuw laten beginnen.",
        ),
    ],
)
def test_it_says_where_a_school_stands_and_who_is_to_move(
    trying: Trying, way: Callable[[Any], object], days: float, head: str, next_: str
) -> None:
    """One line tells the state, the end of a trial and the count; another whose turn it is."""
    way(trying)
    qualification = trying.now(days)

    assert f"00SS  {head} stappen gedaan" == headline(qualification, _dutch)
    assert next_ in whole(qualification, _dutch)


def test_each_step_to_do_says_what_to_do_and_no_language_is_mixed(trying: Trying) -> None:
    """Seven steps with hints in Dutch, as many lines in English; what was decided has its why."""
    trying.state()
    nl, en = (whole(trying.now(), text) for text in (_dutch, _english))
    _withdrawn(trying)

    assert len(nl) == len(en)
    assert 6 == sum(line.startswith("  [ ]") for line in nl)
    assert "  [x] 1 Introductiewebcast bekeken           2026-03-01  school" in nl
    assert "        Watch it and say so: oso-registry qualification state 00SS webcast" not in en
    assert "        See it and say so: oso-registry qualification state 00SS presentation" in en
    assert "Laatste besluit, omdat: gestopt" in whole(trying.now(), _dutch)


@pytest.mark.parametrize("dutch", [True, False])
def test_a_form_that_is_filled_in_reads_as_its_answers(*, dutch: bool) -> None:
    """Each question once, in order; yes and no are understood in both languages."""
    checklist = material.checklist("checklists/current", of.NOW.date())
    blank = blank_form(checklist, dutch=dutch)
    filled = read_form(blank.replace('answer = ""', f'answer = "{"Ja" if dutch else "yes"}"'))

    assert (checklist.name, answers()) == (filled.checklist, list(filled.answers))
    assert all((one.text_nl if dutch else one.text_en) in blank for one in checklist.questions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = ", "dit is geen TOML"),
        ("", "dit is geen ingevuld formulier"),
        ('checklist = "x"\nanswers = 3', "dit is geen ingevuld formulier"),
        ("checklist = 3\n[answers.x]", "dit is geen ingevuld formulier"),
        ('checklist = "x"\n[answers]\nq = 3', "q: antwoord met ja, nee of nvt"),
        ('checklist = "x"\n[answers.q]\nanswer = ""', "q: antwoord met ja, nee of nvt"),
        ('checklist = "x"\n[answers.q]\nanswer = true', "q: antwoord met ja, nee of nvt"),
        (
            'checklist = "x"\n[answers.q]\nanswer = "ja"\nexplanation = 1',
            "q: antwoord met ja, nee of nvt",
        ),
    ],
)
def test_a_form_that_is_none_is_refused(text: str, expected: str) -> None:
    """Said in words, before anything is sent."""
    with pytest.raises(FormError) as error:
        read_form(text)

    assert error.value.nl.startswith(expected)


def test_what_is_told_is_not_what_is_kept(trying: Trying) -> None:
    """Steps that are not done are added in telling, and never written."""
    trying.state()
    kept = trying.call().require(QUALIFICATIONS, f"{of.SCHOOL}/qualification")
    shown = Qualification()
    shown.CopyFrom(kept)
    told(trying.call(), trying.school(), shown)

    assert (1, 7) == (len(kept.steps), len(shown.steps))
    assert (0, contract.EXCHANGE_PARTNERS_UNSPECIFIED) == (kept.state, kept.partners)
