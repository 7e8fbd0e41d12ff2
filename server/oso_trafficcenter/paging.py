"""Pages of a list (AIP-158)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.result.v1.result_code_pb2 import RESULT_CODE_REQUEST_INVALID
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGE = 100
_MOST_PER_PAGE = 1000


def page_size(asked: int) -> int:
    """Give the size of a page: 100 unless asked, 1,000 at most."""
    return min(asked or _PAGE, _MOST_PER_PAGE)


def is_sequence(token: str) -> bool:
    """Tell whether a token is a number of the journal."""
    return token.isdigit() and len(token) < 19  # noqa: PLR2004  fits 64 bits


def checked_token(token: str, is_ours: Callable[[str], bool]) -> str:
    """Give a page token back; empty stands for the first page.

    Raises:
        OsoError: REQUEST_INVALID when it is not one this service makes.

    """
    if token and not (token.isascii() and is_ours(token)):
        description = "is not a token of this service"
        raise OsoError(
            RESULT_CODE_REQUEST_INVALID,
            violations=[("page_token", description)],
            detail=f"page_token: {description}",
        )
    return token
