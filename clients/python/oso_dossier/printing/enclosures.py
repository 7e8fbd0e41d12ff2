"""Attachments: what is inside them, and which pictures can be shown.

Nothing is unpacked to disk, nothing inside is run, fetched or trusted: names are text, sizes are
counted while reading, and only PNG and JPEG pictures of a bearable size are shown.
"""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oso_dossier.attachments import media_type
from oso_dossier.printing.glyphs import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

_PICTURES = frozenset({"image/png", "image/jpeg"})
_MOST_NAMES = 20
_MOST_BYTES = 20 * 2**20  # of one picture
_MOST_PIXELS = 40_000_000  # a phone's photo has 12 to 50 million; each takes up to 4 bytes to draw
_HEAD = 64
_ENCRYPTED = 0x1
# JPEG (ITU-T T.81): the markers that hold the size, and those without a length behind them.
_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


@dataclass(slots=True)
class Room:
    """How much more may be shown in one printout; what is shown takes from it.

    Attributes:
        size: Bytes of pictures, as they are in their files.
        pixels: Points of pictures; drawing takes about 3 bytes for each.

    """

    size: int = 64 * 2**20
    pixels: int = 120_000_000


@dataclass(frozen=True, slots=True)
class Content:
    """A picture inside an attachment, with its media type and bytes."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What is inside an attachment.

    Attributes:
        names: Names of the files in it, when it is a zip; 20 at most.
        pictures: The pictures that can be shown.
        state: Name of the wording that tells what the printout shows of it.

    """

    names: tuple[str, ...]
    pictures: tuple[Content, ...]
    state: str


def open_enclosure(content: bytes, room: Room | None = None) -> Enclosure:
    """Look into an attachment: into the bytes themselves, or the files in a zip.

    Pictures for which there is no more room count as too large.
    """
    room = room or Room()
    if media_type(content) != "application/zip":
        pictures, state = _judge(content, room)
        return Enclosure((), pictures, state)
    try:
        return _open_zip(content, room)
    except Exception:  # noqa: BLE001  zipfile raises a dozen kinds on hostile bytes, none of use
        return Enclosure((), (), "broken")


def _open_zip(content: bytes, room: Room) -> Enclosure:
    names: list[str] = []
    pictures: list[Content] = []
    states: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist()[:_MOST_NAMES]:
            names.append(visible(member.filename))
            if member.flag_bits & _ENCRYPTED:
                states.add("locked")
                continue
            with archive.open(member) as file:
                head = file.read(_HEAD)
                if media_type(head) not in _PICTURES:
                    continue
                # never what the zip says of its size: it may lie
                found, state = _judge(head + file.read(_MOST_BYTES + 1), room)
            pictures += found
            states.add(state)
    order = ("as_picture", "too_large", "broken", "locked")
    return Enclosure(
        tuple(names), tuple(pictures), next((one for one in order if one in states), "ask_school")
    )


def _judge(content: bytes, room: Room) -> tuple[tuple[Content, ...], str]:
    kind = media_type(content)
    if kind not in _PICTURES:
        return (), "ask_school"
    if len(content) > _MOST_BYTES:
        return (), "too_large"
    size = _png_size(content) if kind == "image/png" else _jpeg_size(content)
    if size is None or 0 in size:
        return (), "broken"
    pixels = size[0] * size[1]
    if pixels > min(_MOST_PIXELS, room.pixels) or len(content) > room.size:
        return (), "too_large"
    room.pixels -= pixels
    room.size -= len(content)
    return (Content(kind, content),), "as_picture"


def _png_size(content: bytes) -> tuple[int, int] | None:
    """Read width and height of a PNG (RFC 2083): the first chunk is IHDR."""
    if content[12:16] != b"IHDR" or len(content) < 24:  # noqa: PLR2004  where the height ends
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Read width and height of a JPEG from its first frame header."""
    for marker, start in _segments(content):
        if marker in _SIZES:
            if len(content) < start + 5:
                return None
            height, width = struct.unpack(">HH", content[start + 1 : start + 5])
            return width, height
    return None


def _segments(content: bytes) -> Iterator[tuple[int, int]]:
    """Give each marker of a JPEG with the place where its payload begins."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004  a marker begins so
        marker = content[at + 1]
        if marker == 0xFF:  # noqa: PLR2004  filling before a marker
            at += 1
        elif marker in _BARE:
            at += 2
        else:
            yield marker, at + 4
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
