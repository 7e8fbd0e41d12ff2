"""How the parties of OSO speak: mutual TLS 1.3, who is who, errors as data.

Import this package before `grpc`, and before the stubs, which import it. Python has no way to ask
gRPC for TLS 1.3; but a single cipher suite that our ECDSA certificates cannot serve leaves TLS 1.2
none to agree on, and TLS 1.3 its own (ADR 0004). gRPC's core reads that setting once, when it is
loaded. Where it came too late no channel or server is built (`tls`). `guard` refuses anything but
TLS 1.3 on each call besides.
"""

import os
import sys

_SETTING = "GRPC_SSL_CIPHER_SUITES"
_NONE_FOR_TLS_1_2 = "ECDHE-RSA-AES128-GCM-SHA256"

if "grpc._cython.cygrpc" not in sys.modules:
    os.environ.setdefault(_SETTING, _NONE_FOR_TLS_1_2)
    # Its warnings about fork and the like belong in a debugger, not on an administrator's screen.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")

TLS_1_3_ONLY = os.environ.get(_SETTING) == _NONE_FOR_TLS_1_2
