"""Warnings beyond the official validators: what may be right, but somebody should look at.

Ids of ours begin with `OSO.`. No warning holds a value of the dossier.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from oso_dossier.data_set import year_of
from oso_dossier.place import spell
from oso_dossier.plan import dossier_plan
from oso_dossier.rules.advice import contacts, dates, files, numbers, switches, table_of_tests
from oso_dossier.rules.advice.definition import Circumstances
from oso_dossier.rules.routes import Route, Walk, compiled
from oso_dossier.rules.rule import Finding
from oso_dossier.values import calendar_day

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_dossier.data_set import Year
    from oso_dossier.rules.advice.definition import Advice
    from oso_dossier.rules.rule import Rule

_MODULES = (switches, numbers, contacts, dates, table_of_tests, files)
_ALL: tuple[Advice, ...] = tuple(one for module in _MODULES for one in module.ADVICE)

ADVICE_RULES: tuple[Rule, ...] = tuple(one.rule for one in _ALL)
"""The rules of ours, in order."""


def advise(
    dossier: Dossier,
    profile: str,
    attachments: Sequence[bytes] | None = None,
    test_codes: Container[str] | None = None,
) -> Iterator[Finding]:
    """Give the warnings about a dossier that is built as the standard says, in document order.

    Args:
        dossier: The dossier.
        profile: The profile it is checked as.
        attachments: The bytes of its attachments, by number; None: nothing is said about them.
        test_codes: The codes of the test-code table; None: nothing is said about them.

    """
    pupil = dossier.huidigeschool.leerling
    now = Circumstances(
        profile,
        attachments,
        test_codes,
        calendar_day(dossier.metadata.datum),
        calendar_day(pupil.geboortedatum) if pupil.HasField("geboortedatum") else None,
    )
    for name, message, place in Walk(dossier, _route(year_of(dossier))).in_order:
        for one in _by_type().get(name, ()):
            for element in one.looks(message, now):
                location = f"{spell(place)}/{element}"
                yield Finding(one.rule, location, element.rpartition("/")[2].partition("[")[0])


@cache
def _by_type() -> Mapping[str, tuple[Advice, ...]]:
    names = {name for one in _ALL for name in one.at}
    return {name: tuple(one for one in _ALL if name in one.at) for name in names}


@cache
def _route(year: Year) -> Route:
    return compiled(dossier_plan(year), _by_type().keys())
