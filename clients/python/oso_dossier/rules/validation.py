"""Check a dossier: its structure first, then the rules of its year and profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_dossier.data_set import year_of
from oso_dossier.rules.engine import rule_set, subject_of
from oso_dossier.rules.rule import Report
from oso_dossier.writing import check_structure

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from oso.dossier.v1.dossier_pb2 import Dossier

WITHIN_BRIN = "overdrachtbinnenbrin"


def profile_of(dossier: Dossier) -> str:
    """Give the profile a dossier says it has: BB, or the kind of move; empty when it says none."""
    return "BB" if dossier.overdrachtsoort == WITHIN_BRIN else dossier.metadata.overstap


def validate(
    dossier: Dossier,
    *,
    profile: str | None = None,
    warnings: bool = False,
    attachments: Sequence[bytes] | None = None,
    test_codes: Container[str] | None = None,
    structure_checked: bool = False,
) -> Report:
    """Check a dossier by the rules of its year and profile.

    Args:
        dossier: The message, from anywhere.
        profile: The profile to check it as; None: the one it says itself, as the official
            validators do.
        warnings: Give also what may be right, but somebody should look at.
        attachments: The bytes of its attachments in order, for the warnings about them; None:
            nothing is said about them.
        test_codes: The codes of the test-code table, for a warning about others; None: nothing is
            said about them.
        structure_checked: It comes straight from `read_xml`, which has checked the structure: it
            is not done again. A dossier from elsewhere must not say so.

    """
    own = profile if profile is not None else profile_of(dossier)
    structure = () if structure_checked else tuple(check_structure(dossier))
    if structure:
        return Report(own, structure, ())
    kind, move = dossier.overdrachtsoort, dossier.metadata.overstap
    year = year_of(dossier).name  # one it has: the structure was checked
    rules = rule_set(year, kind, move)
    subject = subject_of(dossier, rules, year, kind, move)
    findings = list(rules.findings(subject))
    if warnings:
        from oso_dossier.rules.advice import advise  # noqa: PLC0415  only who asks waits for it

        findings += advise(dossier, own, attachments, test_codes)
    return Report(own, (), tuple(findings))
