"""What can be wrong with a directory, or with a word about it.

DirectoryError
├── DirectorySignatureError   not signed by a key we trust
├── DirectoryInvalidError     signed, but not what it should be
├── DirectoryGapError         does not follow upon what we have
└── DirectoryOlderError       older than the one we have
    └── DirectoryEpochError   of before OfficeHeart was made anew
"""

from __future__ import annotations


class DirectoryError(Exception):
    """Base of errors about a directory."""

    text_nl = "het deelnemersregister deugt niet"
    text_en = "the directory is no good"

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return self.text_nl if language == "nl" else self.text_en

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")


class DirectorySignatureError(DirectoryError):
    """The directory is not signed by a key we trust: tampered with, or somebody else's."""

    text_nl = "niet ondertekend met een sleutel die wij vertrouwen: veranderd, of van een ander"
    text_en = "not signed with a key we trust: tampered with, or somebody else's"


class DirectoryInvalidError(DirectoryError):
    """The bytes are no directory."""

    text_nl = "dit is geen deelnemersregister"
    text_en = "this is no directory"


class _VersionsError(DirectoryError):
    """Base of errors about an order of versions.

    Attributes:
        found: Version that was offered.
        have: Version in use.

    """

    def __init__(self, found: int, have: int) -> None:
        """Record both versions."""
        super().__init__(found, have)
        self.found = found
        self.have = have

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return super().text(language).format(found=self.found, have=self.have)


class DirectoryGapError(_VersionsError):
    """A change does not follow upon the version we have: something was left out or moved."""

    text_nl = "wijziging {found} sluit niet aan op versie {have}, die in gebruik is"
    text_en = "change {found} does not follow upon version {have}, which is in use"


class DirectoryOlderError(_VersionsError):
    """The directory is older than the one we have."""

    text_nl = "versie {found} is ouder dan versie {have}, die al in gebruik is"
    text_en = "version {found} is older than version {have}, which is in use already"


class DirectoryEpochError(DirectoryOlderError):
    """The directory is of before OfficeHeart was made anew, and ours is of after that."""

    text_nl = "versie {found} is van vóór het herstel van OfficeHeart; versie {have} van erna"
    text_en = "version {found} is of before OfficeHeart was restored; version {have} of after that"
