"""Profiles beyond the standard: VOMBO (to vocational education), PORI (to a regional initiative).

They are not part of 2019.1, and no official validator knows them: a file is checked as one of them
only when its caller says so, never because of what it says of itself. docs/extensions.md tells why
each rule is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from oso_dossier.rules.advice.switches import in_matrix
from oso_dossier.rules.categories import CATEGORIES, Category, title
from oso_dossier.rules.definition import has
from oso_dossier.rules.rule import FILE, Finding, Rule, Severity, Text
from oso_dossier.rules.wording import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from oso_dossier.rules.subject import Subject

_PUPIL = "/dossier[1]/huidigeschool[1]/leerling[1]"
_INSPECTION = "/dossier[1]/inzage[1]"
_SOURCE = "OSO: extension {}, not part of 2019.1 (docs/extensions.md); {}"
# Official rules of moves that do not hold. The first says that a move is POPO, POVO or VOVO.
_NOT_HERE = {
    "VOMBO": frozenset({"OVa.OS02", "OVa.OA01"}),
    "PORI": frozenset({"OVa.OS02", "OVa.LL12", "OVa.LL15", "OVa.SL01.career", "OVa.OV01"}),
}


@dataclass(frozen=True, slots=True)
class ExtensionRule:
    """A rule of an extension.

    Attributes:
        rule: The rule.
        location: Where its finding is.
        element: The element it is about.
        breaks: Tells whether a dossier breaks it.

    """

    rule: Rule
    location: str
    element: str
    breaks: Callable[[Subject], bool]


def extended(subject: Subject, profile: str, official: Iterable[Finding]) -> list[Finding]:
    """Give the findings of an extension: official ones that hold, its matrix, its own rules."""
    left_out = _NOT_HERE[profile]
    found = [one for one in official if one.rule.id not in left_out]
    found += [
        Finding(one.rule, one.location, one.element)
        for one in extension_rules()[profile]
        if one.breaks(subject)
    ]
    return found


@cache
def extension_rules() -> Mapping[str, tuple[ExtensionRule, ...]]:
    """Give the rules of each extension."""
    own = {"VOMBO": _VOMBO, "PORI": _PORI}
    return {
        profile: (*(rule for one in CATEGORIES for rule in _of_matrix(one, profile)), *own[profile])
        for profile in own
    }


def _of_matrix(category: Category, profile: str) -> Iterator[ExtensionRule]:
    said = in_matrix(category.switch, profile)
    heading, names = title(category), ", ".join(category.elements)
    if said == "M":
        yield _rule(
            f"{profile}.cat{category.number:02d}.mandatory",
            profile,
            (FILE, category.switch),
            lambda subject: not _any_of(category, subject),
            Words(
                Text(
                    f"Geen van deze elementen is er: {names}.", f"None of these is there: {names}."
                ),
                Text(
                    f"'{heading.nl}' ontbreekt, en is bij {profile} verplicht.",
                    f"'{heading.en}' is missing, and mandatory in {profile}.",
                ),
                Text("Vul deze gegevens aan.", "Add this information."),
            ),
            why="its category matrix",
        )
    elif said == "F":
        yield _rule(
            f"{profile}.cat{category.number:02d}.forbidden",
            profile,
            (FILE, category.switch),
            lambda subject: _any_of(category, subject),
            Words(
                Text(f"Een van deze elementen is er: {names}.", f"One of these is there: {names}."),
                Text(
                    f"'{heading.nl}' mag bij {profile} niet in het dossier staan.",
                    f"'{heading.en}' may not be in a dossier of {profile}.",
                ),
                Text(
                    "Laat deze gegevens weg: de ontvanger heeft ze niet nodig.",
                    "Leave this out: the receiver does not need it.",
                ),
            ),
            why="data minimisation (GDPR article 5)",
        )


def _any_of(category: Category, subject: Subject) -> bool:
    holder: Any = category.holder(subject)
    return any(has(holder, name) for name in category.elements)


def _rule(
    rule_id: str,
    profile: str,
    where: tuple[str, str],
    breaks: Callable[[Subject], bool],
    words: Words,
    *,
    why: str,
) -> ExtensionRule:
    source = _SOURCE.format(profile, why)
    rule = Rule(f"OSO.{rule_id}", Severity.ERROR, (profile,), *words, source)
    return ExtensionRule(rule, *where, breaks)


def _no_consent(subject: Subject) -> bool:
    return subject.dossier.inzage.toestemming != "Ja"


def _not_seen(subject: Subject) -> bool:
    return not subject.dossier.inzage.inzage


def _has_number(subject: Subject) -> bool:
    return has(subject.pupil, "bsn") or has(subject.pupil, "onderwijsnummer")


def _has_account(subject: Subject) -> bool:
    return any(
        one.HasField("iban") or one.HasField("banknummer") for one in subject.pupil.verzorger
    )


def _no_result(subject: Subject) -> bool:
    return not (has(subject.pupil, "bevorderd") or has(subject.pupil, "examenresultaat"))


def _consent(profile: str, why: str) -> ExtensionRule:
    return _rule(
        f"{profile}.01",
        profile,
        (_INSPECTION, "toestemming"),
        _no_consent,
        Words(
            Text("Toestemming is niet 'Ja'.", "Consent (toestemming) is not 'Ja'."),
            Text(
                "Er is geen toestemming om dit dossier door te geven.",
                "There is no consent to hand over this dossier.",
            ),
            Text(
                "Vraag toestemming aan de ouders, of aan de leerling vanaf 16 jaar.",
                "Ask the parents for consent, or the pupil from the age of 16.",
            ),
        ),
        why=why,
    )


def _seen(profile: str) -> ExtensionRule:
    return _rule(
        f"{profile}.02",
        profile,
        (_INSPECTION, "inzage"),
        _not_seen,
        Words(
            Text("Er is geen inzage geweest.", "The dossier was not inspected."),
            Text(
                "De ouders, of de leerling vanaf 16 jaar, hebben het dossier niet ingezien.",
                "The parents, or the pupil from the age of 16, have not seen the dossier.",
            ),
            Text("Leg het dossier eerst voor.", "Show them the dossier first."),
        ),
        why="GDPR article 12; inspection as in every move",
    )


_VOMBO = (
    _consent("VOMBO", "no law tells a school to hand a dossier to vocational education"),
    _seen("VOMBO"),
    _rule(
        "VOMBO.03",
        "VOMBO",
        (_PUPIL, "examenresultaat"),
        _no_result,
        Words(
            Text(
                "Er is geen bevordering en geen examenresultaat.",
                "There is no move up and no examination result.",
            ),
            Text(
                "De laatste bevordering of het examenresultaat ontbreekt.",
                "The last move up or the result of the examination is missing.",
            ),
            Text("Vul een van de twee in.", "Fill in one of the two."),
        ),
        why="rule VOMBO of 2016.1, commented out since",
    ),
)
_PORI = (
    _consent("PORI", "a regional initiative is no school: only consent allows it"),
    _seen("PORI"),
    _rule(
        "PORI.03",
        "PORI",
        (_PUPIL, "bsn"),
        _has_number,
        Words(
            Text(
                "Er is een burgerservicenummer of onderwijsnummer.",
                "There is a citizen service number or onderwijsnummer.",
            ),
            Text(
                "Een regionaal initiatief mag dit nummer niet hebben.",
                "A regional initiative may not have this number.",
            ),
            Text("Laat het nummer weg.", "Leave out the number."),
        ),
        why="no law allows it the number (GDPR article 87), as for partnerships (PaO.LL12)",
    ),
    _rule(
        "PORI.04",
        "PORI",
        (_PUPIL, "verzorger"),
        _has_account,
        Words(
            Text("Van een verzorger is er een rekeningnummer.", "A caregiver has a bank account."),
            Text(
                "Een rekeningnummer hoort niet in dit dossier.",
                "A bank account has no place in this dossier.",
            ),
            Text("Laat het rekeningnummer weg.", "Leave out the bank account."),
        ),
        why="data minimisation (GDPR article 5), as for partnerships (PaO.OV05)",
    ),
)
