"""Commands on the test-code table: `oso-registry test-codes ...`.

Imports are made where they are used: see `oso_registry.parties.asking`. Everybody with a desk may
read what is published; a registrar works on the draft, of which there is one at most.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oso_registry.desk import Desk, pass_desk
from oso_registry.parties.asking import call, every
from oso_registry.standard.asking import (
    CURRENT,
    DRAFT,
    SERVICE,
    ask,
    code_name,
    draft_of,
    name_of,
    numbered,
    request_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import grpc

_DAY = click.DateTime(["%Y-%m-%d"])
_RELEASE = click.option(
    "--release",
    default=CURRENT,
    show_default=True,
    metavar="NUMBER|current|draft",
    help="Which release.",
)
_SURE = frozenset({"j", "ja", "y", "yes"})
_YES = click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")


@click.group("test-codes")
def test_codes() -> None:
    """The test-code table (toetscodetabel): its releases, and the draft of the next one."""


@test_codes.command("history")
@pass_desk
def history(desk: Desk) -> None:
    """List the releases, the newest first."""
    from oso_registry.standard.telling import release_line  # noqa: PLC0415

    async def go(channel: grpc.aio.Channel) -> None:
        request = request_of("ListTestCodeReleases")
        async for one in every(channel, SERVICE, request, "test_code_releases"):
            desk.show(one, release_line(desk, one))

    desk.run(go)


@test_codes.command("export")
@_RELEASE
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    required=True,
    help="File to write; it must not be there yet. `-` is standard output.",
)
@pass_desk
def export(desk: Desk, release: str, out: Path) -> None:
    """Write a release as CSV, if it is whole."""

    async def go(channel: grpc.aio.Channel) -> Any:
        return await ask(channel, "ExportTestCodes", name=await name_of(desk, channel, release))

    told = desk.run(go)
    digest = hashlib.sha256(told.content).digest()
    if told.test_code_release.sha256 not in (b"", digest):
        raise click.ClickException(
            desk.text(
                "Dit is niet wat is gepubliceerd (SHA-256); er is niets geschreven.",
                "This is not what was published (SHA-256); nothing was written.",
            )
        )
    if str(out) == "-":
        sys.stdout.buffer.write(told.content)
        return
    _write(desk, out, told.content)
    number = told.test_code_release.name.rpartition("/")[2]
    desk.say(
        f"{told.test_code_release.code_count} codes van {number} staan in {out}.\n"
        f"SHA-256 {digest.hex()}",
        f"{told.test_code_release.code_count} codes of {number} are in {out}.\n"
        f"SHA-256 {digest.hex()}",
        file=str(out),
        release=told.test_code_release.name,
        sha256=digest.hex(),
    )


@test_codes.command("compare")
@click.argument("earlier", metavar="EARLIER")
@click.argument("later", metavar="LATER")
@pass_desk
def compare(desk: Desk, earlier: str, later: str) -> None:
    """Tell what differs between two releases: numbers, `current` or `draft`."""
    from oso_registry.standard.telling import difference_lines  # noqa: PLC0415

    async def go(channel: grpc.aio.Channel) -> Any:
        one, other = [await numbered(desk, channel, name) for name in (earlier, later)]
        return await ask(channel, "CompareTestCodeReleases", earlier=one, later=other)

    told = desk.run(go)
    desk.show(told, *difference_lines(desk, told.differences))


@test_codes.command("list")
@_RELEASE
@click.option("--text", default="", help="Only those with this in code, name, subject, publisher.")
@pass_desk
def list_codes(desk: Desk, release: str, text: str) -> None:
    """List the codes of a release."""
    from oso_registry.standard.telling import code_line  # noqa: PLC0415

    async def go(channel: grpc.aio.Channel) -> None:
        parent = await numbered(desk, channel, release)
        request = request_of("ListTestCodes", parent=parent, text=text)
        async for one in every(channel, SERVICE, request, "test_codes"):
            desk.show(one, code_line(one))

    desk.run(go)


@test_codes.command("show")
@_RELEASE
@click.argument("code")
@pass_desk
def show(desk: Desk, release: str, code: str) -> None:
    """Show a CODE of a release."""

    async def go(channel: grpc.aio.Channel) -> Any:
        name = await code_name(desk, channel, release, code)
        return await ask(channel, "GetTestCode", name=name)

    _tell_code(desk, desk.run(go))


@test_codes.command("begin")
@click.option("--note", default="", help="What is new in it, in a sentence or two.")
@pass_desk
def begin(desk: Desk, note: str) -> None:
    """Begin a draft: a copy of the release in force."""
    request = request_of("CreateTestCodeRelease")
    request.test_code_release.note = note
    _tell_release(desk, desk.run(lambda channel: call(channel, SERVICE, request)))


@test_codes.command("note")
@click.argument("text")
@pass_desk
def note_(desk: Desk, text: str) -> None:
    """Say in the draft what is new in it."""

    async def go(channel: grpc.aio.Channel) -> Any:
        request = request_of(
            "UpdateTestCodeRelease", test_code_release=await draft_of(desk, channel)
        )
        request.test_code_release.note = text
        request.update_mask.paths.append("note")
        return await call(channel, SERVICE, request)

    _tell_release(desk, desk.run(go))


@test_codes.command("import")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_desk
def import_(desk: Desk, file: Path, *, dry_run: bool) -> None:
    """Replace the codes of the draft by those of a CSV FILE: all of it, or nothing.

    The form is that of an export. Exit code 0: done (with --dry-run: it would be); 1: refused, and
    nothing was changed.
    """
    from oso_registry.standard.telling import difference_lines, fault_line  # noqa: PLC0415

    content = _content(desk, file)

    async def go(channel: grpc.aio.Channel) -> Any:
        draft = await draft_of(desk, channel)
        return await ask(
            channel,
            "ImportTestCodes",
            name=draft.name,
            etag=draft.etag,
            content=content,
            validate_only=dry_run,
        )

    told = desk.run(go)
    if told.faults:
        desk.show(told, *(fault_line(desk, fault) for fault in told.faults))
        faults = len(told.faults) + told.faults_left_out
        raise click.ClickException(
            desk.text(
                f"Fouten in het bestand: {faults}. Er is niets gewijzigd.",
                f"Faults in the file: {faults}. Nothing was changed.",
            )
        )
    done = desk.text("Overgenomen in het concept.", "Taken into the draft.")
    if dry_run:
        done = desk.text("Proef: er is niets gewijzigd.", "Dry run: nothing was changed.")
    desk.show(told, *difference_lines(desk, told.differences), done)


@test_codes.command("publish")
@_YES
@pass_desk
def publish(desk: Desk, *, yes: bool) -> None:
    """Publish the draft: it is in force at once, and never changes again."""

    async def look(channel: grpc.aio.Channel) -> Any:
        draft = await draft_of(desk, channel)
        releases = await ask(channel, "ListTestCodeReleases", page_size=2)
        before = [one.name for one in releases.test_code_releases if one.name != draft.name]
        if not before:
            return draft, ()
        told = await ask(channel, "CompareTestCodeReleases", earlier=before[0], later=draft.name)
        return draft, told.differences

    draft, differences = desk.run(look)
    if not yes:
        _confirm(desk, draft, differences)
    # What somebody changed while the question stood there, nobody said yes to.
    request = request_of("PublishTestCodeRelease", name=draft.name, etag=draft.etag)
    _tell_release(desk, desk.run(lambda channel: call(channel, SERVICE, request)))


@test_codes.command("discard")
@_YES
@pass_desk
def discard(desk: Desk, *, yes: bool) -> None:
    """Throw the draft away, with its codes."""
    draft = desk.run(lambda channel: draft_of(desk, channel))
    if not yes:
        _confirm(desk, draft)
    request = request_of("DeleteTestCodeRelease", name=draft.name, etag=draft.etag)
    desk.run(lambda channel: call(channel, SERVICE, request))
    number = draft.name.rpartition("/")[2]
    desk.say(
        f"Concept {number} is weggegooid.", f"Draft {number} was thrown away.", removed=draft.name
    )


def _code_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what is in a code."""
    made = command
    for option in (
        click.option("--until", "end", type=_DAY, metavar="YYYY-MM-DD", help="Geldig tot."),
        click.option("--from", "start", type=_DAY, metavar="YYYY-MM-DD", help="Geldig vanaf."),
        click.option("--scale", "scales", multiple=True, help="Scale of its norms; give all."),
        click.option("--part/--no-part", default=None, help="Whether it is a part of a test."),
        click.option("--version", help="Version (versie), often the year of its norms."),
        click.option("--publisher", help="Publisher (uitgever)."),
        click.option("--subject", help="Subject (vakgebied)."),
        click.option("--name", "display_name", help="Name of the test or the part."),
    ):
        made = option(made)
    return made


