"""The certificate authority: an offline root, issuers, leaves for systems.

No network and no database: keys, certificates and one state file in a folder. Plan, write the plan
down, sign:

    authority = load_authority(folder, KeyAccess(passphrase))
    plan = authority.plan(request_pem, "las-a", now)
    ...                                  # record plan.content and plan.issuer_sha256
    pem = authority.sign(plan)           # the same again after a crash

A service that runs asks `CurrentAuthority` in each call: an operator may change the authority.
"""

from oso_registry.authority.crl import Reason, RevokedEntry
from oso_registry.authority.current import CurrentAuthority
from oso_registry.authority.folder import TRUST_FILE, create_authority, load_authority
from oso_registry.authority.issuing import Authority, Issuer, Plan, Root
from oso_registry.authority.keys import CaKey, FileKey, KeyAccess
from oso_registry.authority.ledger import State
from oso_registry.authority.problems import (
    AuthorityError,
    CertificateProfileError,
    CrlError,
    CrlProblem,
    FolderError,
    IssuerError,
    KeyLockedError,
    KeyProblem,
    ProfileProblem,
    ProfileViolationError,
    Violation,
)
from oso_registry.authority.profile import LEAF_LIFETIME
from oso_registry.authority.steps import RotationError, RotationProblem
from oso_registry.authority.tokens import TokenError, TokenProblem, token_access

__all__ = [
    "LEAF_LIFETIME",
    "TRUST_FILE",
    "Authority",
    "AuthorityError",
    "CaKey",
    "CertificateProfileError",
    "CrlError",
    "CrlProblem",
    "CurrentAuthority",
    "FileKey",
    "FolderError",
    "Issuer",
    "IssuerError",
    "KeyAccess",
    "KeyLockedError",
    "KeyProblem",
    "Plan",
    "ProfileProblem",
    "ProfileViolationError",
    "Reason",
    "RevokedEntry",
    "Root",
    "RotationError",
    "RotationProblem",
    "State",
    "TokenError",
    "TokenProblem",
    "Violation",
    "create_authority",
    "load_authority",
    "token_access",
]
