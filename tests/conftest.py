"""What all tests share: Hypothesis without a stopwatch, and the official examples if at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Starting PostgreSQL's programs as another account makes Python fork, and gRPC's handlers for that
# can kill the child. gRPC reads this when it is loaded.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import oso_rpc  # noqa: F401  before anything imports gRPC, as every program of ours does: TLS 1.3 only

# How long an example takes depends on who else uses the machine: no deadline, no complaint about
# slowness. CI always tries the same examples, so that a red run can be had again.
settings.register_profile(
    "oso",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("oso")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def official_dossiers() -> Path:
    """Folder of the official 2019.1 examples; not ours to ship, so without them a test skips."""
    folder = ROOT.parent / "shared" / "dossiers" / "2019.1"
    if not folder.is_dir():
        pytest.skip("the official example dossiers are not beside this checkout")
    return folder
