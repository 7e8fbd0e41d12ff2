"""An authority changes its issuer and its root, and nobody who is in order notices."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, NoReturn

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from oso_registry.authority import (
    Authority,
    CertificateProfileError,
    CrlError,
    CrlProblem,
    IssuerError,
    KeyAccess,
    KeyLockedError,
    KeyProblem,
    ProfileProblem,
    Reason,
    RotationError,
    RotationProblem,
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
    renew_root_list,
    retire,
    revoke_issuer,
)
from oso_rpc.credentials import new_key_and_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LEAF = timedelta(days=90)
SOON = NOW + DAY
LATER = SOON + LEAF + DAY
DEMO = KeyAccess(demo=True)
ROOT = RootKey(DEMO)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of an authority made at NOW."""
    create_authority(tmp_path / "ca", NOW, root_access=DEMO, access=DEMO)
    return tmp_path / "ca"


def prepare(folder: Path, now: datetime = NOW) -> str:
    """Prepare an issuer."""
    return prepare_issuer(folder, now, root_key=ROOT, access=DEMO)


def states(folder: Path) -> dict[str, str]:
    """Tell how far everyone is, as who signs with it reads it."""
    authority = load_authority(folder, DEMO)
    roots = {one.name: one.state.value for one in authority.roots}
    return roots | {one.name: one.state.value for one in authority.issuers}


def leaf_of(authority: Authority, now: datetime) -> bytes:
    """Issue a leaf."""
    return authority.issue(new_key_and_request("las-a")[1], "las-a", now)


def is_trusted(pem: bytes, trust: bytes, now: datetime) -> bool:
    """Tell whether somebody who trusts these roots accepts a leaf with its issuer beside it."""
    leaf, issuer = x509.load_pem_x509_certificates(pem)
    store = Store(x509.load_pem_x509_certificates(trust))
    verifier = PolicyBuilder().store(store).time(now).build_client_verifier()
    try:
        verifier.verify(leaf, [issuer])
    except x509.verification.VerificationError:
        return False
    return True


def refused(step: Callable[[], object]) -> RotationProblem:
    """Give the reason why a step is not taken."""
    with pytest.raises(RotationError) as caught:
        step()
    return caught.value.problem


def test_issuer_is_changed_and_every_leaf_stays_trusted(folder: Path) -> None:
    """Leaves issued before, during and after a change of issuer verify by what is trusted then."""
    leaves = [(leaf_of(load_authority(folder, DEMO), NOW), NOW)]

    def look(now: datetime, signer: str) -> None:
        authority = load_authority(folder, DEMO)
        assert signer == authority.active.name
        leaves.append((leaf_of(authority, now), now))
        assert (folder / "root.crt").read_bytes() == authority.trust_pem
        for pem, issued in leaves:
            # One that ended since is out of it; the clock says so, not the rotation.
            assert is_trusted(pem, authority.trust_pem, now) == (now < issued + LEAF)

    assert prepare(folder) == "issuing-2"
    look(NOW, "issuing-1")
    assert activate(folder, "issuing-2", SOON, access=DEMO) == "issuing-1"
    look(SOON, "issuing-2")
    retire(folder, "issuing-1", LATER)
    look(LATER, "issuing-2")
    assert {"root-1": "ACTIVE", "issuing-1": "RETIRED", "issuing-2": "ACTIVE"} == states(folder)


