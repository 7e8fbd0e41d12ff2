"""`oso dossier validate` and `oso dossier explain`: what is wrong with dossiers, and why."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import click

from oso_dossier.cli_files import LANGUAGE
from oso_dossier.profiles import EXTENSIONS, PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from oso_dossier.verdict import Verdict

_CLEAR_LINE = "\r\033[K"
_SAID = {
    "nl": {
        "total": "{} bestanden: {} goed, {} met fouten, {} onleesbaar",
        "progress": "Nakijken",
        "lost": "Een proces is van buitenaf beëindigd, misschien was het geheugen op. "
        "Probeer het met --jobs 1.",
        "rule": "{} is geen regel.{}",
        "close": " Bedoelt u {}?",
    },
    "en": {
        "total": "{} files: {} good, {} with errors, {} unreadable",
        "progress": "Checking",
        "lost": "A process was ended from outside, perhaps there was no memory left. Try --jobs 1.",
        "rule": "{} is no rule.{}",
        "close": " Do you mean {}?",
    },
}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each file.")
@click.option(
    "--profile",
    type=click.Choice([*PROFILES, *EXTENSIONS], case_sensitive=False),
    help="Check as this profile; else as the one the dossier says.",
)
@click.option("--warnings", is_flag=True, help="Tell also what may be right but is odd.")
@click.option(
    "--test-codes",
    type=click.File("rb"),
    help="Warn of tests that are not in this table: a release of OfficeHeart (CSV), or a text file "
    "with a code on each line.",
)
@click.option("--jobs", type=click.IntRange(1, 512), help="Processes; else one for each core.")
@LANGUAGE
def validate(
    files: tuple[str, ...],
    profile: str | None,
    test_codes: BinaryIO | None,
    jobs: int | None,
    lang: str,
    *,
    as_json: bool,
    warnings: bool,
) -> None:
    """Check dossiers by the structure and the rules of their year and profile.

    FILE may be a folder: all *.xml below it are checked. `-` is standard input.

    Exit code 0: no errors (warnings are none); 1: errors; 2: a file cannot be read. Of many files
    the worst counts, and all are checked. With --json a file that cannot be read has a line with
    "file" and "unreadable", and none of the other keys.
    """
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415  quick to start

    from oso_dossier.many_files import files_of, verdicts  # noqa: PLC0415
    from oso_dossier.verdict import Outcome, Question  # noqa: PLC0415

    names = files_of(files)
    question = Question(profile, warnings, lang, as_json, _codes(test_codes, lang))
    counts: Counter[Outcome] = Counter()
    try:
        with closing(verdicts(names, question, sys.stdin.buffer, jobs)) as told:
            for one in _with_progress(told, len(names), lang):
                click.echo(one.text)
                counts[one.outcome] += 1
    except BrokenProcessPool:
        click.echo(_SAID[lang]["lost"], err=True)
        raise SystemExit(Outcome.UNREADABLE) from None
    if len(names) > 1 and not as_json:
        click.echo(_SAID[lang]["total"].format(len(names), *(counts[one] for one in Outcome)))
    raise SystemExit(max(counts))


def _codes(table: BinaryIO | None, lang: str) -> frozenset[str] | None:
    """Read the test-code table; it counts with --warnings only."""
    if table is None:
        return None
    from oso_dossier.code_table import CodeTableError, known_codes  # noqa: PLC0415  quick to start

    try:
        return known_codes(table.read())
    except CodeTableError as error:
        raise click.BadParameter(error.text(lang), param_hint="--test-codes") from None


def _with_progress(told: Iterator[Verdict], count: int, lang: str) -> Iterator[Verdict]:
    """Pass the verdicts on, with a bar on standard error when somebody looks at it."""
    if count == 1 or not sys.stderr.isatty():
        yield from told
        return
    shared = sys.stdout.isatty()  # then a report would be written behind the bar
    with click.progressbar(
        length=count, label=_SAID[lang]["progress"], file=sys.stderr
    ) as progress:
        for one in told:
            if shared:
                click.echo(_CLEAR_LINE, nl=False, err=True)
            yield one
            progress.update(1)


@click.command()
@click.argument("rule")
@LANGUAGE
def explain(rule: str, lang: str) -> None:
    """Tell what a rule says, how to mend what breaks it, and where it comes from."""
    from difflib import get_close_matches  # noqa: PLC0415  quick to start

    from oso_dossier.errors import printable  # noqa: PLC0415
    from oso_dossier.rules import RULES, UnknownRuleError  # noqa: PLC0415
    from oso_dossier.rules import explain as told  # noqa: PLC0415

    by_lower = {one.lower(): one for one in RULES}
    try:
        click.echo(told(by_lower.get(rule.lower(), rule), lang))
    except UnknownRuleError:
        close = get_close_matches(rule.lower(), by_lower, n=3)
        names = ", ".join(by_lower[one] for one in close)
        hint = _SAID[lang]["close"].format(names) if close else ""
        raise click.BadParameter(_SAID[lang]["rule"].format(printable(rule), hint)) from None
