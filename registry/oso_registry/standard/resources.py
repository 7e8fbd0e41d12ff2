"""The standard as resources: dossier years, releases of the test-code table, and their codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from oso.registry.v1.dossier_year_pb2 import DossierYear
from oso.registry.v1.test_code_pb2 import TestCode, TestCodeRelease
from oso_registry.standard.tables import DossierYearRow, TestCodeReleaseRow, TestCodeRow
from oso_registry.store import Collection

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

_RELEASES, _CODES = "testCodeReleases/", "/testCodes/"
_NAME = re.compile(rf"{_RELEASES}[0-9]{{4}}(?:{_CODES}[A-Za-z0-9._-]+)?")
CURRENT = f"{_RELEASES}current"
"""How requests call the release in force, whichever it is."""


def name_of_release(number: int) -> str:
    """Give the resource name of a release, from its number."""
    return f"{_RELEASES}{number:04d}"


def number_of(release: str) -> int:
    """Give the number of a release, from its resource name.

    Raises:
        ValueError: It is no such name.

    """
    return int(release.removeprefix(_RELEASES))


def is_name(text: str) -> bool:
    """Tell whether a text has the form of the resource name of a release or a code."""
    return _NAME.fullmatch(text) is not None


def name_of_code(release: str, code: str) -> str:
    """Give the resource name of a code in a release (its resource name)."""
    return f"{release}{_CODES}{code}"


def release_of(code: str) -> str:
    """Give the resource name of the release a code belongs to, from the code's resource name."""
    return code.partition(_CODES)[0]


def code_in(name: str) -> str:
    """Give the code, as it stands in a dossier, from its resource name."""
    return name.partition(_CODES)[2]


def found_by(text: str) -> list[ColumnElement[bool]]:
    """Give the condition that a text is found in a code or its words; none for no text."""
    return [TEST_CODES.table.c.searched.contains(_plain(text), autoescape=True)] if text else []


def _beside(code: TestCode) -> dict[str, Any]:
    words = (code_in(code.name), code.display_name, code.subject, code.publisher)
    # A line each: no search finds the end of one and the begin of the next.
    return {"release": release_of(code.name), "searched": "\n".join(map(_plain, words))}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


DOSSIER_YEARS = Collection(DossierYear, DossierYearRow)
TEST_CODE_RELEASES = Collection(
    TestCodeRelease,
    TestCodeReleaseRow,
    output_only=["number", "state", "code_count", "sha256", "publish_time"],
)
TEST_CODES = Collection(TestCode, TestCodeRow, extra=_beside)
