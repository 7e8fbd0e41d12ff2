"""Releases of the test-code table: a draft, then published, then superseded; kept for ever.

    state        event            becomes
    DRAFT        PUBLISH          PUBLISHED    what it has from then on never changes
    PUBLISHED    SUPERSEDE        SUPERSEDED   a newer one was published

There is one draft at most, and one published. A published release is given out as the file it was
on its first day, byte for byte, whatever a later version of OfficeHeart would write.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import TYPE_CHECKING

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import test_code_pb2 as contract
from oso.result.v1 import result_code_pb2 as codes
from oso_dossier.code_table import CodeEntry, write_table
from oso_registry.calls import failed, invalid
from oso_registry.parties.register import require_etag
from oso_registry.parties.sight import LONGEST_NAME
from oso_registry.resources import changed, new
from oso_registry.standard.comparing import differences
from oso_registry.standard.entries import code_of, entries_of
from oso_registry.standard.pages import page_by
from oso_registry.standard.resources import (
    CURRENT,
    TEST_CODE_RELEASES,
    TEST_CODES,
    is_name,
    name_of_code,
    name_of_release,
    number_of,
)
from oso_registry.standard.tables import TestCodeFileRow
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.field_mask_pb2 import FieldMask

    from oso.registry.v1.test_code_pb2 import TestCode, TestCodeRelease
    from oso.registry.v1.test_code_service_pb2 import ListTestCodeReleasesRequest
    from oso_registry.standard.reading import Reader
    from oso_registry.store import Transaction

LARGEST_FILE = 2 * 1024 * 1024
"""What ImportTestCodes takes: a release that is larger could not be taken in again."""
_AT = "test_code_release"
# Who sees drafts (the contract, TestCodeService).
_DRAFT_READERS = frozenset({roles.ROLE_REGISTRAR, roles.ROLE_AUDITOR, roles.ROLE_HELPDESK})
_RELEASE, _CODE = TEST_CODE_RELEASES.table.c, TEST_CODES.table.c


class Event(Enum):
    """What happens to a release."""

    PUBLISH = "publish"
    SUPERSEDE = "supersede"


STEPS = {
    (contract.TEST_CODE_RELEASE_STATE_DRAFT, Event.PUBLISH): (
        contract.TEST_CODE_RELEASE_STATE_PUBLISHED
    ),
    (contract.TEST_CODE_RELEASE_STATE_PUBLISHED, Event.SUPERSEDE): (
        contract.TEST_CODE_RELEASE_STATE_SUPERSEDED
    ),
}


def get_release(tx: Transaction, name: str, asked: str = "") -> TestCodeRelease:
    """Give a release the caller sees, or the one in force for `CURRENT`.

    Args:
        tx: The transaction.
        name: Its resource name, or `CURRENT`.
        asked: What a refusal names; the release itself unless said otherwise.

    Raises:
        OsoError: RESOURCE_UNKNOWN, also for a draft the caller does not see; NO_TEST_CODES.

    """
    if name == CURRENT:
        current = current_release(tx)
        if current is None:
            raise OsoError(codes.RESULT_CODE_NO_TEST_CODES)
        return current
    found = tx.get(TEST_CODE_RELEASES, name) if is_name(name) else None
    if found is None or (is_draft(found) and tx.caller.role not in _DRAFT_READERS):
        raise OsoError(codes.RESULT_CODE_RESOURCE_UNKNOWN, resource=(asked or name)[:LONGEST_NAME])
    return found


def list_releases(
    tx: Transaction, request: ListTestCodeReleasesRequest
) -> tuple[list[TestCodeRelease], str]:
    """Give a page of the releases the caller sees, the newest first, and the token of the next."""
    draft = contract.TEST_CODE_RELEASE_STATE_DRAFT
    where = [] if tx.caller.role in _DRAFT_READERS else [_RELEASE.state != draft]
    found = tx.list(TEST_CODE_RELEASES, *where)
    return page_by(found, request, lambda name: -number_of(name))


def current_release(reader: Reader) -> TestCodeRelease | None:
    """Give the release in force; None while none was published."""
    published = contract.TEST_CODE_RELEASE_STATE_PUBLISHED
    found = reader.list(TEST_CODE_RELEASES, _RELEASE.state == published)
    return found[0] if found else None


def is_draft(release: TestCodeRelease) -> bool:
    """Tell whether a release is a draft."""
    return release.state == contract.TEST_CODE_RELEASE_STATE_DRAFT


def require_draft(tx: Transaction, name: str, asked: str = "") -> TestCodeRelease:
    """Find a release that may be changed.

    Raises:
        OsoError: RESOURCE_UNKNOWN, TEST_CODES_PUBLISHED.

    """
    release = get_release(tx, name, asked)
    if not is_draft(release):
        raise OsoError(codes.RESULT_CODE_TEST_CODES_PUBLISHED, resource=release.name)
    return release


def codes_of(reader: Reader, release: str) -> list[TestCode]:
    """Give the codes of a release (its resource name)."""
    return reader.list(TEST_CODES, _CODE.release == release)


def begin_release(tx: Transaction, given: TestCodeRelease) -> TestCodeRelease:
    """Begin a draft: a copy of the release in force, or empty while there is none.

    Raises:
        OsoError: RESOURCE_EXISTS, with the draft there is; REQUEST_INVALID.

    """
    known = tx.list(TEST_CODE_RELEASES)
    for release in known:
        if is_draft(release):
            raise OsoError(codes.RESULT_CODE_RESOURCE_EXISTS, resource=release.name)
    number = max((release.number for release in known), default=0) + 1
    made = new(tx, TEST_CODE_RELEASES, given, name_of_release(number), _AT)
    _require_readable(made.note)
    made.number, made.state = number, contract.TEST_CODE_RELEASE_STATE_DRAFT
    current = current_release(tx)
    entries = [] if current is None else entries_of(codes_of(tx, current.name))
    made.code_count = len(entries)
    return _with_codes(tx, made, entries)


def change_release(tx: Transaction, given: TestCodeRelease, mask: FieldMask) -> TestCodeRelease:
    """Change the note of a draft.

    Raises:
        OsoError: RESOURCE_UNKNOWN, TEST_CODES_PUBLISHED, ETAG_STALE, REQUEST_INVALID.

    """
    require_draft(tx, given.name)
    _, made = changed(tx, TEST_CODE_RELEASES, given, mask, _AT)
    _require_readable(made.note)
    return tx.put(TEST_CODE_RELEASES, made)


def replace_codes(
    tx: Transaction, release: TestCodeRelease, entries: list[CodeEntry], *, only_tell: bool = False
) -> tuple[TestCodeRelease, list[contract.TestCodeDifference]]:
    """Replace the codes of a draft; give it as it is then, and what differs.

    Args:
        tx: The transaction.
        release: The draft.
        entries: What its codes become.
        only_tell: Only tell what would differ.

    """
    known = entries_of(codes_of(tx, release.name))
    found = differences(known, entries)
    if only_tell or not found:
        return release, found
    gone = {one.code for one in known} - {one.code for one in entries}
    changing = {one.code for one in found} - gone
    tx.load(TEST_CODES, [name_of_code(release.name, code) for code in gone])
    for code in sorted(gone):
        tx.remove(TEST_CODES, name_of_code(release.name, code))
    release.code_count = len(entries)
    return _with_codes(tx, release, [one for one in entries if one.code in changing]), found


def discard_release(tx: Transaction, name: str, etag: str = "") -> None:
    """Throw a draft away, with its codes.

    Raises:
        OsoError: RESOURCE_UNKNOWN, TEST_CODES_PUBLISHED, ETAG_STALE.

    """
    release = require_draft(tx, name)
    require_etag(release, etag)
    replace_codes(tx, release, [])
    tx.remove(TEST_CODE_RELEASES, name)


def publish_release(tx: Transaction, name: str, etag: str = "") -> TestCodeRelease:
    """Publish a draft: it is in force from now on, and the one before is superseded.

    Raises:
        OsoError: RESOURCE_UNKNOWN, TEST_CODES_PUBLISHED, ETAG_STALE, TEST_CODES_UNCHANGED;
            CONDITION_FAILED when it has no codes, or more than fit in a file.

    """
    release = require_draft(tx, name)
    require_etag(release, etag)
    entries = entries_of(codes_of(tx, name))
    content = write_table(entries)
    if not entries:
        raise failed(f"{name}: 0 codes")
    if len(content) > LARGEST_FILE:
        raise failed(f"{name}: {len(content)} bytes > {LARGEST_FILE}")
    current = current_release(tx)
    if current is not None:
        if not differences(entries_of(codes_of(tx, current.name)), entries):
            raise OsoError(
                codes.RESULT_CODE_TEST_CODES_UNCHANGED, resource=name, current=current.name
            )
        current.state = STEPS[current.state, Event.SUPERSEDE]
        tx.put(TEST_CODE_RELEASES, current)
    tx.session.add(TestCodeFileRow(release=name, content=content))
    release.state = STEPS[release.state, Event.PUBLISH]
    release.sha256 = hashlib.sha256(content).digest()
    release.publish_time.FromDatetime(tx.now)
    return tx.put(TEST_CODE_RELEASES, release)


def compare_releases(
    tx: Transaction, earlier: str, later: str
) -> list[contract.TestCodeDifference]:
    """Tell what differs between two releases the caller sees (their resource names), by code.

    Raises:
        OsoError: RESOURCE_UNKNOWN.

    """
    some, others = (
        entries_of(codes_of(tx, get_release(tx, name).name)) for name in (earlier, later)
    )
    return differences(some, others)


def file_of(tx: Transaction, release: TestCodeRelease) -> bytes:
    """Give a release as a file: a published one as it was on its first day."""
    if is_draft(release):
        return write_table(entries_of(codes_of(tx, release.name)))
    tx.batch.send()
    return tx.session.get_one(TestCodeFileRow, release.name).content


def _require_readable(note: str) -> None:
    """Refuse a note with characters nobody sees; PostgreSQL keeps no NUL."""
    if not all(one.isprintable() or one == "\n" for one in note):
        raise invalid(f"{_AT}.note", "has characters that cannot be seen")


def _with_codes(
    tx: Transaction, release: TestCodeRelease, entries: Iterable[CodeEntry]
) -> TestCodeRelease:
    """Write a draft, and codes into it."""
    made = [code_of(entry, release.name) for entry in entries]
    tx.load(TEST_CODES, [code.name for code in made])
    for code in made:
        tx.put(TEST_CODES, code)
    return tx.put(TEST_CODE_RELEASES, release, renew=True)
