"""Taking a decision: it is on the disk before anybody hears of it.

No record, no delivery: a decision, granted or refused, is one transaction with the state it
changes. If that cannot be written, there is no decision (NOT_RECORDED).

Refusals are given back, not raised, by what runs in a transaction: to raise would undo what was
recorded, and that of everybody else in the same commit.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from oso.result.v1 import result_code_pb2 as codes
from oso_rpc.errors import OsoError
from oso_store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso_store import Database
    from oso_trafficcenter.store import Transaction

Result = TypeVar("Result")


async def decide(
    database: Database[Transaction], work: Callable[[Transaction], Result | OsoError]
) -> Result:
    """Take a decision; raise what is refused only when that, too, is on the disk.

    Raises:
        OsoError: The refusal; NOT_RECORDED.

    """
    try:
        outcome = await database.submit(work)
    except StoreUnavailableError as error:
        raise not_recorded() from error
    if isinstance(outcome, OsoError):
        raise outcome
    return outcome


def not_recorded() -> OsoError:
    """Give what is said when the database cannot be used."""
    return OsoError(codes.RESULT_CODE_NOT_RECORDED, retry_after=timedelta(seconds=5))
