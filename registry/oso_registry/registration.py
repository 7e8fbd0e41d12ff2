"""Reading the registration file: who takes part, as OfficeHeart wrote it down.

The file is TOML; times are TOML's own, certificate files are sought beside it:

    version = 1                                   # rises with every change
    accepted_dossier_years = ["2019.1"]
    traffic_center_keys = ["<64 hexadecimal digits>"]

    [[school]]
    brin = "00SS"
    name = "De Regenboog"
    sector = "po"                                 # po so vo vso mbo
    qualification = "qualified"                   # registered trial extended qualified ...
    test_school = false

    [[swv]]                                       # receives swv-dossiers, gives none
    code = "PO3001"
    name = "Passend Onderwijs Noord"
    qualification = "qualified"
    test_swv = false

    [[system]]
    id = "las-regenboog"
    supplier_oin = ""
    certificates = ["las-regenboog.crt"]
    revoked = []                                  # files of certificates that were taken back
    auditor = false                               # true for OfficeHeart's own, and auditors

    [[delivery_point]]
    routing_key = "0000000700000SS00001"
    brin = "00SS"                                 # or swv = "PO3001"
    vestiging = "00"
    system = "las-regenboog"
    address = "las.example.nl:7444"
    product = "LAS 4.2"
    kinds = ["overstapdossier"]
    dossier_years = ["2019.1"]
    active = true
    mandate_start = 2026-01-01T00:00:00Z
    mandate_end = 2027-08-01T00:00:00Z            # may be left out

RegistrationError   says all that is wrong in the file, by entry
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_ACTIVE,
    CERTIFICATE_STATUS_REVOKED,
    CertificateStatus,
    Directory,
    QualificationState,
    Sector,
)
from oso.transfer.v1.transfer_pb2 import TransferKind
from oso_registry.consistency import Finding, inconsistencies
from oso_rpc.credentials import load_certificate
from oso_rpc.errors import OsoError
from oso_rpc.identity import identity_of_certificate
from oso_rpc.signing import key_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper

_KEY_BYTES = 32
_TOP = frozenset(
    {
        "accepted_dossier_years",
        "delivery_point",
        "school",
        "swv",
        "system",
        "traffic_center_keys",
        "version",
    }
)


class RegistrationError(Exception):
    """The registration file says what cannot be.

    Attributes:
        findings: All that is wrong, in the order of the file.

    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        """Record what is wrong."""
        super().__init__(tuple(findings))
        self.findings = tuple(findings)

    def __str__(self) -> str:
        """Give one line for each finding."""
        return "\n".join(str(finding) for finding in self.findings)


@dataclass(frozen=True)
class _Section:
    """A kind of entry: what may and must be in it, and what adds it to the directory."""

    required: frozenset[str]
    optional: frozenset[str]
    add: Callable[[Directory, Mapping[str, Any], Path], None]