def test_root_is_changed_and_every_leaf_stays_trusted(folder: Path) -> None:
    """Both roots are trusted from the day the new one is prepared until the old one is retired."""
    old = (folder / "root.crt").read_bytes()
    assert prepare_root(folder, NOW, root_access=DEMO) == "root-2"
    both = load_authority(folder, DEMO).trust_pem
    assert [old, 2] == [both[: len(old)], both.count(b"BEGIN CERTIFICATE")]

    first = leaf_of(load_authority(folder, DEMO), NOW)
    at = NOW + LEAF + timedelta(minutes=1)
    assert activate(folder, "root-2", at, access=None) == "root-1"
    prepare(folder, at)
    activate(folder, "issuing-2", at, access=DEMO)
    authority = load_authority(folder, DEMO)
    second = leaf_of(authority, at)

    assert "root-2" == authority.active.root.name
    assert is_trusted(first, both, at - DAY)
    assert is_trusted(second, both, at)
    assert not is_trusted(second, old, at)

    end = at + LEAF + DAY
    assert refused(lambda: retire(folder, "root-1", end)) is RotationProblem.ISSUERS_LEFT
    retire(folder, "issuing-1", end)
    retire(folder, "root-1", end)

    assert (folder / "root.crt").read_bytes() == both[len(old) :]
    assert is_trusted(second, load_authority(folder, DEMO).trust_pem, at)


def test_plan_made_before_is_signed_after(folder: Path) -> None:
    """What was planned before another issuer took over, or a moment later, is still signed."""
    before = load_authority(folder, DEMO)
    prepare(folder)
    activate(folder, "issuing-2", SOON, access=DEMO)
    after = load_authority(folder, DEMO)

    for late, signed in ((timedelta(0), True), (DAY / 1440, True), (DAY / 1000, False)):
        plan = before.plan(new_key_and_request("las-a")[1], "las-a", SOON + late)
        if signed:
            assert is_trusted(after.sign(plan), after.trust_pem, SOON + late)
        else:
            with pytest.raises(IssuerError):
                after.sign(plan)


def test_prepared_issuer_signs_nothing(folder: Path) -> None:
    """An issuer that is only prepared has no open key, and nothing is planned with it."""
    prepare(folder)
    authority = load_authority(folder, DEMO)

    assert authority.issuers[1].key is None
    assert "issuing-1" == authority.active.name


def test_ended_issuer_is_replaced(folder: Path) -> None:
    """Where an issuer ends too soon to issue, a new one makes it possible again."""
    prepare_root(folder, NOW, root_access=DEMO)
    late = load_authority(folder, DEMO).issuing.not_valid_after_utc - DAY
    with pytest.raises(CertificateProfileError) as caught:
        leaf_of(load_authority(folder, DEMO), late)
    assert caught.value.problem is ProfileProblem.LIFETIME

    activate(folder, "root-2", late, access=None)
    prepare(folder, late)
    activate(folder, "issuing-2", late, access=DEMO)

    assert leaf_of(load_authority(folder, DEMO), late)


def superseded(folder: Path) -> None:
    """Have issuing-2 take over at SOON."""
    prepare(folder)
    activate(folder, "issuing-2", SOON, access=DEMO)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("issuing-3", RotationProblem.UNKNOWN),
        ("", RotationProblem.UNKNOWN),
        ("../ca", RotationProblem.UNKNOWN),
        ("issuing-1", RotationProblem.NOT_PREPARED),
        ("issuing-2", RotationProblem.ACTIVE),
        ("root-1", RotationProblem.ACTIVE),
    ],
)
def test_only_what_is_prepared_is_activated(
    folder: Path, name: str, problem: RotationProblem
) -> None:
    """What is in use, on its way out, or not there, is not activated."""
    superseded(folder)

    assert problem is refused(lambda: activate(folder, name, LATER, access=DEMO, force=True))


@pytest.mark.parametrize(
    ("name", "now", "problem"),
    [
        ("issuing-1", SOON + LEAF, RotationProblem.IN_FORCE),
        ("issuing-2", LATER, RotationProblem.ACTIVE),
        ("root-1", LATER, RotationProblem.ACTIVE),
        ("issuing-9", LATER, RotationProblem.UNKNOWN),
        ("issuing-1", SOON - DAY, RotationProblem.CLOCK),
    ],
)
def test_what_is_needed_is_not_retired(
    folder: Path, name: str, now: datetime, problem: RotationProblem
) -> None:
    """What signs, or what it signed is in force, stays; so does all when the clock is wrong."""
    superseded(folder)

    assert problem is refused(lambda: retire(folder, name, now))
    assert {"root-1": "ACTIVE", "issuing-1": "OUTGOING", "issuing-2": "ACTIVE"} == states(folder)


