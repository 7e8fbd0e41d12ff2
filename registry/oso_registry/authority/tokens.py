"""How a key in a token is named (PKCS#11 URI, RFC 7512), and what can go wrong with a token."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from oso_registry.authority.problems import AuthorityError, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from oso_registry.authority.hsm import TokenAccess

SCHEME = "pkcs11:"
_VALUE = re.compile(r"([A-Za-z0-9._~:\[\]@!$'()*+,=&-]|%[0-9A-Fa-f]{2})*")
_LONGEST_ID = 64


class TokenProblem(Problem):
    """Why a token does not do what is asked, in Dutch and English."""

    URI = (
        "dit is geen PKCS#11-URI die een token of sleutel aanwijst, of er staat meer in dan mag",
        "this is no PKCS#11 URI that names a token or a key, or it says more than it may",
    )
    NO_PACKAGE = (
        "voor een token is een pakket nodig; installeer oso[hsm]",
        "a token needs a package; install oso[hsm]",
    )
    MODULE = (
        "de PKCS#11-module is niet te laden",
        "the PKCS#11 module cannot be loaded",
    )
    TOKEN_MISSING = (
        "het token is er niet",
        "the token is not there",
    )
    TOKEN_TWICE = (
        "er zijn meer tokens die hieraan voldoen; noem ook het serienummer",
        "several tokens fit; name the serial number as well",
    )
    NO_PIN = (
        "er is geen pincode; zet hem in een bestand of in de omgeving",
        "there is no PIN; put it in a file or in the environment",
    )
    PIN_WRONG = (
        (
            "de pincode is niet juist; er wordt niet opnieuw geprobeerd, zodat het token niet "
            "blokkeert. Herstel de pincode en start opnieuw"
        ),
        (
            "the PIN is wrong; it is not tried again, so that the token does not lock. "
            "Mend the PIN and start again"
        ),
    )
    PIN_LAST_TRY = (
        (
            "bij nog een onjuiste pincode blokkeert het token; meld u eerst aan met het programma "
            "van de maker"
        ),
        "one more wrong PIN locks the token; log in with the maker's own program first",
    )
    PIN_LOCKED = (
        "de pincode is geblokkeerd, of nooit ingesteld; herstel dat met het programma van de maker",
        "the PIN is locked, or was never set; mend that with the maker's own program",
    )
    KEY_MISSING = (
        "de sleutel staat niet in het token, of zijn publieke deel ontbreekt",
        "the key is not in the token, or its public part is missing",
    )
    KEY_TWICE = (
        "er zijn meer sleutels die hieraan voldoen",
        "several keys fit",
    )
    KEY_TYPE = (
        "dit is geen ECDSA P-256-sleutel",
        "this is no ECDSA P-256 key",
    )
    FAILED = (
        "het token doet het niet ({detail})",
        "the token does not work ({detail})",
    )


class TokenError(AuthorityError):
    """A token does not do what is asked. Later it may: a token that is back works again.

    Attributes:
        name: The token or key as a URI, or the module.
        problem: Why.
        detail: What PKCS#11 calls it, where that is all there is to say.

    """

    def __init__(self, name: str, problem: TokenProblem, detail: str = "") -> None:
        """Record which, why and what it is called."""
        super().__init__(name, problem, detail)
        self.name = name
        self.problem = problem
        self.detail = detail

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return f"{self.name}: {self.problem.text(language)}".replace("{detail}", self.detail)


@dataclass(frozen=True)
class TokenUri:
    """A token, or a key in it. What is empty may be anything.

    Attributes:
        token: Label of the token.
        serial: Its serial number.
        manufacturer: Its maker.
        model: Its model.
        object: Label of the key.
        id: The key's CKA_ID.

    """

    token: str = ""
    serial: str = ""
    manufacturer: str = ""
    model: str = ""
    object: str = ""
    id: bytes = b""

    @staticmethod
    def parse(text: str) -> TokenUri:
        """Read a PKCS#11 URI.

        What it may not say is refused, not ignored: a PIN (it would stand in a file everybody
        reads), a module (whoever writes the URI would choose what is loaded), slots and libraries.

        Raises:
            TokenError: URI. The PIN is not part of the error.

        """
        known = {one.name for one in fields(TokenUri)}
        found: dict[str, bytes] = {}
        path = text.removeprefix(SCHEME)
        wrong = TokenError(text.partition("?")[0], TokenProblem.URI)
        if path == text or "?" in text:
            raise wrong
        for part in path.split(";"):
            name, equals, value = part.partition("=")
            if not equals or name in found or not value or not _VALUE.fullmatch(value):
                raise wrong
            if name not in known and (name, value) != ("type", "private"):
                raise wrong
            found[name] = unquote_to_bytes(value)
        found.pop("type", None)
        number = found.pop("id", b"")
        try:
            uri = TokenUri(**{name: value.decode() for name, value in found.items()}, id=number)
        except UnicodeDecodeError:
            raise wrong from None
        if not (uri.token or uri.serial) or len(uri.id) > _LONGEST_ID:
            raise wrong
        return uri

    @staticmethod
    def of_token(text: str) -> TokenUri:
        """Read what an administrator calls a token: its label, or a URI without a key.

        Raises:
            TokenError: URI.

        """
        uri = TokenUri.parse(text) if text.startswith(SCHEME) else TokenUri(token=text)
        if not (uri.token or uri.serial) or uri.names_key:
            raise TokenError(text, TokenProblem.URI)
        return uri

    @property
    def names_key(self) -> bool:
        """Whether it names a key in the token."""
        return bool(self.object or self.id)

    @property
    def only_token(self) -> TokenUri:
        """The token it is in."""
        return replace(self, object="", id=b"")

    def __str__(self) -> str:
        """Write it as a URI."""
        parts = []
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, bytes) and value:
                # RFC 7512 asks to write all of it in percents.
                parts.append(one.name + "=" + "".join(f"%{byte:02X}" for byte in value))
            elif value:
                parts.append(f"{one.name}={quote(value, safe='')}")
        return SCHEME + ";".join(parts)


def token_access(module: Path, pin: bytes | None) -> TokenAccess:
    """Reach tokens through a PKCS#11 module; nothing is loaded or opened yet.

    Args:
        module: File of the module, such as `/usr/lib/softhsm/libsofthsm2.so`.
        pin: The user's PIN.

    Raises:
        TokenError: NO_PACKAGE.

    """
    try:
        # An extra: whoever has no token does without the package.
        from oso_registry.authority.hsm import TokenAccess  # noqa: PLC0415
    except ImportError:
        raise TokenError(str(module), TokenProblem.NO_PACKAGE) from None
    return TokenAccess(module, pin)
