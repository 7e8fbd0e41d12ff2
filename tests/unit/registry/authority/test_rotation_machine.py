"""Whatever steps an operator takes in whatever order, parties in order keep trusting each other."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from oso_registry.authority import (
    CertificateProfileError,
    KeyAccess,
    ProfileProblem,
    RotationError,
    State,
    create_authority,
    load_authority,
)
from oso_registry.authority.ledger import Ledger
from oso_registry.authority.rotation import (
    RootKey,
    activate,
    prepare_issuer,
    prepare_root,
    retire,
)
from oso_rpc.credentials import new_key_and_request

DEMO = KeyAccess(demo=True)
LEAF = timedelta(days=90)
REQUEST = new_key_and_request("las-a")[1]


@dataclass(frozen=True)
class Party:
    """Somebody who enrolled or renewed.

    Attributes:
        leaf: Its certificate.
        issuer: The certificate of who signed it, which it shows along.
        trust: The roots it got with it.

    """

    leaf: x509.Certificate
    issuer: x509.Certificate
    trust: Store

    def trusts(self, other: Party, now: datetime) -> None:
        """Verify another party; a failure is an error."""
        verifier = PolicyBuilder().store(self.trust).time(now).build_client_verifier()
        verifier.verify(other.leaf, [other.issuer])


class Operator(RuleBasedStateMachine):
    """An operator without a manual, who never uses --force, while systems renew."""

    def __init__(self) -> None:
        """Make an authority that somebody has a certificate of, and prepare another root."""
        super().__init__()
        self.room = tempfile.TemporaryDirectory()
        self.folder = Path(self.room.name) / "ca"
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        create_authority(self.folder, self.now, root_access=DEMO, access=DEMO)
        # Of those with the same issuer and roots the last one ends last, and stands for all.
        self.parties: dict[tuple[str, bytes], Party] = {}
        self.renew()
        prepare_root(self.folder, self.now, root_access=DEMO)

    def teardown(self) -> None:
        """Clean up."""
        self.room.cleanup()

    @rule(days=st.sampled_from([1, 45, 90, 91]))
    def wait(self, days: int) -> None:
        """Let time pass; who does not renew is out."""
        self.now += timedelta(days=days)
        for key, one in list(self.parties.items()):
            if self.now >= one.leaf.not_valid_after_utc:
                del self.parties[key]

    @rule()
    def renew(self) -> None:
        """Have a system get a certificate, and the roots of the day."""
        authority = load_authority(self.folder, DEMO)
        try:
            pem = authority.issue(REQUEST, "las-a", self.now)
        except CertificateProfileError as error:
            assert error.problem is ProfileProblem.LIFETIME  # noqa: PT017  else it is another one
            return
        leaf, issuer = x509.load_pem_x509_certificates(pem)
        trust = Store(x509.load_pem_x509_certificates(authority.trust_pem))
        key = (authority.active.name, authority.trust_pem)
        self.parties[key] = Party(leaf, issuer, trust)

    @rule(root=st.booleans())
    def prepare(self, root: bool) -> None:  # noqa: FBT001  Hypothesis gives it by name
        """Prepare an issuer or a root."""
        with contextlib.suppress(RotationError):
            if root:
                prepare_root(self.folder, self.now, root_access=DEMO)
            else:
                prepare_issuer(self.folder, self.now, root_key=RootKey(DEMO), access=DEMO)

    def names(self, state: State) -> list[str]:
        """Give all that are in a state."""
        ledger = Ledger.read(self.folder)
        return [one.name for one in (*ledger.roots, *ledger.issuers) if one.state is state]

    @precondition(lambda self: self.names(State.PREPARED))
    @rule(data=st.data())
    def activate(self, data: st.DataObject) -> None:
        """Activate what is prepared, if it goes."""
        name = data.draw(st.sampled_from(self.names(State.PREPARED)))
        with contextlib.suppress(RotationError):
            activate(self.folder, name, self.now, access=DEMO)

    @precondition(lambda self: self.names(State.OUTGOING))
    @rule(data=st.data())
    def retire(self, data: st.DataObject) -> None:
        """Retire what goes out, if it goes."""
        name = data.draw(st.sampled_from(self.names(State.OUTGOING)))
        with contextlib.suppress(RotationError):
            retire(self.folder, name, self.now)

    @invariant()
    def all_trust_each_other(self) -> None:
        """Everybody whose certificate is in force accepts everybody else's."""
        for one in self.parties.values():
            for other in self.parties.values():
                one.trusts(other, self.now)

    @invariant()
    def the_folder_is_whole(self) -> None:
        """What OfficeHeart reads opens, and the file of roots is what it gives out."""
        authority = load_authority(self.folder, DEMO)

        assert authority.active.key is not None
        assert authority.trust_pem == (self.folder / "root.crt").read_bytes()


TestOperator = Operator.TestCase
TestOperator.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
