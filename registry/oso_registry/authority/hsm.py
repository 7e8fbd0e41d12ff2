"""Keys in a token (HSM, smart card), reached through a PKCS#11 module.

A module is not asked to be safe for threads: one lock per module stands before all calls, which
take milliseconds. A token that went away, or a module that lost its connection, makes one call
fail; each call begins anew where the one before failed: the module is started again, the token
looked for, the PIN given.

A wrong PIN is given once. Tokens lock after a few, and a service that tries again would see to it.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import (
    Attribute,
    Key,
    KeyType,
    Mechanism,
    MechanismFlag,
    ObjectClass,
    SignMixin,
    TokenFlag,
)

from oso_registry.authority.tokens import TokenError, TokenProblem, TokenUri

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pkcs11 import Session, Token

T = TypeVar("T")

# Object identifier of P-256, DER (RFC 5480, 2.1.1.1).
_P256 = bytes.fromhex("06082a8648ce3d030107")
_POINT_BYTES, _COORDINATE_BYTES = 65, 32
_OCTET_STRING = b"\x04\x41"
_ID_BYTES = 16
_PROBLEMS: dict[type[pkcs11.PKCS11Error], TokenProblem] = {
    pkcs11.NoSuchToken: TokenProblem.TOKEN_MISSING,
    pkcs11.TokenNotPresent: TokenProblem.TOKEN_MISSING,
    pkcs11.TokenNotRecognised: TokenProblem.TOKEN_MISSING,
    pkcs11.DeviceRemoved: TokenProblem.TOKEN_MISSING,
    pkcs11.MultipleTokensReturned: TokenProblem.TOKEN_TWICE,
    pkcs11.PinLocked: TokenProblem.PIN_LOCKED,
    pkcs11.PinExpired: TokenProblem.PIN_LOCKED,
    pkcs11.UserPinNotInitialized: TokenProblem.PIN_LOCKED,
}
_WRONG_PIN = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange)


@dataclass(frozen=True)
class Login:
    """A session with a token that is logged in.

    Attributes:
        owner: Whose PIN was given.
        session: The session.
        keys: Private keys that were found in it.

    """

    owner: TokenAccess
    session: Session
    keys: dict[TokenUri, Key] = field(default_factory=dict)

    def find(self, uri: TokenUri, kind: ObjectClass) -> Key:
        """Find a key, the one that fits.

        Raises:
            TokenError: KEY_MISSING or KEY_TWICE.
            pkcs11.PKCS11Error: The token does not answer.

        """
        attributes: dict[Attribute, Any] = {Attribute.CLASS: kind}
        if uri.object:
            attributes[Attribute.LABEL] = uri.object
        if uri.id:
            attributes[Attribute.ID] = uri.id
        # All of them: a search that is left halfway stays open in the token.
        found = list(self.session.get_objects(attributes))
        if len(found) > 1:
            raise TokenError(str(uri), TokenProblem.KEY_TWICE)
        if not found or not isinstance(found[0], Key):
            raise TokenError(str(uri), TokenProblem.KEY_MISSING)
        return found[0]

    def private_key(self, uri: TokenUri) -> Key:
        """Find a private key, or give the one that was found before.

        Raises:
            TokenError, pkcs11.PKCS11Error: As for `find`.

        """
        if uri not in self.keys:
            self.keys[uri] = self.find(uri, ObjectClass.PRIVATE_KEY)
        return self.keys[uri]


class _Module:
    """A PKCS#11 module, loaded once in a process, with the sessions that are logged in."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._logins: dict[TokenUri, Login] = {}
        self.lock = threading.RLock()

    def login(self, uri: TokenUri, owner: TokenAccess, *, fresh: bool) -> Login:
        """Log in with the owner's PIN, or give the login that is there, if it is the owner's."""
        known = self._logins.get(uri)
        if known is not None and (fresh or known.owner is not owner):
            del self._logins[uri]
            known.session.close()
            known = None
        if known is None:
            known = self._logins[uri] = Login(owner, owner.log_in(self._token(uri)))
        return known

    def restart(self) -> None:
        """Forget all sessions and begin anew: some modules see a token that is back only then."""
        self._logins.clear()
        try:
            self._library().reinitialize()
        except pkcs11.PKCS11Error as error:
            raise TokenError(self._path, TokenProblem.MODULE, type(error).__name__) from None

    def _library(self) -> pkcs11._pkcs11.lib:
        try:
            return pkcs11.lib(self._path)
        except (pkcs11.PKCS11Error, OSError):
            raise TokenError(self._path, TokenProblem.MODULE) from None

    def _token(self, uri: TokenUri) -> Token:
        found = []
        for slot in self._library().get_slots(token_present=True):
            try:
                token = slot.get_token()
            except (pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised):
                continue
            if _fits(uri, token):
                found.append(token)
        if len(found) > 1:
            raise pkcs11.MultipleTokensReturned
        if not found:
            raise pkcs11.NoSuchToken
        return found[0]


