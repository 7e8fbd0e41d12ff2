"""Rules EB, TR and CL01: test results and grades that say something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_dossier.rules.definition import checks, present
from oso_dossier.rules.rule import Text
from oso_dossier.rules.wording import Words, forbidden

if TYPE_CHECKING:
    from oso_dossier.rules.subject import Subject

_SCORES = (
    "aantalopgaven",
    "aantalgoed",
    "aantalfout",
    "aantalgelezen",
    "tijd",
    "vaardigheidsscore",
)
_SCHOOL_YEAR = (8, 1)  # school years run from 1 August
_YEARS_BACK = 2


def _no_outcome(final: Any, _: Subject) -> bool:
    return final.deelgenomen and not final.HasField("eindtoetsresultaat")


def _not_taken_no_kind(final: Any, _: Subject) -> bool:
    return not final.deelgenomen and not final.eindtoetsresultaat.HasField("toetssoort")


def _never(_message: Any, _subject: Subject) -> bool:
    return False


def _no_test_advice(final: Any, _: Subject) -> bool:
    return final.deelgenomen and not final.eindtoetsresultaat.HasField("toets_advies")


def _too_old(test: Any, subject: Subject) -> bool:
    """Tell whether a test is older than this school year and the two before it."""
    made, taken = subject.metadata.datum, test.afname.afnamedatum
    year = made.year - _YEARS_BACK - ((made.month, made.day) < _SCHOOL_YEAR)
    return (taken.year, taken.month, taken.day) < (year, *_SCHOOL_YEAR)


def _no_result(result: Any, _: Subject) -> bool:
    return not (
        result.HasField("toetsscore") or result.referentiescore or result.HasField("document")
    )


def _no_score(score: Any, _: Subject) -> bool:
    return not any(score.HasField(name) for name in _SCORES)


def _no_grade(grade: Any, _: Subject) -> bool:
    return not (grade.HasField("waarde") or grade.HasField("kwalificatie"))


_KIND_HINT = Text("Vul de soort eindtoets in.", "Fill in the kind of final test.")

_FINAL_TEST = (
    *checks(
        {"PaO.EB01": 27},
        "Leerling.eindtoets_basisonderwijs",
        present("eindtoets_basisonderwijs"),
        forbidden("de eindtoets basisonderwijs", "the final test of primary school"),
        moves=("POSWV",),
    ),
    *checks(
        {"OVa.EB02": 52},
        "EindtoetsBasisonderwijs.eindtoetsresultaat",
        _no_outcome,
        Words(
            Text(
                "De leerling deed mee aan de eindtoets en er is geen resultaat.",
                "The pupil took the final test and there is no result.",
            ),
            Text(
                "Het resultaat van de eindtoets ontbreekt.",
                "The result of the final test is missing.",
            ),
            Text(
                "Vul het resultaat in, of zet uit dat de leerling meedeed.",
                "Fill in the result, or switch off that the pupil took the test.",
            ),
        ),
    ),
    *checks(
        {"OVa.EB03.notaken": 53},
        "EindtoetsBasisonderwijs.toetssoort",
        _not_taken_no_kind,
        Words(
            Text(
                "De leerling deed niet mee aan de eindtoets en de soort toets staat er niet in.",
                "The pupil did not take the final test and the kind of test is not there.",
            ),
            Text(
                "De leerling deed niet mee; de soort eindtoets ontbreekt.",
                "The pupil did not take part; the kind of final test is missing.",
            ),
            _KIND_HINT,
        ),
    ),
    *checks(
        {"OVa.EB03.exempt": 54},
        "EindtoetsBasisonderwijs.toetssoort",
        _never,  # it looks at a place where the structure has nothing
        Words(
            Text(
                "De leerling is vrijgesteld van de eindtoets en de soort toets staat er niet in."
                " Kan niet voorkomen: de standaard kijkt op de verkeerde plaats.",
                "The pupil is exempt from the final test and the kind of test is not there."
                " Cannot happen: the standard looks in the wrong place.",
            ),
            Text(
                "De leerling is vrijgesteld; de soort eindtoets ontbreekt.",
                "The pupil is exempt; the kind of final test is missing.",
            ),
            _KIND_HINT,
        ),
    ),
    *checks(
        {"OVa.EB04": 55},
        "EindtoetsBasisonderwijs.toets_advies",
        _no_test_advice,
        Words(
            Text(
                "De leerling deed mee aan de eindtoets en het toetsadvies staat er niet in.",
                "The pupil took the final test and the advice of the test is not there.",
            ),
            Text(
                "Het toetsadvies van de eindtoets ontbreekt.",
                "The advice of the final test is missing.",
            ),
            Text("Vul het toetsadvies in.", "Fill in the advice of the test."),
        ),
    ),
)

CHECKS = (
    *_FINAL_TEST,
    *checks(
        {"OVa.TR04": 56},
        "Toets.afnamedatum",
        _too_old,
        Words(
            Text(
                "Bij POVO is een toets ouder dan dit schooljaar en de twee ervoor. Een schooljaar"
                " begint op 1 augustus; dit schooljaar is dat van de datum van het dossier.",
                "In POVO a test is older than this school year and the two before it. A school year"
                " begins on 1 August; this one is that of the dossier's date.",
            ),
            Text(
                "Deze toets is te oud voor de overstap naar het voortgezet onderwijs.",
                "This test is too old for the move to secondary education.",
            ),
            Text(
                "Laat toetsen van meer dan twee schooljaren terug weg.",
                "Leave out tests from more than two school years ago.",
            ),
        ),
        moves=("POVO",),
        any_kind=True,
    ),
    *checks(
        {"OVa.TR05": 57, "PaO.TR01": 40},
        "Resultaat.resultaat",
        _no_result,
        Words(
            Text(
                "Een toetsresultaat heeft geen score, geen vergeleken score en geen document.",
                "A test result has no score, no compared score and no document.",
            ),
            Text("Dit toetsresultaat is leeg.", "This test result is empty."),
            Text(
                "Vul een score in of voeg het rapport toe, of laat de toets weg.",
                "Fill in a score or add the report, or leave the test out.",
            ),
        ),
    ),
    *checks(
        {"OVa.TR06": 58, "PaO.TR02": 41},
        "Toetsscore.toetsscore",
        _no_score,
        Words(
            Text(
                f"Een toetsscore heeft geen van: {', '.join(_SCORES)}.",
                f"A test score has none of: {', '.join(_SCORES)}.",
            ),
            Text("Deze toetsscore heeft geen enkel getal.", "This test score has no number."),
            Text(
                "Vul minstens een van de getallen in, of laat de score weg.",
                "Fill in at least one of the numbers, or leave the score out.",
            ),
        ),
    ),
    *checks(
        {"OVa.CL01": 59, "PaO.CL01": 42},
        "Score.score",
        _no_grade,
        Words(
            Text(
                "Een cijfer heeft geen waarde en geen kwalificatie.",
                "A grade has no value and no words.",
            ),
            Text("Dit cijfer is leeg.", "This grade is empty."),
            Text(
                "Vul een cijfer of een beoordeling in woorden in.",
                "Fill in a grade or an assessment in words.",
            ),
        ),
    ),
)
