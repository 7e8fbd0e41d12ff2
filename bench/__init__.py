"""Speed, as ratios against a bare baseline measured in the same run.

Absolute times swing on shared machines, so no figure here is worth anything alone: every
measurement is paired with the least work gRPC, lxml or the disk could do for the same bytes, the
two are run in turn, and the median of the ratios is what counts. `make bench` prints the table and
writes `bench/results.json`; nothing here is a test.
"""

import oso_rpc as _oso_rpc  # noqa: F401  before gRPC: TLS 1.3 only
