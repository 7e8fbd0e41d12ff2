"""Choices a conversion cannot make by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Policy:
    """What to do where the years leave a choice. Each option has its default stated here.

    Attributes:
        documents: Documents that have no place of their own in the new year. `other` (default): to
            the other documents (overigdocumentlijst), where the switch cat_bijlagedocs allows;
            `drop`: lost.
        opp: Which development perspective stays where only one may (2019.1). `latest` (default):
            the one that began last; `first`: the first in the file. The documents of all go with
            it.
        doctor: Which doctor becomes the huisarts of 2019.1. `family-or-first` (default): one whose
            kind mentions a huisarts, else the first; `family`: nobody when none is a huisarts.
        test_level: Levels of the final test that are gone (B, N, S, E in 2019.1). `G` (default):
            the level becomes G, the one that is left; `drop`: the result is lost.
        forbidden: Contents under a switch VERBODEN, an error since 2019.1. `drop` (default): lost;
            `allow`: the switch becomes OPTIONEEL. What other rules ask for is never dropped: there
            the switch becomes OPTIONEEL anyhow.
        explanation: Reports on social and emotional life (sefunctioneren) where support is
            VERPLICHT and nothing else is left of it in 2019.1. `document` (default): the first one
            becomes the explanation of needs; `none`: treated as any other document.
        emptied: A switch VERPLICHT of which the conversion left nothing. `OPTIONEEL` (default) or
            `OPT-UIT`: what the switch becomes.
        preschool: Programmes of before school that 2017.1.2 has no code for. `combination`
            (default): code 6, a combination; `drop`: lost.
        old_tests: Tests from before the last three school years, an error in POVO in 2016.1. `drop`
            (default): lost; `keep`: they stay.

    """

    documents: Literal["other", "drop"] = "other"
    opp: Literal["latest", "first"] = "latest"
    doctor: Literal["family-or-first", "family"] = "family-or-first"
    test_level: Literal["G", "drop"] = "G"
    forbidden: Literal["drop", "allow"] = "drop"
    explanation: Literal["document", "none"] = "document"
    emptied: Literal["OPTIONEEL", "OPT-UIT"] = "OPTIONEEL"
    preschool: Literal["combination", "drop"] = "combination"
    old_tests: Literal["drop", "keep"] = "drop"
