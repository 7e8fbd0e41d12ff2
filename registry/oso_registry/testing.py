"""A small landscape of parties on disk, for tests, the bench and trying things out.

Never for real schools: it keeps the private keys of all parties in one folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_ACTIVE,
    QUALIFICATION_STATE_QUALIFIED,
    SECTOR_PO,
    SECTOR_VO,
    CertificateStatus,
    DeliveryPoint,
    Directory,
    School,
    Swv,
)
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERSTAPDOSSIER,
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_registry.authority import LEAF_LIFETIME, Authority, KeyAccess, create_authority
from oso_registry.directory import replace_file, sign_directory
from oso_rpc.credential_files import CredentialFiles
from oso_rpc.credentials import Credentials, new_key_and_request, write_private
from oso_rpc.signing import Signer, key_id_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from oso.transfer.v1.transfer_pb2 import TransferKind

TRAFFIC_CENTER = "trafficcenter"


@dataclass
class Landscape:
    """An authority, a directory and the parties in it.

    Attributes:
        folder: Where everything is written.
        authority: The certificate authority.
        directory: The directory as it will be signed by `publish`.

    """

    folder: Path
    authority: Authority = field(init=False)
    directory: Directory = field(init=False)

    def __post_init__(self) -> None:
        """Make the authority and the keys, and publish an empty directory."""
        now = datetime.now(UTC)
        # From last year, so that it can issue what has expired since.
        self.authority = create_authority(
            self.folder / "ca",
            now - timedelta(days=365),
            root_access=KeyAccess(demo=True),
            access=KeyAccess(demo=True),
        )
        write_private(self.folder / "directory.key", Signer.new_pem())
        write_private(self.folder / "grant.key", Signer.new_pem())
        self.directory = Directory(version=0, accepted_dossier_years=["2019.1"])
        self.directory.traffic_center_keys.add(
            key_id=self.grant_signer.key_id, public_key=self.grant_signer.public_key
        )
        self.add_system(TRAFFIC_CENTER)
        self.publish()

    @property
    def directory_signer(self) -> Signer:
        """OfficeHeart's signing key."""
        return Signer.load(self.folder / "directory.key")

    @property
    def grant_signer(self) -> Signer:
        """The Traffic Center's signing key."""
        return Signer.load(self.folder / "grant.key")

    @property
    def trusted_keys(self) -> dict[str, bytes]:
        """What readers of the directory trust."""
        key = self.directory_signer.public_key
        return {key_id_of(key): key}

    @property
    def directory_file(self) -> Path:
        """The signed directory."""
        return self.folder / "directory.pb"

    @property
    def root_file(self) -> Path:
        """The root certificate."""
        return self.folder / "ca" / "root.crt"

    def add_system(
        self,
        system_id: str,
        *,
        registered: bool = True,
        now: datetime | None = None,
        lifetime: timedelta = LEAF_LIFETIME,
    ) -> Credentials:
        """Make key and certificate of a system, and put them in the directory if `registered`."""
        key, request = new_key_and_request(system_id)
        write_private(self.key_file(system_id), key)
        pem = self.authority.issue(request, system_id, now or datetime.now(UTC), lifetime)
        self.certificate_file(system_id).write_bytes(pem)
        credentials = self.credentials(system_id)
        if registered:
            self.directory.systems.add(system_id=system_id)
            self.add_certificate(system_id, credentials)
        return credentials

    def add_certificate(self, system_id: str, credentials: Credentials) -> None:
        """Put one more certificate of a system in the directory; `publish` makes it known."""
        for system in self.directory.systems:
            if system.system_id == system_id:
                added = system.certificates.add(
                    sha256=credentials.identity.certificate_sha256, status=CERTIFICATE_STATUS_ACTIVE
                )
                added.expire_time.FromDatetime(credentials.identity.not_after)

    def files(self, system_id: str) -> CredentialFiles:
        """Name the files of a system."""
        return CredentialFiles(
            self.certificate_file(system_id), self.key_file(system_id), self.root_file
        )

    def renew(self, system_id: str) -> Credentials:
        """Renew the certificate of a system, with a new key, and take it into use at once.

        It is put in the directory beside the one before; `publish` makes it known.
        """
        files, now = self.files(system_id), datetime.now(UTC)
        with files.changing():
            pem = self.authority.issue(files.ask(system_id), system_id, now)
            made = files.accept(pem, self.root_file.read_bytes(), system_id)
            files.take_up(now)
        self.add_certificate(system_id, made)
        return made

    def key_file(self, system_id: str) -> Path:
        """Private key of a system."""
        return self.folder / f"{system_id}.key"

    def certificate_file(self, system_id: str) -> Path:
        """Certificate of a system."""
        return self.folder / f"{system_id}.crt"

    def credentials(self, system_id: str) -> Credentials:
        """Read the credentials of a system."""
        return Credentials.load(
            self.certificate_file(system_id), self.key_file(system_id), self.root_file
        )

    def add_school(
        self, brin: str, system_id: str, *, address: str = "127.0.0.1:1", primary: bool = True
    ) -> tuple[School, DeliveryPoint]:
        """Register a qualified school with one delivery point that a system speaks for."""
        school = self.directory.schools.add(
            brin=brin,
            name=f"School {brin}",
            sector=SECTOR_PO if primary else SECTOR_VO,
            qualification=QUALIFICATION_STATE_QUALIFIED,
        )
        point = self.directory.delivery_points.add(brin=brin)
        _fill(point, routing_key_of(brin), system_id, address, [TRANSFER_KIND_OVERSTAPDOSSIER])
        return school, point

    def add_delivery_point(
        self,
        brin: str,
        system_id: str,
        administration: int,
        *kinds: TransferKind.ValueType,
        address: str = "127.0.0.1:1",
    ) -> DeliveryPoint:
        """Register one more delivery point of a school, for kinds of transfer."""
        point = self.directory.delivery_points.add(brin=brin)
        _fill(point, routing_key_of(brin, administration), system_id, address, kinds)
        return point

    def add_swv(
        self, code: str, system_id: str, *, address: str = "127.0.0.1:1"
    ) -> tuple[Swv, DeliveryPoint]:
        """Register a qualified SWV with one delivery point that a system speaks for."""
        swv = self.directory.swvs.add(
            code=code, name=f"SWV {code}", qualification=QUALIFICATION_STATE_QUALIFIED
        )
        point = self.directory.swv_delivery_points.add(swv=code)
        _fill(point, swv_routing_key_of(code), system_id, address, [TRANSFER_KIND_SWV_DOSSIER])
        return swv, point

    def set_status(self, system_id: str, status: CertificateStatus.ValueType) -> None:
        """Change what the directory says of a system's certificates; `publish` makes it known."""
        for system in self.directory.systems:
            if system.system_id == system_id:
                for certificate in system.certificates:
                    certificate.status = status

    def publish(self, issue_time: datetime | None = None) -> None:
        """Sign the directory under the next version and write it."""
        self.directory.version += 1
        self.directory.issue_time.FromDatetime(issue_time or datetime.now(UTC))
        replace_file(self.directory_file, sign_directory(self.directory, self.directory_signer))


def _fill(
    point: DeliveryPoint,
    routing_key: str,
    system_id: str,
    address: str,
    kinds: Sequence[TransferKind.ValueType],
) -> None:
    """Make a delivery point active, and mandated since 2020."""
    point.routing_key, point.system_id, point.address = routing_key, system_id, address
    point.vestiging, point.product, point.active = "00", "Demo LAS 1", True
    point.kinds.extend(kinds)
    point.dossier_years.append("2019.1")
    point.mandate.start_time.FromDatetime(datetime(2020, 1, 1, tzinfo=UTC))


def swv_routing_key_of(code: str) -> str:
    """Make a routing key for an SWV: the test prefix of the OIN, and the code in what is left."""
    return f"00000099{code:0>9}001"


def routing_key_of(brin: str, administration: int = 1) -> str:
    """Make a routing key from a BRIN: prefix for BRIN, `000`, BRIN, `00`, administration number."""
    return f"00000007000{brin}00{administration:03d}"
