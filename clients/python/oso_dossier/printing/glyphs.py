"""Which characters can be shown, and what stands in the place of those that cannot.

A PDF/A must embed a glyph for each character; a character without one would stop the print. What
the fonts inside the package `typst` hold (Libertinus Serif, and DejaVu Sans Mono for what that
lacks, regular and bold) was found by printing each character; a test prints them all again.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

MARK = "\u25a1"
"""Stands for a character that cannot be shown: an empty square, as readers know it."""

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LINES = re.compile(r"\r\n?|[\u0085\u2028\u2029]")
_PRINTED = """
20-7e a0-ac ae-377 37a-37f 384-38a 38c 38e-3a1 3a3-484 487-4ff 510-513 51a-51d 531-556 559-58a
58d-58f 591-5c7 5d0-5ea 5ef-5f4 606-60c 615 61b 61f 621-63a 640-655 65a 660-66d 674 679-67b
67e-680 683-684 686-687 691 698 6a4 6a9 6af 6be 6cc 6f0-6f9 900-950 955-97f e3f e81-e82 e84
e87-e88 e8a e8d e94-e97 e99-e9f ea1-ea3 ea5 ea7 eaa-eab ead-eb9 ebb-ebc ec8-ecd 10d0-10ff
13a0-13f5 13f8-13fd 17c1-17c3 180b-180d 180f 1d00-1dbf 1e00-1f15 1f18-1f1d 1f20-1f45 1f48-1f4d
1f50-1f57 1f59 1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fc4 1fc6-1fd3 1fd6-1fdb 1fdd-1fef 1ff2-1ff4
1ff6-1ffe 2000-200a 2010-2027 202f-2040 2042 2044-2052 2054-205f 2070-2071 2074-208e 2090-209c
20a0-20c0 2100-211e 2120 2122 2124 2126-2151 2153-2184 2189 2190-23ff 2422-2423 2460-262f
2638-268b 2690-269c 26a0-26a7 26aa-26b2 2701-2704 2706-2709 270c-2727 2729-274b 274d 274f-2752
2756 2758-275e 2761-277f 2794 2798-27af 27b1-2b73 2b76-2b95 2b97-2bff 2c60-2cf3 2cf9-2cff
2e02-2e05 2e08-2e0a 2e17-2e18 2e1f 2e22-2e25 2e2e 3000 3012 3016-3017 301a-301b 302e-3030 3036
306e a720-a727 a72d a730 a735 a765 a789-a78e a790-a791 a793 a7aa a7f8-a7f9 ab52 ab66 ab70-abbf
fb00-fb06 fb13-fb17 fb1d-fb36 fb38-fb3c fb3e fb40-fb41 fb43-fb44 fb46-fb4f fb52-fb81 fb8a-fb95
fb9e-fb9f fbaa-fbad fbe8-fbe9 fbfc-fbff fe00-fe0f fe2e-fe2f fe66 fe70-fe74 fe76-fefc fffc-fffd
"""
_IGNORED = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\ufeff"))  # no width, no meaning alone
_ASCII = frozenset(map(chr, range(0x20, 0x7F)))
_ACCENTS = frozenset(map(chr, range(0x300, 0x370)))  # of Latin, Greek and Cyrillic letters
_PLAIN = re.compile(r"[\n\x20-\x7e]*")
_LATIN_END = 0x180
_LONG_WORD = re.compile(r"\S{25,}")
_STEP = 20
_BREAK_HERE = "\u200b"  # zero width space: a line may end here


@cache
def printed() -> frozenset[str]:
    """Give the characters the fonts of the PDF hold."""
    found: set[str] = set()
    for part in _PRINTED.split():
        first, _, last = part.partition("-")
        found.update(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return frozenset(found)


def visible(text: str) -> str:
    """Make text harmless for any page: what commands or hides is shown as the mark.

    Line ends stay, as line feeds; tabs become spaces. Marks that turn the direction of text
    (Unicode bidirectional controls) would let a name pretend to be another one.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINES.sub("\n", text).replace("\t", " ").translate(_IGNORED)
    return "".join(map(_shown, text))


def printable_in_pdf(text: str, *, strict: bool = False) -> str:
    """Replace what the fonts do not hold by the mark, and let very long words break.

    Args:
        text: Text that went through `visible`.
        strict: Keep no more than Latin letters: for text whose combinations the fonts refuse.

    """
    if _PLAIN.fullmatch(text) is None:
        text = unicodedata.normalize("NFC", text)
        text = "".join(_printed_or_mark(text, place, strict=strict) for place in range(len(text)))
    return _LONG_WORD.sub(_breakable, text)


def _shown(one: str) -> str:
    if one == "\n" or unicodedata.category(one) not in _INVISIBLE:
        return one
    return MARK


def _printed_or_mark(text: str, place: int, *, strict: bool) -> str:
    """Give a character that can be printed where it stands, or the mark."""
    one = text[place]
    if one == "\n" or one in _ASCII:
        return one
    if one not in printed() or (strict and ord(one) >= _LATIN_END):
        return MARK
    if not unicodedata.category(one).startswith("M"):
        return one
    before = text[place - 1] if place else " "
    stands = unicodedata.category(before)[0] in "LM" and before in printed()
    kindred = ord(one) >> 8 == ord(before) >> 8 or one in _ACCENTS
    return one if stands and kindred else MARK  # an accent stands on a letter of its own script


def _breakable(word: re.Match[str]) -> str:
    text = word[0]
    parts = (text[start : start + _STEP] for start in range(0, len(text), _STEP))
    return _BREAK_HERE.join(parts)
