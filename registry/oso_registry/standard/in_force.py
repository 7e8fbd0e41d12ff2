"""What the directory tells of the test-code table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.directory.v1.directory_pb2 import TestCodeTable
from oso_registry.standard.releases import current_release

if TYPE_CHECKING:
    from oso_registry.standard.reading import Reader


def table_in_force(reader: Reader) -> TestCodeTable | None:
    """Give which release is in force, and its SHA-256; None while none was published."""
    current = current_release(reader)
    if current is None:
        return None
    return TestCodeTable(
        release=current.name, publish_time=current.publish_time, sha256=current.sha256
    )
