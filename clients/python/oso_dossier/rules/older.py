"""Rules about what stood in dossiers before 2019.1: the care block, and the move to MBO."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from oso_dossier.rules.carers import INSTITUTION, nobody_liable
from oso_dossier.rules.definition import DEAD_SINCE, OV, Check, checks, present
from oso_dossier.rules.rule import Rule, Severity, Text
from oso_dossier.rules.subject import MOVE
from oso_dossier.rules.wording import Words, forbidden

if TYPE_CHECKING:
    from oso_dossier.rules.subject import Subject

_FIRST, _LAST = "2016.1", "2018.1.1"


def _neither_outcome(pupil: Any, _: Subject) -> bool:
    return not (pupil.HasField("bevorderd") or pupil.HasField("examenresultaat"))


def _budget_without_counsellor(care: Any, _: Subject) -> bool:
    return bool(care.lgf) and not care.HasField("naamib")


_RISK = forbidden("de verwijsindex risicojongeren (VIR)", "the risk index (VIR)")
_CARE_TEAM = forbidden("de bespreking in het zorgadviesteam (ZAT)", "the care team (ZAT)")
_COUNSELLOR = Words(
    Text(
        "Er is leerlinggebonden financiering (lgf) en geen naam van de intern begeleider.",
        "There is pupil-bound funding (lgf) and no name of the internal counsellor.",
    ),
    Text(
        "De naam van de intern begeleider ontbreekt.",
        "The name of the internal counsellor is missing.",
    ),
    Text("Vul de naam van de intern begeleider in.", "Fill in the internal counsellor's name."),
)


def _spans(rule_id: str, old_id: str, breaks: Any, words: Words, element: str) -> list[Check]:
    """Give a test of the care block: an error in 2016.1, unreachable and so a warning since."""
    number = int(rule_id[-1:])
    (check,) = checks({rule_id: number}, f"Zorg.{element}", breaks, words)
    source = f"OSO gegevensset, sheet OV; {old_id} in {_FIRST}"
    rule = replace(check.rule, source=source, last_year=_FIRST)
    dead = replace(
        rule,
        severity=Severity.WARNING,
        source=f"{source}; the official sheet does not reach it since {DEAD_SINCE}",
        first_year=DEAD_SINCE,
        last_year=_LAST,
    )
    return [replace(check, rule=rule), replace(check, rule=dead)]


_VOMBO = Check(
    Rule(
        id="VOMBO.01",
        severity=Severity.ERROR,
        profiles=("VOMBO",),
        condition=Text(
            "In een overstapdossier met overstap VOMBO: er is geen bevordering en geen"
            " examenresultaat.",
            "In a dossier for the move VOMBO: there is no move up and no examination result.",
        ),
        message=Text(
            "De laatste bevordering en het resultaat van het examen ontbreken allebei.",
            "Both the last move up and the result of the examination are missing.",
        ),
        hint=Text("Vul een van beide in.", "Fill in one of the two."),
        source="OSO gegevensset 2016.1",
        last_year=_FIRST,
    ),
    at="Leerling",
    element="bevorderd",
    breaks=_neither_outcome,
    sheet=OV,
    number=99,
    kind=MOVE,
    moves=("VOMBO",),
)


def _nobody_liable(pupil: Any, subject: Subject) -> bool:
    return subject.has_administration() and nobody_liable(pupil, subject)


(_LIABLE,) = checks(
    {"OVa.AI01.VOVO": 32},
    "Leerling.aansprakelijkeinstelling",
    _nobody_liable,
    INSTITUTION,
    moves=("VOVO",),
)

CHECKS = (
    _VOMBO,
    replace(_LIABLE, rule=replace(_LIABLE.rule, last_year=_FIRST)),
    *_spans("OVa.ZB01", "OS.Z01", _budget_without_counsellor, _COUNSELLOR, "naamib"),
    *_spans("OVa.ZB02", "OS.Z02", present("vir"), _RISK, "vir"),
    *checks({"PaO.ZB01": 38}, "Zorg.vir", present("vir"), _RISK),
    *checks({"PaO.ZB02": 39}, "Zorg.zat", present("zat"), _CARE_TEAM),
)
