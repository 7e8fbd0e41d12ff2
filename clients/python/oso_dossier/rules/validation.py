"""Check a dossier: its structure first, then the rules of its year and profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_dossier.data_set import year_of
from oso_dossier.profiles import BB, EXTENSIONS, profile_of
from oso_dossier.rules.definition import OV, PAO
from oso_dossier.rules.engine import rule_set
from oso_dossier.rules.routes import Walk
from oso_dossier.rules.rule import Report, Severity
from oso_dossier.rules.subject import KINDS, MOVE, MOVES, SUPPORT, WITHIN_BRIN, Subject
from oso_dossier.writing import check_structure

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from oso.dossier.v1.dossier_pb2 import Dossier

_SUPPORT_MOVES = ("POSWV", "VOSWV")
_ONE_SHEET = "2016.1"  # later years have a sheet of their own for support


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
        profile: The profile to check it as, also VOMBO or PORI (docs/extensions.md); None: the
            one it says itself, as the official validators do. Of another name only what holds in
            every move is tried.
        warnings: Give also what may be right, but somebody should look at.
        attachments: The bytes of its attachments in order, for the warnings about them; None:
            nothing is said about them.
        test_codes: The codes of the test-code table, for a warning about others; None: nothing is
            said about them.
        structure_checked: It comes straight from `read_xml`, which has checked the structure: it
            is not done again. A dossier from elsewhere must not say so.

    """
    own = profile_of(dossier) if profile is None else profile
    structure = () if structure_checked else tuple(check_structure(dossier))
    if structure:
        return Report(own, structure, ())
    subject = Subject(dossier, year_of(dossier))  # a year we know: the structure was checked
    if profile is not None:
        _check_as(subject, profile)
    rules = rule_set(
        subject.year.name,
        _sheet(dossier, profile) if subject.year.name != _ONE_SHEET else OV,
        subject.kind,
        subject.move,
        warnings=warnings,
    )
    subject.walk = Walk(dossier, rules.route)
    findings = rules.findings(subject)
    if profile in EXTENSIONS:
        from oso_dossier.rules.extensions import extended  # noqa: PLC0415  as below

        findings = extended(subject, profile, findings)
    if warnings:
        from oso_dossier.rules.advice import advise  # noqa: PLC0415  only who asks waits for it

        findings.sort(key=lambda one: one.rule.severity is Severity.WARNING)
        findings += advise(dossier, own, attachments, test_codes)
    return Report(own, (), tuple(findings))


def _check_as(subject: Subject, profile: str) -> None:
    """Choose the rules of a profile, whatever the dossier says it is."""
    if profile == BB:
        subject.kind = WITHIN_BRIN
        return
    subject.kind = SUPPORT if profile in _SUPPORT_MOVES else MOVE
    subject.move = profile if profile in MOVES else ""


def _sheet(dossier: Dossier, profile: str | None) -> str:
    """Give the sheet the official validators would use: the kind says it, or else the move."""
    if profile is not None:
        return PAO if profile in _SUPPORT_MOVES else OV
    if dossier.overdrachtsoort in KINDS:
        return PAO if dossier.overdrachtsoort == SUPPORT else OV
    return PAO if dossier.metadata.overstap in _SUPPORT_MOVES else OV
