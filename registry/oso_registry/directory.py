"""Making the signed directory from a registration file.

The registration file is TOML:

    version = 1
    accepted_dossier_years = ["2019.1"]
    traffic_center_keys = ["<public key, 64 hexadecimal digits>"]

    [[school]]            # brin, name, sector, qualification, test_school
    [[system]]            # id, supplier_oin, certificates (files), revoked (files)
    [[delivery_point]]    # routing_key, brin, vestiging, system, address, product, kinds,
                          # dossier_years, active, mandate_start, mandate_end

    RegistrationError     the file says something that cannot be; names the entry
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import protovalidate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_ACTIVE,
    CERTIFICATE_STATUS_REVOKED,
    CertificateStatus,
    Directory,
    QualificationState,
    Sector,
    SignedDirectory,
)
from oso.transfer.v1.transfer_pb2 import TransferKind
from oso_rpc.directory import DOMAIN
from oso_rpc.signing import key_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper
    from oso_rpc.signing import Signer


class RegistrationError(Exception):
    """The registration file says something that cannot be.

    Attributes:
        entry: Which entry, such as `delivery_point 2`.
        reason: What is wrong with it.

    """

    def __init__(self, entry: str, reason: str) -> None:
        """Record the entry and what is wrong."""
        super().__init__(entry, reason)
        self.entry = entry
        self.reason = reason

    def __str__(self) -> str:
        """Say both."""
        return f"{self.entry}: {self.reason}"


def read_registration(path: Path, now: datetime) -> Directory:
    """Read a registration file; certificate files are sought beside it.

    Raises:
        RegistrationError: It says something that cannot be.
        OSError: It, or a file it names, cannot be read.

    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegistrationError(path.name, str(error)) from None
    directory = Directory(
        version=content.get("version", 0),
        accepted_dossier_years=content.get("accepted_dossier_years", ()),
    )
    directory.issue_time.FromDatetime(now)
    for text in content.get("traffic_center_keys", ()):
        key = bytes.fromhex(text)
        directory.traffic_center_keys.add(key_id=key_id_of(key), public_key=key)
    for name, add in (
        ("school", _add_school),
        ("system", _add_system),
        ("delivery_point", _add_delivery_point),
    ):
        for number, entry in enumerate(content.get(name, ()), 1):
            try:
                add(directory, entry, path.parent)
            except KeyError as error:
                raise RegistrationError(f"{name} {number}", f"{error} is missing") from None
            except (ValueError, TypeError, AttributeError) as error:
                raise RegistrationError(f"{name} {number}", str(error)) from None
    _check(directory)
    return directory


def sign_directory(directory: Directory, signer: Signer) -> bytes:
    """Give the serialized SignedDirectory."""
    payload = directory.SerializeToString(deterministic=True)
    signed = SignedDirectory(
        directory=payload, signature=signer.sign(DOMAIN, payload), key_id=signer.key_id
    )
    return signed.SerializeToString(deterministic=True)


def _add_school(directory: Directory, entry: Mapping[str, Any], _folder: Path) -> None:
    directory.schools.add(
        brin=entry["brin"],
        name=entry["name"],
        sector=_value(Sector, "SECTOR_", entry["sector"]),
        qualification=_value(
            QualificationState, "QUALIFICATION_STATE_", entry.get("qualification", "registered")
        ),
        test_school=entry.get("test_school", False),
    )


def _add_system(directory: Directory, entry: Mapping[str, Any], folder: Path) -> None:
    system = directory.systems.add(
        system_id=entry["id"], supplier_oin=entry.get("supplier_oin", "")
    )
    for status, names in (
        (CERTIFICATE_STATUS_ACTIVE, entry.get("certificates", ())),
        (CERTIFICATE_STATUS_REVOKED, entry.get("revoked", ())),
    ):
        for name in names:
            _add_certificate(system, folder / name, status)


def _add_certificate(system: Any, path: Path, status: CertificateStatus.ValueType) -> None:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    added = system.certificates.add(sha256=certificate.fingerprint(hashes.SHA256()), status=status)
    added.expire_time.FromDatetime(certificate.not_valid_after_utc)


def _add_delivery_point(directory: Directory, entry: Mapping[str, Any], _folder: Path) -> None:
    point = directory.delivery_points.add(
        routing_key=entry["routing_key"],
        brin=entry["brin"],
        vestiging=entry.get("vestiging", "00"),
        system_id=entry["system"],
        address=entry["address"],
        product=entry.get("product", ""),
        kinds=[_value(TransferKind, "TRANSFER_KIND_", kind) for kind in entry["kinds"]],
        dossier_years=entry["dossier_years"],
        active=entry.get("active", True),
    )
    point.mandate.start_time.FromDatetime(_aware(entry["mandate_start"]))
    if "mandate_end" in entry:
        point.mandate.end_time.FromDatetime(_aware(entry["mandate_end"]))


def _aware(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(f"{value} is no date with time")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _value(enum: _EnumTypeWrapper[Any], prefix: str, name: str) -> Any:
    """Find the value of an enum by the part of its name people write, in any case, `-` or `_`."""
    full = prefix + name.upper().replace("-", "_")
    if full not in enum.keys():  # noqa: SIM118  the wrapper is no mapping
        known = ", ".join(key.removeprefix(prefix).lower() for key in enum.keys()[1:])
        raise ValueError(f"'{name}' is none of {known}")
    return enum.Value(full)


def _check(directory: Directory) -> None:
    """Check what single entries cannot show: forms, doubles, and what points at what."""
    for violation in protovalidate.collect_violations(directory):
        steps = violation.proto.field.elements
        entry = " ".join(
            f"{step.field_name} {step.index + 1}" if step.HasField("index") else step.field_name
            for step in steps
        )
        raise RegistrationError(entry, violation.proto.message)
    brins = _unique("school", (school.brin for school in directory.schools))
    systems = _unique("system", (system.system_id for system in directory.systems))
    _unique("delivery_point", (point.routing_key for point in directory.delivery_points))
    for point in directory.delivery_points:
        if point.brin not in brins:
            raise RegistrationError(point.routing_key, f"school {point.brin} is not registered")
        if point.system_id not in systems:
            raise RegistrationError(
                point.routing_key, f"system {point.system_id} is not registered"
            )


def _unique(name: str, values: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise RegistrationError(f"{name} {value}", "is there twice")
        seen.add(value)
    return seen
