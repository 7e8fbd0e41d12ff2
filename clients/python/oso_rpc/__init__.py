"""How the parties of OSO speak: mutual TLS 1.3, who is who, errors as data.

Importing this package leaves TLS 1.2 without a cipher suite it could use with our ECDSA
certificates (ADR 0004). gRPC's core reads the setting when it starts, so it must be set before
`grpc` is imported for the first time; `guard` refuses anything but TLS 1.3 on each call besides.
"""

import os

os.environ.setdefault("GRPC_SSL_CIPHER_SUITES", "ECDHE-RSA-AES128-GCM-SHA256")
# Their warnings about fork and the like belong in a debugger, not on an administrator's screen.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