def test_retiring_waits_until_the_last_leaf_can_have_ended(folder: Path) -> None:
    """The refusal names the moment from which the issuer can be retired, and it holds."""
    superseded(folder)
    with pytest.raises(RotationError) as caught:
        retire(folder, "issuing-1", SOON)
    until = caught.value.until
    assert until == SOON + LEAF + timedelta(minutes=1)

    assert refused(lambda: retire(folder, "issuing-1", until - DAY)) is RotationProblem.IN_FORCE
    assert retire(folder, "issuing-1", until).state is State.RETIRED
    assert refused(lambda: retire(folder, "issuing-1", until)) is RotationProblem.RETIRED


def test_force_retires_at_once(folder: Path) -> None:
    """Whoever must can retire an issuer while what it signed is in force: no more lists of it."""
    superseded(folder)
    retire(folder, "issuing-1", SOON, force=True)
    authority = load_authority(folder, DEMO)

    assert ("issuing-2",) == tuple(one.name for one in authority.listing)


def test_prepared_one_can_be_taken_back(folder: Path) -> None:
    """What was prepared and never used can be retired at once; its number is not used again."""
    prepare(folder)
    prepare_root(folder, NOW, root_access=DEMO)
    retire(folder, "issuing-2", NOW)
    retire(folder, "root-2", NOW)

    assert load_authority(folder, DEMO).trust_pem.count(b"BEGIN CERTIFICATE") == 1
    assert prepare(folder) == "issuing-3"


def test_one_is_prepared_at_a_time(folder: Path) -> None:
    """A second issuer or root is not prepared while one waits."""
    prepare(folder)
    prepare_root(folder, NOW, root_access=DEMO)

    assert refused(lambda: prepare(folder)) is RotationProblem.ALREADY_PREPARED
    assert (
        refused(lambda: prepare_root(folder, NOW, root_access=DEMO))
        is RotationProblem.ALREADY_PREPARED
    )


def test_root_is_activated_when_everybody_can_know_it(folder: Path) -> None:
    """A new root signs only after everybody who renewed in time got it; or by force."""
    prepare_root(folder, NOW, root_access=DEMO)

    early = NOW + LEAF
    assert (
        refused(lambda: activate(folder, "root-2", early, access=None))
        is RotationProblem.NOT_KNOWN_YET
    )
    assert activate(folder, "root-2", early, access=None, force=True) == "root-1"


def test_root_that_ends_signs_no_issuer(folder: Path) -> None:
    """An issuer would outlive a root in its last five years: a new root comes first."""
    late = NOW + timedelta(days=3650 - 1825) + DAY

    assert refused(lambda: prepare(folder, late)) is RotationProblem.ROOT_ENDS


def test_issuer_prepared_long_ago_is_not_activated(folder: Path) -> None:
    """An issuer that could sign no leaf of full length is not taken into use."""
    prepare(folder)
    late = NOW + timedelta(days=1825) - DAY

    assert (
        refused(lambda: activate(folder, "issuing-2", late, access=DEMO))
        is RotationProblem.ENDS_SOON
    )


def test_roots_key_comes_from_elsewhere(folder: Path, tmp_path: Path) -> None:
    """The key of the root may be taken from another place; where it is not, nothing is made."""
    (folder / "root-1.key").rename(tmp_path / "offline.key")
    before = sorted(folder.iterdir())

    assert refused(lambda: prepare(folder)) is RotationProblem.ROOT_KEY
    assert before == sorted(folder.iterdir())

    elsewhere = RootKey(DEMO, tmp_path / "offline.key")
    assert prepare_issuer(folder, NOW, root_key=elsewhere, access=DEMO) == "issuing-2"


