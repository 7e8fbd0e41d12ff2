"""The switches of categories, where contents and switch do not go together in the new year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_dossier.years.outcome import Reason

if TYPE_CHECKING:
    from oso_dossier.years.passage import Passage

ALWAYS_THERE = frozenset({"cat_metadata", "cat_school", "cat_leerling"})
"""Categories the structure itself asks for."""
# Categories other rules ask for: under VERBODEN it is the switch that is wrong.
_ASKED_FOR = {
    "overstapdossier": {
        "cat_ouderinzage",
        "cat_oudersverzorgers",
        "cat_overstapadvies",
        "cat_schoolloopbaan",
    },
    "swv-dossier": {"cat_schoolloopbaan"},
}


def obey(passage: Passage) -> None:
    """Take away what stands under a switch VERBODEN, or open the switch: an error since 2019.1."""
    asked_for = _ASKED_FOR.get(passage.root.text("overdrachtsoort"), set())
    for category in sorted(passage.categories() - ALWAYS_THERE):
        switch = passage.switch(category) if category else None
        if switch is None or switch.value != "VERBODEN":
            continue
        if passage.policy.forbidden == "allow" or category in asked_for:
            switch.set("OPTIONEEL", passage.cause(Reason.SWITCH_CHANGED, "OPTIONEEL"))
        else:
            passage.drop_category(category, passage.cause(Reason.SWITCHED_OFF, category))


def loosen(passage: Passage, before: set[str]) -> None:
    """Change switches VERPLICHT of which the conversion left nothing.

    Args:
        passage: The dossier on its way.
        before: The categories that had contents.

    """
    passage.finish()
    for category in before - passage.categories():
        switch = passage.switch(category) if category else None
        if switch is not None and switch.value == "VERPLICHT":
            value = passage.policy.emptied
            switch.set(value, passage.cause(Reason.SWITCH_CHANGED, value))