@test_codes.command("add")
@click.argument("code")
@_code_options
@pass_desk
def add(desk: Desk, /, code: str, **given: Any) -> None:
    """Add a CODE to the draft."""

    async def go(channel: grpc.aio.Channel) -> Any:
        draft = await draft_of(desk, channel)
        request = request_of("CreateTestCode", parent=draft.name, test_code_id=code)
        _put(request.test_code, given)
        return await call(channel, SERVICE, request)

    _tell_code(desk, desk.run(go))


@test_codes.command("change")
@click.argument("code")
@_code_options
@click.option("--no-end", is_flag=True, help="No end is known any longer.")
@click.option("--no-scales", is_flag=True, help="It gives a score on its own skill scale only.")
@pass_desk
def change(desk: Desk, /, code: str, *, no_end: bool, no_scales: bool, **given: Any) -> None:
    """Change a CODE in the draft: give the options that change.

    A code that was in use ends with --until; older dossiers have it.
    """
    if (no_end and given["end"]) or (no_scales and given["scales"]):
        raise click.UsageError("An option and its opposite do not go together.")

    async def go(channel: grpc.aio.Channel) -> Any:
        name = await code_name(desk, channel, DRAFT, code)
        known = (await ask(channel, "GetTestCode", name=name)).test_code
        request = request_of("UpdateTestCode", test_code=known)
        paths = _put(request.test_code, given)
        for asked, field in ((no_end, "end_date"), (no_scales, "norm_scales")):
            if asked:
                request.test_code.ClearField(field)
                paths.append(field)
        request.update_mask.paths.extend(paths or ["display_name"])
        return await call(channel, SERVICE, request)

    _tell_code(desk, desk.run(go))


