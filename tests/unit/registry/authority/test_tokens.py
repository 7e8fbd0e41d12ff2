"""Keys are named in a token by a URI that says where, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oso_registry.authority import KeyAccess, KeyLockedError, KeyProblem, TokenError, TokenProblem
from oso_registry.authority.tokens import TokenUri, token_access

if TYPE_CHECKING:
    from collections.abc import Callable

OSO = TokenUri.of_token("OSO")
_NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=32)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("pkcs11:token=OSO", OSO),
        (
            "pkcs11:token=OSO%20HSM;object=issuing-1;type=private;id=%01%fF",
            TokenUri("OSO HSM", object="issuing-1", id=b"\x01\xff"),
        ),
        (
            "pkcs11:id=%41;serial=0001;model=m;manufacturer=A%3BB",
            TokenUri(serial="0001", model="m", manufacturer="A;B", id=b"A"),
        ),
    ],
)
def test_uri_is_read(text: str, uri: TokenUri) -> None:
    """The attributes of RFC 7512 that say which token and which key are read."""
    assert uri == TokenUri.parse(text)
    assert uri == TokenUri.parse(str(uri))


@given(_NAMES.filter(bool), _NAMES, _NAMES, st.binary(max_size=64))
def test_uri_is_read_as_it_was_written(token: str, serial: str, name: str, number: bytes) -> None:
    """Whatever is in a label, it survives writing and reading."""
    uri = TokenUri(token=token, serial=serial, object=name, id=number)

    assert uri == TokenUri.parse(str(uri))


@pytest.mark.parametrize(
    "text",
    [
        *("", "OSO", "pkcs11:", "PKCS11:token=OSO", "pkcs11:object=issuing-1", "pkcs11:token="),
        *("pkcs11:token=a;token=b", "pkcs11:token=a;", "pkcs11:token", "pkcs11:token=%4"),
        *("pkcs11:token=%FF", "pkcs11:token=a/b", "pkcs11:token=a b", "pkcs11:token=é"),
        *("pkcs11:token=a;slot-id=1", "pkcs11:token=a;x-vendor=b", "pkcs11:token=a;type=public"),
        *("pkcs11:token=a?pin-value=secret", "pkcs11:token=a?pin-source=/etc/passwd"),
        *("pkcs11:token=a?module-path=/tmp/evil.so", "pkcs11:token=a?"),
        "pkcs11:token=a;id=" + "%00" * 65,
    ],
)
def test_uri_that_says_too_little_or_too_much_is_refused(text: str) -> None:
    """No guesses, no PIN in a file everybody reads, no module that the URI chooses."""
    with pytest.raises(TokenError) as caught:
        TokenUri.parse(text)

    assert caught.value.problem is TokenProblem.URI
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("OSO", TokenUri("OSO")),
        ("OSO HSM; rack 2", TokenUri("OSO HSM; rack 2")),
        ("pkcs11:token=OSO;serial=12", TokenUri("OSO", "12")),
    ],
)
def test_administrator_names_a_token_by_label_or_uri(text: str, uri: TokenUri) -> None:
    """A label is enough; a URI tells tokens of the same label apart."""
    assert uri == TokenUri.of_token(text)


@pytest.mark.parametrize("text", ["", "pkcs11:token=OSO;object=a", "pkcs11:token=OSO;id=%01"])
def test_name_of_a_token_is_not_one_of_a_key(text: str) -> None:
    """Where a token is to be named, a key is a mistake."""
    with pytest.raises(TokenError):
        TokenUri.of_token(text)


def test_key_in_a_token_needs_a_module(tmp_path: Path) -> None:
    """Without a module nothing in a token is opened, and the message says what to name."""
    access = KeyAccess(demo=True, new_in=OSO)
    steps: list[Callable[[], object]] = [
        lambda: access.open(tmp_path, "pkcs11:token=OSO;object=issuing-1"),
        lambda: access.check("issuing-1"),
        lambda: access.make(tmp_path, "issuing-1"),
    ]
    for step in steps:
        with pytest.raises(KeyLockedError) as caught:
            step()
        assert caught.value.problem is KeyProblem.NO_TOKEN
    assert not list(tmp_path.iterdir())


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is an extra: whoever names a module without it is told."""
    monkeypatch.setitem(sys.modules, "oso_registry.authority.hsm", None)

    with pytest.raises(TokenError) as caught:
        token_access(Path("/usr/lib/softhsm/libsofthsm2.so"), b"1234")

    assert caught.value.problem is TokenProblem.NO_PACKAGE
    assert "oso[hsm]" in str(caught.value)


def test_problems_speak_both_languages() -> None:
    """Every reason has a Dutch and an English sentence, with the detail filled in."""
    for problem in TokenProblem:
        error = TokenError("pkcs11:token=OSO", problem, "DeviceError")

        assert error.text("nl") != error.text("en")
        assert "{" not in str(error)
