"""A rule with its test: what the modules of rules give to the engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from oso_dossier.rules.rule import ALL_PROFILES, Rule, Severity, Text
from oso_dossier.rules.subject import MOVE, SUPPORT, WITHIN_BRIN
from oso_dossier.rules.wording import after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oso_dossier.rules.subject import Subject
    from oso_dossier.rules.wording import Words

    Breaks = Callable[[Any, Subject], bool]

NEWEST = "9999"
"""Sorts after every year: the last year of what is in force."""
COMMON, OV, PAO = "common", "OV", "PaO"
"""The sheets of the standard: for every dossier, for moves, for support (passend onderwijs)."""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule with its test.

    Attributes:
        rule: The rule. More than one test may have a rule of the same id, each for its own years.
        at: Name of the message type it looks at; the finding is there.
        element: Name of the element it is about.
        breaks: Tells whether a message breaks it.
        sheet: Sheet of the standard it stands in.
        number: Number of its message there; tests of one element go by it.
        kind: Kind of transfer it is for; empty: any.
        moves: Profiles (overstap) it is for; empty: any.
        inside: The finding is at the element inside the message, not at the message.
        over: Name of a message type: from `at` it looks at all of these in the whole dossier.

    """

    rule: Rule
    at: str
    element: str
    breaks: Breaks
    sheet: str
    number: int
    kind: str = ""
    moves: tuple[str, ...] = ()
    inside: bool = False
    over: str = ""

    def holds_for(self, sheet: str, kind: str, move: str) -> bool:
        """Tell whether a dossier is tested: by its sheet, kind of transfer and profile."""
        return (
            self.sheet == sheet
            and self.kind in {"", kind}
            and (not self.moves or move in self.moves)
        )


class Part(NamedTuple):
    """A part of the rules of the standard: its ids begin alike, and it is for one kind."""

    sheet: str
    kind: str
    profiles: tuple[str, ...]
    about: Text


PARTS = {
    "OVa": Part(
        OV,
        MOVE,
        ("POPO", "POVO", "VOVO"),
        Text("In een overstapdossier: ", "In a dossier for a move to another school: "),
    ),
    "OVb": Part(
        OV,
        WITHIN_BRIN,
        ("BB",),
        Text("Bij overdracht binnen een BRIN: ", "In a transfer within one BRIN: "),
    ),
    "PaO": Part(
        PAO,
        SUPPORT,
        ("POSWV", "VOSWV"),
        Text(
            "In een dossier voor het samenwerkingsverband: ",
            "In a dossier for the support partnership (samenwerkingsverband): ",
        ),
    ),
}
# Who else uses the sheet: what does not look at the kind of transfer is also for them.
_BESIDE = {OV: ("BB",), PAO: ()}
# Reachable in 2016.1; since then a line of the official sheet that leads to them is commented out.
# Their intent is plain, so they are given as warnings.
DEAD_SINCE = "2017.1.2"
DEAD = frozenset(
    {
        "OVa.OV03",
        "OVb.OV01",
        "OVa.OA02",
        "OVa.OA03",
        "OVa.OA04",
        "OVa.OA05",
        "OVa.EB02",
        "OVa.EB03.notaken",
        "OVa.EB03.exempt",
        "OVa.EB04",
        "OVa.TR04",
        "OVa.TR05",
        "OVa.TR06",
        "OVa.CL01",
    }
)
# Not in 2016.1, as far as they are not for support: that sheet is newer as a whole.
_FIRST = {
    "OVa.MD03": "2017.1.2",
    "OVa.OS03": "2017.1.2",
    "OVb.MD03": "2017.1.2",
    "OVb.LLxx.geboorteplaats": "2019.1",
    "OVb.LLxx.nationaliteit": "2019.1",
}
# In 2016.1 only tested when the dossier has a part from the pupil administration.
ADMINISTRATION_ONLY = frozenset(
    {
        "OVa.SL01.address",
        "OVa.SL02",
        "OVa.LL04",
        "OVa.LL05",
        "OVa.LL12",
        "OVa.LL14",
        "OVa.AI01.POPO",
        "OVa.AI01.POVO",
        "OVa.SL01.career",
        "OVa.OV01",
    }
)
_FIRST_YEAR = "2016.1"


