"""Looking into attachments from outside: bounded, and never surprised."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oso_dossier.printing.enclosures import Room, open_enclosure

from .samples import JPEG, png, zipped


def _encrypted() -> bytes:
    """Make a zip whose member says it is encrypted."""
    made = bytearray(zipped(geheim__png=png()))
    made[6] |= 1  # of the member
    made[made.rindex(b"PK\x01\x02") + 8] |= 1  # of the directory
    return bytes(made)


def _lying() -> bytes:
    """Make a zip whose directory says its picture has one byte."""
    made = bytearray(zipped(foto__png=png(200, 200)))
    at = made.rindex(b"PK\x01\x02") + 24
    made[at : at + 4] = (1).to_bytes(4, "little")
    return bytes(made)


@pytest.mark.parametrize(
    ("content", "state", "pictures"),
    [
        (png(), "as_picture", 1),
        (JPEG, "as_picture", 1),
        (zipped(a__png=png()), "as_picture", 1),
        (zipped(a__exe=png()), "as_picture", 1),
        (zipped(a__png=png(), b__jpg=JPEG, c__txt=b"x"), "as_picture", 2),
        (zipped(a__png=b"MZ\x90\0"), "ask_school", 0),
        (zipped(a__pdf=b"%PDF-1.7"), "ask_school", 0),
        (zipped(a__svg=b"<svg/>"), "ask_school", 0),
        (zipped(a__zip=zipped(b__png=png())), "ask_school", 0),
        (b"%PDF-1.7", "ask_school", 0),
        (zipped(), "ask_school", 0),
        (png(claims=(100_000, 100_000)), "too_large", 0),
        (zipped(a__png=png(claims=(9_000, 9_000))), "too_large", 0),
        (zipped(a__png=b"\x89PNG\r\n\x1a\n" + b"\0" * (21 * 2**20)), "too_large", 0),
        (png(claims=(0, 10)), "broken", 0),
        (png()[:20], "broken", 0),
        (JPEG[:40], "broken", 0),
        (b"\xff\xd8\xff", "broken", 0),
        (b"\xff\xd8" + b"\xff" * 1_000, "broken", 0),
        (b"\xff\xd8\xff\xe0\0\0" * 1_000, "broken", 0),
        (zipped(a__png=png())[:-30], "broken", 0),
        (b"PK\x03\x04", "broken", 0),
        (_encrypted(), "locked", 0),
        (b"", "ask_school", 0),
    ],
)
def test_what_can_be_shown_is_judged_by_the_bytes(
    content: bytes, state: str, pictures: int
) -> None:
    """Not by a name, not by what a zip says of its contents; one level deep."""
    found = open_enclosure(content)

    assert (state, pictures) == (found.state, len(found.pictures))


def test_a_zip_that_lies_about_a_size_gives_no_more_than_it_says() -> None:
    """The size in the directory is a bound for zipfile; a lie costs the picture, nothing else."""
    assert open_enclosure(_lying()).state in {"broken", "as_picture"}


def test_a_bomb_is_not_unpacked() -> None:
    """A gigabyte of zeros in a megabyte: no more is read than a picture may have."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("bom.png", "w", force_zip64=True) as file,
    ):
        file.write(png())
        for _ in range(64):
            file.write(bytes(2**20))

    assert "too_large" == open_enclosure(target.getvalue()).state


def test_all_pictures_together_have_bounds() -> None:
    """Many large pictures would each fit in memory, but not all of them."""
    content = zipped(a__png=png(claims=(6_000, 6_000)))
    room = Room()

    states = [open_enclosure(content, room).state for _ in range(5)]

    assert ["as_picture"] * 3 + ["too_large"] * 2 == states


def test_many_files_are_not_all_read() -> None:
    """Of a zip with thousands of files the first twenty are looked at."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(3_000):
            archive.writestr(f"{number}.png", png())

    found = open_enclosure(target.getvalue())

    assert (20, 20) == (len(found.names), len(found.pictures))


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\xff\xd8\xff", png()[:33]]))
def test_any_bytes_are_judged(content: bytes, head: bytes) -> None:
    """Whatever an attachment holds, there is a verdict."""
    found = open_enclosure(head + content)

    assert found.state in {"as_picture", "ask_school", "broken", "locked", "too_large"}


@given(st.integers(0, 2**31), st.binary(min_size=1, max_size=8))
def test_a_damaged_zip_is_judged(place: int, damage: bytes) -> None:
    """Bytes changed anywhere in a zip: a verdict, no error."""
    made = bytearray(zipped(a__png=png(), b__jpg=JPEG))
    at = place % len(made)
    made[at : at + len(damage)] = damage

    assert open_enclosure(bytes(made)).state
