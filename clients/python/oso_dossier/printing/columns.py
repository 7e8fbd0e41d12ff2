"""Which fields of a repeated message stand in which column, where a parent reads it as a table.

A field that has no column is shown below the table, so that a new year's field is not lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        heading: Name of its heading in the wording.
        paths: The fields in a cell, by dotted path; with `*`: label before the value.

    """

    heading: str
    paths: tuple[str, ...]


COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "oso.dossier.v1.Schoolloopbaan": (
        Column("school_year", ("schooljaar",)),
        Column("group", ("jaargroep", "groepsnaam*", "groepscode*")),
        Column("period", ("begindatum*", "einddatum*")),
        Column(
            "school_column",
            (
                *("brincode*", "vestigingscode*", "schoolsoort*"),
                *("schooltype*", "schoolsoortomschrijving"),
            ),
        ),
        Column("course", ("voelementomschrijving", "voelementcode*")),
    ),
    "oso.dossier.v1.Toets": (
        Column("date", ("afname.afnamedatum",)),
        Column(
            "test",
            (
                "toetsidentificatie.toetsnaam",
                "toetsidentificatie.toetsversie",
                "toetsidentificatie.eldtoetscode*",
            ),
        ),
        Column("group", ("afname.jaargroep", "afname.dl*")),
        Column("score", ("resultaat.toetsscore*",)),
        Column("compared", ("resultaat.referentiescore*",)),
    ),
    "oso.dossier.v1.Toetsonderdeel": (
        Column("part", ("onderdeelnaam", "eldonderdeelcode*")),
        Column("score", ("resultaat.toetsscore*",)),
        Column("compared", ("resultaat.referentiescore*",)),
        Column("attachments", ("resultaat.document",)),
    ),
    "oso.dossier.v1.CijferlijstOnderdeel": (
        Column("subject", ("naam",)),
        Column("result", ("score",)),
        Column("date", ("afnamedatum",)),
        Column("group", ("jaargroep",)),
        Column("period", ("periode",)),
    ),
    "oso.dossier.v1.EindtoetsOnderdeel": (
        Column("part", ("onderdeelcode", "onderdeelomschrijving")),
        Column("level", ("ond_referentieniveau",)),
        Column("domains", ("domeinen*",)),
    ),
    "oso.dossier.v1.Resultaatvakkenvo": (
        Column("subject", ("vakleergebied", "vakcode*")),
        Column(
            "result",
            (
                *("beoordelingexamenvak", "exameneindcijfer*", "cijferce*", "eindcijferse*"),
                *("cijferse*", "rapportcijfer*", "werkstuk*"),
            ),
        ),
        Column("finished", ("afgerond*", "datumafgerond*", "examenvak*")),
    ),
}
"""Columns by the full name of a message."""