def checks(
    numbers: Mapping[str, int],
    where: str,
    breaks: Breaks,
    words: Words,
    *,
    moves: tuple[str, ...] = (),
    profiles: tuple[str, ...] = (),
    any_kind: bool = False,
    over: str = "",
) -> list[Check]:
    """Make the tests of a rule that stands in one or more parts of the standard.

    Args:
        numbers: The ids, each with the number of its message in the sheet.
        where: Message type and element it is about: `Leerling.voornaam`.
        breaks: As in `Check`.
        words: What it says.
        moves: The profiles it is for; empty: those of its part.
        profiles: The profiles it can be broken in, where neither tells.
        any_kind: It does not look at the kind of transfer.
        over: As in `Check`.

    """
    at, _, element = where.rpartition(".")
    made: list[Check] = []
    for rule_id, number in numbers.items():
        part = PARTS[rule_id.partition(".")[0]]
        bound = profiles or moves
        condition, message, hint = words
        rule = Rule(
            id=rule_id,
            severity=Severity.ERROR,
            profiles=bound or (*part.profiles, *_BESIDE[part.sheet] * any_kind),
            condition=condition if any_kind else after(part.about, condition),
            message=message,
            hint=hint,
            source=f"OSO gegevensset, sheet {part.sheet}, message {number}",
            first_year=_FIRST.get(rule_id, "2017.1.2" if part.sheet == PAO else ""),
        )
        kind = "" if any_kind else part.kind
        check = Check(rule, at, element, breaks, part.sheet, number, kind, moves, over=over)
        made += _by_year(check)
    return made


def _by_year(check: Check) -> list[Check]:
    """Give a test as it is in each span of years."""
    rule_id = check.rule.id
    if rule_id in ADMINISTRATION_ONLY:
        return [_with_administration(_until(check, _FIRST_YEAR)), _since(check)]
    if rule_id in DEAD:
        rule = replace(
            check.rule,
            severity=Severity.WARNING,
            source=f"{check.rule.source}; the official sheet does not reach it since {DEAD_SINCE}",
        )
        return [_until(check, _FIRST_YEAR), _since(replace(check, rule=rule))]
    return [check]


def _until(check: Check, year: str) -> Check:
    return replace(check, rule=replace(check.rule, last_year=year))


def _since(check: Check) -> Check:
    return replace(check, rule=replace(check.rule, first_year=DEAD_SINCE))


def _with_administration(check: Check) -> Check:
    """Give a test that only holds for a dossier with a part from the pupil administration."""
    breaks, said = check.breaks, check.rule.condition
    condition = Text(
        f"{said.nl} Alleen als het dossier een deel uit de leerlingadministratie heeft.",
        f"{said.en} Only when the dossier has a part from the pupil administration.",
    )
    return replace(
        check,
        rule=replace(check.rule, condition=condition),
        breaks=lambda message, subject: subject.has_administration() and breaks(message, subject),
    )


def common(
    rule_id: str,
    number: int,
    where: str,
    breaks: Breaks,
    words: Words,
    *,
    first_year: str = "",
    inside: bool = False,
) -> Check:
    """Make the test of a rule for every dossier."""
    at, _, element = where.rpartition(".")
    source = f"OSO gegevensset, common sheet, message {number}"
    rule = Rule(rule_id, Severity.ERROR, ALL_PROFILES, *words, source, first_year)
    return Check(rule, at, element, breaks, COMMON, number, inside=inside)


def has(message: Any, name: str) -> bool:
    """Tell whether a field is there: a single one is set, a list has items."""
    if message.DESCRIPTOR.fields_by_name[name].is_repeated:
        return bool(getattr(message, name))
    return bool(message.HasField(name))


def present(name: str) -> Breaks:
    """Make the test that a field must not be there."""
    return lambda message, _: has(message, name)


def absent(name: str) -> Breaks:
    """Make the test that a field must be there."""
    return lambda message, _: not has(message, name)
