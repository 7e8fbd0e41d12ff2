"""Rules SL about the school: how to reach it."""

from __future__ import annotations

from oso_dossier.rules.definition import absent, checks
from oso_dossier.rules.wording import missing

CHECKS = (
    *checks(
        {"OVa.SL01.address": 13, "PaO.SL01.address": 7},
        "Huidigeschool.adreslijst",
        absent("adreslijst"),
        missing("het adres van de school", "the address of the school"),
    ),
    *checks(
        {"OVa.SL02": 14, "PaO.SL02": 8},
        "Huidigeschool.communicatielijst",
        absent("communicatielijst"),
        missing(
            "het telefoonnummer of e-mailadres van de school",
            "the phone number or e-mail address of the school",
        ),
    ),
)
