"""What can be done with a dossier, in which state; and who a pupil is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oso_dossier.synthetic import generate
from oso_las.feedback import FeedbackTooLargeError, NothingReceivedError
from oso_las.inbox import PupilForgottenError, UnknownNotificationError
from oso_las.kinds import BINNEN_BRIN, OVERSTAP, PROFILES_OF, SWV
from oso_las.model import (
    ACT_NAMES,
    STATE_NAMES,
    TRANSITIONS,
    Act,
    BeingFetchedError,
    DeskError,
    Identity,
    KindNotSupportedError,
    NoIdentityError,
    NotABrinError,
    NotPossibleError,
    State,
    UnknownDossierError,
    YearNotSupportedError,
    is_brin,
    next_state,
)
from oso_las.notifier import DeliveryPointChoiceError, NobodyAskedError
from oso_las.receivers import WrongReceiverError, check_receiver, is_swv
from oso_las.wishes import NOBODY, PersonNumberError, identity_in

_IDENTITIES = st.builds(
    Identity,
    st.sampled_from(["bsn", "onderwijsnummer"]),
    st.from_regex("[0-9]{9}", fullmatch=True),
    st.dates().map(lambda day: day.isoformat()),
)


def _reached(start: State) -> set[State]:
    found = {start}
    while True:
        more = {after for (before, _), after in TRANSITIONS.items() if before in found} - found
        if not more:
            return found
        found |= more


def test_no_dossier_goes_out_without_inspection() -> None:
    """Only a dossier that is ready is delivered, and only one that was inspected becomes ready."""
    delivering = {before for (before, act) in TRANSITIONS if act is Act.DELIVER}
    setting_ready = {before for (before, act) in TRANSITIONS if act is Act.SET_READY}

    assert {State.READY, State.DELIVERED} == delivering
    assert {State.INSPECTED, State.READY, State.DELIVERED} == setting_ready
    assert {State.DRAFT} == {before for (before, act) in TRANSITIONS if act is Act.INSPECT}


def test_a_withdrawn_dossier_stays_withdrawn() -> None:
    """Nothing leads out of withdrawn, and withdrawn can be reached from every state before it."""
    assert {State.WITHDRAWN} == _reached(State.WITHDRAWN)
    for state in _reached(State.DRAFT) - {State.WITHDRAWN}:
        assert State.WITHDRAWN is TRANSITIONS[state, Act.WITHDRAW]


def test_what_came_from_another_school_does_not_go_on_to_a_third() -> None:
    """Nothing can be done with a received dossier but to read it."""
    assert {State.RECEIVED} == _reached(State.RECEIVED)


@pytest.mark.parametrize("language", [0, 1])
def test_every_state_and_act_has_a_name_of_its_own(language: int) -> None:
    """A worker can tell states and acts apart in both languages."""
    assert len(State) == len({STATE_NAMES[state][language] for state in State})
    assert len(Act) == len({ACT_NAMES[act][language] for act in Act})


@given(_IDENTITIES)
def test_an_identity_survives_the_wire(identity: Identity) -> None:
    """What a request carries is read back as the same identity."""
    assert identity == Identity.of_message(identity.message())


def test_an_unknown_day_of_birth_survives_the_wire() -> None:
    """Where only the month of birth is known, the day is 00 and stays so."""
    identity = Identity("onderwijsnummer", "101234560", "2008-05-00")

    assert identity == Identity.of_message(identity.message())


def test_identity_and_request_agree() -> None:
    """The identity read from a dossier is the one a request for it carries."""
    pupil = generate("POVO", 7).dossier.huidigeschool.leerling
    born = pupil.geboortedatum

    identity = Identity.of_dossier(generate("POVO", 7).dossier)

    assert Identity("bsn", pupil.bsn, f"{born.year}-{born.month:02}-{born.day:02}") == identity


@pytest.mark.parametrize("number", ["", "12345678", "1234567890", "12345678x", "¹²³⁴⁵⁶⁷⁸⁹"])
def test_a_dossier_nobody_could_ask_for_has_no_identity(number: str) -> None:
    """Without nine digits a dossier is refused: no request could ever match it."""
    dossier = generate("POVO", 7).dossier
    dossier.huidigeschool.leerling.bsn = number

    with pytest.raises(NoIdentityError):
        Identity.of_dossier(dossier)


def test_a_dossier_without_birth_date_has_no_identity() -> None:
    """A number alone is not enough."""
    dossier = generate("POVO", 7).dossier
    dossier.huidigeschool.leerling.ClearField("geboortedatum")

    with pytest.raises(NoIdentityError):
        Identity.of_dossier(dossier)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("01VV", True),
        ("00SS", True),
        ("01vv", False),
        ("1VV", False),
        ("01VV\n", False),
        ("01VV00", False),
        ("O1VV", False),
        ("", False),
        ("\u0660\u0661VV", False),
    ],
)
def test_a_brin_has_two_digits_and_two_capitals(text: str, expected: bool) -> None:  # noqa: FBT001  a table
    """Anything else is a mistake in typing, and is told at once."""
    assert expected is is_brin(text)


def test_every_refusal_of_the_desk_has_a_text_in_both_languages() -> None:
    """No error is left without a sentence, and none says the same in Dutch and English."""
    errors = [
        UnknownDossierError(4),
        *(NotPossibleError(4, state, act) for state, act in itertools.product(State, Act)),
        KindNotSupportedError("swv-dossier\x1b[2J", ""),
        YearNotSupportedError("2018.1.1"),
        NoIdentityError(),
        NotABrinError("x\x1b[2J"),
        PersonNumberError(["huidigeschool.leerling.bsn"]),
        *(WrongReceiverError(kind, "x\x1b[2J") for kind in (*PROFILES_OF, "x\x1b[2J")),
        NobodyAskedError(4, "01VV"),
        DeliveryPointChoiceError("PO3001", []),
        DeliveryPointChoiceError("PO3001", ["0" * 20]),
        UnknownNotificationError(4),
        PupilForgottenError(4),
        NothingReceivedError(4),
        FeedbackTooLargeError(4_000_000),
        BeingFetchedError("a session"),
    ]

    assert {type(error) for error in errors} == set(DeskError.__subclasses__())
    for error in errors:
        assert error.text("nl") != error.text("en")
        assert error.text("nl").isprintable()


@pytest.mark.parametrize(
    ("kind", "expected"), [(OVERSTAP, None), (BINNEN_BRIN, State.READY), (SWV, State.READY)]
)
def test_inspection_comes_first_where_the_profile_asks_it(
    kind: str, expected: State | None
) -> None:
    """A draft for another school cannot be set ready; one within the BRIN or for an SWV can."""
    assert expected is next_state(kind, State.DRAFT, Act.SET_READY)
    for state, act in itertools.product(State, Act):
        if (state, act) != (State.DRAFT, Act.SET_READY):
            assert next_state(OVERSTAP, state, act) is next_state(kind, state, act)


def test_notifying_changes_no_state() -> None:
    """Only a dossier that is ready can be notified, and stays what it was."""
    found = {state: after for (state, act), after in TRANSITIONS.items() if act is Act.NOTIFY}

    assert {State.READY: State.READY, State.DELIVERED: State.DELIVERED} == found


@pytest.mark.parametrize(
    ("kind", "target", "refused"),
    [
        (OVERSTAP, "01VV", None),
        (OVERSTAP, "PO3001", WrongReceiverError),
        (OVERSTAP, "school", NotABrinError),
        (BINNEN_BRIN, "00SS", None),
        (BINNEN_BRIN, "01VV", WrongReceiverError),
        (BINNEN_BRIN, "PO3001", WrongReceiverError),
        (SWV, "PO3001", None),
        (SWV, "01VV", WrongReceiverError),
        (SWV, "", NotABrinError),
        ("", "01VV", None),
    ],
)
def test_each_kind_has_its_receivers(
    kind: str, target: str, refused: type[DeskError] | None
) -> None:
    """A school for a move, our own within one BRIN, an SWV for support."""
    if refused is None:
        check_receiver(kind, target, "00SS")
        return
    with pytest.raises(refused):
        check_receiver(kind, target, "00SS")


@given(st.text(max_size=8))
def test_no_code_is_that_of_a_school_and_of_an_swv(text: str) -> None:
    """What names a party names one party."""
    assert not (is_brin(text) and is_swv(text))
    assert is_swv("PO3001")
    assert is_brin("00SS")


def test_a_dossier_for_an_swv_is_nobodys() -> None:
    """It has no identity, and one that has a number of a person is refused without repeating it."""
    dossier = generate("POSWV", 7).dossier
    assert identity_in(dossier) == NOBODY
    dossier.huidigeschool.leerling.bsn = "999900006"

    with pytest.raises(PersonNumberError) as refused:
        identity_in(dossier)

    assert ("huidigeschool.leerling.bsn",) == refused.value.places
    assert "999900006" not in refused.value.text("nl") + refused.value.text("en")
