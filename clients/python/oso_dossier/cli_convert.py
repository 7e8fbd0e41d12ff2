"""`oso dossier convert`: a dossier of another year, and a report of what that loses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from oso_dossier.cli_files import EXISTING, LANGUAGE, NEW, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from oso_dossier.years import Change, Conversion, Loss, Year

# As `oso_dossier.years.Policy`, which says more; here so that help is there without loading it.
# The first choice is the default.
_CHOICES = {
    "documents": (("other", "drop"), "Documents without a place of their own in the new year."),
    "opp": (("latest", "first"), "Which development perspective stays where only one may."),
    "doctor": (("family-or-first", "family"), "Which doctor becomes the huisarts of 2019.1."),
    "test_level": (("G", "drop"), "A level of the final test that is gone becomes G, or goes."),
    "forbidden": (("drop", "allow"), "What stands under VERBODEN goes, or the switch opens."),
    "explanation": (("document", "none"), "A report may explain needs where support must be."),
    "emptied": (("OPTIONEEL", "OPT-UIT"), "What VERPLICHT becomes where nothing is left."),
    "preschool": (("combination", "drop"), "Programmes that 2017.1.2 has no code for."),
    "old_tests": (("drop", "keep"), "Tests that are too old for POVO in 2016.1."),
}
_OTHER = "/overigdocumentlijst["
_SAID = {
    "nl": {
        "year": "{} is geen jaar van de gegevensset. Kies uit: {}",
        "written": "{}: dossier van {}, {} waarde(n) verplaatst",
        "losses": "Niet mee naar {}: {} waarde(n)",
        "changes": "Door de omzetting ingevuld of aangepast: {} waarde(n)",
        "elsewhere": "Nu bij de overige documenten: {} document(en)",
        "refused": "Niet omgezet: er zou iets verloren gaan (--no-loss).",
        "none": "Er gaat niets verloren.",
        "same": "het verslag mag niet in de plaats van een dossier komen",
    },
    "en": {
        "year": "{} is no year of the data set. Choose one of: {}",
        "written": "{}: dossier of {}, {} value(s) moved",
        "losses": "Not carried to {}: {} value(s)",
        "changes": "Filled in or changed by the conversion: {} value(s)",
        "elsewhere": "Among the other documents now: {} document(s)",
        "refused": "Not converted: something would be lost (--no-loss).",
        "none": "Nothing is lost.",
        "same": "the report must not take the place of a dossier",
    },
}


def _policy_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, (choices, told) in reversed(_CHOICES.items()):
        flag = f"--{name.replace('_', '-')}"
        kind = click.Choice(choices)
        add = click.option(flag, name, type=kind, default=choices[0], show_default=True, help=told)
        command = add(command)
    return command


@click.command()
@click.argument("source", type=EXISTING)
@click.argument("out", type=NEW)
@click.option("--to", required=True, help="The year to make, such as 2018.1.1 or 2018.")
@_policy_options
@click.option("--no-loss", is_flag=True, help="Write nothing when anything would be lost.")
@click.option("--losses", type=NEW, help="Write the report as JSON to this file too.")
@LANGUAGE
def convert(
    source: Path,
    out: Path,
    to: str,
    losses: Path | None,
    lang: str,
    *,
    no_loss: bool,
    **policy: Any,
) -> None:
    """Make the dossier of another year, and report every value that could not be carried.

    Exit code 0 also when values are lost: that is what the report is for. 1 when the dossier has no
    counterpart in that year, or something would be lost and --no-loss was given; 2 when SOURCE is
    no dossier. OUT is written in one step, or not at all. The report names places, never values.
    """
    from oso_dossier.files import write_whole  # noqa: PLC0415  quick to start
    from oso_dossier.writing import write_xml  # noqa: PLC0415
    from oso_dossier.years import CannotConvertError, Policy, year_of  # noqa: PLC0415
    from oso_dossier.years import convert as make  # noqa: PLC0415

    year = _year(to, lang)
    if losses is not None and losses.resolve() in {source.resolve(), out.resolve()}:
        raise click.BadParameter(_SAID[lang]["same"], param_hint="--losses")
    document = read(source, lang)
    try:
        conversion = make(document, year, Policy(**policy))
    except CannotConvertError as error:
        raise click.ClickException(error.text(lang)) from None
    refused = no_loss and bool(conversion.losses)
    for line in _report(conversion, year_of(document.dossier), year, lang):
        click.echo(line, err=refused)
    try:
        if losses is not None:
            write_whole(losses, _json(conversion, year, lang))
        if refused:
            raise click.ClickException(_SAID[lang]["refused"])
        write_whole(out, write_xml(conversion.document))
    except OSError as error:
        raise click.ClickException(str(error)) from None
    click.echo(_SAID[lang]["written"].format(out, year.name, len(conversion.moves)))


def _year(to: str, lang: str) -> Year:
    """Find a year by its name, or by as much of it as people say."""
    from oso_dossier.years import YEARS  # noqa: PLC0415  quick to start

    for year in YEARS:
        if year.name == to or year.name.startswith(f"{to}."):
            return year
    names = ", ".join(year.name for year in YEARS)
    raise click.BadParameter(_SAID[lang]["year"].format(to, names), param_hint="--to")


def _report(conversion: Conversion, old: Year, new: Year, lang: str) -> Iterator[str]:
    """Give the report for people: by reason, each place on a line, in words and in full."""
    from oso_dossier.place_words import in_words  # noqa: PLC0415  quick to start

    if conversion.losses:
        yield _SAID[lang]["losses"].format(new.name, len(conversion.losses))
        yield from _by_reason(conversion.losses, old, lang)
    else:
        yield _SAID[lang]["none"]
    elsewhere = [
        one.path.rpartition("/")[0]
        for one in conversion.moves
        if _OTHER in one.to and _OTHER not in one.path and one.to.endswith("/bestandsnaam[1]")
    ]
    if elsewhere:  # who may see it may be another than before
        yield _SAID[lang]["elsewhere"].format(len(elsewhere))
        for path in elsewhere:
            yield f"    {in_words(path, old, lang)}  ({path})"
    if conversion.changes:
        yield _SAID[lang]["changes"].format(len(conversion.changes))
        yield from _by_reason(conversion.changes, new, lang)


def _by_reason(told: Sequence[Loss | Change], year: Year, lang: str) -> Iterator[str]:
    from oso_dossier.place_words import in_words  # noqa: PLC0415  quick to start

    reasons: dict[str, list[str]] = {}
    for one in told:
        reasons.setdefault(one.cause.text(lang), []).append(one.path)
    for reason, paths in reasons.items():
        yield f"  {reason}:"
        for path in paths:
            yield f"    {in_words(path, year, lang)}  ({path})"


def _json(conversion: Conversion, year: Year, lang: str) -> bytes:
    told = {
        "to": year.name,
        "losses": [
            {
                "path": one.path,
                "reason": one.cause.reason.name,
                "year": one.cause.year,
                "text": one.cause.text(lang),
                "instead": one.instead,
            }
            for one in conversion.losses
        ],
        "moves": [{"path": one.path, "to": one.to} for one in conversion.moves],
        "changes": [
            {"path": one.path, "reason": one.cause.reason.name, "text": one.cause.text(lang)}
            for one in conversion.changes
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"
