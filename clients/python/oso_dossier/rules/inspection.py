"""Rules IZ: the parents have seen the dossier before it goes to another school."""

from __future__ import annotations

from oso_dossier.rules.definition import absent, checks
from oso_dossier.rules.rule import Text
from oso_dossier.rules.wording import Words, missing

CHECKS = (
    *checks(
        {"OVa.IZ01": 8},
        "Dossier.inzage",
        absent("inzage"),
        missing("het blok over de inzage door de ouders", "the block on inspection by the parents"),
    ),
    *checks(
        {"OVa.IZ02": 9},
        "Inzage.inzage",
        lambda inspection, _: not inspection.inzage,
        Words(
            Text(
                "Er staat niet in dat de ouders het dossier gezien hebben.",
                "Nothing says that the parents have seen the dossier.",
            ),
            Text(
                "De ouders hebben dit dossier volgens het bestand nog niet gezien.",
                "According to the file the parents have not seen this dossier yet.",
            ),
            Text(
                "Laat de ouders het dossier inzien, leg dat vast en maak het dossier opnieuw.",
                "Let the parents see the dossier, record that and make the dossier again.",
            ),
        ),
    ),
    *checks(
        {"OVa.IZ03": 10},
        "Inzage.inzagedatum",
        lambda inspection, _: inspection.inzage and not inspection.HasField("inzagedatum"),
        missing(
            "de datum waarop de ouders het dossier zagen", "the day the parents saw the dossier"
        ),
    ),
    *checks(
        {"OVa.IZ04": 11},
        "Inzage.akkoord",
        lambda inspection, _: inspection.inzage and not inspection.HasField("akkoord"),
        missing("het antwoord of de ouders akkoord zijn", "the answer whether the parents agree"),
    ),
    *checks(
        {"OVa.IZ05": 12},
        "Inzage.toestemming",
        absent("toestemming"),
        missing("de toestemming van de ouders", "the consent of the parents"),
        moves=("VOVO",),
    ),
)
