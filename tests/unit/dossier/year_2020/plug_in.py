"""Everything a made-up year 2020 changes outside the contract: one step up, one step down.

In that year every pupil says which name is preferred (voorkeursnaam, new), nnca is gone, and the
advice has a new code 90. `test_next_year.py` counts the lines of this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_dossier.years.outcome import Reason
from oso_dossier.years.steps import STEPS
from oso_dossier.years.tree import Leaf

if TYPE_CHECKING:
    from oso_dossier.years.passage import Passage

_ADVICE = 2  # code list of the advice


def to_2020(passage: Passage) -> None:
    """From 2019.1: the name used every day is the preferred one until somebody says otherwise."""
    name = passage.pupil.text("roepnaam")
    if name:
        made = Leaf(name, replaced=passage.cause(Reason.VERSION))
        passage.pupil.put("voorkeursnaam", [made])


def from_2020(passage: Passage) -> None:
    """To 2019.1: the new code is nearest to the old 70."""
    passage.replace_codes(_ADVICE, "70")


STEPS["2019.1", "2020.1"] = to_2020
STEPS["2020.1", "2019.1"] = from_2020
