"""Warnings beyond the official validators."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_dossier.rules.rule import Finding, Rule

ADVICE_RULES: tuple[Rule, ...] = ()
"""The rules of ours, in order."""


def advise(
    dossier: Dossier,
    profile: str,
    attachments: Sequence[bytes] | None = None,
    test_codes: Container[str] | None = None,
) -> Iterator[Finding]:
    """Give the warnings about a dossier that is built as the standard says."""
    del dossier, profile, attachments, test_codes
    yield from ()