@test_codes.command("remove")
@click.argument("code")
@pass_desk
def remove(desk: Desk, code: str) -> None:
    """Take a CODE out of the draft: one that never was in use."""

    async def go(channel: grpc.aio.Channel) -> str:
        name = await code_name(desk, channel, DRAFT, code)
        await ask(channel, "DeleteTestCode", name=name)
        return name

    removed = desk.run(go)
    desk.say(f"{code} is weggehaald.", f"{code} was removed.", removed=removed)


def _content(desk: Desk, file: Path) -> bytes:
    """Read the file, if it is of a size that would be taken."""
    from oso_registry.standard.releases import LARGEST_FILE  # noqa: PLC0415

    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    if len(content) > LARGEST_FILE:
        raise click.ClickException(
            desk.text(f"{file} is groter dan 2 MiB.", f"{file} is larger than 2 MiB.")
        )
    return content


def _write(desk: Desk, file: Path, content: bytes) -> None:
    """Write a file that is not there yet."""
    try:
        with file.open("xb") as opened:
            opened.write(content)
    except FileExistsError:
        raise click.ClickException(
            desk.text(f"{file} is er al.", f"{file} is there already.")
        ) from None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None


def _put(code: Any, given: dict[str, Any]) -> list[str]:
    """Put what options say into a code; give the fields that were given."""
    paths = []
    for option, field in (("start", "start_date"), ("end", "end_date")):
        day: datetime | None = given[option]
        if day is not None:
            date = getattr(code, field)
            date.year, date.month, date.day = day.year, day.month, day.day
            paths.append(field)
    if given["scales"]:
        del code.norm_scales[:]
        code.norm_scales.extend(given["scales"])
        paths.append("norm_scales")
    for field in ("display_name", "subject", "publisher", "version", "part"):
        if given[field] is not None:
            setattr(code, field, given[field])
            paths.append(field)
    return paths


def _confirm(desk: Desk, draft: Any, differences: Any = ()) -> None:
    """Ask whether somebody is sure; anything but yes ends the command."""
    from oso_registry.standard.telling import release_line, sum_of  # noqa: PLC0415

    click.echo(release_line(desk, draft), err=True)
    if differences:
        click.echo(sum_of(desk, differences), err=True)
    question = desk.text("Weet u het zeker? [j/N]", "Are you sure? [y/N]")
    answer = click.prompt(question, default="", show_default=False, err=True)
    if answer.strip().lower() not in _SURE:
        raise click.Abort


def _tell_release(desk: Desk, told: Any) -> None:
    from oso_registry.standard.telling import release_line  # noqa: PLC0415

    release = told.test_code_release
    desk.show(release, release_line(desk, release))


def _tell_code(desk: Desk, told: Any) -> None:
    from oso_registry.standard.telling import code_line  # noqa: PLC0415

    desk.show(told.test_code, code_line(told.test_code))
