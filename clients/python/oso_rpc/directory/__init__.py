"""The directory of who takes part, as a reader sees it.

`signed` is what OfficeHeart signs, and opening it; `view` one version with its indexes; `chain`
what may follow upon what; `current` the one in force, which expires closed. It comes from a signed
`file`, or from OfficeHeart's stream (`follower`, with a `cache` on disk); `following` chooses.
"""

from oso_rpc.directory.current import MAX_AGE, CurrentDirectory
from oso_rpc.directory.errors import (
    DirectoryEpochError,
    DirectoryError,
    DirectoryGapError,
    DirectoryInvalidError,
    DirectoryOlderError,
    DirectorySignatureError,
)
from oso_rpc.directory.file import DirectorySource
from oso_rpc.directory.signed import DOMAIN, open_directory
from oso_rpc.directory.view import DirectoryView, Version

__all__ = [
    "DOMAIN",
    "MAX_AGE",
    "CurrentDirectory",
    "DirectoryEpochError",
    "DirectoryError",
    "DirectoryGapError",
    "DirectoryInvalidError",
    "DirectoryOlderError",
    "DirectorySignatureError",
    "DirectorySource",
    "DirectoryView",
    "Version",
    "open_directory",
]
