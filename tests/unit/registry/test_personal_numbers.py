"""Which texts have a number that may be a BSN or onderwijsnummer, and which only look like it."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import TYPE_CHECKING

import pytest
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given
from hypothesis import strategies as st
from stdnum.nl import bsn, onderwijsnummer

from oso.registry import v1
from oso_registry.personal_numbers import FREE_TEXTS, has_personal_number, require_nobody_named
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

# Invented: they pass the test, and nobody has them.
BSN, ONDERWIJSNUMMER = "111222333", "102000007"


@pytest.mark.parametrize(
    "text",
    [
        BSN,
        f"Het gaat om {BSN}.",
        f"BSN:{BSN}",
        f"leerling{BSN}x",
        f"({BSN})",
        "1112.22.333",
        "111 222 333",
        "111.222.333",
        "111-222-333",
        "111 - 222 - 333",
        "11122 2333",
        "1 1 1 2 2 2 3 3 3",
        "111\N{NO-BREAK SPACE}222\N{THIN SPACE}333",
        "111\N{EN DASH}222\N{NON-BREAKING HYPHEN}333",
        "111\N{ZERO WIDTH SPACE}222\N{SOFT HYPHEN}333",
        "１１１２２２３３３",  # noqa: RUF001  full width, as some keyboards give them
        "\u0661\u0661\u0661\u0662\u0662\u0662\u0663\u0663\u0663",
        "000000012",
        f"Bel 06 12345678 over {BSN}",
        f"+31612345678 {BSN}",
        f"0612345678 {BSN} 0612345678",
        f"2026-11-28 {BSN}",
        f"{BSN} 2",
        f"2 {BSN}",
        f"0199f3a1-7c2b-7d3e-8f12-0123456789ab {BSN}",
        f"+{BSN}",
        "1020.00.007",
        ONDERWIJSNUMMER,
    ],
)
def test_a_number_of_a_pupil_is_found(text: str) -> None:
    """However it is written, and whatever stands around it."""
    assert has_personal_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Geen getal",
        "123456789",  # does not pass
        "12345678",  # a KvK number
        "1112223334",
        f"0{BSN}0",
        "111222333-1".replace("-", ""),
        "0199f3a1-7c2b-7d3e-8f12-111222333abc",  # a session
        "0199F3A1-7C2B-7D3E-8F12-111222333ABC",
        f"{'a' * 40}{BSN}{'b' * 15}",  # a thumbprint
        "00000099000000007000",  # an OIN
        "suppliers/00000001111222333000",  # the OIN of an RSIN
        "0000000700000SS00001",  # a routing key
        "deliveryPoints/0000000700011VV00222",
        "school 00SS, vestiging 01",
        "tickets/00000012 en 00000013",
        "melding 00000001 2",
        "06 12345678",
        "06-12 34 56 78",
        "020 123 45 67",
        "0111-222333",
        "+31 111 22 23 33",
        "+31 (0)111 22 23 33",
        "0031 111 222333",
        "+32 111 22 23 33",
        "op 28-11-2026 9 keer",
        "op 2026-11-28 9 keer",
        "schooljaar 2026-2027 3 keer",
        "192.168.11.22",
        "111222\n333",
    ],
)
def test_what_a_helpdesk_writes_down_is_not_taken_for_one(text: str) -> None:
    """Ids of sessions, systems and schools, telephone numbers and dates go through."""
    assert not has_personal_number(text)


@given(st.integers(1, 999_999_999), st.sampled_from(["{}", "nr. {}!", "a{}b", "x\n{}\ny"]))
def test_nine_digits_in_a_row_are_judged_by_the_test_alone(number: int, around: str) -> None:
    """Nothing that passes comes through, nothing that fails is refused."""
    text = f"{number:09d}"
    personal = bool(bsn.is_valid(text) or onderwijsnummer.is_valid(text))

    assert personal == has_personal_number(around.format(text))


@given(st.text(alphabet="0123456789 .-+()|a/:", max_size=300))
def test_any_text_is_judged(text: str) -> None:
    """Whatever stands around it, a number that stands by itself is found."""
    assert has_personal_number(f"{text}\n{BSN}\n{text}")


def _filled(descriptor: Descriptor, depth: int = 4) -> Message | None:
    """Make a message whose first free text names a pupil; None when it has none."""
    made = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if field.name in FREE_TEXTS and field.type == field.TYPE_STRING:
            setattr(made, field.name, f"Het gaat om {BSN}.")
            return made
        if field.message_type is not None and depth:
            part = _filled(field.message_type, depth - 1)
            if part is not None:
                place = getattr(made, field.name)
                (place.add() if field.is_repeated else place).CopyFrom(part)
                return made
    return None


def _with_free_texts() -> list[Message]:
    for module in pkgutil.iter_modules(v1.__path__):
        if module.name.endswith("_service_pb2"):
            importlib.import_module(f"{v1.__name__}.{module.name}")
    found = []
    for name in sorted(sys.modules):
        if name.startswith(f"{v1.__name__}.") and name.endswith("_service_pb2"):
            messages = sys.modules[name].DESCRIPTOR.message_types_by_name.values()
            requests = (one for one in messages if one.name.endswith("Request"))
            found += [made for one in requests if (made := _filled(one)) is not None]
    return found


@pytest.mark.parametrize("request_", _with_free_texts(), ids=lambda one: one.DESCRIPTOR.name)
def test_no_request_names_a_pupil_in_its_own_words(request_: Message) -> None:
    """Reasons, remarks and explanations with such a number are refused, wherever they stand."""
    with pytest.raises(OsoError) as refused:
        require_nobody_named(request_)

    assert "PERSONAL_NUMBER_IN_TEXT" == refused.value.name
    assert BSN not in str(refused.value)


def test_there_are_requests_with_words_of_ones_own() -> None:
    """So that the test above says something."""
    names = {one.DESCRIPTOR.name for one in _with_free_texts()}

    assert {"RevokeMandateRequest", "ActOnQualificationRequest"} <= names
