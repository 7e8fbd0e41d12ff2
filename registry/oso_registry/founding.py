"""Founding an OfficeHeart: its authority, its keys, its database, and its first registrar.

Everything lies in one home folder:

    registry.toml     settings
    ca/               the certificate authority; take ca/root-1.key offline
    directory.key     signs the directory
    system.key/.crt   OfficeHeart's own key and certificate
    registry.sqlite   the database, unless another one is named
    desk/             the first registrar's key and certificate: what its commands work with
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from oso.options.v1.access_pb2 import ROLE_AUDITOR, ROLE_REGISTRAR
from oso.registry.v1.system_pb2 import CERTIFICATE_STATE_ISSUED, Certificate, System
from oso_registry.authority import (
    LEAF_LIFETIME,
    TRUST_FILE,
    Authority,
    KeyAccess,
    create_authority,
)
from oso_registry.systems.resources import CERTIFICATES, SYSTEMS
from oso_registry.systems.resources import OFFICE_HEART as OFFICE_HEART_NAME
from oso_rpc.credentials import new_key_and_request, write_private
from oso_rpc.signing import Signer

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from oso_registry.store import Transaction

DESK = "desk"
OFFICE_HEART = System(
    name=OFFICE_HEART_NAME, display_name="OfficeHeart", role=ROLE_AUDITOR, auditor=True
)
FIRST_REGISTRAR = System(
    name="systems/registrar", display_name="First registrar", role=ROLE_REGISTRAR
)


@dataclass(frozen=True)
class Issued:
    """A system and the certificate it got, as they go into the database."""

    system: System
    certificate: Certificate

    def register(self, tx: Transaction) -> None:
        """Write both."""
        tx.put(SYSTEMS, self.system)
        tx.put(CERTIFICATES, self.certificate)


def found(
    home: Path,
    values: dict[str, str | bool],
    now: datetime,
    *,
    root_access: KeyAccess,
    access: KeyAccess,
) -> list[Issued]:
    """Make a home folder but for the database; give what `Issued.register` is to write there.

    Args:
        home: A folder that is not there yet, or is empty.
        values: `listen`, and other settings that differ from the usual, by name.
        now: The present moment.
        root_access: What protects the key of the root.
        access: What protects the key of the issuer.

    Raises:
        AuthorityError: A key cannot be made or protected.
        FileExistsError: A part of an OfficeHeart is there already.
        OSError: A file cannot be written.

    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = create_authority(home / "ca", now, root_access=root_access, access=access)
    write_private(home / "directory.key", Signer.new_pem())
    desk = home / DESK
    desk.mkdir(mode=0o700)
    issued = [
        issue(authority, home, OFFICE_HEART, now),
        issue(authority, desk, FIRST_REGISTRAR, now),
    ]
    (desk / "root.crt").write_bytes((home / "ca" / TRUST_FILE).read_bytes())
    settings = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    (home / "registry.toml").write_text(settings, encoding="utf-8")
    desk_settings = {
        "office_heart": values.get("listen", "127.0.0.1:7442"),
        "system": "officeheart",
    }
    (desk / "desk.toml").write_text(
        "".join(f"{name} = {json.dumps(value)}\n" for name, value in desk_settings.items()),
        encoding="utf-8",
    )
    return issued


def issue(
    authority: Authority,
    folder: Path,
    system: System,
    now: datetime,
    lifetime: timedelta = LEAF_LIFETIME,
) -> Issued:
    """Make key and certificate of a system here, as `system.key` and `system.crt`.

    Only for OfficeHeart's own: everybody else makes the key at home and enrols.
    """
    system_id = system.name.removeprefix("systems/")
    key, request = new_key_and_request(system_id)
    pem = authority.issue(request, system_id, now, lifetime)
    write_private(folder / "system.key", key)
    (folder / "system.crt").write_bytes(pem)
    return Issued(system, certificate_of(system.name, pem))


def certificate_of(system: str, pem: bytes) -> Certificate:
    """Describe a certificate that was issued to a system (its resource name)."""
    made, issuer = x509.load_pem_x509_certificates(pem)[:2]
    spki = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(spki)
    certificate = Certificate(
        name=f"{system}/certificates/{made.serial_number:040x}",
        state=CERTIFICATE_STATE_ISSUED,
        sha256=made.fingerprint(hashes.SHA256()),
        public_key_sha256=digest.finalize(),
        issuer_sha256=issuer.fingerprint(hashes.SHA256()).hex(),
        pem=pem.decode("ascii"),
    )
    certificate.not_before.FromDatetime(made.not_valid_before_utc)
    certificate.expire_time.FromDatetime(made.not_valid_after_utc)
    return certificate