def test_another_roots_key_is_refused(folder: Path, tmp_path: Path) -> None:
    """A key that is not the root's signs nothing."""
    create_authority(tmp_path / "other", NOW, root_access=DEMO, access=DEMO)
    other = RootKey(DEMO, tmp_path / "other" / "root-1.key")

    with pytest.raises(KeyLockedError) as caught:
        prepare_issuer(folder, NOW, root_key=other, access=DEMO)

    assert caught.value.problem is KeyProblem.OTHER_KEY
    assert "issuing-2" not in states(folder)


def test_new_key_gets_the_passphrase_officeheart_has(tmp_path: Path) -> None:
    """With another passphrase OfficeHeart could not open both keys: nothing is made with it."""
    issuer = KeyAccess(b"of the issuer, here")
    create_authority(tmp_path, NOW, root_access=DEMO, access=issuer)

    with pytest.raises(KeyLockedError) as caught:
        prepare_issuer(tmp_path, NOW, root_key=ROOT, access=KeyAccess(b"something else"))
    assert caught.value.problem is KeyProblem.PASSPHRASE_WRONG

    prepare_issuer(tmp_path, NOW, root_key=ROOT, access=issuer)
    activate(tmp_path, "issuing-2", NOW, access=issuer)
    assert load_authority(tmp_path, issuer).active.name == "issuing-2"


def test_key_that_does_not_open_is_not_activated(folder: Path) -> None:
    """The key is opened and tried before OfficeHeart depends on it."""
    prepare(folder)
    shutil.copy(folder / "issuing-1.key", folder / "issuing-2.key")

    for access in (DEMO, None):
        with pytest.raises(KeyLockedError):
            activate(folder, "issuing-2", NOW, access=access)
    assert states(folder)["issuing-1"] == "ACTIVE"


def test_two_steps_at_once_do_not_mix(folder: Path) -> None:
    """While another process takes a step, one is told to wait."""
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        assert refused(lambda: prepare(folder)) is RotationProblem.BUSY
    finally:
        os.close(descriptor)
    assert prepare(folder) == "issuing-2"


class Killed(BaseException):
    """The process ended here."""


def outgoing(folder: Path) -> None:
    """Have issuing-2 and root-2 prepared, and issuing-1 go out."""
    superseded(folder)
    prepare_root(folder, SOON, root_access=DEMO)


STEPS: list[tuple[Callable[[Path], object], Callable[[Path], object]]] = [
    (lambda _: None, prepare),
    (lambda _: None, lambda folder: prepare_root(folder, NOW, root_access=DEMO)),
    (prepare, lambda folder: activate(folder, "issuing-2", NOW, access=DEMO)),
    (outgoing, lambda folder: activate(folder, "root-2", SOON, access=None, force=True)),
    (outgoing, lambda folder: retire(folder, "issuing-1", LATER)),
    (outgoing, lambda folder: retire(folder, "root-2", LATER)),
    (
        outgoing,
        lambda folder: revoke_issuer(folder, "issuing-1", Reason(2), LATER, root_key=ROOT),
    ),
]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), Killed()])
@pytest.mark.parametrize(
    ("before", "step"),
    STEPS,
    ids=["prepare", "prepare root", "activate", "activate root", "retire", "retire root", "revoke"],
)
def test_step_that_is_cut_off_changes_nothing_and_can_be_taken_again(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: Callable[[Path], object],
    step: Callable[[Path], object],
    error: BaseException,
) -> None:
    """Whichever write of a step fails, the authority is as it was; the next try succeeds."""
    before(folder)
    for writes in count():  # how many succeed before one does not
        left = count(writes, -1)
        ledger, trusted = Ledger.read(folder), load_authority(folder, DEMO).trust_pem

        def fsync(_: int, left: count[int] = left) -> None:
            if next(left) == 0:
                fail(error)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fsync)
            try:
                step(folder)
            except (OSError, Killed):
                assert ledger == Ledger.read(folder)
                assert load_authority(folder, DEMO).trust_pem == trusted
                (folder / "root-1.crl").unlink(missing_ok=True)  # the same second again
                continue
        break

    assert writes >= 2
    assert ledger != Ledger.read(folder)
    assert (folder / "root.crt").read_bytes() == load_authority(folder, DEMO).trust_pem


