"""An authority whose issuer's key is in a token, with SoftHSM as the token."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pkcs11
import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from oso_registry.authority import (
    CurrentAuthority,
    KeyAccess,
    KeyLockedError,
    Reason,
    RevokedEntry,
    TokenError,
    TokenProblem,
    create_authority,
    load_authority,
    token_access,
)
from oso_registry.authority.rotation import RootKey, activate, prepare_issuer
from oso_registry.authority.tokens import TokenUri
from oso_registry.cli import main
from oso_registry.settings import Settings
from oso_rpc.credentials import new_key_and_request, write_private

from .conftest import PIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oso_registry.authority.hsm import Login, TokenKey

    from .conftest import SoftHsm

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DEMO = KeyAccess(demo=True)
CONTENT = b"what is to be signed"


def access_to(softhsm: SoftHsm, token: str, pin: bytes | None = PIN) -> KeyAccess:
    """Give access to keys in a token, new ones included."""
    return KeyAccess(
        demo=True, token=token_access(softhsm.module, pin), new_in=TokenUri.of_token(token)
    )


def key_in(softhsm: SoftHsm, token: str) -> tuple[str, TokenKey]:
    """Make a key in a token."""
    return token_access(softhsm.module, PIN).make(TokenUri.of_token(token), "issuing-1")


def verify(key: TokenKey) -> None:
    """Have a key sign something, and verify it."""
    key.public_key.verify(key.sign(CONTENT), CONTENT, ec.ECDSA(hashes.SHA256()))


def problem_of(step: Callable[[], object]) -> TokenProblem:
    """Give the reason why a token does not do something."""
    with pytest.raises(TokenError) as caught:
        step()
    return caught.value.problem


def test_authority_in_a_token_issues(softhsm: SoftHsm, token: str, tmp_path: Path) -> None:
    """Leaves and lists signed in a token are as good as others; the folder has no issuer's key."""
    access = access_to(softhsm, token)
    create_authority(tmp_path, NOW, root_access=DEMO, access=access)
    authority = load_authority(tmp_path, access)

    plan = authority.plan(new_key_and_request("las-a")[1], "las-a", NOW)
    first, again = (x509.load_pem_x509_certificate(authority.sign(plan)) for _ in range(2))
    revoked = RevokedEntry(first.serial_number, NOW, Reason.SUPERSEDED)
    made = authority.revocation_list(authority.active, [revoked], 1, NOW, timedelta(days=7))

    assert first.tbs_certificate_bytes == again.tbs_certificate_bytes
    assert first.serial_number == next(iter(x509.load_der_x509_crl(made))).serial_number
    assert ["root-1.key"] == [path.name for path in tmp_path.glob("*.key")]
    assert f"pkcs11:token={token};object=issuing-1;id=%" in (tmp_path / "authority.json").read_text(
        encoding="utf-8"
    )


def test_issuer_moves_from_a_file_to_a_token(softhsm: SoftHsm, token: str, tmp_path: Path) -> None:
    """The next issuer's key may be in a token; the one before goes on from its file."""
    create_authority(tmp_path, NOW, root_access=DEMO, access=DEMO)
    access = access_to(softhsm, token)
    before = load_authority(tmp_path, DEMO)

    prepare_issuer(tmp_path, NOW, root_key=RootKey(DEMO), access=access)
    with pytest.raises(KeyLockedError):
        activate(tmp_path, "issuing-2", NOW, access=DEMO)
    activate(tmp_path, "issuing-2", NOW, access=access)
    after = load_authority(tmp_path, access)

    assert after.issue(new_key_and_request("las-a")[1], "las-a", NOW)
    assert after.sign(before.plan(new_key_and_request("las-b")[1], "las-b", NOW))


def test_key_never_leaves_the_token(softhsm: SoftHsm, token: str) -> None:
    """What is made in a token cannot be taken out of it, not even by who has the PIN."""
    place, _ = key_in(softhsm, token)
    uri = TokenUri.parse(place)

    def look(login: Login) -> tuple[bool, bool]:
        key = login.session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=uri.id)
        with pytest.raises(pkcs11.AttributeSensitive):
            _ = key[pkcs11.Attribute.VALUE]
        return key[pkcs11.Attribute.NEVER_EXTRACTABLE], key[pkcs11.Attribute.ALWAYS_SENSITIVE]

    assert (True, True) == token_access(softhsm.module, PIN).work(uri, look)


def test_key_signs_in_several_threads(softhsm: SoftHsm, token: str) -> None:
    """Whoever signs at the same time gets a signature of their own."""
    _, key = key_in(softhsm, token)

    with ThreadPoolExecutor(8) as threads:
        contents = [str(number).encode() for number in range(64)]
        signatures = list(threads.map(key.sign, contents))

    for content, signature in zip(contents, signatures, strict=True):
        key.public_key.verify(signature, content, ec.ECDSA(hashes.SHA256()))


