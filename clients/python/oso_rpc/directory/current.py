"""The directory in force: what decisions are made with. Expires closed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from oso.result.v1.result_code_pb2 import RESULT_CODE_DIRECTORY_EXPIRED
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from oso_rpc.clock import Clock
    from oso_rpc.directory.view import DirectoryView

MAX_AGE = timedelta(hours=24)
# A directory from the future would never be too old; clocks may differ as much as CLOCK_SKEW says.
_CLOCK_SKEW = timedelta(minutes=10)


class CurrentDirectory:
    """Holds the directory in force.

    Past its maximum age since OfficeHeart's last word it gives no view, and nothing is granted.
    """

    def __init__(self, clock: Clock, max_age: timedelta = MAX_AGE) -> None:
        """Begin with none."""
        self._clock = clock
        self._max_age = max_age
        # The view, and from when until when it is in force: one value, for it is set in a thread.
        self._held: tuple[DirectoryView, datetime, datetime] | None = None

    def view(self) -> DirectoryView:
        """Give the directory in force.

        Raises:
            OsoError: DIRECTORY_EXPIRED when there is none, it is too old, or from the future.

        """
        if self._held is not None:
            view, begin, end = self._held
            if begin <= self._clock.now() <= end:
                return view
        raise OsoError(RESULT_CODE_DIRECTORY_EXPIRED, retry_after=timedelta(minutes=5))

    def hold(self, view: DirectoryView, issue_time: datetime) -> None:
        """Put a directory in force, from OfficeHeart's last word on it on."""
        self._held = view, issue_time - _CLOCK_SKEW, issue_time + self._max_age

    async def arrived(self, seconds: float) -> bool:  # noqa: ARG002  one that is read does not wait
        """Wait until there is a directory; tell whether it came in so many seconds."""
        return self._held is not None
