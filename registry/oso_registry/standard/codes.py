"""The codes of a release, one by one. A code of a published release never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import false

from oso.result.v1 import result_code_pb2 as codes
from oso_dossier.code_table import MOST_CODES
from oso_registry.calls import failed
from oso_registry.parties.register import require_etag
from oso_registry.parties.sight import LONGEST_NAME
from oso_registry.resources import changed, new, page
from oso_registry.standard.entries import settled
from oso_registry.standard.releases import get_release, require_draft
from oso_registry.standard.resources import (
    TEST_CODE_RELEASES,
    TEST_CODES,
    found_by,
    is_name,
    name_of_code,
    release_of,
)
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from google.protobuf.field_mask_pb2 import FieldMask

    from oso.registry.v1.test_code_pb2 import TestCode, TestCodeRelease
    from oso.registry.v1.test_code_service_pb2 import ListTestCodesRequest
    from oso_registry.store import Transaction

_AT = "test_code"
_CODE = TEST_CODES.table.c


def get_code(tx: Transaction, name: str) -> TestCode:
    """Give a code of a release the caller sees.

    Raises:
        OsoError: RESOURCE_UNKNOWN.

    """
    get_release(tx, release_of(name), name)
    return tx.require(TEST_CODES, name)


def list_codes(tx: Transaction, request: ListTestCodesRequest) -> tuple[list[TestCode], str]:
    """Give a page of the codes of a release the caller sees, and the token of the next.

    Raises:
        OsoError: RESOURCE_UNKNOWN.

    """
    release = get_release(tx, request.parent)
    where = [_CODE.release == release.name, *found_by(request.text)]
    if not request.text.isprintable():  # no code has such a text in it
        where.append(false())
    return page(tx, TEST_CODES, request, *where)


def add_code(tx: Transaction, release: str, given: TestCode, code: str) -> TestCode:
    """Add a code to a draft (its resource name).

    Raises:
        OsoError: RESOURCE_UNKNOWN, TEST_CODES_PUBLISHED, RESOURCE_EXISTS, REQUEST_INVALID;
            CONDITION_FAILED when the draft has as many codes as there may be.

    """
    draft = require_draft(tx, release)
    if draft.code_count >= MOST_CODES:
        raise failed(f"{release}: {draft.code_count} codes")
    made = new(tx, TEST_CODES, given, name_of_code(release, code), _AT)
    written = tx.put(TEST_CODES, settled(made))
    _changed_draft(tx, draft, more=1)
    return written


def change_code(tx: Transaction, given: TestCode, mask: FieldMask) -> TestCode:
    """Change a code in a draft.

    Raises:
        OsoError: RESOURCE_UNKNOWN, TEST_CODES_PUBLISHED, ETAG_STALE, REQUEST_INVALID.

    """
    draft = _draft_with(tx, given.name)
    known, made = changed(tx, TEST_CODES, given, mask, _AT)
    written = tx.put(TEST_CODES, settled(made))
    if written.etag != known.etag:
        _changed_draft(tx, draft)
    return written


def remove_code(tx: Transaction, name: str, etag: str = "") -> None:
    """Take a code out of a draft.

    Raises:
        OsoError: RESOURCE_UNKNOWN, TEST_CODES_PUBLISHED, ETAG_STALE.

    """
    draft = _draft_with(tx, name)
    require_etag(tx.require(TEST_CODES, name), etag)
    tx.remove(TEST_CODES, name)
    _changed_draft(tx, draft, more=-1)


def _draft_with(tx: Transaction, name: str) -> TestCodeRelease:
    """Find the draft a code would be in, from the code's resource name."""
    if not is_name(name):
        raise OsoError(codes.RESULT_CODE_RESOURCE_UNKNOWN, resource=name[:LONGEST_NAME])
    return require_draft(tx, release_of(name), name)


def _changed_draft(tx: Transaction, draft: TestCodeRelease, more: int = 0) -> None:
    """Give a draft a new etag: a code of it changed (AIP-154)."""
    draft.code_count += more
    tx.put(TEST_CODE_RELEASES, draft, renew=True)
