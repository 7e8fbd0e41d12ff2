"""Pages of lists that are short, and stand in another order than by name (AIP-158)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message

from oso_registry.calls import invalid
from oso_registry.resources import page_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from oso_registry.resources import PageRequest

M = TypeVar("M", bound=Message)


def page_by(
    found: Iterable[M], request: PageRequest, key: Callable[[str], Any]
) -> tuple[list[M], str]:
    """Give a page of resources by a key of their names, and the token of the next.

    The token is the name of the last one, empty on the last page. What comes or goes between two
    pages changes nothing about the rest.

    Args:
        found: All of them, in any order.
        request: Which page.
        key: Gives what a name is ordered by; ValueError for what is no name.

    Raises:
        OsoError: REQUEST_INVALID for a token that was not given out.

    """

    def of(resource: Any) -> Any:
        return key(resource.name)

    ordered: list[Any] = sorted(found, key=of)
    if request.page_token:
        try:
            after = key(request.page_token)
        except ValueError:
            raise invalid("page_token", "is none that was given out") from None
        ordered = [one for one in ordered if of(one) > after]
    size = page_size(request.page_size)
    return ordered[:size], ordered[size - 1].name if len(ordered) > size else ""