def _fits(uri: TokenUri, token: Token) -> bool:
    return (
        uri.token in {"", token.label}
        and uri.serial in {"", token.serial.decode(errors="replace")}
        and uri.manufacturer in {"", token.manufacturer_id}
        and uri.model in {"", token.model}
    )


_modules: dict[str, _Module] = {}
_modules_lock = threading.Lock()


def _module(path: Path) -> _Module:
    with _modules_lock:
        return _modules.setdefault(str(path), _Module(str(path)))


class TokenAccess:
    """Opens and makes keys in tokens, with one PIN. Safe to use from several threads."""

    def __init__(self, module: Path, pin: bytes | None) -> None:
        """Name the module's file and the user's PIN; loads nothing yet."""
        self._module = _module(module)
        self._pin = pin
        self._refused = False

    def open(self, place: str) -> TokenKey:
        """Open a key.

        Args:
            place: Its PKCS#11 URI.

        Raises:
            TokenError: The token or the key is not there, the PIN is missing, wrong or locked, or
                the key is none of ours.

        """
        uri = TokenUri.parse(place)
        if not uri.names_key:
            raise TokenError(place, TokenProblem.URI)
        return TokenKey(
            self, uri, self.work(uri, lambda login: _public_key(login, uri), fresh=True)
        )

    def make(self, token: TokenUri, name: str) -> tuple[str, TokenKey]:
        """Make a key in a token that never leaves it; give its URI, and the key.

        Raises:
            TokenError: As for `open`; or the token makes no such keys.

        """
        uri = replace(token, object=name, id=secrets.token_bytes(_ID_BYTES))
        # First a login that works; what makes a key is not tried twice.
        self.work(uri, lambda _: None, fresh=True)
        self.work(uri, lambda login: _make_pair(login, uri), again=False)
        return str(uri), self.open(str(uri))

    def work(
        self,
        uri: TokenUri,
        work: Callable[[Login], T],
        *,
        again: bool = True,
        fresh: bool = False,
    ) -> T:
        """Do something with a token we are logged in to; where it fails, begin anew once.

        Args:
            uri: The token, or a key in it.
            work: What to do.
            again: Whether it can be tried twice.
            fresh: Log in anew. A search needs that: one that fails in a session that is gone is
                told about by the package where nobody can catch it.

        Raises:
            TokenError: It failed again, or need not be tried again.

        """
        with self._module.lock:
            try:
                return work(self._module.login(uri.only_token, self, fresh=fresh))
            except pkcs11.PKCS11Error as error:
                if not again:
                    raise _told(uri, error) from None
            self._module.restart()
            try:
                return work(self._module.login(uri.only_token, self, fresh=fresh))
            except pkcs11.PKCS11Error as error:
                raise _told(uri, error) from None

    def log_in(self, token: Token) -> Session:
        """Open a session and give the PIN, if it was not refused before.

        Raises:
            TokenError: NO_PIN, PIN_WRONG, PIN_LAST_TRY or PIN_LOCKED.
            pkcs11.PKCS11Error: It fails otherwise.

        """
        name = str(TokenUri(token=token.label))
        if self._pin is None:
            raise TokenError(name, TokenProblem.NO_PIN)
        if self._refused:
            raise TokenError(name, TokenProblem.PIN_WRONG)
        if token.flags & TokenFlag.USER_PIN_LOCKED:
            raise TokenError(name, TokenProblem.PIN_LOCKED)
        if token.flags & TokenFlag.USER_PIN_FINAL_TRY:
            raise TokenError(name, TokenProblem.PIN_LAST_TRY)
        try:
            return token.open(user_pin=self._pin.decode())
        except (*_WRONG_PIN, UnicodeDecodeError):
            self._refused = True
            raise TokenError(name, TokenProblem.PIN_WRONG) from None


