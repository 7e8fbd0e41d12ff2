"""Rules MD, OS and SO: the header says which rules hold, and says it right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_dossier.rules.definition import absent, checks
from oso_dossier.rules.rule import Text
from oso_dossier.rules.subject import MOVE, SUPPORT, WITHIN_BRIN
from oso_dossier.rules.wording import Words, missing

if TYPE_CHECKING:
    from oso_dossier.rules.subject import Subject

_AGAIN = Text(
    "Maak het dossier opnieuw en kies daarbij de juiste soort overdracht en overstap.",
    "Make the dossier again and choose the right kind of transfer and move.",
)
_VERSION = Words(
    Text(
        "De validatieversie is niet die van het jaar van het dossier (2019.1.1 voor 2019.1).",
        "The validatieversie is not that of the dossier's year (2019.1.1 for 2019.1).",
    ),
    Text(
        "De versie van de controleregels klopt niet met dit soort bestand.",
        "The version of the rules does not go with this kind of file.",
    ),
    Text(
        "Maak het dossier opnieuw met een programma dat deze versie kent.",
        "Make the dossier again with a program that knows this version.",
    ),
)
_SWITCHES = missing(
    "het blok met de schakelaars per categorie", "the block with the switch of each category"
)


def _no_administration(_: Any, subject: Subject) -> bool:
    return not subject.has_administration()


def _other_rules(metadata: Any, subject: Subject) -> bool:
    return bool(metadata.validatieversie != subject.year.validatieversie)


def _move_is_none_of(*moves: str) -> Any:
    return lambda _, subject: set(moves).isdisjoint(subject.own_move)


def _kind_is_none_of(*kinds: str) -> Any:
    return lambda _, subject: set(kinds).isdisjoint(subject.own_kind)


def _wrong_move(moves: str) -> Words:
    return Words(
        Text(f"De overstap is geen van {moves}, of ontbreekt.", f"The move is none of {moves}."),
        Text(
            f"De soort overstap moet een van deze zijn: {moves}.",
            f"The kind of move must be one of these: {moves}.",
        ),
        _AGAIN,
    )


def _wrong_kind(dutch: str, english: str) -> Words:
    return Words(
        Text(f"De overdrachtsoort is niet {dutch}.", f"The overdrachtsoort is not {english}."),
        Text(f"De soort overdracht moet {dutch} zijn.", f"The transfer must be {english}."),
        _AGAIN,
    )


CHECKS = (
    *checks(
        {"OVa.MD01": 1, "PaO.MD01": 1},
        "Metadata.deeldossier",
        _no_administration,
        Words(
            Text("Het deeldossier is niet LAS of LASLVS.", "The deeldossier is not LAS or LASLVS."),
            Text(
                "Het dossier heeft geen deel uit de leerlingadministratie.",
                "The dossier has no part from the pupil administration.",
            ),
            Text(
                "Maak het dossier met de leerlingadministratie (LAS), niet alleen met het"
                " volgsysteem.",
                "Make the dossier with the pupil administration (LAS), not with the tracking system"
                " alone.",
            ),
        ),
        any_kind=True,
    ),
    *checks({"OVa.MD02": 2}, "Metadata.validatieversie", _other_rules, _VERSION, any_kind=True),
    *checks({"PaO.MD02": 2}, "Metadata.validatieversie", _other_rules, _VERSION),
    *checks(
        {"OVa.OS03": 3},
        "Metadata.overdrachtsoort",
        _kind_is_none_of(MOVE, WITHIN_BRIN),
        _wrong_kind(f"{MOVE} of {WITHIN_BRIN}", f"{MOVE} or {WITHIN_BRIN}"),
        any_kind=True,
    ),
    *checks(
        {"OVa.MD03": 4, "OVb.MD03": 7, "PaO.MD03": 3},
        "Metadata.categorie_uitlevering",
        absent("categorie_uitlevering"),
        _SWITCHES,
    ),
    *checks(
        {"OVa.OS01": 5, "PaO.SO01": 4},
        "Metadata.overstap",
        absent("overstap"),
        missing("de soort overstap", "the kind of move"),
    ),
    *checks(
        {"OVa.OS02": 6},
        "Metadata.overstap",
        _move_is_none_of("POPO", "POVO", "VOVO"),
        _wrong_move("POPO, POVO, VOVO"),
    ),
    *checks(
        {"PaO.SO02": 5},
        "Metadata.overstap",
        _move_is_none_of("POSWV", "VOSWV"),
        _wrong_move("POSWV, VOSWV"),
    ),
    *checks(
        {"PaO.SO03": 6},
        "Metadata.overdrachtsoort",
        _kind_is_none_of(SUPPORT),
        _wrong_kind(SUPPORT, SUPPORT),
        any_kind=True,
    ),
)
