"""The LAS kit: a school's end of OSO.

A supplier runs it as a node (`oso las serve`) or uses its parts: `Desk` prepares dossiers,
`Exchange` gives them out, `Collector` fetches them. `running` in `oso_las.app` puts a node
together.
"""

import oso_rpc as _oso_rpc  # noqa: F401  before gRPC: TLS 1.3 only