class TokenKey:
    """A key in a token. The same content gives another signature each time."""

    def __init__(
        self, access: TokenAccess, uri: TokenUri, public_key: ec.EllipticCurvePublicKey
    ) -> None:
        """Use `TokenAccess.open`."""
        self._access = access
        self._uri = uri
        self._public_key = public_key

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public key, P-256."""
        return self._public_key

    def sign(self, content: bytes) -> bytes:
        """Sign with ECDSA and SHA-256; give ECDSA-Sig-Value, DER.

        Raises:
            TokenError: The token or key is not there now, or does not work.

        """
        digest = hashlib.sha256(content).digest()
        raw = self._access.work(self._uri, lambda login: _sign(login, self._uri, digest))
        if len(raw) != 2 * _COORDINATE_BYTES:
            raise TokenError(str(self._uri), TokenProblem.KEY_TYPE)
        r, s = raw[:_COORDINATE_BYTES], raw[_COORDINATE_BYTES:]
        return encode_dss_signature(int.from_bytes(r), int.from_bytes(s))


def _told(uri: TokenUri, error: pkcs11.PKCS11Error) -> TokenError:
    problem = _PROBLEMS.get(type(error), TokenProblem.FAILED)
    return TokenError(str(uri), problem, type(error).__name__)


def _sign(login: Login, uri: TokenUri, digest: bytes) -> bytes:
    key = login.private_key(uri)
    if not isinstance(key, SignMixin):
        raise TokenError(str(uri), TokenProblem.KEY_TYPE)
    # Not ECDSA_SHA256, which not every token has: we hash, it signs.
    return bytes(key.sign(digest, mechanism=Mechanism.ECDSA))


def _public_key(login: Login, uri: TokenUri) -> ec.EllipticCurvePublicKey:
    login.private_key(uri)
    key = login.find(uri, ObjectClass.PUBLIC_KEY)
    try:
        if key.key_type is not KeyType.EC or key[Attribute.EC_PARAMS] != _P256:
            raise TokenError(str(uri), TokenProblem.KEY_TYPE)
        # In an OCTET STRING, as the standard has it, or bare, as some tokens give it.
        point = key[Attribute.EC_POINT]
        if len(point) > _POINT_BYTES:
            point = point.removeprefix(_OCTET_STRING)
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except (ValueError, pkcs11.AttributeTypeInvalid):
        raise TokenError(str(uri), TokenProblem.KEY_TYPE) from None


def _make_pair(login: Login, uri: TokenUri) -> None:
    # The login is the token's, not the session's: this one may write besides.
    writing = login.session.token.open(rw=True)
    try:
        curve = writing.create_domain_parameters(
            KeyType.EC, {Attribute.EC_PARAMS: _P256}, local=True
        )
        curve.generate_keypair(
            id=uri.id,
            label=uri.object,
            store=True,
            capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
            private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        )
    finally:
        writing.close()
