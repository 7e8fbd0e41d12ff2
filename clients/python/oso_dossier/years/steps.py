"""What differs between two neighbouring years beyond what the contract says by itself.

Fields and codes a year does not have are dropped and reported by `Passage.finish`; a step says no
more than where things go instead, and decides where there is a choice. Up is to the newer year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.dossier.v1.dossier_pb2 import CategorieUitlevering
from oso_dossier.plan import dossier_plan
from oso_dossier.years import care, switches
from oso_dossier.years.outcome import Reason
from oso_dossier.years.tree import Block, Leaf

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso_dossier.years.passage import Passage
    from oso_dossier.years.tree import Node

    Step = Callable[[Passage], None]

_PROGRAMMES = 9  # code list of programmes before school
_COMBINATION = "6"
_LEVELS = 43  # code list of levels of the final test
_FIRST_MONTH = 8  # of a school year: August


def to_2017(passage: Passage) -> None:
    """From 2016.1: switches, which 2017.1.2 wants. OPTIONEEL says the least."""
    names = [
        element.field
        for one in dossier_plan(passage.target).elements[0].message.elements  # type: ignore[union-attr]
        if one.field == "categorie_uitlevering" and one.message is not None
        for element in one.message.elements
    ]
    added = Block(CategorieUitlevering.DESCRIPTOR)
    for name in names:
        value = "VERPLICHT" if name in switches.ALWAYS_THERE else "OPTIONEEL"
        cause = passage.cause(Reason.SWITCH_ADDED, value)
        added.put(name, [Leaf(value, replaced=cause)])
    passage.metadata.put("categorie_uitlevering", [added])


def to_2016(passage: Passage) -> None:
    """From 2017.1.2: rules about the pupil that later years have but never reach are in force."""
    had_result = _has_result(passage.pupil)
    passage.finish()
    if had_result and not _has_result(passage.pupil):  # its code is gone; it may not be missing
        for node in passage.pupil.take("eindtoets_basisonderwijs"):
            passage.drop(node, passage.cause(Reason.INCOMPLETE, "eindtoetsresultaat"))
    if passage.metadata.text("overstap") == "POVO":
        _leave_old_tests(passage)
    for carer in passage.pupil.blocks("verzorger"):
        secret = carer.leaf("adresgeheim")
        if secret is not None and secret.value:
            for node in carer.take("adreslijst"):
                passage.drop(node, passage.cause(Reason.SECRET_ADDRESS))


def _has_result(pupil: Block) -> bool:
    test = pupil.block("eindtoets_basisonderwijs")
    return test is not None and test.block("eindtoetsresultaat") is not None


def _leave_old_tests(passage: Passage) -> None:
    """Drop tests from before this school year and the two before it, where that is the policy."""
    made = passage.metadata.leaf("datum")
    if made is None or passage.policy.old_tests == "keep":
        return
    first = made.value.year - (2 if made.value.month >= _FIRST_MONTH else 3)
    kept: list[Node] = []
    for test in passage.pupil.take("toetslijst"):
        sitting = test.block("afname") if isinstance(test, Block) else None
        day = sitting.leaf("afnamedatum") if sitting is not None else None
        if day is not None and (day.value.year, day.value.month) < (first, _FIRST_MONTH):
            passage.drop(test, passage.cause(Reason.OLD_TEST), keep_documents=False)
        else:
            kept.append(test)
    passage.pupil.put("toetslijst", kept)


def from_2018_to_2017(passage: Passage) -> None:
    """From 2018.1.1: programmes before school that had no code yet."""
    if passage.policy.preschool == "combination":
        passage.replace_codes(_PROGRAMMES, _COMBINATION)


def to_2019(passage: Passage) -> None:
    """From 2018.1.1: care becomes support; rules that are new bite."""
    before = passage.categories()
    care.to_support(passage)
    if passage.policy.test_level == "G":
        passage.replace_codes(_LEVELS, "G")
    if passage.root.text("overdrachtsoort") == "overdrachtbinnenbrin":
        for name in ("geboorteplaats", "nationaliteit"):
            for node in passage.pupil.take(name):
                passage.drop(node, passage.cause(Reason.KIND))
    switches.obey(passage)
    if care.OLD_SWITCH in before:
        before.add(care.SWITCH)
    switches.loosen(passage, before)


def from_2019_to_2018(passage: Passage) -> None:
    """From 2019.1: support becomes care."""
    before = passage.categories()
    care.to_care(passage)
    if care.SWITCH in before:
        before.add(care.OLD_SWITCH)
    switches.loosen(passage, before)


STEPS: dict[tuple[str, str], Step] = {
    ("2016.1", "2017.1.2"): to_2017,
    ("2017.1.2", "2016.1"): to_2016,
    ("2018.1.1", "2017.1.2"): from_2018_to_2017,
    ("2018.1.1", "2019.1"): to_2019,
    ("2019.1", "2018.1.1"): from_2019_to_2018,
}
"""The steps by the years they go from and to. Where there is none, the contract says it all."""
