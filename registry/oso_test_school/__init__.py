"""The test school: a school run by OSO, where a supplier tries every outcome.

A school like any other, made of the LAS kit, with scripted pupils: one for each thing that can
happen. `scenarios` has them all, `running` in `oso_test_school.app` puts the school together. What
a real school never does (giving a dossier to whoever asks, cutting a connection, damaging what it
sends) is here and nowhere else.
"""

import oso_rpc as _oso_rpc  # noqa: F401  before gRPC: TLS 1.3 only