def test_token_that_went_away_fails_calls_until_it_is_back(softhsm: SoftHsm, token: str) -> None:
    """Without its token a key signs nothing; with it, it signs again, without a restart."""
    place, key = key_in(softhsm, token)
    verify(key)

    softhsm.take_out()
    try:
        gone = [problem_of(lambda: verify(key)) for _ in range(2)]
        gone.append(problem_of(lambda: token_access(softhsm.module, PIN).open(place)))
    finally:
        softhsm.put_back()

    assert [TokenProblem.TOKEN_MISSING] * 3 == gone
    verify(key)


def test_module_that_lost_its_sessions_goes_on(softhsm: SoftHsm, token: str) -> None:
    """Where the module was started anew below us, the call that finds out succeeds."""
    _, key = key_in(softhsm, token)
    verify(key)
    pkcs11.lib(str(softhsm.module)).reinitialize()

    verify(key)


def change_pin(softhsm: SoftHsm, token: str, old: bytes, new: bytes) -> None:
    """Change the PIN of a token, as its maker's program does."""

    def change(login: Login) -> None:
        writing = login.session.token.open(rw=True)
        writing.set_pin(old.decode(), new.decode())
        writing.close()

    token_access(softhsm.module, old).work(TokenUri(token=token), change)


def test_wrong_pin_is_given_once(softhsm: SoftHsm, token: str) -> None:
    """A PIN that was refused is not tried again, not even when it has become the right one."""
    place, _ = key_in(softhsm, token)
    wrong = token_access(softhsm.module, b"4321")
    assert problem_of(lambda: wrong.open(place)) is TokenProblem.PIN_WRONG

    change_pin(softhsm, token, PIN, b"4321")

    assert problem_of(lambda: wrong.open(place)) is TokenProblem.PIN_WRONG
    verify(token_access(softhsm.module, b"4321").open(place))


@pytest.mark.parametrize(
    ("pin", "problem"),
    [
        (None, TokenProblem.NO_PIN),
        (b"", TokenProblem.PIN_WRONG),
        (b"\xff\xfe", TokenProblem.PIN_WRONG),
        (b"1" * 300, TokenProblem.PIN_WRONG),
    ],
)
def test_pin_that_cannot_be_one(
    softhsm: SoftHsm, token: str, pin: bytes | None, problem: TokenProblem
) -> None:
    """No PIN, or one no token takes, opens nothing; also not while another one has it open."""
    place, key = key_in(softhsm, token)

    assert problem is problem_of(lambda: token_access(softhsm.module, pin).open(place))
    verify(key)


def test_token_and_key_must_be_there_once(softhsm: SoftHsm, token: str) -> None:
    """A token or key that is missing, or of which there are several, is not guessed."""
    tokens = token_access(softhsm.module, PIN)
    place, _ = tokens.make(TokenUri(token=token), "issuing-1")
    tokens.make(TokenUri(token=token), "issuing-1")
    softhsm.make(token)
    serials = softhsm.serials(token)
    by_serial = f"pkcs11:token={token};serial="

    def open_(rest: str) -> object:
        return tokens.open(rest)

    assert problem_of(lambda: open_("pkcs11:token=none;object=a")) is TokenProblem.TOKEN_MISSING
    assert problem_of(lambda: open_(place)) is TokenProblem.TOKEN_TWICE
    assert problem_of(lambda: open_(f"pkcs11:token={token}")) is TokenProblem.URI
    found = [
        problem_of(lambda serial=one: open_(f"{by_serial}{serial};object=issuing-1"))  # type: ignore[misc]
        for one in serials
    ]
    assert {TokenProblem.KEY_TWICE, TokenProblem.KEY_MISSING} == set(found)


@pytest.mark.parametrize("curve", ["secp384r1", "secp256k1"])
def test_other_keys_are_refused(softhsm: SoftHsm, token: str, curve: str) -> None:
    """A key in the token that is not ECDSA P-256 is not used."""
    tokens = token_access(softhsm.module, PIN)

    def make_other(login: Login) -> None:
        writing = login.session.token.open(rw=True)
        parameters = {
            pkcs11.Attribute.EC_PARAMS: pkcs11.util.ec.encode_named_curve_parameters(curve)
        }
        writing.create_domain_parameters(
            pkcs11.KeyType.EC, parameters, local=True
        ).generate_keypair(label="issuing-1", store=True)
        writing.close()

    tokens.work(TokenUri(token=token), make_other)

    place = f"pkcs11:token={token};object=issuing-1"
    assert problem_of(lambda: tokens.open(place)) is TokenProblem.KEY_TYPE


def test_key_that_was_destroyed_is_missed(softhsm: SoftHsm, token: str) -> None:
    """A key that was open and is destroyed signs nothing any more."""
    place, key = key_in(softhsm, token)
    uri = TokenUri.parse(place)

    def destroy(login: Login) -> None:
        writing = login.session.token.open(rw=True)
        writing.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=uri.id).destroy()
        writing.close()

    token_access(softhsm.module, PIN).work(uri, destroy)

    assert problem_of(lambda: verify(key)) is TokenProblem.KEY_MISSING
    assert (
        problem_of(lambda: token_access(softhsm.module, PIN).open(place))
        is TokenProblem.KEY_MISSING
    )