def read_registration(path: Path, now: datetime) -> Directory:
    """Read a registration file into a directory issued `now`.

    Raises:
        RegistrationError: It says what cannot be; all of it, not only the first.
        OSError: The file itself cannot be read.

    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegistrationError([Finding(path.name, str(error))]) from None
    directory = Directory()
    directory.issue_time.FromDatetime(now)
    findings = [Finding(key, "is not known here") for key in content if key not in _TOP]
    findings += _read_top(directory, content)
    for name, section in _SECTIONS.items():
        entries = content.get(name, [])
        if not isinstance(entries, list):
            findings.append(Finding(name, f"write it as [[{name}]], with double brackets"))
            continue
        for number, entry in enumerate(entries, 1):
            findings += _read_entry(directory, f"{name} {number}", section, entry, path.parent)
    # What points at what can only be judged when every entry could be read.
    findings = findings or inconsistencies(directory)
    if findings:
        raise RegistrationError(findings)
    return directory


def _read_top(directory: Directory, content: Mapping[str, Any]) -> list[Finding]:
    findings = []
    version = content.get("version")
    if type(version) is int and 0 < version < 1 << 63:
        directory.version = version
    else:
        findings.append(Finding("version", "must be a whole number above 0"))
    try:
        directory.accepted_dossier_years.extend(content.get("accepted_dossier_years", []))
    except TypeError:
        findings.append(Finding("accepted_dossier_years", 'must be a list such as ["2019.1"]'))
    keys = content.get("traffic_center_keys", [])
    for number, text in enumerate(keys if isinstance(keys, list) else [keys], 1):
        try:
            key = bytes.fromhex(text)
        except (TypeError, ValueError):
            key = b""
        if len(key) == _KEY_BYTES:
            directory.traffic_center_keys.add(key_id=key_id_of(key), public_key=key)
        else:
            findings.append(
                Finding(f"traffic_center_keys {number}", "must be 64 hexadecimal digits")
            )
    return findings


def _read_entry(
    directory: Directory, name: str, section: _Section, entry: Any, folder: Path
) -> list[Finding]:
    if not isinstance(entry, dict):
        return [Finding(name, "must be a table of its own")]
    known = section.required | section.optional
    findings = [Finding(name, f"{key} is not known here") for key in entry if key not in known]
    findings += [
        Finding(name, f"{key} is missing") for key in sorted(section.required) if key not in entry
    ]
    if not findings:
        try:
            section.add(directory, entry, folder)
        except OSError as error:
            findings.append(Finding(name, f"{error.filename} cannot be read ({error.strerror})"))
        except (TypeError, ValueError) as error:
            findings.append(Finding(name, str(error)))
    return findings


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


def _add_swv(directory: Directory, entry: Mapping[str, Any], _folder: Path) -> None:
    directory.swvs.add(
        code=entry["code"],
        name=entry["name"],
        qualification=_value(
            QualificationState, "QUALIFICATION_STATE_", entry.get("qualification", "registered")
        ),
        test_swv=entry.get("test_swv", False),
    )


def _add_system(directory: Directory, entry: Mapping[str, Any], folder: Path) -> None:
    system = directory.systems.add(
        system_id=entry["id"],
        supplier_oin=entry.get("supplier_oin", ""),
        auditor=entry.get("auditor", False),
    )
    for status, names in (
        (CERTIFICATE_STATUS_ACTIVE, entry.get("certificates", [])),
        (CERTIFICATE_STATUS_REVOKED, entry.get("revoked", [])),
    ):
        for name in names:
            _add_certificate(system, folder / name, status)


def _add_certificate(system: Any, path: Path, status: CertificateStatus.ValueType) -> None:
    try:
        identity = identity_of_certificate(load_certificate(path, path.read_bytes()))
    except OsoError:
        raise ValueError(f"the certificate in {path.name} names no system of OSO") from None
    if identity.system_id != system.system_id:
        raise ValueError(f"the certificate in {path.name} is for system {identity.system_id}")
    added = system.certificates.add(sha256=identity.certificate_sha256, status=status)
    added.expire_time.FromDatetime(identity.not_after)


def _add_delivery_point(directory: Directory, entry: Mapping[str, Any], _folder: Path) -> None:
    if ("brin" in entry) == ("swv" in entry):
        raise ValueError("give brin for a school, or swv for an SWV")
    points = directory.swv_delivery_points if "swv" in entry else directory.delivery_points
    point = points.add(
        routing_key=entry["routing_key"],
        brin=entry.get("brin", ""),
        swv=entry.get("swv", ""),
        vestiging=entry.get("vestiging", "00"),
        system_id=entry["system"],
        address=entry["address"],
        product=entry.get("product", ""),
        kinds=[_value(TransferKind, "TRANSFER_KIND_", kind) for kind in entry["kinds"]],
        dossier_years=entry["dossier_years"],
        active=entry.get("active", True),
    )
    point.mandate.start_time.FromDatetime(_moment("mandate_start", entry["mandate_start"]))
    if "mandate_end" in entry:
        point.mandate.end_time.FromDatetime(_moment("mandate_end", entry["mandate_end"]))


def _moment(name: str, value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{name} must be a time with its zone, such as 2026-08-01T00:00:00Z")
    return value.astimezone(UTC)


def _value(enum: _EnumTypeWrapper[Any], prefix: str, name: Any) -> Any:
    """Find the value of an enum by the part of its name people write, in any case, `-` or `_`."""
    known = [key.removeprefix(prefix).lower() for key in enum.keys()[1:]]
    if str(name).lower().replace("-", "_") not in known:
        raise ValueError(f"'{name}' is none of {', '.join(known)}")
    return enum.Value(prefix + name.upper().replace("-", "_"))


_SECTIONS = {
    "school": _Section(
        frozenset({"brin", "name", "sector"}),
        frozenset({"qualification", "test_school"}),
        _add_school,
    ),
    "swv": _Section(
        frozenset({"code", "name"}), frozenset({"qualification", "test_swv"}), _add_swv
    ),
    "system": _Section(
        frozenset({"id"}),
        frozenset({"auditor", "certificates", "revoked", "supplier_oin"}),
        _add_system,
    ),
    "delivery_point": _Section(
        frozenset({"address", "dossier_years", "kinds", "mandate_start", "routing_key", "system"}),
        frozenset({"active", "brin", "mandate_end", "product", "swv", "vestiging"}),
        _add_delivery_point,
    ),
}
