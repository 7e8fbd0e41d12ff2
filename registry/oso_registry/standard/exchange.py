"""The test-code table as a file: taking one in, giving one out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oso.registry.v1 import test_code_service_pb2 as wire
from oso.registry.v1.test_code_pb2 import TestCodeFault
from oso_dossier.code_table import CodeEntry, CodeTableError, Fault, read_table
from oso_registry.parties.register import require_etag
from oso_registry.standard.releases import file_of, get_release, replace_codes, require_draft

if TYPE_CHECKING:
    from oso_registry.store import Transaction

_MOST_FAULTS = 100


@dataclass(frozen=True)
class Read:
    """What was read of a file: its codes, or everything that is wrong with it.

    Attributes:
        entries: Its codes; none when anything is wrong.
        faults: What is wrong, by line.

    """

    entries: tuple[CodeEntry, ...] = ()
    faults: tuple[Fault, ...] = ()


def read_file(content: bytes) -> Read:
    """Read a file; takes too long for the event loop."""
    try:
        return Read(entries=tuple(read_table(content)))
    except CodeTableError as error:
        return Read(faults=error.faults)


def import_codes(
    tx: Transaction, request: wire.ImportTestCodesRequest, read: Read
) -> wire.ImportTestCodesResponse:
    """Replace the codes of a draft by those of a file: all or nothing.

    Raises:
        OsoError: RESOURCE_UNKNOWN, TEST_CODES_PUBLISHED, ETAG_STALE.

    """
    release = require_draft(tx, request.name)
    require_etag(release, request.etag)
    if read.faults:
        return wire.ImportTestCodesResponse(
            faults=[_told(fault) for fault in read.faults[:_MOST_FAULTS]],
            faults_left_out=max(0, len(read.faults) - _MOST_FAULTS),
            test_code_release=release,
        )
    release, found = replace_codes(tx, release, list(read.entries), only_tell=request.validate_only)
    return wire.ImportTestCodesResponse(
        imported=not request.validate_only, differences=found, test_code_release=release
    )


def export_codes(tx: Transaction, name: str) -> wire.ExportTestCodesResponse:
    """Give a release the caller sees, or the one in force, as a file.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NO_TEST_CODES.

    """
    release = get_release(tx, name)
    return wire.ExportTestCodesResponse(content=file_of(tx, release), test_code_release=release)


def _told(fault: Fault) -> TestCodeFault:
    return TestCodeFault(
        line=fault.line,
        column=fault.column,
        text_nl=fault.text("nl"),
        text_en=fault.text("en"),
    )
