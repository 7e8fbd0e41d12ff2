"""The settings of OfficeHeart, field by field."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from oso_registry.authority import KeyAccess
from oso_registry.authority.passphrase import ISSUER_PASSPHRASE, TOKEN_PIN
from oso_registry.authority.tokens import token_access
from oso_store.settings import FileSettings

SETTINGS_FILE = "registry.toml"


class Settings(FileSettings):
    """Settings of OfficeHeart: `registry.toml`, or `OSO_REGISTRY_...` in the environment."""

    model_config = SettingsConfigDict(env_prefix="OSO_REGISTRY_", extra="forbid")

    listen: str = "127.0.0.1:7442"
    """Where to listen for whoever has a certificate, `host:port`. Port 0 takes a free one."""
    listen_enrolment: str = "127.0.0.1:7441"
    """Where to listen for whoever has none yet: enrolment and nothing else."""
    public_address: str = ""
    """Where others reach `listen`, `host:port`, as invitations say it; empty: as it listens."""
    public_enrolment_address: str = ""
    """Where others reach `listen_enrolment`, `host:port`; empty: as it listens."""
    listen_http: str = ""
    """Where to show root and issuer certificates and revocation lists to anybody, over HTTP,
    `host:port`; empty: nowhere, the files can be copied from the folder `public`."""
    public: Path = Path("public")
    """Folder for what anybody may see: root and issuer certificates, revocation lists."""
    certificate: Path = Path("system.crt")
    """Certificate of this system, with the issuing one (PEM)."""
    key: Path = Path("system.key")
    """Its private key (PEM). Its owner alone may read it."""
    authority: Path = Path("ca")
    """Folder of the certificate authority."""
    passphrase_file: Path | None = None
    """File with the passphrase of the issuer's key. Its owner alone may read it. Without it:
    `OSO_CA_PASSPHRASE` in the environment, or the systemd credential `oso-ca-passphrase`."""
    pkcs11_module: Path | None = None
    """PKCS#11 module, when a key of an issuer is in a token (HSM)."""
    pin_file: Path | None = None
    """File with the PIN of the token. Its owner alone may read it. Without it: `OSO_CA_PIN` in the
    environment, or the systemd credential `oso-ca-pin`."""
    demo_keys: bool = False
    """Whether keys of the authority need no passphrase. For demos and tests only."""
    directory_key: Path = Path("directory.key")
    """Ed25519 private key that signs the directory (PEM). Its owner alone may read it."""
    directory_heartbeat_minutes: float = Field(default=5, gt=0)
    """How often watchers are told that the directory they have is still the newest: its age counts
    from there."""
    database: str = ""
    """`postgresql+asyncpg://user@host/name`; empty: SQLite in the file registry.sqlite."""
    renew_days: float = Field(default=30, gt=0)
    """So many days before its own certificate ends the next one is made, and used."""
    connection_minutes: float = Field(default=10, gt=0)
    """How long a connection may live before it must be made, and its certificate checked, anew."""
    traffic_center: str = ""
    """Where the Traffic Center listens, `host:port`; empty: it is not asked anything."""
    traffic_center_system: str = "trafficcenter"
    """Id of the system that must answer there."""
    exchange_seconds: float = Field(default=60, gt=0)
    """How often to ask the Traffic Center for exchanges with test schools, in seconds."""

    def database_url(self, home: Path) -> str:
        """Give the database to use, for the folder the settings lie in."""
        return self.database or f"sqlite:///{(home / 'registry.sqlite').absolute()}"

    def key_access(self) -> KeyAccess:
        """Find what opens the keys of the authority.

        Raises:
            CredentialsError: Others could read the file with the passphrase or the PIN.
            TokenError: There is no package for tokens.
            OSError: A file cannot be read.

        """
        access = KeyAccess(ISSUER_PASSPHRASE.find(self.passphrase_file), demo=self.demo_keys)
        if self.pkcs11_module is None:
            return access
        return replace(
            access, token=token_access(self.pkcs11_module, TOKEN_PIN.find(self.pin_file))
        )