def fail(error: BaseException) -> NoReturn:
    """Fail as told."""
    raise error


def revoked_by_root(folder: Path) -> list[tuple[int, x509.ReasonFlags]]:
    """Read the list of the root."""
    read = x509.load_der_x509_crl((folder / "root-1.crl").read_bytes())
    return [
        (one.serial_number, one.extensions.get_extension_for_class(x509.CRLReason).value.reason)
        for one in read
    ]


def test_issuer_is_revoked(folder: Path) -> None:
    """A revoked issuer stands on its root's list, is out of use, and stays on later lists."""
    superseded(folder)
    serial = load_authority(folder, None).issuers[0].certificate.serial_number

    path = revoke_issuer(folder, "issuing-1", Reason.CA_COMPROMISE, SOON, root_key=ROOT)
    assert folder / "root-1.crl" == path
    assert [(serial, x509.ReasonFlags.ca_compromise)] == revoked_by_root(folder)
    assert states(folder)["issuing-1"] == "RETIRED"

    renew_root_list(folder, "root-1", SOON + DAY, root_key=ROOT)
    assert [(serial, x509.ReasonFlags.ca_compromise)] == revoked_by_root(folder)


def test_retired_issuer_can_be_revoked_later(folder: Path) -> None:
    """What was found out later still reaches the list; the day of retirement stays."""
    superseded(folder)
    retire(folder, "issuing-1", LATER)
    revoke_issuer(folder, "issuing-1", Reason.CA_COMPROMISE, LATER + DAY, root_key=ROOT)
    entry = Ledger.read(folder).entry("issuing-1")

    assert entry is not None
    assert (LATER, LATER + DAY) == (entry.retired, entry.revoked)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("issuing-2", RotationProblem.ACTIVE),
        ("root-1", RotationProblem.NO_ISSUER),
        ("issuing-9", RotationProblem.UNKNOWN),
    ],
)
def test_who_is_not_revoked(folder: Path, name: str, problem: RotationProblem) -> None:
    """The issuer in use is replaced first; a root cannot revoke itself."""
    superseded(folder)

    assert problem is refused(
        lambda: revoke_issuer(folder, name, Reason.CA_COMPROMISE, LATER, root_key=ROOT)
    )
    assert not (folder / "root-1.crl").exists()


def test_root_list_needs_the_root_in_use_and_its_key(folder: Path) -> None:
    """A root that is only prepared gives no list; nor does one whose key is elsewhere."""
    prepare_root(folder, NOW, root_access=DEMO)
    (folder / "root-1.key").unlink()

    with pytest.raises(CrlError) as caught:
        renew_root_list(folder, "root-2", NOW, root_key=ROOT)
    assert caught.value.problem is CrlProblem.NOT_SIGNING
    assert (
        refused(lambda: renew_root_list(folder, "root-1", NOW, root_key=ROOT))
        is RotationProblem.ROOT_KEY
    )
    assert (
        refused(lambda: renew_root_list(folder, "issuing-1", NOW, root_key=ROOT))
        is RotationProblem.UNKNOWN
    )


def test_problems_speak_both_languages() -> None:
    """Every reason has a Dutch and an English sentence, with its moment filled in."""
    for problem in RotationProblem:
        error = RotationError("issuing-1", problem, NOW)

        assert error.text("nl") != error.text("en")
        assert "{" not in str(error)
