"""The Traffic Center: decides who may fetch which dossier from whom, and keeps the evidence.

It never sees a dossier or who the pupil is: what it knows of a pupil is a salted commitment.
"""

import oso_rpc as _oso_rpc  # noqa: F401  before gRPC: TLS 1.3 only
