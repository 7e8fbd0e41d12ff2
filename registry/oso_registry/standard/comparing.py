"""What differs between two test-code tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.registry.v1 import test_code_pb2 as contract
from oso_dossier.code_table import HEADINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oso_dossier.code_table import CodeEntry


def differences(
    earlier: Iterable[CodeEntry], later: Iterable[CodeEntry]
) -> list[contract.TestCodeDifference]:
    """Tell what differs, by code; a code that is the same in both is not told."""
    before = {one.code: one for one in earlier}
    after = {one.code: one for one in later}
    return [
        _difference(code, before.get(code), after.get(code))
        for code in sorted({*before, *after})
        if before.get(code) != after.get(code)
    ]


def _difference(
    code: str, before: CodeEntry | None, after: CodeEntry | None
) -> contract.TestCodeDifference:
    if before is None or after is None:
        kind = (
            contract.TEST_CODE_DIFFERENCE_KIND_NEW
            if before is None
            else contract.TEST_CODE_DIFFERENCE_KIND_REMOVED
        )
        return contract.TestCodeDifference(code=code, kind=kind)
    ended = before.end is None and after.end is not None
    return contract.TestCodeDifference(
        code=code,
        kind=(
            contract.TEST_CODE_DIFFERENCE_KIND_ENDED
            if ended
            else contract.TEST_CODE_DIFFERENCE_KIND_CHANGED
        ),
        changes=[
            contract.TestCodeChange(**{"heading": heading, "from": was, "to": is_})
            for heading, was, is_ in zip(HEADINGS, before.fields(), after.fields(), strict=True)
            if was != is_
        ],
    )
