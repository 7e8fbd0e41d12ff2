"""The directory: what OfficeHeart tells of who takes part.

`entries` says what of the registry stands in it; `publishing` makes versions without gaps, each in
the transaction of the change it tells; `published` gives out snapshots, deltas and heartbeats;
`signed_file` is for a directory signed by hand.
"""

from oso_registry.directory.signed_file import (
    VersionNotHigherError,
    publish_directory,
    replace_file,
    sign_directory,
)

__all__ = ["VersionNotHigherError", "publish_directory", "replace_file", "sign_directory"]