@pytest.mark.parametrize("what", ["absent.so", "text.so", ""])
def test_module_must_be_one(tmp_path: Path, what: str) -> None:
    """A file that is no module, or is not there, is named."""
    (tmp_path / "text.so").write_text("no module")
    tokens = token_access(tmp_path / what, PIN)

    for _ in range(2):
        assert problem_of(lambda: tokens.open("pkcs11:token=a;object=b")) is TokenProblem.MODULE


def test_another_key_in_the_same_place_is_refused(
    softhsm: SoftHsm, token: str, tmp_path: Path
) -> None:
    """A key in the token that is not the certificate's signs nothing."""
    access = access_to(softhsm, token)
    create_authority(tmp_path, NOW, root_access=DEMO, access=access)
    other, _ = key_in(softhsm, token)
    ledger = json.loads((tmp_path / "authority.json").read_text(encoding="utf-8"))
    ledger["issuers"][0]["key"] = other
    (tmp_path / "authority.json").write_text(json.dumps(ledger), encoding="utf-8")

    with pytest.raises(KeyLockedError):
        load_authority(tmp_path, access)


def run(*arguments: str | Path) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture
def folder(softhsm: SoftHsm, token: str, tmp_path: Path) -> Path:
    """Give a folder with `ca`, made by command in a token, the PIN and a signing request."""
    write_private(tmp_path / "pin", PIN + b"\n")
    (tmp_path / "las-a.csr").write_bytes(new_key_and_request("las-a")[1])
    made = run(
        *("ca", "init", "--demo", "--dir", tmp_path / "ca", "--token", token),
        *("--pkcs11-module", softhsm.module, "--pin-file", tmp_path / "pin"),
    )
    assert made.exit_code == 0, made.output
    return tmp_path


def test_commands_work_with_a_token(softhsm: SoftHsm, folder: Path) -> None:
    """Init, issue, prepare and activate with a token ask for no passphrase."""
    ca = folder / "ca"
    pin = ("--pkcs11-module", softhsm.module, "--pin-file", folder / "pin")
    issue = ("certificate", "issue", "--ca", ca, "--csr", folder / "las-a.csr")
    issue += ("--system", "las-a", "--out", folder / "las-a.crt")  # type: ignore[assignment]
    token = json.loads((ca / "authority.json").read_text())["issuers"][0]["key"].split(";")[0]
    told = [
        run(*issue, *pin),
        run("ca", "prepare", "--demo", "--dir", ca, "--token", token, *pin),
        run("ca", "activate", "--dir", ca, "issuing-2", *pin),
        run(*issue, *pin),
        run(*issue),
        run("ca", "show", "--dir", ca),
    ]

    assert [0, 0, 0, 0, 1, 0] == [one.exit_code for one in told]
    assert "key is in a PKCS#11 token" in told[4].output
    assert "key not here" not in told[5].output
    assert [] == [one.name for one in ca.glob("issuing-*.key")]


def test_office_is_founded_in_a_token(softhsm: SoftHsm, token: str, tmp_path: Path) -> None:
    """`init` makes the issuer's key in the token, and the settings name module and PIN."""
    write_private(tmp_path / "pin", PIN)
    home = tmp_path / "home"
    made = run(
        *("init", "--demo", "--home", home, "--token", token),
        *("--pkcs11-module", softhsm.module, "--pin-file", tmp_path / "pin"),
    )
    settings = Settings.load(home / "registry.toml")

    assert made.exit_code == 0, made.output
    assert ["root-1.key"] == [path.name for path in (home / "ca").glob("*.key")]
    assert load_authority(home / "ca", settings.key_access()).active.key is not None


async def test_running_office_survives_a_token_that_goes_and_comes(
    softhsm: SoftHsm, folder: Path
) -> None:
    """Its settings name module and PIN; a call without the token fails, later ones work."""
    (folder / "registry.toml").write_text(
        f'authority = "ca"\npin_file = "pin"\npkcs11_module = "{softhsm.module}"\n'
    )
    settings = Settings.load(folder / "registry.toml")
    current = CurrentAuthority(settings.authority, settings.key_access())
    request = (folder / "las-a.csr").read_bytes()
    now = datetime.now(UTC)
    assert (await current.get()).issue(request, "las-a", now)

    softhsm.take_out()
    try:
        authority = await current.get()
        assert (
            problem_of(lambda: authority.issue(request, "las-a", now)) is TokenProblem.TOKEN_MISSING
        )
    finally:
        softhsm.put_back()

    assert (await current.get()).issue(request, "las-a", now)


def test_exposed_pin_is_not_used(softhsm: SoftHsm, folder: Path) -> None:
    """A PIN that others can read is refused with the command that mends it."""
    (folder / "pin").chmod(0o644)

    refused = run(
        *("ca", "activate", "--dir", folder / "ca", "issuing-1"),
        *("--pkcs11-module", softhsm.module, "--pin-file", folder / "pin"),
    )

    assert refused.exit_code == 1
    assert "chmod 600" in refused.output
