"""The small country of the tests of parties, for the helpdesk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1.system_pb2 import System
from oso_registry.systems.resources import SYSTEMS

from ..parties.country import Country  # noqa: TID252  tests are no package

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def country() -> Iterator[Country]:
    """Make a small country with a helpdesk worker."""
    made = Country()
    worker = System(name="systems/helpdesk", display_name="x", role=roles.ROLE_HELPDESK)
    made.call().put(SYSTEMS, worker)
    yield made
    made.close()
